//! Source `epn`: the uses of machines that epn-ingest keeps, as sessions.

use chrono::{DateTime, NaiveDateTime};
use mysql::{Conn, prelude::Queryable};

use crate::{
    edges::at,
    forms::{self, Form, Record},
    golden::assert_lines,
    oracle,
    support::{Database, Tool},
};

/// 10 March 2026, 06:00 UTC.
const BASE: i64 = 1_773_122_400;
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// A public space with three machines and two people.
struct Space {
    database: Database,
    conn: Conn,
    ingest: Tool,
    /// The moment from which on minutes are counted.
    base: i64,
}

impl Space {
    fn new(base: i64) -> Self {
        let database = Form::Ours.database();
        let config = "general.timezone = \"Europe/Paris\"\nepn.snapshot_minutes = 5\n";
        let ingest = Tool::new("epn-ingest").url(&database).config(config);
        database.run(
            "INSERT INTO epn_computer (netbios_name) VALUES ('POSTE-1'), ('POSTE-2'), ('POSTE-3'); \
             INSERT INTO epn_user (id, login) VALUES (41, 'alice'), (42, 'bob')",
        );
        Self { conn: database.conn(), database, ingest, base }
    }

    /// Somebody is seen every five minutes.
    fn see(&mut self, server: &str, login: &str, machine: &str, minutes: std::ops::RangeInclusive<i64>) {
        for minute in minutes.step_by(5) {
            let at = time(self.base + minute * MINUTE);
            let sql = "INSERT INTO users_temp (seen_at, server, login, machine) VALUES (?, ?, ?, ?)";
            self.conn.exec_drop(sql, (at, server, login, machine)).unwrap();
        }
    }

    /// Runs epn-ingest, then session-aggregate.
    fn run(&self, minute: i64) {
        let now = self.base + minute * MINUTE;
        self.ingest.clone().arg(format!("--now={now}")).run().silent();
        self.aggregate(minute);
    }

    fn aggregate(&self, minute: i64) {
        at(self.base + minute * MINUTE, &self.database, "").run().silent();
    }

    /// The session records, times in minutes: user, begin, end, reason of the end.
    fn sessions(&self) -> Vec<(i64, i64, Option<i64>, Option<i16>)> {
        let records = records(&self.database);
        let minute = |second: i64| (second - self.base) / MINUTE;
        assert!(records.iter().all(|record| record.kind == 3 && record.id.starts_with("epn:")));
        let mut sessions: Vec<_> = records
            .iter()
            .map(|record| (record.user, minute(record.start), record.end.map(minute), record.context))
            .collect();
        sessions.sort_unstable();
        sessions
    }

    /// Each record is of a use, and the slots are those of the records.
    fn assert_right(&self, minute: i64, what: &str) {
        let records = records(&self.database);
        let used = "SELECT CONCAT('epn:', id) FROM epn_booking WHERE status = 'used' ORDER BY 1";
        let mut ids: Vec<_> = records.iter().map(|record| Some(record.id.clone())).collect();
        ids.sort_unstable();
        assert_eq!(ids, self.database.query(used).concat(), "{what}");
        self.assert_counted(&records, minute, what);
    }

    fn assert_counted(&self, records: &[Record], minute: i64, what: &str) {
        let begin = "SELECT MIN(slot_begin) FROM usr_session_stats";
        let begin: i64 = self.database.value(begin).parse().unwrap();
        let slots = oracle::slots(records, &[], 0, begin, self.base + minute * MINUTE);
        let should: Vec<_> = slots.iter().map(|slot| slot.line(Form::Ours)).collect();
        assert_lines(&forms::statistics(&self.database, Form::Ours), &should, what);
    }
}

fn time(second: i64) -> NaiveDateTime {
    DateTime::from_timestamp(second, 0).unwrap().naive_utc()
}

fn records(database: &Database) -> Vec<Record> {
    type Row = (String, i16, i64, Option<i64>, Option<i16>, i64);
    let sql =
        "SELECT session_id, type, start_time, end_time, end_context, user_id FROM usr_session_stats_raw";
    let rows: Vec<Row> = database.conn().query(sql).unwrap();
    let record = |(id, kind, start, end, context, user)| Record { id, kind, start, end, context, user };
    rows.into_iter().map(record).collect()
}

#[test]
fn a_use_is_a_session_that_is_open_while_it_grows_and_idle_when_it_ended() {
    // Also after 2038.
    for base in [BASE, BASE + 14 * 365 * DAY] {
        let mut space = Space::new(base);
        space.see("nas", "alice", "POSTE-1", 0..=10);
        space.run(11);
        assert_eq!(space.sessions(), [(41, 0, None, None)]);
        space.see("nas", "alice", "POSTE-1", 15..=40);
        space.see("nas", "bob", "POSTE-2", 20..=25);
        space.run(40);
        // Bob may still come back: the gap is fifteen minutes.
        assert_eq!(space.sessions(), [(41, 0, None, None), (42, 20, None, None)]);
        space.assert_right(40, "while both may be there");
        space.run(41);
        assert_eq!(space.sessions(), [(41, 0, None, None), (42, 20, Some(30), Some(4))]);
        space.assert_right(41, "bob is gone");
        space.run(90);
        assert_eq!(space.sessions(), [(41, 0, Some(45), Some(4)), (42, 20, Some(30), Some(4))]);
        space.assert_right(90, "both are gone");
        let idle = "SELECT SUM(closed_idle), SUM(opened) FROM usr_session_stats";
        assert_eq!(space.database.query(idle), [[Some("2".to_owned()), Some("2".to_owned())]]);
    }
}

#[test]
fn a_use_that_staff_cancel_or_that_becomes_part_of_another_is_no_session() {
    let mut space = Space::new(BASE);
    space.see("nas", "alice", "POSTE-1", 0..=10);
    space.see("nas", "alice", "POSTE-1", 30..=40);
    space.see("nas", "bob", "POSTE-2", 0..=60);
    space.run(100);
    let bob = (42, 0, Some(65), Some(4));
    assert_eq!(space.sessions(), [(41, 0, Some(15), Some(4)), (41, 30, Some(45), Some(4)), bob]);
    space.assert_right(100, "two visits of alice");
    // Another server's snapshot comes late: she never was away for longer than the gap.
    space.see("other", "alice", "POSTE-1", 20..=20);
    space.run(101);
    assert_eq!(space.sessions(), [(41, 0, Some(45), Some(4)), bob]);
    space.assert_right(101, "one visit of alice");
    space.database.run(&format!(
        "UPDATE epn_booking SET status = 'cancelled', changed_at = '{}' WHERE user_id = 42",
        time(BASE + 102 * MINUTE)
    ));
    space.run(103);
    assert_eq!(space.sessions(), [(41, 0, Some(45), Some(4))]);
    space.assert_right(103, "bob's was cancelled");
    space.database.run("DELETE FROM epn_use; DELETE FROM epn_booking");
    space.aggregate(104);
    assert_eq!(space.sessions(), []);
    space.assert_right(104, "all were deleted");
}

#[test]
fn a_use_that_staff_verified_stays_with_the_times_that_they_gave_it() {
    let mut space = Space::new(BASE);
    space.see("nas", "alice", "POSTE-1", 0..=40);
    space.run(70);
    assert_eq!(space.sessions(), [(41, 0, Some(45), Some(4))]);
    let verify = |ends_at: &str| {
        format!(
            "UPDATE epn_booking SET verified = 1, ends_at = {ends_at}, changed_at = '{}'",
            time(BASE + 71 * MINUTE)
        )
    };
    space.database.run(&verify("ends_at"));
    space.run(72);
    assert_eq!(space.sessions(), [(41, 0, Some(45), Some(4))]);
    space.database.run(&verify("ends_at + INTERVAL 10 MINUTE"));
    space.run(73);
    assert_eq!(space.sessions(), [(41, 0, Some(55), Some(4))]);
    space.assert_right(73, "longer");
    space.database.run(&verify("ends_at - INTERVAL 40 MINUTE"));
    space.run(74);
    assert_eq!(space.sessions(), [(41, 0, Some(15), Some(4))]);
    space.assert_right(74, "shorter");
}

#[test]
fn a_reservation_is_a_session_if_somebody_came_and_only_for_so_long() {
    let mut space = Space::new(BASE);
    space.database.run(&format!(
        "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status, source) \
         SELECT id, IF(netbios_name = 'POSTE-1', 41, 42), '{}', '{}', 'booked', 'staff' FROM epn_computer \
         WHERE netbios_name <> 'POSTE-3'",
        time(BASE),
        time(BASE + 120 * MINUTE)
    ));
    space.see("nas", "alice", "POSTE-1", 5..=30);
    space.run(31);
    assert_eq!(space.sessions().len(), 1, "bob has not come");
    assert_eq!(space.sessions()[0].2, None, "alice may be there until the end");
    space.assert_right(31, "while it runs");
    space.run(100);
    assert_eq!(space.sessions()[0].2, None, "she may come back to what is hers");
    space.run(400);
    assert_eq!(space.sessions(), [(41, 5, Some(35), Some(4))]);
    space.assert_right(400, "settled");
}

#[test]
fn a_use_whose_record_was_deleted_for_its_age_is_not_brought_back() {
    let mut space = Space::new(BASE);
    space.see("nas", "alice", "POSTE-1", 0..=40);
    space.run(100);
    let all = records(&space.database);
    let week = 7 * 24 * 60;
    space.see("nas", "bob", "POSTE-1", week + 60..=week + 90);
    space.run(week + 200);
    for minute in [week + 201, week + 216, week + 24 * 60] {
        space.run(minute);
        let bob = (42, week + 60, Some(week + 95), Some(4));
        assert_eq!(space.sessions(), [bob], "at {minute}");
        let mut ever = records(&space.database);
        ever.extend(all.clone());
        space.assert_counted(&ever, minute, "figures stay");
    }
}

#[test]
fn without_the_source_uses_are_no_sessions() {
    let mut space = Space::new(BASE);
    space.see("nas", "alice", "POSTE-1", 0..=40);
    space.ingest.clone().arg(format!("--now={}", BASE + 6_000)).run().silent();
    at(BASE + 6_000, &space.database, "sources = [\"raw\", \"moodle\"]").run().silent();
    assert_eq!(space.sessions(), []);
    at(BASE + 6_000, &space.database, "sources = [\"epn\"]").run().silent();
    assert_eq!(space.sessions(), [(41, 0, Some(45), Some(4))]);
}
