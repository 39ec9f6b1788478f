//! What machines read: exact JSON.

use serde_json::{Value, json};

use crate::{
    space::{DAY, empty, filled, mysql_version, report, schema_version},
    support::Redis,
};

const EXPECTED: &str = r#"{
  "version": 1,
  "from": "2026-03-09T23:00:00Z",
  "to": "2026-03-10T23:00:00Z",
  "generated_at": "2026-03-10T19:00:00Z",
  "epn": {
    "hours": 3.93,
    "uses": 6,
    "distinct_users": 4,
    "unverified_bookings": 4,
    "visits": 4,
    "visitors": 4,
    "by_month": [
      {
        "month": "2026-03",
        "hours": 3.93,
        "visits": 4,
        "visitors": 4
      }
    ],
    "hours_by_room": [
      {
        "room": "Espace libre",
        "hours": 2.08,
        "visits": 2,
        "visitors": 2
      },
      {
        "room": "Réserve",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "room": "Studio",
        "hours": 1.0,
        "visits": 1,
        "visitors": 1
      },
      {
        "room": null,
        "hours": 0.85,
        "visits": 3,
        "visitors": 3
      }
    ],
    "hours_by_computer": [
      {
        "computer": "POSTE-01",
        "room": "Espace libre",
        "hours": 1.75
      },
      {
        "computer": "POSTE-02",
        "room": "Espace libre",
        "hours": 0.33
      },
      {
        "computer": "STUDIO-1",
        "room": "Studio",
        "hours": 1.0
      },
      {
        "computer": "PORTABLE",
        "room": null,
        "hours": 0.75
      },
      {
        "computer": null,
        "room": null,
        "hours": 0.1
      }
    ],
    "by_age": [
      {
        "age": "0-11",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "age": "12-17",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "age": "18-24",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "age": "25-39",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "age": "40-59",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "age": "60-74",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "age": "75+",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "age": null,
        "hours": 3.93,
        "visits": 4,
        "visitors": 4
      }
    ],
    "by_sex": [
      {
        "sex": "f",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "sex": "m",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "sex": "x",
        "hours": 0.0,
        "visits": 0,
        "visitors": 0
      },
      {
        "sex": null,
        "hours": 3.93,
        "visits": 4,
        "visitors": 4
      }
    ],
    "by_town": [
      {
        "town": null,
        "hours": 3.93,
        "visits": 4,
        "visitors": 4
      }
    ],
    "people": [
      {
        "login": "bruno",
        "hours": 2.0
      },
      {
        "login": "chloé",
        "hours": 1.0
      }
    ],
    "workshops": [
      {
        "id": 1,
        "title": "Premiers pas",
        "starts_at": "2026-03-10T09:00:00Z",
        "ends_at": "2026-03-10T11:00:00Z",
        "registered": 3,
        "present": 2,
        "absent": 1,
        "capacity": 2,
        "filling": 1.0
      },
      {
        "id": 2,
        "title": "Photo 写真\u202e",
        "starts_at": "2026-03-10T22:30:00Z",
        "ends_at": "2026-03-11T00:30:00Z",
        "registered": 0,
        "present": 0,
        "absent": null,
        "capacity": null,
        "filling": null
      }
    ],
    "all_workshops": {
      "workshops": 2,
      "registered": 3,
      "present": 2,
      "absent": 1,
      "capacity": 2,
      "filling": 1.0
    },
    "uses_too_long": 0,
    "uses_never_verified": 0,
    "suspects": [],
    "overdrawn": [
      {
        "login": "bruno",
        "credit_minutes": -1025,
        "workshop_credits": null
      },
      {
        "login": "chloé",
        "credit_minutes": 0,
        "workshop_credits": -1
      }
    ],
    "unmatched": [
      {
        "login": "Twin",
        "machine": "poste-01",
        "reason": "ambiguous-user",
        "first_seen": "2026-03-10T18:25:00Z",
        "last_seen": "2026-03-10T18:25:00Z",
        "count": 1
      },
      {
        "login": "amina",
        "machine": "POSTE-99",
        "reason": "unknown-machine",
        "first_seen": "2026-03-10T18:25:00Z",
        "last_seen": "2026-03-10T18:25:00Z",
        "count": 1
      },
      {
        "login": "bad\u001b[31m\nlogin",
        "machine": "",
        "ip": "10.0.0.66",
        "reason": "unknown-user+unknown-machine",
        "first_seen": "2026-03-10T18:25:00Z",
        "last_seen": "2026-03-10T18:25:00Z",
        "count": 1
      },
      {
        "login": "vieux",
        "machine": "POSTE-02",
        "reason": "unknown-user",
        "first_seen": "2025-12-24T10:00:00Z",
        "last_seen": "2025-12-24T10:00:00Z",
        "count": 1
      },
      {
        "login": "zoé",
        "machine": "POSTE-01",
        "reason": "unknown-user",
        "first_seen": "2026-03-10T18:20:00Z",
        "last_seen": "2026-03-10T18:25:00Z",
        "count": 2
      }
    ]
  }
}
"#;

#[test]
fn the_section_epn() {
    let database = filled();
    let run = report(&database).args(DAY).args(["epn", "--format=json", "--top=2"]).run().expect(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (EXPECTED, ""));
}

#[test]
fn the_section_overview() {
    let (database, redis) = (filled(), Redis::start());
    let tool = report(&database).redis(&redis).args(DAY).args(["overview", "--format=json"]);
    let mut shown: Value = serde_json::from_str(&tool.run().expect(0).stdout).unwrap();
    let version = shown["overview"]["servers"]["redis"]["version"].take();
    assert!(version.as_str().unwrap().starts_with(|first: char| first.is_ascii_digit()), "{version}");
    assert_eq!(
        shown,
        json!({
            "version": 1,
            "from": "2026-03-09T23:00:00Z",
            "to": "2026-03-10T23:00:00Z",
            "generated_at": "2026-03-10T19:00:00Z",
            "overview": {
                "hours": 3.93,
                "uses": 6,
                "distinct_users": 4,
                "unverified_bookings": 4,
                "workshops": 2,
                "presences": 2,
                "overdrawn_users": 2,
                "sessions_opened": null,
                "last_aggregation": null,
                "logins": 0,
                "service_calls": 0,
                "waiting_rows": 9,
                "unmatched_rows": 6,
                "snapshots": [
                    {"server": "serveur1", "last_seen": "2026-03-10T19:30:00Z"},
                    {"server": "serveur2", "last_seen": "2026-03-10T18:50:00Z"},
                    {"server": "serveur3", "last_seen": "2026-03-01T10:00:00Z"},
                ],
                "servers": {
                    "mysql": {
                        "version": mysql_version(&database),
                        "schema_version": schema_version(&database).parse::<u32>().unwrap(),
                    },
                    "redis": {"version": null, "note": null},
                },
            },
        })
    );
}

#[test]
fn redis_away_is_a_note_without_its_password() {
    let database = empty();
    let run = report(&database)
        .env("SESSIONSTAT_REDIS_URL", "redis://:hunter2@127.0.0.1:1/")
        .args(["overview", "--format=json"])
        .run()
        .expect(0);
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    let redis = &shown["overview"]["servers"]["redis"];
    let note = redis["note"].as_str().unwrap();
    assert!(note.starts_with("cannot reach Redis at redis://127.0.0.1:1/: "), "{note}");
    assert!(redis["version"].is_null() && !run.stdout.contains("hunter2"));
    assert_eq!(run.stderr, "", "cron would mail it");
}

#[test]
fn neither_language_nor_locale_changes_it() {
    let database = filled();
    let french = report(&database).args(DAY).args(["--format=json", "--lang=fr"]);
    let english = report(&database).args(DAY).args(["--format=json", "--lang=en"]);
    let plain = report(&database).args(DAY).args(["--format=json"]).env("LC_ALL", "C").env("COLUMNS", "60");
    let expected = french.run().expect(0);
    assert_eq!(english.run(), expected);
    assert_eq!(plain.run(), expected);
}
