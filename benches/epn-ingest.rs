//! How fast epn-ingest is, beside what the server alone needs to move the same rows.
//!
//! Absolute times are those of this machine at this moment; the ratios say more.

// A benchmark talks on standard output, and stops where it cannot measure.
#![allow(clippy::expect_used, clippy::print_stdout, unreachable_pub)]

mod measured;
#[path = "../tests/support/mod.rs"]
mod support;
mod table;

use std::time::{Duration, Instant};

use measured::{connect, count, measure, median};
use mysql::prelude::Queryable;
use support::{Database, MariaDb, Tool};

/// Pending rows of the bulk run: 200 computers, 5,000 people, 60 opening days.
const ROWS: u64 = 1_000_000;
const COMPUTERS: u64 = 200;
const PEOPLE: u64 = 5_000;
const DAYS: u64 = 60;
/// Opening days and rows a day of the year behind a usual run.
const YEAR: u64 = 300;
const ROWS_A_DAY: u64 = 6_000;
/// Rows of a usual run, and how often it is measured.
const USUAL: u64 = 60;
const REPEATS: usize = 15;
/// How often bulk run and floor are measured, in turn.
const ROUNDS: usize = 3;

fn main() {
    let server = MariaDb::start();
    let root = server.database();
    for setting in ["innodb_buffer_pool_size = 1073741824", "innodb_log_file_size = 536870912"] {
        root.conn().query_drop(format!("SET GLOBAL {setting}")).expect("a setting");
    }
    bulk(&server);
    usual(&server);
}

/// A million rows at once.
fn bulk(server: &MariaDb) {
    println!("{ROWS} pending rows, {COMPUTERS} computers, {PEOPLE} people, {DAYS} opening days");
    let (mut runs, mut floors) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let floor = floor(&space(server, COMPUTERS, PEOPLE, ROWS / DAYS, DAYS));
        let database = space(server, COMPUTERS, PEOPLE, ROWS / DAYS, DAYS);
        let rows = count(&database, "users_temp");
        let run = measure(server, &ingest(&database));
        assert_eq!(count(&database, "users_temp"), 0, "all rows are taken");
        println!(
            "  round {round}: {:.2} s = {:.0} rows/s, {:.1} MB resident at most; \
             server {:.0} % of the processor time ({:.2} s of {:.2} s)",
            run.wall.as_secs_f64(),
            rows as f64 / run.wall.as_secs_f64(),
            run.peak_kib as f64 / 1024.0,
            100.0 * run.server / (run.server + run.own),
            run.server,
            run.server + run.own,
        );
        println!(
            "           INSERT ... SELECT and DELETE of the same rows: {:.2} s; ratio {:.2}",
            floor.as_secs_f64(),
            run.wall.as_secs_f64() / floor.as_secs_f64()
        );
        runs.push(run.wall);
        floors.push(floor);
    }
    table::line(
        &format!("{ROWS} rows of the queue"),
        median(&mut runs).as_secs_f64(),
        "the server moves them",
        median(&mut floors).as_secs_f64(),
    );
}

/// Sixty new rows, without and with a year of history.
fn usual(server: &MariaDb) {
    for days in [1, YEAR] {
        let database = space(server, USUAL, 1_000, ROWS_A_DAY, days);
        assert_eq!(ingest(&database).run().status, 0);
        let mut runs: Vec<_> = (0..REPEATS)
            .map(|_| {
                add_snapshot(&database);
                measure(server, &ingest(&database)).wall
            })
            .collect();
        let mut connects: Vec<_> = (0..REPEATS).map(|_| connect(server)).collect();
        let (run, connect) = (median(&mut runs), median(&mut connects));
        println!(
            "{USUAL} new rows after {days} days ({} rows recorded): {:.1} ms, connecting {:.1} ms of it",
            count(&database, "users_log"),
            run.as_secs_f64() * 1e3,
            connect.as_secs_f64() * 1e3
        );
        table::line(
            &format!("{USUAL} rows after {days} days"),
            run.as_secs_f64(),
            "connecting",
            connect.as_secs_f64(),
        );
    }
}

fn ingest(database: &Database) -> Tool {
    // Long enough ago that no row is too old for the record, late enough that all are past.
    Tool::new("epn-ingest")
        .url(database)
        .config("general.timezone = \"Europe/Paris\"\n")
        .arg("--now")
        .arg("2026-12-31T23:00:00Z")
        .limit(Duration::from_secs(600))
}

/// A space with `days` opening days of `a_day` rows each in its queue. A visit is twelve snapshots long.
fn space(server: &MariaDb, computers: u64, people: u64, a_day: u64, days: u64) -> Database {
    let database = server.database();
    assert_eq!(ingest(&database).arg("--init-db").run().status, 0);
    let mut conn = database.conn();
    for sql in [
        "INSERT INTO epn_room (id, name) SELECT seq, CONCAT('salle ', seq) FROM seq_1_to_10".to_owned(),
        format!(
            "INSERT INTO epn_computer (id, netbios_name, room_id) \
             SELECT seq, CONCAT('POSTE-', seq), 1 + seq % 10 FROM seq_1_to_{computers}"
        ),
        format!(
            "INSERT INTO epn_user (id, login, credit_minutes, workshop_credits) \
             SELECT seq, CONCAT('usager', seq), 6000, 20 FROM seq_1_to_{people}"
        ),
        format!(
            "INSERT INTO epn_workshop (room_id, starts_at, ends_at, capacity) \
             SELECT 1, '2026-01-06 13:00:00' + INTERVAL seq DAY, '2026-01-06 15:00:00' + INTERVAL seq DAY, 12 \
             FROM seq_0_to_{}",
            days - 1
        ),
        format!(
            "INSERT INTO users_temp (seen_at, server, login, machine) SELECT '2026-01-06 08:00:00' \
             + INTERVAL seq DIV {a_day} DAY + INTERVAL seq % {a_day} DIV {computers} * 5 MINUTE, 'nas', \
             CONCAT('usager', 1 + (seq % {computers} + seq DIV {computers} DIV 12 * {computers}) % {people}), \
             CONCAT('POSTE-', 1 + seq % {computers}) FROM seq_0_to_{}",
            a_day * days - 1
        ),
    ] {
        conn.query_drop(sql).expect("a filled space");
    }
    database
}

/// One more snapshot, five minutes after the last one.
fn add_snapshot(database: &Database) {
    let sql = format!(
        "INSERT INTO users_temp (seen_at, server, login, machine) SELECT last, 'nas', \
         CONCAT('usager', seq), CONCAT('POSTE-', seq) FROM seq_1_to_{USUAL}, \
         (SELECT MAX(seen_at) + INTERVAL 5 MINUTE AS last FROM users_log) AS log"
    );
    database.conn().query_drop(sql).expect("a snapshot");
}

/// The time of moving the rows and nothing else.
fn floor(database: &Database) -> Duration {
    let mut conn = database.conn();
    let began = Instant::now();
    for sql in [
        "START TRANSACTION",
        "INSERT INTO users_log (seen_at, server, login, machine, ip, ingested_at) \
         SELECT seen_at, server, login, machine, ip, UTC_TIMESTAMP() FROM users_temp",
        "DELETE FROM users_temp",
        "COMMIT",
    ] {
        conn.query_drop(sql).expect("the floor");
    }
    began.elapsed()
}
