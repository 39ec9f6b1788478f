//! How fast session-aggregate rebuilds time online, beside a plain stream of the same rows by MariaDB's own client.
//!
//! Absolute times are those of this machine at this moment; the ratios say more.

// A benchmark talks on standard output, and stops where it cannot measure.
#![allow(clippy::expect_used, clippy::print_stdout, unreachable_pub)]

mod measured;
#[path = "../tests/support/mod.rs"]
mod support;
mod table;

use std::time::Duration;

use measured::{connect, count, large_server, measure, median, stream};
use support::{Database, MariaDb, Tool};

/// Rows of the log, and how many are made by one statement.
const EVENTS: u64 = 5_000_000;
const PART: u64 = 250_000;
/// Who they are of, how many of them are there at once, and how many rows a stay has.
const USERS: u64 = 4_000;
const AT_ONCE: u64 = 40;
const STAY: u64 = 50;
/// How often the whole log and its floor are measured, in turn.
const ROUNDS: usize = 3;
/// New rows of a usual run, and how often it is measured.
const NEW: u64 = 1_000;
const REPEATS: usize = 15;
/// Where the time of the benchmark begins, 1 December 2025, and thousandths of a second between two rows: 90 days.
const BEGIN: u64 = 1_764_547_200;
const STEP: u64 = 1_555;

/// Moodle's log, with its indexes.
const LOG: &str = "CREATE TABLE mdl_logstore_standard_log ( \
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, eventname varchar(255) NOT NULL, \
    component varchar(100) NOT NULL, action varchar(100) NOT NULL, target varchar(100) NOT NULL, \
    objecttable varchar(50), objectid bigint, crud varchar(1) NOT NULL DEFAULT 'r', \
    edulevel tinyint NOT NULL DEFAULT 2, contextid bigint NOT NULL, contextlevel bigint NOT NULL, \
    contextinstanceid bigint NOT NULL, userid bigint NOT NULL, courseid bigint, relateduserid bigint, \
    anonymous tinyint NOT NULL DEFAULT 0, other longtext, timecreated bigint NOT NULL, origin varchar(10), \
    ip varchar(45), realuserid bigint, KEY mdl_logsstanlog_tim_ix (timecreated), \
    KEY mdl_logsstanlog_couanotim_ix (courseid, anonymous, timecreated), \
    KEY mdl_logsstanlog_useconconcr_ix (userid, contextlevel, contextinstanceid, crud, edulevel, timecreated), \
    KEY mdl_logsstanlog_con_ix (contextid))";

/// What a reader of all rows needs of them.
const COLUMNS: &str = "id, component, action, target, userid, courseid, timecreated, origin, realuserid";

fn main() {
    let server = large_server();
    let database = server.database();
    assert_eq!(aggregate(&database, BEGIN, "0s").arg("--init-db").run().status, 0);
    database.run(LOG);
    for part in (0..EVENTS).step_by(PART as usize) {
        add(&database, part, part + PART);
    }
    whole(&server, &database);
    usual(&server, &database);
}

/// All of the log.
fn whole(server: &MariaDb, database: &Database) {
    println!("{EVENTS} rows of the log, {USERS} users");
    let (mut runs, mut floors) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let floor = stream(
            server,
            &format!(
                "SELECT {COLUMNS} FROM {}.mdl_logstore_standard_log ORDER BY timecreated, id",
                database.name()
            ),
        );
        for table in ["session", "session_course", "user", "progress"] {
            database.run(&format!("TRUNCATE moodle_{table}"));
        }
        database.run("TRUNCATE usr_session_stats_raw; TRUNCATE usr_session_stats; TRUNCATE session_progress; TRUNCATE session_open");
        let run = measure(server, &aggregate(database, time(EVENTS), "0s"));
        println!(
            "  round {round}: {} sessions, and {} slots of them, in {:.2} s; {:.1} MB resident at most; \
             server {:.0} % of the processor time",
            count(database, "moodle_session"),
            count(database, "usr_session_stats"),
            run.wall.as_secs_f64(),
            run.peak_kib as f64 / 1024.0,
            100.0 * run.server / (run.server + run.own),
        );
        println!(
            "           mariadb --quick, the same rows by (timecreated, id) to /dev/null: {:.2} s; ratio {:.2}",
            floor.as_secs_f64(),
            run.wall.as_secs_f64() / floor.as_secs_f64()
        );
        runs.push(run.wall);
        floors.push(floor);
    }
    table::line(
        &format!("{EVENTS} rows of the log"),
        median(&mut runs).as_secs_f64(),
        "the client reads them in order",
        median(&mut floors).as_secs_f64(),
    );
}

/// A thousand new rows.
fn usual(server: &MariaDb, database: &Database) {
    // Old session records are deleted, some ten thousand a run, before anything is measured.
    for _ in 0..4 {
        assert_eq!(aggregate(database, time(EVENTS), "7d").run().status, 0);
    }
    let mut events = EVENTS;
    let mut runs: Vec<_> = (0..REPEATS)
        .map(|_| {
            add(database, events, events + NEW);
            events += NEW;
            measure(server, &aggregate(database, time(events), "7d")).wall
        })
        .collect();
    let mut connects: Vec<_> = (0..REPEATS).map(|_| connect(server)).collect();
    let (run, connecting) = (median(&mut runs), median(&mut connects));
    table::line(&format!("{NEW} new rows"), run.as_secs_f64(), "connecting", connecting.as_secs_f64());
    println!(
        "{NEW} new rows in a log of {}: {:.1} ms, connecting {:.1} ms of it",
        count(database, "mdl_logstore_standard_log"),
        run.as_secs_f64() * 1e3,
        connecting.as_secs_f64() * 1e3
    );
}

/// The time of a row.
fn time(row: u64) -> u64 {
    BEGIN + row * STEP / 1_000
}

/// Rows from one number until before another: a group of users is there, row after row, and then the next.
fn add(database: &Database, from: u64, to: u64) {
    database.run(&format!(
        "INSERT INTO mdl_logstore_standard_log (eventname, component, action, target, contextid, contextlevel, \
         contextinstanceid, userid, courseid, timecreated, origin, ip) \
         SELECT '\\\\mod_page\\\\event\\\\course_module_viewed', 'mod_page', 'viewed', 'course_module', 100, 70, 7, \
         1 + seq % {AT_ONCE} + {AT_ONCE} * (seq DIV {} % {}), 2 + seq DIV 400 % 5, {BEGIN} + seq * {STEP} DIV 1000, \
         'web', '192.0.2.1' FROM seq_{from}_to_{}",
        AT_ONCE * STAY,
        USERS / AT_ONCE,
        to - 1
    ));
}

fn aggregate(database: &Database, now: u64, retention: &str) -> Tool {
    Tool::new("session-aggregate")
        .url(database)
        .config(&format!("aggregate.retention = \"{retention}\"\naggregate.sources = [\"moodle\"]\n"))
        .arg("--now")
        .arg(now.to_string())
        .limit(Duration::from_secs(600))
}
