//! Which lists the sections have, and their headings.

/// The single values of a section.
pub(super) const FIGURES: &str = "figures";
/// What of the whole report is put in front of them: rows of different reports can stand together.
pub(super) const PERIOD: [&str; 3] = ["from", "to", "generated_at"];

/// A list and its headings.
pub(super) type Known = (&'static str, &'static [&'static str]);

/// The lists of each section with their headings, the main one first: an empty list has its headings, too. Keys that
/// are not named here follow those that are.
pub(super) const LISTS: &[(&str, &[Known])] = &[
    ("overview", &[(FIGURES, &[]), ("snapshots", &["server", "last_seen"])]),
    (
        "sessions",
        &[
            (
                "slots",
                &[
                    "slot_begin",
                    "slot_end",
                    "active_min",
                    "active_max",
                    "active_avg",
                    "active_end",
                    "max_sessions",
                    "opened",
                    "maxed_out_seconds",
                ],
            ),
            ("by_weekday_and_hour", &["weekday", "hour", "active_avg"]),
        ],
    ),
    (
        "logins",
        &[
            ("by_day", &["day", "count"]),
            ("recent", &["user", "id", "at"]),
            ("top", &["user", "id", "count"]),
            ("top_refused", &["user", "id", "rule", "count"]),
        ],
    ),
    (
        "services",
        &[
            ("by_service", &["service", "count"]),
            ("by_user", &["user", "id", "service", "count"]),
            ("least_active_users", &["user", "id", "count"]),
        ],
    ),
    (
        "epn",
        &[
            ("hours_by_computer", &["computer", "room", "hours"]),
            ("hours_by_room", &["room", "hours", "visits", "visitors"]),
            ("by_month", &["month", "hours", "visits", "visitors"]),
            ("by_age", &["age", "hours", "visits", "visitors"]),
            ("by_sex", &["sex", "hours", "visits", "visitors"]),
            ("by_town", &["town", "hours", "visits", "visitors"]),
            ("people", &["login", "hours"]),
            (
                "workshops",
                &[
                    "id",
                    "title",
                    "starts_at",
                    "ends_at",
                    "registered",
                    "present",
                    "absent",
                    "capacity",
                    "filling",
                ],
            ),
            ("suspects", &["login", "computer", "starts_at", "ends_at", "reason"]),
            ("overdrawn", &["login", "credit_minutes", "workshop_credits"]),
            ("unmatched", &["login", "machine", "ip", "reason", "first_seen", "last_seen", "count"]),
        ],
    ),
    (
        "time",
        &[
            ("users", &["user_id", "sessions", "seconds", "seconds_min", "seconds_max"]),
            ("courses", &["course_id", "users", "seconds"]),
            (
                "by_reason",
                &["reason", "sessions", "seconds", "seconds_min", "seconds_max", "error_min", "error_max"],
            ),
        ],
    ),
    (
        "runs",
        &[(
            "last_runs",
            &[
                "command",
                "host",
                "started_at",
                "duration_seconds",
                "status",
                "succeeded_at",
                "runs",
                "failures",
            ],
        )],
    ),
];
