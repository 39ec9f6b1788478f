//! Whatever ends a run, wherever it ends, the next one ends where one undisturbed run ends.

use std::time::{Duration, Instant};

use mysql::prelude::Queryable;
use sessionstat::{config::Secret, failure::Status, sessions::Compat};

use crate::{
    forms::{Form, Record, tables},
    model::{Model, aggregate},
    support::{
        Database, Rewind, Tool,
        proxy::{Harm, Point, Proxy, Trouble},
        until,
    },
};

/// 10 March 2026, 06:00 UTC.
const BASE: i64 = 1_773_122_400;
const BEFORE: i64 = BASE + 7_000;
const NOW: i64 = BASE + 14_000;

fn record(id: &str, start: i64, end: Option<i64>) -> Record {
    Record::new(id, BASE + start, end.map(|end| BASE + end), end.map(|_| 1))
}

/// Tables between two runs, where the second has something to do in each of its steps; what they hold after it.
fn scene(form: Form) -> Model {
    let mut model = Model::new(form);
    model.config.aggregate.retention = Duration::from_secs(3 * 3_600);
    model.config.aggregate.max_session = Duration::from_secs(2 * 3_600);
    model.config.aggregate.max_sessions = 2;
    model.add(record("over", 100, Some(1_000)));
    model.add(record("long", 200, Some(6_000)));
    model.add(record("forgotten", 500, None));
    model.add(record("expired", 4_000, None));
    model.add(record("closed late", 5_000, None));
    model.add(record("alive", 6_000, None));
    model.run(BEFORE);
    model.add(record("late", 5_500, Some(6_900)));
    model.add(record("new", 8_000, Some(9_000)));
    model.close("closed late", BASE + 6_500, Some(6));
    model.limit(BASE + 5_400, 3);
    model.database.run(&format!(
        "INSERT INTO session_expiry VALUES ('expired', {}), ('alive', {})",
        BASE + 9_500,
        NOW + 100
    ));
    model
}

/// What the second run makes of it.
fn expect(model: &mut Model) {
    for (id, end) in [("expired", 9_500), ("forgotten", 500 + 7_200)] {
        let record = model.records.iter_mut().find(|record| record.id == id).unwrap();
        (record.end, record.context) = (Some(BASE + end), Some(2));
    }
}

fn remember(database: &Database) -> Rewind {
    Rewind::of(database, &tables(database))
}

/// What is in the tables. Without the digest of the last records: it does not say whether they were deleted before or
/// after it was taken.
fn left(start: &Rewind, database: &Database) -> String {
    start.dump_but(database, &["session_progress.tail"])
}

/// The tables after one undisturbed run.
fn undisturbed(model: &mut Model, start: &Rewind, compat: Compat) -> String {
    aggregate(&model.config, compat, NOW).unwrap();
    if compat == Compat::Exact {
        expect(model);
        model.assert_right(NOW, "undisturbed");
        let left = "SELECT GROUP_CONCAT(session_id ORDER BY session_id) FROM usr_session_stats_raw";
        assert_eq!(model.database.value(left), "alive,closed late,expired,forgotten,late,long,new");
    }
    left(start, &model.database)
}

const WAYS: [(Form, Compat); 3] =
    [(Form::Ours, Compat::Exact), (Form::Ilias9, Compat::Exact), (Form::Ilias9, Compat::Ilias)];

#[test]
fn a_run_that_dies_before_any_of_its_statements_is_made_up_for_by_the_next() {
    for (form, compat) in WAYS {
        let mut model = scene(form);
        let start = remember(&model.database);
        let should = undisturbed(&mut model, &start, compat);
        for last in 0.. {
            start.back(&model.database);
            let proxy = Proxy::shared([Trouble::from_there_on(Point::Statement(last), Harm::Cut)]);
            let mut config = model.config.clone();
            config.mysql.url = Secret::new(proxy.url_of(&model.database, "session-aggregate"));
            config.mysql.retry_for = Duration::ZERO;
            let ended = aggregate(&config, compat, NOW);
            let is_through = proxy.statements() <= last;
            match ended {
                // Without its last statement, the lease is not given back.
                Ok(_) => assert!(proxy.statements() <= last + 2, "{form:?} {compat:?}, statement {last}"),
                Err(failure) => assert_eq!(failure.status(), Status::Unavailable, "{failure}"),
            }
            aggregate(&model.config, compat, NOW).unwrap();
            let is = left(&start, &model.database);
            assert!(is == should, "{form:?} {compat:?}, dead at {last}:\n{is}\nnot\n{should}");
            if is_through {
                assert!(last > 20, "only {last} statements");
                break;
            }
        }
    }
}

#[test]
fn a_run_that_loses_its_connection_at_any_statement_goes_on_by_itself() {
    for (form, compat) in [WAYS[0], WAYS[2]] {
        let mut model = scene(form);
        let start = remember(&model.database);
        let should = undisturbed(&mut model, &start, compat);
        for lost in 0.. {
            start.back(&model.database);
            let proxy = Proxy::shared([Trouble::once(Point::Statement(lost), Harm::Lose)]);
            let mut config = model.config.clone();
            config.mysql.url = Secret::new(proxy.url_of(&model.database, "session-aggregate"));
            aggregate(&config, compat, NOW)
                .unwrap_or_else(|failure| panic!("{form:?} {compat:?}, lost at {lost}: {failure}"));
            let is = left(&start, &model.database);
            assert!(is == should, "{form:?} {compat:?}, lost at {lost}:\n{is}\nnot\n{should}");
            if proxy.statements() <= lost {
                break;
            }
        }
    }
}

/// Four months with a session in each of 3,000 hours: two windows, so that some kills fall between two.
fn four_months(database: &Database) {
    database.run(
        "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
         SELECT CONCAT('s', seq), 3 + seq % 2, 1762000000 + seq * 3517, 1762000000 + seq * 3517 + seq % 5 * 2000, \
         seq % 7, 7 FROM seq_1_to_3000",
    );
}

fn long_run(database: &Database) -> Tool {
    let config = "[aggregate]\nmax_sessions = 2\nretention = \"30d\"\n";
    Tool::new("session-aggregate")
        .url(database)
        .config(config)
        .arg(format!("--now={}", 1_762_000_000 + 3_000 * 3_517))
}

#[test]
fn a_killed_run_and_a_second_one_end_as_one() {
    const KILLS: u32 = 8;
    const KILLED: i32 = 128 + 9;
    let database = Form::Ours.database();
    four_months(&database);
    let start = remember(&database);
    let tool = long_run(&database);
    let began = Instant::now();
    tool.run().silent();
    let mut length = began.elapsed();
    let should = left(&start, &database);
    let mut hits = 0;
    for kill in 0..KILLS {
        start.back(&database);
        let running = tool.start();
        // Moments spread over the whole run, a different set each time.
        let spread = u64::from(kill) * 1_000 + std::process::id() as u64 % 1_000;
        std::thread::sleep(length.mul_f64(spread as f64 / f64::from(KILLS * 1_000)));
        match running.kill().status {
            KILLED => hits += 1,
            // The first run was slower than this one: other tests ran beside it.
            _ => length = length.mul_f64(0.7),
        }
        tool.run().silent();
        assert!(left(&start, &database) == should, "kill {kill}");
    }
    assert!(hits > KILLS / 2, "only {hits} of {KILLS} runs were killed before their end");
}

#[test]
fn of_several_runs_one_works_and_the_others_say_that_it_is_busy() {
    let database = Form::Ours.database();
    four_months(&database);
    let start = remember(&database);
    let tool = long_run(&database);
    tool.run().silent();
    let should = left(&start, &database);
    start.back(&database);
    // The first run waits here, holding lock and lease.
    let mut gate = database.conn();
    gate.query_drop("LOCK TABLES usr_session_stats_raw WRITE").unwrap();
    let first = tool.start();
    let lease = "SELECT COUNT(*) FROM sessionstat_lease WHERE job = 'session-aggregate' AND holder <> ''";
    until("the lease of the first run", || database.value(lease) == "1");
    let same_host = tool.run().expect(75);
    assert!(same_host.stderr.contains("another run of session-aggregate holds /"), "{same_host:?}");
    // Another host has another lock file, and the same database.
    let other_host = long_run(&database).run().expect(75);
    assert!(other_host.stderr.contains("holds the lease on "), "{other_host:?}");
    let rebuild = ["rebuild", "--from=1762000000", "--to=1763000000"];
    tool.clone().args(rebuild).run().expect(75);
    long_run(&database).args(rebuild).run().expect(75);
    gate.query_drop("UNLOCK TABLES").unwrap();
    first.wait().silent();
    assert!(left(&start, &database) == should, "one run and others that were refused");
}

#[test]
fn three_runs_of_three_hosts_at_the_same_moment_end_as_one() {
    let database = Form::Ours.database();
    four_months(&database);
    let start = remember(&database);
    long_run(&database).run().silent();
    let should = left(&start, &database);
    for _ in 0..2 {
        start.back(&database);
        let running: Vec<_> = (0..3).map(|_| long_run(&database).start()).collect();
        let statuses: Vec<_> = running.into_iter().map(|running| running.wait().status).collect();
        assert!(statuses.iter().all(|status| [0, 75].contains(status)), "{statuses:?}");
        assert!(statuses.contains(&0), "{statuses:?}");
        assert!(left(&start, &database) == should, "{statuses:?}");
    }
}
