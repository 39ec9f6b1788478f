//! Bytes: of each table a row, of Redis a user; and what one run costs where there are many people.

use std::time::Instant;

use mysql::prelude::Queryable;
use redis::Connection;

use crate::{
    large_server,
    meter::Meter,
    support::{self, Database, Redis, Tool},
};

/// The tables of a database with their rows, bytes of data and bytes of further indexes.
pub fn of_tables(database: &Database) -> Vec<(String, u64, u64, u64)> {
    let mut conn = database.conn();
    let names: Vec<String> = conn
        .query("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
        .unwrap();
    let mut found = Vec::new();
    for name in names {
        let rows: u64 = conn.query_first(format!("SELECT COUNT(*) FROM {name}")).unwrap().unwrap();
        conn.query_drop(format!("ANALYZE TABLE {name}")).unwrap();
        let (data, indexes): (u64, u64) = conn
            .query_first(format!(
                "SELECT data_length, index_length FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = '{name}'"
            ))
            .unwrap()
            .unwrap();
        found.push((name, rows, data, indexes));
    }
    found.sort();
    found
}

/// The tables of some size.
pub fn print(database: &str, tables: &[(String, u64, u64, u64)]) {
    println!(
        "\nBytes on disk a row in {database}, as information_schema.tables has them after ANALYZE TABLE"
    );
    println!("{:<24} {:>9} {:>9} {:>9} {:>9}", "table", "rows", "data", "indexes", "both");
    for (name, rows, data, indexes) in tables.iter().filter(|(_, rows, ..)| *rows >= 1_000) {
        let of_row = |bytes: u64| bytes as f64 / *rows as f64;
        let both = of_row(data + indexes);
        println!("{name:<24} {rows:>9} {:>9.1} {:>9.1} {both:>9.1}", of_row(*data), of_row(*indexes));
    }
}

/// Names of so many users, as long as e-mails are, one a line.
fn users(count: u64) -> String {
    (0..count).map(|user| format!("user{user:06}@example.org\n")).collect()
}

fn used(connection: &mut Connection) -> i64 {
    let info: String = support::redis::ask(connection, &["INFO", "memory"]);
    info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap().trim().parse().unwrap()
}

/// `scripts/simulate redis`
#[test]
#[ignore = "a measurement: scripts/simulate redis"]
fn redis() {
    const USERS: u64 = 100_000;
    let redis = Redis::start();
    let mut connection = redis.connect(0);
    let names = users(USERS);
    let check = |config: &str, arguments: &[&str]| {
        let tool = Tool::new("ratelimit-check")
            .redis(&redis)
            .config(&format!("{config}redis.timeout = \"30s\"\n"))
            .arg("--batch")
            .args(arguments);
        let run = tool.stdin(names.clone()).run();
        assert!(run.stderr.is_empty() && run.stdout.lines().count() as u64 == USERS, "{}", run.stderr);
    };
    println!("\n{USERS} users: bytes of used_memory a user");
    println!("{:<44} {:>9} {:>9}", "state of a rule", "1 try", "10 tries");
    for algorithm in ["sliding-log", "fixed-window", "sliding-window", "gcra"] {
        let config = format!(
            "ratelimit.statistics = false\nratelimit.rules.login.algorithm = \"{algorithm}\"\n\
             ratelimit.rules.login.window = \"1h\"\n"
        );
        let () = redis.ask(&["FLUSHALL"]);
        let before = used(&mut connection);
        check(&config, &[]);
        let one = used(&mut connection) - before;
        (0..9).for_each(|_| check(&config, &[]));
        let ten = used(&mut connection) - before;
        let a_user = |bytes: i64| bytes as f64 / USERS as f64;
        println!("{algorithm:<44} {:>9.1} {:>9.1}", a_user(one), a_user(ten));
    }
    println!("{:<44} {:>9}", "counters of a day", "a user");
    let config = "ratelimit.rules.login.window = \"1s\"\nratelimit.rules.service.window = \"1s\"\n";
    let fields = |connection: &mut Connection, of: &str| {
        let keys: Vec<String> = support::redis::ask(connection, &["KEYS", &format!("*{of}*")]);
        let count: u64 = keys.iter().map(|key| support::redis::ask::<u64>(connection, &["HLEN", key])).sum();
        let bytes: u64 = keys
            .iter()
            .map(|key| support::redis::ask::<u64>(connection, &["MEMORY", "USAGE", key, "SAMPLES", "0"]))
            .sum();
        (keys, count, bytes)
    };
    for (what, of, arguments) in [
        ("logins (MEMORY USAGE of the key)", "logins", &[][..]),
        ("calls of one service, vente", "calls", &["--service", "vente"]),
    ] {
        let () = redis.ask(&["FLUSHALL"]);
        check(config, arguments);
        let (keys, count, bytes) = fields(&mut redis.connect(1), of);
        println!("{what:<44} {:>9.1}   {count} fields of {keys:?}", bytes as f64 / count as f64);
    }
    let () = redis.ask(&["FLUSHALL"]);
    let config = "ratelimit.rules.login.window = \"1h\"\nratelimit.rules.login.limit = 1\n";
    check(config, &[]);
    check(config, &[]);
    let (keys, count, bytes) = fields(&mut redis.connect(1), "refused");
    println!(
        "{:<44} {:>9.1}   {count} fields of {keys:?}",
        "refusals of one rule",
        bytes as f64 / count as f64
    );
    let more = "ratelimit.rules.login.window = \"1s\"\nratelimit.most_counted = 1000\n";
    let () = redis.ask(&["FLUSHALL"]);
    check(more, &[]);
    let (_, count, _) = fields(&mut redis.connect(1), "logins");
    println!("with most_counted = 1000: {count} fields, one of them for all others");
}

/// `scripts/simulate people`
#[test]
#[ignore = "a measurement: scripts/simulate people"]
fn people() {
    let (mariadb, redis) = (large_server(), Redis::start());
    println!("\n60 rows of a snapshot, taken by one run of epn-ingest");
    println!(
        "{:>9} {:>11} {:>10} {:>10} {:>8} {:>14}",
        "people", "statements", "reads", "CPU ms", "MiB", "server CPU ms"
    );
    for people in [1_000_u64, 10_000, 100_000, 1_000_000] {
        let database = mariadb.database();
        let mut meter = Meter::new(&mariadb, &database, &redis);
        let ingest = Tool::new("epn-ingest").url(&database).config("general.timezone = \"Europe/Paris\"\n");
        assert_eq!(ingest.clone().arg("--init-db").run().status, 0);
        database.run(
            "INSERT INTO epn_room (name) VALUES ('salle'); \
             INSERT INTO epn_computer (netbios_name, room_id) SELECT CONCAT('POSTE-', seq), 1 FROM seq_1_to_60",
        );
        for part in (1..=people).step_by(100_000) {
            database.run(&format!(
                "INSERT INTO epn_user (login, credit_minutes) SELECT CONCAT('usager', seq), 600 \
                 FROM seq_{part}_to_{}",
                (part + 99_999).min(people)
            ));
        }
        let mut last = None;
        for round in 0..3 {
            database.run(&format!(
                "INSERT INTO users_temp (seen_at, server, login, machine) SELECT '2026-09-01 08:00:00' + INTERVAL \
                 {round} * 5 MINUTE, 'nas', CONCAT('usager', seq), CONCAT('POSTE-', seq) FROM seq_1_to_60"
            ));
            last = Some(meter.run(&ingest.clone().arg("--now").arg("2026-09-01T09:00:00Z"), 60));
        }
        let cost = last.unwrap();
        println!(
            "{people:>9} {:>11} {:>10} {:>10.0} {:>8.1} {:>14.0}",
            cost.statements,
            cost.reads,
            cost.own * 1e3,
            cost.peak_kib as f64 / 1024.0,
            cost.server * 1e3
        );
    }
}

/// `scripts/simulate record`
#[test]
#[ignore = "a measurement: scripts/simulate record"]
fn record() {
    let server = large_server();
    let database = server.database();
    let made = Tool::new("epn-ingest").url(&database).config("").arg("--init-db").run();
    assert_eq!(made.status, 0, "{made:?}");
    let mut conn = database.conn();
    let mut time = |sql: &str| {
        let began = Instant::now();
        conn.query_drop(sql).unwrap();
        began.elapsed().as_secs_f64() * 1e3
    };
    println!("\nQuestions about users_log, in ms, the best of three; the last column is SELECT 1");
    println!(
        "{:>9} {:>16} {:>16} {:>16} {:>9}",
        "rows", "a login's year", "a machine's hour", "last of a server", "floor"
    );
    let mut rows = 0;
    for more in [300_000_u64, 700_000, 2_000_000] {
        for part in (rows..rows + more).step_by(100_000) {
            time(&format!(
                "INSERT INTO users_log (seen_at, server, login, machine, ingested_at) \
                 SELECT '2026-01-01' + INTERVAL seq DIV 40 * 5 MINUTE, CONCAT('nas', seq % 4), \
                 CONCAT('usager', seq * 7919 % 5000), CONCAT('POSTE-', seq % 40), UTC_TIMESTAMP() \
                 FROM seq_{part}_to_{}",
                part + 99_999
            ));
        }
        rows += more;
        time("ANALYZE TABLE users_log");
        let questions = [
            "SELECT COUNT(*), MAX(seen_at) FROM users_log WHERE login IN ('usager77')",
            "SELECT login FROM users_log WHERE seen_at >= '2026-01-20 10:00:00' \
             AND seen_at < '2026-01-20 11:00:00' AND machine = 'POSTE-7'",
            "SELECT server, MAX(seen_at) FROM users_log GROUP BY server",
            "SELECT 1",
        ];
        let best = questions.map(|sql| (0..3).map(|_| time(sql)).fold(f64::INFINITY, f64::min));
        println!("{rows:>9} {:>16.1} {:>16.2} {:>16.2} {:>9.2}", best[0], best[1], best[2], best[3]);
    }
}
