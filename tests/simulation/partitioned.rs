//! The commands on tables that an administrator has partitioned, as docs/scale.md shows it.

use crate::{
    plan::Plan,
    replay::{Host, Keeping},
    support::{Database, MariaDb, Redis},
};

const SITES: Plan = Plan { seed: 7, sites: 3, computers: 3, people: 12, hours: 6, sessions: 5, logins: 3 };

/// What the commands have made of the days.
const RESULTS: [&str; 11] = [
    "users_log",
    "epn_presence",
    "epn_booking",
    "epn_use",
    "epn_attendance",
    "epn_credit_ledger",
    "epn_user",
    "epn_history",
    "usr_session_stats",
    "moodle_session",
    "moodle_session_course",
];

/// All days but the last one have partitions of their own.
const BY_DAY: &str = "(PARTITION p1 VALUES LESS THAN (TO_DAYS('2026-09-02')), \
    PARTITION p2 VALUES LESS THAN (TO_DAYS('2026-09-03')), PARTITION rest VALUES LESS THAN MAXVALUE)";
const BY_SECOND: &str = "(PARTITION p1 VALUES LESS THAN (1788307200), \
    PARTITION p2 VALUES LESS THAN (1788393600), PARTITION rest VALUES LESS THAN MAXVALUE)";
const BY_NUMBER: &str = "(PARTITION p1 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN (40), \
    PARTITION rest VALUES LESS THAN MAXVALUE)";

/// Days at the sites with tables that these statements have changed.
fn days(server: &MariaDb, redis: &Redis, prefix: &str, changes: &[String]) -> Database {
    let mut host = Host::new(prefix.to_owned(), SITES, Keeping { days: 1 }, server, redis, prefix);
    changes.iter().for_each(|change| host.database.run(change));
    host.days_in_few_runs(4, 4);
    host.into_database()
}

/// Each of them as docs/scale.md shows it.
fn working() -> Vec<String> {
    vec![
        format!(
            "ALTER TABLE users_log DROP PRIMARY KEY, ADD PRIMARY KEY (id, seen_at) \
                 PARTITION BY RANGE (TO_DAYS(seen_at)) {BY_DAY}"
        ),
        format!("ALTER TABLE epn_presence PARTITION BY RANGE (TO_DAYS(day_begins)) {BY_DAY}"),
        format!(
            "ALTER TABLE epn_credit_ledger DROP PRIMARY KEY, ADD PRIMARY KEY (id, at) \
                 PARTITION BY RANGE (TO_DAYS(at)) {BY_DAY}"
        ),
        format!("ALTER TABLE epn_booking PARTITION BY RANGE (id) {BY_NUMBER}"),
        format!("ALTER TABLE epn_use PARTITION BY RANGE (booking_id) {BY_NUMBER}"),
        "ALTER TABLE epn_history PARTITION BY RANGE (year) (PARTITION p2025 VALUES LESS THAN (2026), \
         PARTITION p2026 VALUES LESS THAN (2027), PARTITION rest VALUES LESS THAN MAXVALUE)"
            .to_owned(),
        format!(
            "ALTER TABLE usr_session_stats_raw DROP PRIMARY KEY, ADD PRIMARY KEY (seq, start_time) \
                 PARTITION BY RANGE (start_time) {BY_SECOND}"
        ),
        format!("ALTER TABLE usr_session_stats PARTITION BY RANGE (slot_begin) {BY_SECOND}"),
        format!("ALTER TABLE moodle_session PARTITION BY RANGE (session_start) {BY_SECOND}"),
        format!("ALTER TABLE moodle_session_course PARTITION BY RANGE (session_start) {BY_SECOND}"),
        format!(
            "ALTER TABLE event_log DROP PRIMARY KEY, ADD PRIMARY KEY (id, timecreated) \
                 PARTITION BY RANGE (timecreated) {BY_SECOND}"
        ),
    ]
}

#[test]
fn the_commands_make_the_same_of_partitioned_tables() {
    let (server, redis) = (MariaDb::start(), Redis::start());
    let plain = days(&server, &redis, "test-plain:", &[]);
    let partitioned = days(&server, &redis, "test-partitioned:", &working());
    let filled = partitioned.value(
        "SELECT COUNT(DISTINCT table_name) FROM information_schema.partitions \
         WHERE table_schema = DATABASE() AND partition_name IS NOT NULL",
    );
    assert_eq!(filled, "11");
    for table in RESULTS {
        assert_eq!(partitioned.dump(&[table]), plain.dump(&[table]), "{table}");
    }
    // What an administrator gains: a day of the record goes without a look at its rows.
    let all: u64 = partitioned.value("SELECT COUNT(*) FROM users_log").parse().unwrap();
    partitioned.run("ALTER TABLE users_log DROP PARTITION p1");
    let rest: u64 = partitioned.value("SELECT COUNT(*) FROM users_log").parse().unwrap();
    assert!(rest > 0 && rest < all, "{rest} of {all}");
}

/// docs/scale.md says so: a use that goes on changes its end, and the key that a partition by time needs has the end in it.
#[test]
fn bookings_partitioned_by_time_come_twice() {
    let (server, redis) = (MariaDb::start(), Redis::start());
    let by_time = format!(
        "ALTER TABLE epn_booking DROP PRIMARY KEY, ADD PRIMARY KEY (id, ends_at) \
         PARTITION BY RANGE (TO_DAYS(ends_at)) {BY_DAY}"
    );
    let database = days(&server, &redis, "test-twice:", &[by_time]);
    let twice = database
        .value("SELECT COUNT(*) FROM (SELECT id FROM epn_booking GROUP BY id HAVING COUNT(*) > 1) AS twice");
    assert_ne!(twice, "0", "bookings may be partitioned by time now: docs/scale.md has to say so");
}
