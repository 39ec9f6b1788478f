//! Times and tables that nobody expects, and live sessions that expire.

use std::time::Duration;

use mysql::prelude::Queryable;
use sessionstat::sessions::Compat;

use crate::{
    forms::{self, Form, Record},
    model::{Model, aggregate},
    oracle::{self, SLOT},
    support::{Database, Tool},
};

/// 10 March 2026, 06:00 UTC.
const BASE: i64 = 1_773_122_400;
const DAY: i64 = 86_400;

pub fn record(id: &str, start: i64, end: Option<i64>) -> Record {
    Record { id: id.to_owned(), kind: 3, start, end, context: end.map(|_| 1), user: 7 }
}

/// The command at a moment.
pub fn at(now: i64, database: &Database, aggregate: &str) -> Tool {
    let config = format!("general.timezone = \"Europe/Paris\"\n[aggregate]\n{aggregate}\n");
    Tool::new("session-aggregate").url(database).config(&config).arg(format!("--now={now}"))
}

/// Everything in the tables.
pub fn everything(database: &Database) -> String {
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
        AND table_name <> 'sessionstat_lease' ORDER BY 1";
    let tables: Vec<_> = database.query(tables).into_iter().map(|row| row[0].clone().unwrap()).collect();
    let with_numbers = |table: &String| match table.as_str() {
        "usr_session_stats_raw" => {
            "SELECT session_id, start_time, end_time, end_context FROM usr_session_stats_raw"
        }
        _ => "",
    };
    let entries: Vec<_> = tables
        .iter()
        .map(|table| if with_numbers(table).is_empty() { table.as_str() } else { with_numbers(table) })
        .collect();
    database.dump(&entries)
}

#[test]
fn live_sessions_of_ilias_that_expired_end_when_they_expired() {
    for compat in ["exact", "ilias"] {
        let database = Form::Ilias9.database();
        let mut conn = database.conn();
        database.run(&format!(
            "CREATE TABLE usr_session (session_id VARCHAR(256) NOT NULL PRIMARY KEY, expires INT NOT NULL, data LONGTEXT, \
             ctime INT, user_id INT NOT NULL, last_remind_ts INT, type INT, createtime INT, remote_addr VARCHAR(50), \
             context VARCHAR(80)); \
             INSERT INTO usr_session (session_id, expires, user_id) VALUES ('expired', {}, 7), ('alive', {}, 7), \
             ('closed', {}, 7), ('again', {}, 7)",
            BASE + 1_000,
            // It lives until its last second is over.
            BASE + 3_600,
            BASE + 500,
            BASE - 1
        ));
        forms::add(&mut conn, &[record("expired", BASE, None), record("alive", BASE, None)]);
        // Opened after what its id stood for had expired.
        forms::add(&mut conn, &[record("again", BASE, None)]);
        forms::add(&mut conn, &[record("closed", BASE, Some(BASE + 100))]);
        let before = database.dump(&["usr_session"]);
        at(BASE + 3_600, &database, "").args(["--compat", compat]).run().silent();
        let records = "SELECT session_id, end_time, end_context FROM usr_session_stats_raw";
        let should = format!(
            "again\tNULL\tNULL\nalive\tNULL\tNULL\nclosed\t{}\t1\nexpired\t{}\t2\n",
            BASE + 100,
            BASE + 1_000
        );
        assert_eq!(database.dump(&[records]), format!("# {records}\n{should}"), "{compat}");
        assert_eq!(database.dump(&["usr_session"]), before, "{compat}: that table is ILIAS's");
    }
}

#[test]
fn a_table_that_lacks_a_column_is_named_with_it() {
    let lacking = [
        ("usr_session_stats_raw", "end_context", Form::Ours),
        ("usr_session_stats_raw", "type", Form::Ilias10),
        ("usr_session_stats", "closed_login", Form::Ilias9),
        ("usr_session_stats", "closed_misc", Form::Ilias10),
        // Part of what ILIAS 10 dropped is no form of the tables.
        ("usr_session_stats", "closed_limit", Form::Ilias9),
        ("usr_session_log", "maxval", Form::Ours),
    ];
    for (table, column, form) in lacking {
        let database = form.database();
        // Indexes with the column go as well.
        if form == Form::Ours && table == "usr_session_stats_raw" {
            database.run("ALTER TABLE usr_session_stats_raw DROP INDEX begins, DROP INDEX ends");
        }
        if table == "usr_session_log" {
            database.run("ALTER TABLE usr_session_log DROP PRIMARY KEY");
        }
        database.run(&format!("ALTER TABLE {table} DROP COLUMN {column}"));
        for command in [&["run"][..], &["run", "--dry-run"], &["rebuild", "--from=0", "--to=900"]] {
            let run = at(BASE, &database, "").args(command).run().expect(78);
            let named = format!("the table {table} lacks the column {column}");
            assert!(run.stderr.contains(&named) && run.stderr.lines().count() == 1, "{run:?}");
        }
    }
}

#[test]
fn our_tables_outlive_2038_and_2106() {
    let mut model = Model::new(Form::Ours);
    model.config.aggregate.retention = Duration::from_secs(7 * 86_400);
    model.config.aggregate.max_session = Duration::from_secs(86_400);
    for end_of_time in [1_i64 << 31, 1 << 32, 253_000_000_200] {
        model.clear();
        let base = oracle::quarter(end_of_time) - 3_600;
        model.add(record("before", base + 10, Some(end_of_time - 5)));
        model.add(record("across", end_of_time - 1, Some(end_of_time + 1)));
        model.add(record("after", end_of_time + 100, None));
        model.limit(end_of_time + 20, 1);
        model.run(base + 7_200);
        model.assert_right(base + 7_200, "in the end of time");
        model.add(record("late", base + 20, Some(end_of_time)));
        model.close("after", end_of_time + 200, Some(2));
        model.run(base + 8_200);
        model.assert_right(base + 8_200, "afterwards");
    }
}

#[test]
fn a_table_of_ilias_that_cannot_hold_a_time_is_left_as_it_is() {
    for compat in ["exact", "ilias"] {
        let database = Form::Ilias9.database();
        let mut conn = database.conn();
        forms::add(&mut conn, &[record("long", 2_147_470_000, None)]);
        let previous = 2_147_481_899;
        database.run(&format!(
            "INSERT INTO usr_session_stats (slot_begin, slot_end, active_min, active_max, active_avg, active_end, opened) \
             VALUES ({}, {previous}, 1, 1, 1, 1, 0)",
            previous - 899
        ));
        for _ in 0..2 {
            let before = database.dump(&["usr_session_stats"]);
            let run = at(2_147_490_000, &database, "").args(["--compat", compat]).run().expect(78);
            assert!(
                run.stderr.contains("usr_session_stats cannot hold") && run.stderr.contains("2038"),
                "{run:?}"
            );
            assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
            assert_eq!(database.dump(&["usr_session_stats"]), before, "nothing half written");
        }
        // The way out that the message shows.
        database.run(
            "ALTER TABLE usr_session_stats MODIFY slot_begin BIGINT NOT NULL, MODIFY slot_end BIGINT NOT NULL",
        );
        at(2_147_490_000, &database, "").args(["--compat", compat]).run().silent();
        assert_eq!(database.value("SELECT MAX(slot_end) FROM usr_session_stats"), "2147489999");
    }
}

/// More than a year.
const AHEAD: i64 = 370 * DAY;

#[test]
fn a_clock_that_was_wrong_once_leaves_no_wrong_figure_behind() {
    for form in [Form::Ours, Form::Ilias9] {
        let mut model = Model::new(form);
        model.add(record("over", BASE + 10, Some(BASE + 2_000)));
        model.add(record("open", BASE + 3_000, None));
        model.run(BASE + 4_000);
        aggregate(&model.config, Compat::Exact, BASE + AHEAD).unwrap();
        let now = BASE + 9_000;
        model.add(record("new", BASE + 4_100, Some(BASE + 4_200)));
        model.close("open", BASE + 5_000, Some(1));
        model.limit(BASE + 4_000, 1);
        model.run(now);
        let all = forms::statistics(&model.database, form).len() as i64;
        assert_eq!(all, AHEAD / SLOT, "slots of the time to come are there until it comes");
        model.database.run(&format!(
            "DELETE FROM usr_session_stats WHERE slot_end >= {now}; DELETE FROM session_at_limit WHERE ends_at > {now}"
        ));
        model.assert_right(now, "as if the clock had always been right");
    }
}

#[test]
fn what_a_clock_that_was_wrong_once_had_deleted_is_not_missed_for_longer_than_until_the_next_run() {
    let mut model = Model::new(Form::Ours);
    model.config.aggregate.retention = Duration::from_secs(7 * 86_400);
    model.config.aggregate.max_session = Duration::from_secs(86_400);
    // To that clock, it has not been used for more than a day, and ended more than a week ago.
    model.add(record("alive", BASE + 3_000, None));
    model.run(BASE + 4_000);
    aggregate(&model.config, Compat::Exact, BASE + AHEAD).unwrap();
    model.records.clear();
    let right_again = BASE + 4_500;
    model.run(right_again);
    for now in [right_again + 3_000, right_again + 6_000] {
        model.add(record(&now.to_string(), now - 1_500, Some(now - 1_000)));
        model.run(now);
        let slots = oracle::slots(&model.records, &[], 0, right_again, now);
        let should: Vec<_> = slots.iter().map(|slot| slot.line(Form::Ours)).collect();
        let all = forms::statistics(&model.database, Form::Ours);
        let from = ((right_again - model.begin.unwrap()) / SLOT) as usize;
        assert_eq!(all[from..from + should.len()], should, "at {now}");
    }
}

#[test]
fn a_record_of_a_clock_that_was_not_set_does_not_decide_where_statistics_begin() {
    for form in Form::ALL {
        let mut model = Model::new(form);
        model.add(record("not set", 100, None));
        model.add(record("far back", -86_400, Some(50)));
        // Nobody else has come: there is nothing to count yet.
        model.run(BASE);
        assert_eq!(forms::statistics(&model.database, form), [""; 0], "{form:?}");
        model.add(record("set", BASE + 50, Some(BASE + 60)));
        model.run(BASE + 2_000);
        assert_eq!(model.begin, Some(BASE));
        model.assert_right(BASE + 2_000, "with one that is set");
        // A test that lives in 1970 lives in its own time.
        model.clear();
        model.add(record("then", 1_000, Some(2_000)));
        model.run(5_000);
        assert_eq!(model.begin, Some(900));
        model.assert_right(5_000, "in 1970");
    }
}

#[test]
fn a_longest_session_of_months_does_not_end_the_statistics_of_an_ilias() {
    let mut model = Model::new(Form::Ilias9);
    model.config.aggregate.max_session = Duration::from_secs(90 * 86_400);
    model
        .database
        .run("CREATE TABLE usr_session (session_id VARCHAR(256) PRIMARY KEY, expires INT NOT NULL)");
    model.database.account("session-aggregate");
    history(&model.database, BASE, 3);
    model.begin = Some(BASE);
    for now in [BASE + 5_000, BASE + 9_000] {
        model.add(record(&now.to_string(), now - 2_000, Some(now - 1_000)));
        model.run(now);
        let is: Vec<_> = forms::statistics(&model.database, Form::Ilias9).split_off(3);
        let slots = oracle::slots(&model.records, &[], 0, BASE + 3 * SLOT, now);
        let should: Vec<_> = slots.iter().map(|slot| slot.line(Form::Ilias9)).collect();
        assert_eq!(is, should, "at {now}");
    }
}

/// Slots that an ILIAS has written: 55 stands for its figures.
fn history(database: &Database, begin: i64, count: i64) {
    database.run(&format!(
        "INSERT INTO usr_session_stats SELECT {begin} + 900 * seq, {begin} + 900 * seq + 899, \
         55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55 FROM seq_0_to_{}",
        count - 1
    ));
}

#[test]
fn of_the_statistics_of_an_ilias_those_whose_records_are_gone_stay_and_the_rest_is_healed() {
    for live in
        ["DO 0", "CREATE TABLE usr_session (session_id VARCHAR(256) PRIMARY KEY, expires INT NOT NULL)"]
    {
        let mut model = Model::new(Form::Ilias9);
        model.database.run(live);
        model.database.account("session-aggregate");
        // Ten days of slots. ILIAS deleted what began a week before its last run.
        let (begin, last) = (BASE - 10 * DAY, BASE);
        history(&model.database, begin, 10 * DAY / SLOT);
        model.database.run(&format!(
            "UPDATE usr_session_stats SET active_min = NULL, active_max = NULL, opened = NULL WHERE slot_begin = {}; \
             DELETE FROM usr_session_stats WHERE slot_begin IN ({}, {})",
            last - 5 * SLOT,
            last - 8 * SLOT,
            last - 3 * DAY
        ));
        for day in 1..7 {
            let start = last - day * DAY + 1_234;
            model.add(record(&day.to_string(), start, Some(start + 2_000 * day)));
        }
        model.add(record("open", last - 1_000, None));
        // Until a day (max_session) after the oldest record that was kept, sessions may be missing. An ILIAS that is
        // still there may have deleted more until the first run.
        let kept_from = if live == "DO 0" { last } else { last + 3_000 } - 7 * DAY;
        let healed = oracle::quarter(kept_from + DAY + SLOT - 1);
        for now in [last + 3_000, last + 5_000, last + DAY / 2] {
            aggregate(&model.config, Compat::Exact, now).unwrap();
            let lines = forms::statistics(&model.database, Form::Ilias9);
            let (kept, right) = lines.split_at(((healed - begin) / SLOT) as usize);
            assert!(kept.iter().all(|line| line.ends_with(&",55".repeat(13))), "at {now}: {kept:?}");
            let slots = oracle::slots(&model.records, &[], 0, healed, now);
            let should: Vec<_> = slots.iter().map(|slot| slot.line(Form::Ilias9)).collect();
            assert_eq!(right, should, "at {now}");
        }
    }
}

#[test]
fn values_that_are_no_time_are_refused_before_anything_is_written() {
    let database = Form::Ours.database();
    for now in ["-62167219201", "1e9", "9999-01-01T00:00:00Z", "gestern"] {
        Tool::new("session-aggregate").url(&database).args(["--now", now]).run().expect(2);
    }
    let mut conn = database.conn();
    let extreme = [record("first", i64::MIN, Some(i64::MAX)), record("last", i64::MAX, None)];
    forms::add(&mut conn, &extreme);
    forms::add(&mut conn, &[record("all", BASE, Some(i64::MAX)), record("never", i64::MAX, Some(i64::MIN))]);
    at(BASE + 2_000, &database, "max_session = \"0s\"").run().silent();
    let active: Option<(i64, i64)> =
        conn.query_first("SELECT MIN(active_min), MAX(opened) FROM usr_session_stats").unwrap();
    assert_eq!(active, Some((2, 1)));
}
