//! How fast session-aggregate is, beside a plain stream of the same rows by MariaDB's own client.
//!
//! Absolute times are those of this machine at this moment; the ratios say more.

// A benchmark talks on standard output, and stops where it cannot measure.
#![allow(clippy::expect_used, clippy::print_stdout, unreachable_pub)]

mod measured;
#[path = "../tests/support/mod.rs"]
mod support;
mod table;

use std::time::Duration;

use measured::{Measured, connect, count, large_server, measure, median, stream};
use support::{Database, MariaDb, Tool};

/// Records of the bulk run, over so many days.
const RECORDS: u64 = 10_000_000;
const DAYS: u64 = 90;
/// Records that are made by one statement.
const PART: u64 = 250_000;
/// Records in the table of a usual run: a week of them.
const USUAL: u64 = 100_000;
/// How often the bulk run and its floor are measured, in turn.
const ROUNDS: usize = 3;
/// How often a usual run is measured.
const REPEATS: u64 = 15;
/// Where the time of the benchmark begins: 1 December 2025.
const BEGIN: u64 = 1_764_547_200;
const SLOT: u64 = 900;
const DAY: u64 = 86_400;

fn main() {
    let server = large_server();
    bulk(&server);
    usual(&server);
}

/// All at once: the first run over a quarter of a year.
fn bulk(server: &MariaDb) {
    println!("{RECORDS} session records over {DAYS} days");
    let database = records(server, RECORDS, DAYS);
    let end = BEGIN + DAYS * DAY;
    let (mut runs, mut floors) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let floor = stream(
            server,
            &format!(
                "SELECT start_time, end_time, end_context FROM {}.usr_session_stats_raw",
                database.name()
            ),
        );
        for table in ["usr_session_stats", "session_progress", "session_open", "session_at_limit"] {
            database.run(&format!("TRUNCATE {table}"));
        }
        let before = Counted::now(&database);
        let run = measure(server, &aggregate(&database, end));
        let counted = Counted::now(&database).since(before, &database);
        println!(
            "  round {round}: {} slots in {:.2} s; {:.1} MB resident at most, {} statements; \
             server {:.0} % of the processor time",
            count(&database, "usr_session_stats"),
            run.wall.as_secs_f64(),
            run.peak_kib as f64 / 1024.0,
            counted.statements,
            100.0 * run.server / (run.server + run.own),
        );
        println!(
            "           mariadb --quick, the same three columns to /dev/null: {:.2} s; ratio {:.2}",
            floor.as_secs_f64(),
            run.wall.as_secs_f64() / floor.as_secs_f64()
        );
        runs.push(run.wall);
        floors.push(floor);
    }
    table::line(
        &format!("{RECORDS} session records"),
        median(&mut runs).as_secs_f64(),
        "the client reads them",
        median(&mut floors).as_secs_f64(),
    );
}

/// One new slot, session records of a week in the table.
fn usual(server: &MariaDb) {
    let database = records(server, USUAL, 7);
    let mut end = BEGIN + 7 * DAY;
    measure(server, &aggregate(&database, end));
    let mut runs = Vec::new();
    let mut counted = Counted::default();
    for _ in 0..REPEATS {
        database.run(&format!(
            "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
             SELECT CONCAT('{end}/', seq), 3, {end} + seq * 6, IF(seq % 3, {end} + seq * 6 + 300, NULL), 1, 6 \
             FROM seq_0_to_149"
        ));
        end += SLOT;
        let before = Counted::now(&database);
        let Measured { wall, .. } = measure(server, &aggregate(&database, end));
        counted = Counted::now(&database).since(before, &database);
        runs.push(wall);
    }
    let mut connects: Vec<_> = (0..REPEATS).map(|_| connect(server)).collect();
    let (run, connecting) = (median(&mut runs), median(&mut connects));
    table::line("one new slot", run.as_secs_f64(), "connecting", connecting.as_secs_f64());
    println!(
        "one new slot, {} records in the table: {:.1} ms, connecting {:.1} ms of it; \
         {} statements, {} rows or index entries read",
        count(&database, "usr_session_stats_raw"),
        run.as_secs_f64() * 1e3,
        connecting.as_secs_f64() * 1e3,
        counted.statements,
        counted.reads,
    );
}

fn aggregate(database: &Database, now: u64) -> Tool {
    Tool::new("session-aggregate")
        .url(database)
        // What is measured is the counting: the deletion of old records has a limit of its own.
        .config("aggregate.retention = \"0s\"\n")
        .arg("--now")
        .arg(now.to_string())
        .limit(Duration::from_secs(600))
}

/// A database with so many records, evenly over so many days; sessions of one to 91 minutes.
fn records(server: &MariaDb, records: u64, days: u64) -> Database {
    let database = server.database();
    assert_eq!(aggregate(&database, BEGIN).arg("--init-db").run().status, 0);
    for part in (0..records).step_by(PART as usize) {
        database.run(&format!(
            "SET SESSION unique_checks = 0; \
             INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
             SELECT seq, 3 + seq % 2, {BEGIN} + seq * {days} * {DAY} DIV {records}, \
             {BEGIN} + seq * {days} * {DAY} DIV {records} + 60 + seq * 7919 % 5400, 1 + seq % 6, 6 + seq % 5000 \
             FROM seq_{part}_to_{}",
            (part + PART).min(records) - 1
        ));
    }
    database
}

/// What the server has counted.
#[derive(Clone, Copy, Default)]
struct Counted {
    statements: u64,
    reads: u64,
}

impl Counted {
    /// From its start until now, this question included.
    fn now(database: &Database) -> Self {
        let sum = |condition: &str| {
            let sql = format!(
                "SELECT CAST(SUM(variable_value) AS UNSIGNED) FROM information_schema.global_status WHERE {condition}"
            );
            database.value(&sql).parse().expect("a number")
        };
        Self {
            statements: sum("variable_name = 'QUESTIONS'"),
            reads: sum("variable_name LIKE 'HANDLER_READ%'"),
        }
    }

    /// Less what was counted before, and less what the counting itself adds.
    fn since(self, before: Self, database: &Database) -> Self {
        let after = Self::now(database);
        let own = Self { statements: after.statements - self.statements, reads: after.reads - self.reads };
        Self {
            statements: self.statements - before.statements - own.statements,
            reads: self.reads - before.reads - own.reads,
        }
    }
}
