//! What staff do beside the scenarios, and what is kept for how long.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::space::Space;

fn space() -> Space {
    let mut space = Space::new(chrono_tz::Europe::Paris, "");
    space.add_user(&json!({"id": 1, "login": "amina", "credit_minutes": 120, "workshop_credits": 3}));
    space.add_computer(&json!({"netbios": "POSTE-01", "room": "accès", "ip": "10.0.0.1"}));
    space
}

fn see(space: &mut Space, login: &str, machine: &str, times: &[&str]) {
    let row =
        |time: &&str| json!({"at": format!("2026-03-10T{time}:00"), "login": login, "machine": machine});
    let rows: Vec<Value> = times.iter().map(row).collect();
    space.add_snapshots(rows.iter());
}

fn at(space: &Space, time: &str) -> DateTime<Utc> {
    space.time(&format!("2026-03-10T{time}"))
}

/// The times of all bookings.
fn times(space: &mut Space) -> Vec<String> {
    let sessions = space.sessions();
    let time = |session: &Value, key: &str| session[key].as_str().unwrap()[11..].to_owned();
    let sessions = sessions.as_array().unwrap().iter();
    sessions.map(|session| format!("{}-{}", time(session, "start"), time(session, "end"))).collect()
}

#[test]
fn a_machine_without_a_name_is_found_by_its_address() {
    let mut space = space();
    let row = json!({"at": "2026-03-10T10:00:00", "login": "amina", "machine": "", "ip": "10.0.0.1"});
    let other = json!({"at": "2026-03-10T10:00:00", "login": "amina", "machine": "", "ip": "10.0.0.2"});
    space.add_snapshots([row, other].iter());
    let summary = space.ingest(at(&space, "10:10"));
    assert_eq!(times(&mut space), ["10:00-10:05"]);
    let unmatched =
        json!([{"login": "amina", "machine": "", "ip": "10.0.0.2", "reason": "unknown-machine", "count": 1}]);
    assert_eq!(summary["unmatched"], unmatched);
}

#[test]
fn a_use_that_staff_delete_does_not_come_back() {
    let mut space = space();
    see(&mut space, "amina", "POSTE-01", &["10:00", "10:05", "10:10"]);
    space.ingest(at(&space, "10:10"));
    space.database.run("DELETE FROM epn_booking; UPDATE epn_user SET credit_minutes = 120");
    see(&mut space, "amina", "POSTE-01", &["10:15", "10:20"]);
    space.ingest(at(&space, "10:20"));
    assert_eq!(times(&mut space), ["10:15-10:25"]);
    assert_eq!(space.balances("credit_minutes"), json!({"amina": 110}));
}

#[test]
fn people_may_be_deleted_at_any_time() {
    let mut space = space();
    space.add_workshop(
        &json!({"id": "W", "room": "accès", "start": "2026-03-10T14:00", "end": "2026-03-10T16:00"}),
    );
    see(&mut space, "amina", "POSTE-01", &["10:00", "14:00"]);
    space.ingest(at(&space, "14:00"));
    space.database.run("DELETE FROM epn_user; DELETE FROM epn_attendance");
    see(&mut space, "amina", "POSTE-01", &["10:05", "14:05"]);
    let summary = space.ingest(at(&space, "14:10"));
    assert_eq!(summary["unmatched"][0]["reason"], "unknown-user");
    assert_eq!((space.count("users_temp"), space.count("epn_attendance")), (2, 0));
}

#[test]
fn a_workshop_that_staff_closed_is_not_touched() {
    let mut space = space();
    space.add_workshop(
        &json!({"id": "W", "room": "accès", "start": "2026-03-10T14:00", "end": "2026-03-10T16:00", "closed": true}),
    );
    see(&mut space, "amina", "POSTE-01", &["14:00", "14:05"]);
    let summary = space.ingest(at(&space, "14:10"));
    assert_eq!(
        (summary["taken"].clone(), summary["ignored"].clone()),
        (json!(2), json!({"closed-workshop": 2}))
    );
    assert_eq!((space.count("epn_attendance"), space.count("epn_booking")), (0, 0));
    assert_eq!(space.balances("workshop_credits"), json!({"amina": 3}));
}

#[test]
fn rows_that_match_nothing_are_thrown_away_after_seven_days_and_not_logged() {
    let mut space = space();
    see(&mut space, "zoé", "POSTE-01", &["10:00"]);
    let summary = space.ingest(space.time("2026-03-17T10:00"));
    assert_eq!((summary["expired"].clone(), space.count("users_temp")), (json!(0), 1));
    let summary = space.ingest(space.time("2026-03-17T10:01"));
    assert_eq!((summary["expired"].clone(), space.count("users_temp")), (json!(1), 0));
    assert_eq!(space.count("users_log"), 0);
}

#[test]
fn the_connection_record_is_kept_for_a_year() {
    let mut space = space();
    see(&mut space, "amina", "POSTE-01", &["10:00", "10:05"]);
    space.ingest(at(&space, "10:10"));
    space.ingest(space.time("2027-03-10T10:00"));
    assert_eq!((space.count("users_log"), space.count("epn_presence")), (2, 1));
    space.ingest(space.time("2027-03-10T10:01"));
    assert_eq!(space.count("users_log"), 1);
    space.ingest(space.time("2027-03-12T10:00"));
    assert_eq!((space.count("users_log"), space.count("epn_presence")), (0, 0));
    assert_eq!(space.count("epn_booking"), 1);
    // A row of that day that comes even later still finds its use.
    see(&mut space, "amina", "POSTE-01", &["10:15"]);
    space.ingest(space.time("2027-03-12T10:10"));
    assert_eq!(times(&mut space), ["10:00-10:20"]);
}

#[test]
fn a_rehearsal_says_what_would_be_done_and_does_nothing() {
    let mut space = space();
    see(&mut space, "amina", "POSTE-01", &["10:00", "10:05"]);
    see(&mut space, "zoé\u{1b}", "POSTE-01", &["10:00"]);
    let run = space.ingest_at(at(&space, "10:10")).arg("--dry-run").run().expect(0);
    assert_eq!(
        run.stdout,
        "2 rows taken, 1 unmatched, 0 thrown away; 1 uses made, 0 changed, 0 people present\n\
         unmatched: \"zoé\\u{1b}\" on \"POSTE-01\" (unknown-user)\n"
    );
    assert_eq!((space.count("users_temp"), space.count("epn_booking"), space.count("users_log")), (3, 0, 0));
    assert_eq!(space.balances("credit_minutes"), json!({"amina": 120}));
}

#[test]
fn a_run_without_rows_says_nothing() {
    let space = space();
    space.ingest_at(at(&space, "10:10")).run().silent();
}

#[test]
fn a_time_that_is_none_is_told_and_nothing_is_lost() {
    let mut space = space();
    see(&mut space, "amina", "POSTE-01", &["10:00"]);
    space.database.run(
        "SET sql_mode = ''; INSERT INTO epn_booking (id, computer_id, user_id, starts_at, ends_at) \
         VALUES (7, 1, 1, '0000-00-00', '2026-03-10 12:00')",
    );
    let run = space.ingest_at(at(&space, "10:10")).run().expect(65);
    assert!(
        run.stderr.starts_with("epn-ingest: epn_booking holds a value that cannot be read: (7, ")
            && run.stderr.ends_with("); mend that row\n"),
        "{run:?}"
    );
    assert_eq!(space.count("users_temp"), 1);
    space.database.run("DELETE FROM epn_booking");
    space.ingest(at(&space, "10:20"));
    assert_eq!(times(&mut space), ["10:00-10:05"]);
}

#[test]
fn a_row_of_an_impossible_year_is_told() {
    let mut space = space();
    space.database.run(
        "INSERT INTO users_temp (seen_at, server, login, machine) \
         VALUES ('0500-01-02', 'nas', 'amina', 'POSTE-01')",
    );
    let run = space.ingest_at(at(&space, "10:10")).run().expect(65);
    let expected =
        "epn-ingest: users_temp holds the time 0500-01-02 00:00:00, which cannot be right; mend that row\n";
    assert_eq!(run.stderr, expected);
    assert_eq!(space.count("users_temp"), 1);
}

#[test]
fn a_row_of_long_ago_beside_new_ones_is_a_use_of_its_own() {
    let mut space = space();
    see(&mut space, "amina", "POSTE-01", &["10:00", "10:05"]);
    let old = json!({"at": "2001-03-10T10:00:00", "login": "amina", "machine": "POSTE-01"});
    space.add_snapshots([old].iter());
    let summary = space.ingest(at(&space, "10:10"));
    assert_eq!((summary["taken"].clone(), summary["uses_created"].clone()), (json!(3), json!(2)));
    assert_eq!(space.balances("credit_minutes"), json!({"amina": 105}));
}
