//! How long a report over a year of a large site takes, beside a plain stream of the uses by MariaDB's own client; and
//! what each of its queries makes the server read.
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
use support::{Database, MariaDb, Redis, Tool};

/// Uses of machines in the year, by so many people on so many machines.
const USES: u64 = 2_000_000;
const PEOPLE: u64 = 50_000;
const COMPUTERS: u64 = 400;
/// Quarters of an hour of the year.
const SLOTS: u64 = 35_040;
/// Workshops of the year, and places in each.
const WORKSHOPS: u64 = 3_000;
const PLACES: u64 = 10;
/// Users of the web site, each of whom logged in on one day of the year and called a service; those with an account.
const USERS: u64 = 1_000_000;
const ACCOUNTS: u64 = 50_000;
const DAYS: u64 = 365;
/// Where the year begins: 1 January 2025, UTC.
const BEGIN: u64 = 1_735_689_600;
/// How often each report is made.
const ROUNDS: usize = 5;
/// Rows that are made by one statement, fields by one command.
const PART: u64 = 250_000;
const FIELDS: u64 = 1_000;

fn main() {
    let server = large_server();
    let redis = Redis::start();
    let database = year(&server);
    counters(&redis);
    println!(
        "{} uses by {PEOPLE} people on {COMPUTERS} machines, {WORKSHOPS} workshops, {} slots; {USERS} users in Redis",
        count(&database, "epn_booking"),
        count(&database, "usr_session_stats"),
    );
    let mut connects: Vec<_> = (0..ROUNDS).map(|_| connect(&server)).collect();
    println!("connecting: {:.1} ms", median(&mut connects).as_secs_f64() * 1e3);
    let floor = stream(
        &server,
        &format!(
            "SELECT computer_id, user_id, starts_at, ends_at, verified FROM {}.epn_booking",
            database.name()
        ),
    );
    println!("mariadb --quick, the uses to /dev/null: {:.2} s", floor.as_secs_f64());
    for (what, sections) in [
        ("all sections", &[][..]),
        ("overview", &["overview"]),
        ("sessions", &["sessions"]),
        ("epn", &["epn"]),
        ("logins, services", &["logins", "services"]),
    ] {
        for format in ["table", "json", "html"] {
            let mut peak = 0;
            let mut own = 0.0;
            let mut walls: Vec<Duration> = (0..ROUNDS)
                .map(|_| {
                    let run = measure(
                        &server,
                        &report(&database, &redis).args(sections).args(["--format", format]),
                    );
                    (peak, own) = (run.peak_kib.max(peak), run.own);
                    run.wall
                })
                .collect();
            let wall = median(&mut walls);
            println!(
                "  {what:16} as {format:5}: {:.2} s, {own:.2} s of it our processor time; {:.0} MB resident at most; ratio {:.2}",
                wall.as_secs_f64(),
                peak as f64 / 1024.0,
                wall.as_secs_f64() / floor.as_secs_f64()
            );
            table::line(
                &format!("a year, {what} as {format}"),
                wall.as_secs_f64(),
                "the client reads the uses",
                floor.as_secs_f64(),
            );
        }
    }
    queries(&server, &report(&database, &redis));
}

/// Each statement of a report with the rows that the server read for it.
fn queries(server: &MariaDb, tool: &Tool) {
    let root = server.database();
    root.run("SET GLOBAL log_output = 'TABLE'");
    root.run("TRUNCATE mysql.slow_log");
    root.run("SET GLOBAL long_query_time = 0");
    root.run("SET GLOBAL slow_query_log = ON");
    assert_eq!(tool.run().status, 0);
    root.run("SET GLOBAL slow_query_log = OFF");
    println!("statements of a report of all sections: rows examined, rows sent, milliseconds");
    let statements = root.query(
        "SELECT rows_examined, rows_sent, ROUND(TIME_TO_SEC(query_time) * 1000 + MICROSECOND(query_time) / 1000), \
         LEFT(REGEXP_REPLACE(CONVERT(sql_text USING utf8mb4), '\\\\s+', ' '), 110) FROM mysql.slow_log \
         WHERE sql_text NOT LIKE 'SET GLOBAL%' ORDER BY start_time",
    );
    for statement in statements {
        let cells: Vec<_> = statement.into_iter().map(Option::unwrap_or_default).collect();
        if let [examined, sent, milliseconds, text] = &cells[..] {
            println!("  {examined:>9} {sent:>8} {milliseconds:>6}  {text}");
        }
    }
}

fn report(database: &Database, redis: &Redis) -> Tool {
    Tool::new("stats-report")
        .url(database)
        .redis(redis)
        .config("general.timezone = \"Europe/Paris\"\n")
        .args(["--from", "2025-01-01", "--to", "2025-12-31", "--now", "2026-01-20T12:00:00Z", "--lang", "en"])
        .limit(Duration::from_secs(600))
}

/// The year in the database.
fn year(server: &MariaDb) -> Database {
    let database = server.database();
    assert_eq!(
        Tool::new("epn-ingest").url(&database).limit(Duration::from_secs(600)).arg("--init-db").run().status,
        0
    );
    database.run("INSERT INTO epn_room (id, name) SELECT seq, CONCAT('Salle ', seq) FROM seq_1_to_20");
    database.run(&format!(
        "INSERT INTO epn_computer (id, netbios_name, room_id) \
         SELECT seq, CONCAT('POSTE-', seq), 1 + seq % 20 FROM seq_1_to_{COMPUTERS}"
    ));
    database.run(&format!(
        "INSERT INTO epn_user (id, login, birth_year, sex, town) \
         SELECT seq, CONCAT('usager', seq), 1940 + seq % 75, ELT(1 + seq % 3, 'f', 'm', NULL), CONCAT('Ville ', seq % 60) \
         FROM seq_1_to_{PEOPLE}"
    ));
    for part in (0..USES).step_by(PART as usize) {
        // From 8 to 18 h, in the order in which they happened.
        database.run(&format!(
            "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status, source, verified) \
             SELECT 1 + seq % {COMPUTERS}, 1 + CRC32(seq) % {PEOPLE}, s, s + INTERVAL 10 + CRC32(seq * 7) % 90 MINUTE, \
             'used', 'ingest', seq % 20 > 0 \
             FROM (SELECT seq, '2025-01-01 08:00:00' + INTERVAL (seq * {DAYS} DIV {USES}) DAY \
             + INTERVAL (seq * {DAYS} % {USES} * 600 DIV {USES}) MINUTE s FROM seq_{part}_to_{}) AS uses",
            part + PART - 1
        ));
    }
    database.run(&format!(
        "INSERT INTO epn_workshop (id, title, room_id, starts_at, ends_at, capacity) \
         SELECT seq, CONCAT('Atelier ', seq), 1 + seq % 20, s, s + INTERVAL 2 HOUR, {PLACES} \
         FROM (SELECT seq, '2025-01-01 13:00:00' + INTERVAL (seq * {DAYS} DIV {WORKSHOPS}) DAY s \
         FROM seq_0_to_{}) AS workshops WHERE seq > 0",
        WORKSHOPS - 1
    ));
    database.run(&format!(
        "INSERT IGNORE INTO epn_attendance (workshop_id, user_id, status) \
         SELECT w.seq, 1 + CRC32(w.seq * 100 + p.seq) % {PEOPLE}, IF(p.seq % 4, 'present', 'registered') \
         FROM seq_1_to_{} w JOIN seq_1_to_{PLACES} p",
        WORKSHOPS - 1
    ));
    database.run(&format!(
        "INSERT INTO usr_session_stats (slot_begin, slot_end, active_min, active_max, active_avg, opened, \
         closed_manual, closed_expire, closed_idle, closed_idle_first, closed_limit, closed_login, closed_misc, max_sessions) \
         SELECT {BEGIN} + seq * 900, {BEGIN} + seq * 900 + 899, seq % 40, seq % 40 + 20, seq % 40 + 9, 12, 5, 4, 1, 0, 0, 0, 2, 100 \
         FROM seq_0_to_{}",
        SLOTS - 1
    ));
    database.run(&format!(
        "INSERT INTO utilisateurs (id, nom, email) SELECT seq, 'Nom', CONCAT('u', seq, '@example.org') FROM seq_1_to_{ACCOUNTS}"
    ));
    // epn-ingest packs what it finds changed, a part in each run.
    while count(&database, "epn_history_stale") > 0 {
        let now = "--now=2026-01-19T12:00:00Z";
        assert_eq!(
            Tool::new("epn-ingest").url(&database).arg(now).limit(Duration::from_secs(600)).run().status,
            0
        );
    }
    database.run("ANALYZE TABLE epn_booking, epn_attendance, epn_workshop, usr_session_stats, utilisateurs");
    database
}

/// What ratelimit-check would have counted in the year.
fn counters(redis: &Redis) {
    let mut connection = redis.connect(1);
    for day in 0..DAYS {
        let date =
            chrono::DateTime::from_timestamp((BEGIN + day * 86_400) as i64, 0).expect("a day").date_naive();
        let users = day * USERS / DAYS..(day + 1) * USERS / DAYS;
        for (kind, service) in [("logins", ""), ("calls", "Vente ")] {
            let users: Vec<_> = users.clone().collect();
            for part in users.chunks(FIELDS as usize) {
                let mut command = ::redis::cmd("HSET");
                command.arg(format!("sessionstat:{{stats}}:{kind}:{date}"));
                for user in part {
                    command.arg(format!("{service}{}", user + 1)).arg(1 + user % 5);
                }
                command.query::<()>(&mut connection).expect("counters");
            }
        }
    }
}
