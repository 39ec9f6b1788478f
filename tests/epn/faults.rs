//! Whatever kills a run, a second one ends where one undisturbed run ends.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use mysql::prelude::Queryable;

use crate::{
    space::Space,
    support::{Database, MariaDb, Tool, until},
};

const ROWS: u64 = 20_000;
const KILLS: u32 = 25;
/// The status of a process that SIGKILL ended, as the shell has it.
const KILLED: i32 = 128 + 9;
/// Several transactions a run, so that some kills fall between two.
const BATCHES: &str = "epn.batch_rows = 3000\n";

/// What a run reads and changes, apart from its own memory.
const TABLES: [&str; 8] = [
    "users_temp",
    "users_log",
    "epn_booking",
    "epn_use",
    "epn_presence",
    "epn_attendance",
    "epn_workshop_seen",
    "epn_credit_ledger",
];

/// The tables without the ids that a rolled-back transaction uses up.
const END_STATE: [&str; 7] = [
    "SELECT login, credit_minutes, workshop_credits FROM epn_user ORDER BY id",
    "SELECT user_id, computer_id, starts_at, ends_at, status, source, verified FROM epn_booking ORDER BY 1, 2, 3",
    "SELECT u.user_id, u.computer_id, u.first_seen, u.last_seen, b.starts_at, b.ends_at \
     FROM epn_use u JOIN epn_booking b ON b.id = u.booking_id ORDER BY 1, 2, 3",
    "SELECT user_id, day_begins, computer_id, HEX(minutes) FROM epn_presence ORDER BY 1, 2, 3",
    "SELECT l.user_id, l.kind, l.delta, b.computer_id, b.starts_at, l.workshop_id, l.at FROM epn_credit_ledger l \
     LEFT JOIN epn_booking b ON b.id = l.booking_id ORDER BY 1, 2, 5, 4, 6, 3",
    "SELECT seen_at, server, login, machine, ip, ingested_at FROM users_log ORDER BY 1, 2, 3, 4",
    "SELECT a.workshop_id, a.user_id, a.status, a.source, s.seen_at FROM epn_attendance a \
     LEFT JOIN epn_workshop_seen s USING (workshop_id, user_id) ORDER BY 1, 2",
];

fn now() -> DateTime<Utc> {
    "2026-03-21T20:00:00Z".parse().unwrap()
}

/// Ten opening days of 40 machines, 60 people and two workshops a day, some of them booked.
fn fill(database: &Database) {
    let mut conn = database.conn();
    for sql in [
        "INSERT INTO epn_room (id, name) SELECT seq, CONCAT('salle ', seq) FROM seq_1_to_4",
        "INSERT INTO epn_computer (id, netbios_name, room_id) SELECT seq, CONCAT('POSTE-', seq), 1 + seq % 4 FROM seq_1_to_40",
        "INSERT INTO epn_user (id, login, credit_minutes, workshop_credits) \
         SELECT seq, CONCAT('usager', seq), IF(seq % 7, 600, NULL), IF(seq % 5, 10, NULL) FROM seq_1_to_60",
        "INSERT INTO epn_workshop (room_id, starts_at, ends_at, capacity) \
         SELECT 1 + seq % 2, '2026-03-10 13:00:00' + INTERVAL seq DIV 2 DAY + INTERVAL (seq % 2) * 3 HOUR, \
         '2026-03-10 15:00:00' + INTERVAL seq DIV 2 DAY + INTERVAL (seq % 2) * 3 HOUR, 5 FROM seq_0_to_19",
        "INSERT INTO epn_attendance (workshop_id, user_id) SELECT w.seq, u.seq FROM seq_1_to_20 w, seq_1_to_60 u \
         WHERE (w.seq + u.seq) % 11 = 0",
        "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at) \
         SELECT 1 + seq % 40, 1 + seq * 7 % 60, '2026-03-10 09:00:00' + INTERVAL seq % 10 DAY + INTERVAL seq % 8 HOUR, \
         '2026-03-10 10:00:00' + INTERVAL seq % 10 DAY + INTERVAL seq % 8 HOUR FROM seq_1_to_80",
    ] {
        conn.query_drop(sql).unwrap();
    }
    let rows = format!(
        "INSERT INTO users_temp (seen_at, server, login, machine) SELECT \
         '2026-03-10 08:00:00' + INTERVAL seq DIV 40 DIV 50 DAY + INTERVAL seq DIV 40 % 50 * 10 MINUTE, 'nas', \
         CONCAT('usager', 1 + (seq % 40 * 3 + seq DIV 400 * 7) % 60), CONCAT('POSTE-', 1 + seq % 40) \
         FROM seq_0_to_{}",
        ROWS - 1
    );
    conn.query_drop(rows).unwrap();
    for table in TABLES.iter().chain(&["epn_user"]) {
        conn.query_drop(format!("CREATE TABLE start_{table} LIKE {table}")).unwrap();
        let columns: Vec<String> = conn
            .query(format!(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() \
                 AND table_name = '{table}' AND extra NOT LIKE '%GENERATED%'"
            ))
            .unwrap();
        let columns = columns.join(", ");
        let copy = format!("INSERT INTO start_{table} ({columns}) SELECT {columns} FROM {table}");
        conn.query_drop(&copy).unwrap();
        let back = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM start_{table}");
        conn.query_drop("CREATE TABLE IF NOT EXISTS start_again (back text)").unwrap();
        let step = format!("DELETE FROM {table}");
        conn.exec_drop("INSERT INTO start_again VALUES (?), (?)", (step, back)).unwrap();
    }
}

/// Everything as it was before any run.
fn start_again(database: &Database) {
    let mut conn = database.conn();
    let steps: Vec<String> = conn.query("SELECT back FROM start_again").unwrap();
    steps.into_iter().for_each(|step| conn.query_drop(step).unwrap());
}

fn end_state(database: &Database) -> Vec<Vec<Vec<Option<String>>>> {
    END_STATE.iter().map(|sql| database.query(sql)).collect()
}

fn assert_same(database: &Database, undisturbed: &[Vec<Vec<Option<String>>>], what: &str) {
    for ((is, should), sql) in end_state(database).iter().zip(undisturbed).zip(END_STATE) {
        let differs = is.iter().zip(should).find(|(is, should)| is != should);
        assert!(is == should, "{what}: {} rows, not {}; {differs:?} of {sql}", is.len(), should.len());
    }
}

/// A space of its own with 20,000 rows, and the end state of one undisturbed run.
fn filled() -> (Space, Vec<Vec<Vec<Option<String>>>>, Duration) {
    let space = Space::new(chrono_tz::Europe::Paris, BATCHES);
    fill(&space.database);
    let began = Instant::now();
    let summary = space.ingest(now());
    let length = began.elapsed();
    assert_eq!(summary["taken"], ROWS);
    let undisturbed = end_state(&space.database);
    assert!(undisturbed.iter().all(|table| !table.is_empty()), "every table has something to lose");
    (space, undisturbed, length)
}

#[test]
fn a_killed_run_and_a_second_one_end_as_one() {
    let (space, undisturbed, mut length) = filled();
    let mut hits = 0;
    for kill in 0..KILLS {
        start_again(&space.database);
        let running = space.ingest_at(now()).start();
        // Moments spread over the whole run, a different set each time.
        let spread = u64::from(kill) * 1_000 + std::process::id() as u64 % 1_000;
        std::thread::sleep(length.mul_f64(spread as f64 / f64::from(KILLS * 1_000)));
        match running.kill().status {
            KILLED => hits += 1,
            // The first run was slower than this one: other tests ran beside it.
            _ => length = length.mul_f64(0.7),
        }
        space.ingest(now());
        assert_same(&space.database, &undisturbed, &format!("kill {kill}"));
    }
    assert!(hits > KILLS / 2, "only {hits} of {KILLS} runs were killed before their end");
}

#[test]
fn of_two_runs_one_works_and_the_other_says_that_it_is_busy() {
    let (space, undisturbed, _) = filled();
    start_again(&space.database);
    // The first run waits here, holding lock and lease.
    let mut gate = space.database.conn();
    gate.query_drop("LOCK TABLES epn_computer WRITE").unwrap();
    let first = space.ingest_at(now()).start();
    let lease = "SELECT COUNT(*) FROM sessionstat_lease WHERE job = 'epn-ingest' AND holder <> ''";
    until("the lease of the first run", || space.database.query(lease) == [[Some("1".to_owned())]]);
    let same_host = space.ingest_at(now()).run();
    assert_eq!(same_host.status, 75, "{same_host:?}");
    assert!(same_host.stderr.starts_with("epn-ingest: another run of epn-ingest holds /"), "{same_host:?}");
    // Another host has another lock file, and the same database.
    let other_host = Tool::new("epn-ingest").url(&space.database).run();
    assert_eq!(other_host.status, 75, "{other_host:?}");
    assert!(
        other_host.stderr.starts_with("epn-ingest: another run of epn-ingest holds the lease on "),
        "{other_host:?}"
    );
    gate.query_drop("UNLOCK TABLES").unwrap();
    let first = first.wait();
    assert_eq!((first.status, first.stderr.as_str()), (0, ""), "{first:?}");
    assert_same(&space.database, &undisturbed, "two runs");
}

#[test]
fn a_lease_left_by_a_killed_run_of_this_host_is_taken_over_at_once() {
    let space = Space::new(chrono_tz::Europe::Paris, "");
    let mut gate = space.database.conn();
    gate.query_drop("LOCK TABLES epn_computer WRITE").unwrap();
    let killed = space.ingest_at(now()).start();
    let held = "SELECT expires_at > UTC_TIMESTAMP(6) FROM sessionstat_lease WHERE job = 'epn-ingest'";
    until("the lease", || space.database.query(held) == [[Some("1".to_owned())]]);
    killed.kill();
    gate.query_drop("UNLOCK TABLES").unwrap();
    assert_eq!(space.database.value(held), "1", "the dead run still holds it");
    space.ingest(now());
    assert_eq!(space.database.value(held), "0", "given back");
}

#[test]
fn a_server_that_is_killed_and_comes_back_is_waited_for() {
    let mut server = MariaDb::start();
    let database = server.database();
    let tool = Tool::new("epn-ingest").config(BATCHES).url(&database).arg("--now").arg(now().to_rfc3339());
    assert_eq!(tool.clone().arg("--init-db").run().status, 0);
    fill(&database);
    let began = Instant::now();
    assert_eq!(tool.run().status, 0);
    let length = began.elapsed();
    let undisturbed = end_state(&database);
    for part in [0.15, 0.4, 0.6, 0.8] {
        start_again(&database);
        let running = tool.start();
        std::thread::sleep(length.mul_f64(part));
        server.kill();
        server.restart();
        let run = running.wait();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
        assert_same(&database, &undisturbed, &format!("killed at {part}"));
    }
}

#[test]
fn a_run_that_fails_gives_its_lease_back() {
    let space = Space::new(chrono_tz::Europe::Paris, "");
    space.database.run("DROP TABLE epn_computer");
    let failed = space.ingest_at(now()).run().expect(78);
    assert!(failed.stderr.contains("epn_computer"), "{failed:?}");
    let other_host = Tool::new("epn-ingest").url(&space.database).run();
    assert_eq!(other_host.status, 78, "not busy: {other_host:?}");
}
