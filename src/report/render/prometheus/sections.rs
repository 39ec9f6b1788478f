//! What each section gives to Prometheus: numbers that can be watched, of no single person.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::{Metrics, Told};
use crate::report::model::{
    Report, epn::Epn, gaps::Gap, logins::Logins, overview::Overview, runs::Runs, services::Services,
    sessions::Sessions, slots::after, time::Time,
};

/// Services, as callers name them, that get a series each: the rest is in the sum.
const SERVICES: usize = 50;

// Those of more than one section.
const USE: Told = ("sessionstat_use_seconds", "Use of machines in the period.");
const USES: Told = ("sessionstat_uses", "Uses of machines that have a part in the period.");
const PEOPLE: Told = ("sessionstat_people", "Different people who used a machine in the period.");
const UNVERIFIED: Told =
    ("sessionstat_uses_unverified", "Uses of the period that staff have not verified yet.");
const WORKSHOPS: Told =
    ("sessionstat_workshops", "Workshops that have a part in the period and were not cancelled.");
const PRESENCES: Told =
    ("sessionstat_workshop_presences", "People present in workshops of the period, once for each workshop.");
const OVERDRAWN: Told = ("sessionstat_people_overdrawn", "People with a balance below zero now.");
const LOGINS: Told = ("sessionstat_logins", "Allowed logins in the period.");
const CALLS: Told = ("sessionstat_service_calls", "Allowed calls of services in the period.");
const LAST_AGGREGATION: Told =
    ("sessionstat_last_aggregation_timestamp_seconds", "Until when session-aggregate has counted sessions.");

impl Metrics {
    pub(super) fn of_report(&mut self, report: &Report) {
        self.gauge(
            ("sessionstat_report_timestamp_seconds", "When these figures were read."),
            unix(report.generated_at),
        );
        self.gauge(
            ("sessionstat_period_start_timestamp_seconds", "Begin of the period that the figures are of."),
            unix(report.from),
        );
        self.gauge(("sessionstat_period_end_timestamp_seconds", "End of that period."), unix(report.to));
    }

    pub(super) fn of_gap(&mut self, gap: &Gap) {
        let told = ("sessionstat_report_gap", "Sections that were asked for and could not be read.");
        let section = gap.section.to_possible_value();
        let name = section.as_ref().map_or("", clap::builder::PossibleValue::get_name);
        self.gauge_of(told, &[("section", name)], 1);
    }

    pub(super) fn of_overview(&mut self, overview: &Overview) {
        self.gauge(USE, overview.hours.seconds());
        self.gauge(USES, overview.uses);
        self.gauge(PEOPLE, overview.distinct_users);
        self.gauge(UNVERIFIED, overview.unverified_bookings);
        self.gauge(WORKSHOPS, overview.workshops);
        self.gauge(PRESENCES, overview.presences);
        self.gauge(OVERDRAWN, overview.overdrawn_users);
        self.gauge(("sessionstat_queue_rows", "Rows that wait in users_temp now."), overview.waiting_rows);
        self.gauge(
            ("sessionstat_queue_unmatched_rows", "Rows that wait in users_temp now and match nothing."),
            overview.unmatched_rows,
        );
        if let Some(logins) = overview.logins {
            self.gauge(LOGINS, logins);
        }
        if let Some(calls) = overview.service_calls {
            self.gauge(CALLS, calls);
        }
        if let Some(last) = overview.last_aggregation {
            self.gauge(LAST_AGGREGATION, unix(after(last)));
        }
        for snapshot in &overview.snapshots {
            self.gauge_of(
                (
                    "sessionstat_last_snapshot_timestamp_seconds",
                    "Time of the last snapshot of a Samba server that saw somebody connected.",
                ),
                &[("server", &snapshot.server)],
                unix(snapshot.last_seen),
            );
        }
        self.gauge(
            ("sessionstat_redis_up", "Whether Redis, which holds the counters of logins and calls, answers."),
            u8::from(overview.servers.redis.version.is_some()),
        );
    }

    pub(super) fn of_sessions(&mut self, sessions: &Sessions) {
        if let Some(last) = sessions.last_aggregation {
            self.gauge(LAST_AGGREGATION, unix(after(last)));
        }
        if sessions.is_empty() {
            return;
        }
        self.gauge(("sessionstat_sessions_opened", "Sessions that began in the period."), sessions.opened);
        for (reason, count) in [
            ("manual", sessions.closed_manual),
            ("expire", sessions.closed_expire),
            ("idle", sessions.closed_idle),
            ("idle_first", sessions.closed_idle_first),
            ("limit", sessions.closed_limit),
            ("login", sessions.closed_login),
            ("misc", sessions.closed_misc),
        ] {
            self.gauge_of(
                ("sessionstat_sessions_closed", "Sessions that ended in the period, by the reason."),
                &[("reason", reason)],
                count,
            );
        }
        if let (Some(least), Some(most), Some(mean)) =
            (sessions.active_min, sessions.active_max, sessions.active_avg)
        {
            self.gauge(("sessionstat_sessions_active_min", "Fewest sessions at once in the period."), least);
            self.gauge(("sessionstat_sessions_active_max", "Most sessions at once in the period."), most);
            self.gauge(
                ("sessionstat_sessions_active_mean", "Mean number of sessions at once in the period."),
                mean.number(),
            );
        }
        if let Some(newest) = sessions.slots.last() {
            self.gauge(
                ("sessionstat_sessions_active", "Sessions at the end of the newest slot of the period."),
                newest.active_end,
            );
            self.gauge(
                ("sessionstat_sessions_limit", "The limit of sessions at once in that slot; 0: none."),
                newest.max_sessions,
            );
        }
        self.gauge(
            ("sessionstat_sessions_at_limit_seconds", "Time of the period at the limit of sessions at once."),
            sessions.maxed_out_seconds,
        );
        let counted: i64 = sessions.slots.iter().map(|slot| slot.seconds).sum();
        if counted > 0 {
            self.gauge(
                ("sessionstat_sessions_at_limit_ratio", "The same as a part of the time that was counted."),
                sessions.maxed_out_seconds as f64 / counted as f64,
            );
        }
        self.gauge(
            ("sessionstat_slots_without_figures", "Slots of the period whose figures were never written."),
            sessions.slots_without_figures,
        );
    }

    pub(super) fn of_logins(&mut self, logins: &Logins) {
        self.gauge(LOGINS, logins.total);
        self.gauge(
            ("sessionstat_login_users", "Different users who logged in in the period."),
            logins.distinct_users,
        );
        self.gauge(
            ("sessionstat_logins_refused", "Tries that were refused in the period, by whatever rule."),
            logins.refused,
        );
    }

    pub(super) fn of_services(&mut self, services: &Services) {
        self.gauge(CALLS, services.total);
        self.gauge(
            ("sessionstat_users_without_calls", "Users who called no service in the period."),
            services.never_called,
        );
        for of in services.by_service.iter().take(SERVICES) {
            self.gauge_of(
                ("sessionstat_service_calls_by_service", "Calls in the period, of the services called most."),
                &[("service", &of.service)],
                of.count,
            );
        }
    }

    pub(super) fn of_epn(&mut self, epn: &Epn) {
        self.gauge(USE, epn.hours.seconds());
        self.gauge(USES, epn.uses);
        self.gauge(PEOPLE, epn.distinct_users);
        self.gauge(UNVERIFIED, epn.unverified_bookings);
        self.gauge(WORKSHOPS, epn.workshops.len());
        self.gauge(PRESENCES, epn.workshops.iter().map(|workshop| workshop.present).sum::<u64>());
        self.gauge(
            ("sessionstat_workshop_registrations", "Places taken in workshops of the period."),
            epn.workshops.iter().map(|workshop| workshop.registered).sum::<u64>(),
        );
        self.gauge(OVERDRAWN, epn.overdrawn.len());
        for of in &epn.hours_by_room {
            self.gauge_of(
                (
                    "sessionstat_room_use_seconds",
                    "Use of the machines of a room in the period; empty: of no room.",
                ),
                &[("room", of.room.as_deref().unwrap_or_default())],
                of.hours.seconds(),
            );
        }
        let mut unmatched: BTreeMap<String, u64> = BTreeMap::new();
        for of in &epn.unmatched {
            *unmatched.entry(of.rows.reason.to_string()).or_default() += of.count;
        }
        for (reason, count) in unmatched {
            self.gauge_of(
                ("sessionstat_unmatched_rows", "Rows of users_temp that match nothing, by the reason."),
                &[("reason", &reason)],
                count,
            );
        }
    }

    pub(super) fn of_time(&mut self, time: &Time) {
        let total = &time.total;
        self.gauge(("sessionstat_online_sessions", "Sessions of time online in the period."), total.sessions);
        self.gauge(
            ("sessionstat_online_seconds", "Time online in the period, as it was counted."),
            total.seconds,
        );
        if let (Some(least), Some(most)) = (total.seconds_min, total.seconds_max) {
            self.gauge(("sessionstat_online_min_seconds", "The least of it that is true."), least);
            self.gauge(("sessionstat_online_max_seconds", "The most of it that is true."), most);
        }
        self.gauge(("sessionstat_online_users", "Different users in the period."), time.distinct_users);
    }

    pub(super) fn of_runs(&mut self, runs: &Runs) {
        for run in &runs.last_runs {
            let labels = [("command", run.command.as_str()), ("host", run.host.as_str())];
            self.gauge_of(
                ("sessionstat_run_start_timestamp_seconds", "Begin of the last run of a command."),
                &labels,
                unix(run.started_at),
            );
            self.gauge_of(
                ("sessionstat_run_duration_seconds", "How long it took."),
                &labels,
                run.duration_seconds,
            );
            self.gauge_of(("sessionstat_run_status", "Its exit status."), &labels, run.status);
            if let Some(at) = run.succeeded_at {
                self.gauge_of(
                    ("sessionstat_run_success_timestamp_seconds", "Begin of the last run with status 0."),
                    &labels,
                    unix(at),
                );
            }
            for (what, count) in &run.counts {
                self.gauge_of(
                    ("sessionstat_run_rows", "What the last run did, by kind of rows."),
                    &[labels[0], labels[1], ("kind", what)],
                    count,
                );
            }
            self.counter_of(("sessionstat_runs_total", "Runs of a command."), &labels, run.runs);
            self.counter_of(
                ("sessionstat_run_failures_total", "Runs that ended with another status than 0."),
                &labels,
                run.failures,
            );
        }
    }
}

fn unix(at: DateTime<Utc>) -> i64 {
    at.timestamp()
}
