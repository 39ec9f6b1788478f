//! Long periods, which are read as epn-ingest has packed them: whoever changes a booking, and whatever happens to the
//! triggers that notice it.

use mysql::prelude::Queryable;

use crate::{
    site,
    space::report_at,
    support::{Database, MariaDb, Output, Tool, until},
};

const YEAR: [&str; 3] = ["epn", "--from=2026-01-01", "--to=2026-12-31"];

/// A machine, a person, and uses of an hour on some days of March, packed.
fn packed(days: &[u32]) -> Database {
    let database = MariaDb::shared().database();
    ingest(&database).silent();
    database.run(
        "INSERT INTO epn_computer (id, netbios_name) VALUES (1, 'PC1'); \
         INSERT INTO epn_user (id, login) VALUES (7, 'zoe')",
    );
    for day in days {
        database.run(&used(*day, 7));
    }
    ingest(&database).silent();
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_history_stale"), "0");
    database
}

fn used(day: u32, person: u32) -> String {
    format!(
        "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status) \
         VALUES (1, {person}, '2026-03-{day:02} 10:00', '2026-03-{day:02} 11:00', 'used')"
    )
}

fn ingest(database: &Database) -> Output {
    Tool::new("epn-ingest").url(database).arg("--now=2027-01-02T12:00:00Z").run()
}

/// What a sighting on this day of April makes.
fn see(database: &Database, day: u32) -> Output {
    database.run(&format!(
        "INSERT INTO users_temp (seen_at, server, login, machine) VALUES ('2026-04-{day:02} 10:00', 'nas', 'zoe', 'pc1')"
    ));
    Tool::new("epn-ingest").url(database).arg(format!("--now=2026-04-{day:02}T12:00:00Z")).run()
}

fn uses(database: &Database) -> u64 {
    let shown = site::json(&report_at(database, "2027-01-02T12:00:00Z"), &YEAR);
    shown["epn"]["uses"].as_u64().unwrap()
}

#[test]
fn what_staff_change_is_in_the_next_report() {
    let database = packed(&[1, 2, 3]);
    assert_eq!(uses(&database), 3);
    for (statement, expected) in [
        (used(4, 7).as_str(), 4),
        ("UPDATE epn_booking SET status = 'cancelled' WHERE starts_at < '2026-03-02'", 3),
        (
            "UPDATE epn_booking SET user_id = 8, starts_at = '2025-03-02 10:00' WHERE ends_at < '2026-03-03'",
            3,
        ),
        ("UPDATE epn_booking SET ends_at = '2025-03-02 11:00' WHERE user_id = 8", 2),
        ("DELETE FROM epn_booking WHERE user_id = 7 AND starts_at > '2026-03-04'", 1),
        ("DELETE FROM epn_booking", 0),
    ] {
        database.run(statement);
        assert_eq!(uses(&database), expected, "{statement}");
        ingest(&database).silent();
        assert_eq!(uses(&database), expected, "packed after {statement}");
    }
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_history"), "0", "of nobody there is something left");
}

#[test]
fn what_staff_are_changing_meanwhile_is_not_lost() {
    let database = packed(&[1]);
    let mut staff = database.conn();
    staff.query_drop("START TRANSACTION").unwrap();
    staff.query_drop(used(2, 7)).unwrap();
    // Somebody else changed bookings of the same person before, so that there is something to pack.
    let running = Tool::new("epn-ingest").url(&database).arg("--now=2027-01-02T12:00:00Z");
    database.run("INSERT INTO epn_history_stale (year, user_id) VALUES (2026, 8)");
    let running = running.start();
    until("epn-ingest has packed the others", || {
        database.value("SELECT COUNT(*) FROM epn_history_stale WHERE user_id = 8") == "0"
    });
    staff.query_drop("COMMIT").unwrap();
    running.wait().silent();
    assert_eq!(uses(&database), 2);
    ingest(&database).silent();
    assert_eq!(uses(&database), 2);
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_history_stale"), "0");
}

#[test]
fn a_run_waits_for_staff_who_have_changed_somebody_that_it_packs() {
    let database = packed(&[1]);
    database.run(&used(2, 7));
    let mut staff = database.conn();
    staff.query_drop("START TRANSACTION").unwrap();
    staff.query_drop(used(3, 7)).unwrap();
    let running = Tool::new("epn-ingest").url(&database).arg("--now=2027-01-02T12:00:00Z").start();
    until("epn-ingest waits", || {
        let waiting = "SELECT COUNT(*) FROM information_schema.processlist \
            WHERE db = DATABASE() AND info LIKE 'SELECT%FROM epn_history_stale%FOR UPDATE'";
        database.value(waiting) == "1"
    });
    staff.query_drop("COMMIT").unwrap();
    running.wait().silent();
    assert_eq!(uses(&database), 3);
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_history_stale"), "0");
}

#[test]
fn missing_triggers_are_noticed_and_reports_stay_right() {
    let database = packed(&[1, 2]);
    for event in ["added", "changed", "deleted"] {
        database.run(&format!("DROP TRIGGER epn_booking_{event}"));
    }
    let warned = see(&database, 1).expect(0);
    assert!(warned.stderr.contains("the triggers of epn_booking are missing"), "{warned:?}");
    assert!(warned.stderr.contains("load etc/schema/010-epn-history.sql again"), "{warned:?}");
    database.run(&used(3, 7));
    assert_eq!(uses(&database), 4, "nothing that is packed is relied on");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/schema/010-epn-history.sql");
    database.run(&std::fs::read_to_string(schema).unwrap());
    see(&database, 2).silent();
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_history_stale"), "0");
    assert_eq!(uses(&database), 5);
    // And is read from what is packed.
    database.run("UPDATE epn_history SET uses = ''");
    assert_eq!(uses(&database), 0);
}

#[test]
fn something_unreadable_is_told_with_its_cure() {
    let database = packed(&[1]);
    database.run("UPDATE epn_history SET uses = x'ff'");
    let run = report_at(&database, "2027-01-02T12:00:00Z").args(YEAR).run().expect(65);
    let cure = run.stderr.split(": INSERT").nth(1).unwrap_or_else(|| panic!("{run:?}"));
    database.run(&format!("INSERT {cure}"));
    ingest(&database).silent();
    assert_eq!(uses(&database), 1);
}
