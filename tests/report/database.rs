//! What a report asks of the database: little rights, one moment, few rows.

use serde_json::Value;

use crate::{
    slots::EVENING,
    space::{DAY, empty, filled, report},
    support::MariaDb,
    time,
};

#[test]
fn an_account_that_may_only_read_gets_figures_of_one_moment() {
    let database = filled();
    database.run(EVENING);
    time::read_with(&database, time::SETTINGS);
    time::fill(&database, time::SESSIONS);
    let log = |sql: &str| database.query(sql);
    database.run(&format!(
        "CREATE USER reader@localhost IDENTIFIED BY 'hunter2'; GRANT SELECT ON {}.* TO reader@localhost; \
         SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1",
        database.name()
    ));
    let url = database.url_as("reader:hunter2");
    let run = report(&database).env("SESSIONSTAT_MYSQL_URL", url).args(DAY).run().expect(0);
    database.run("SET GLOBAL general_log = 0");
    assert_eq!(run.stdout, report(&database).args(DAY).run().expect(0).stdout);

    // In the order in which they came: each time is in the zone of its session.
    let statements = log("SELECT argument FROM mysql.general_log \
        WHERE user_host LIKE 'reader%' AND command_type IN ('Query', 'Execute')");
    let statements: Vec<String> = statements.into_iter().filter_map(|row| row.into_iter().next()?).collect();
    let begin = statements.iter().position(|sql| sql.starts_with("START TRANSACTION")).unwrap();
    assert_eq!(statements[begin], "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
    assert_eq!(statements[begin - 1], "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    assert_eq!(statements.last().unwrap(), "COMMIT");
    let figures = &statements[begin + 1..statements.len() - 1];
    assert!(figures.len() >= 10, "{figures:?}");
    assert!(figures.iter().all(|sql| sql.starts_with("SELECT ")), "{figures:?}");

    // Last snapshots: by the keys alone, even where the tables are long.
    database.run(
        "INSERT INTO users_temp (seen_at, server, login, machine) \
         SELECT '2026-01-01' + INTERVAL seq MINUTE, CONCAT('s', seq % 2), 'u', 'm' FROM seq_1_to_20000; \
         INSERT INTO users_log (seen_at, server, login, machine, ingested_at) \
         SELECT '2025-03-10' + INTERVAL seq * 25 MINUTE, 's', 'u', 'm', NOW() FROM seq_1_to_20000; \
         ANALYZE TABLE users_temp, users_log",
    );
    let snapshots: Vec<_> = figures.iter().filter(|sql| sql.contains("GROUP BY server")).collect();
    let plan = |sql: &str| {
        let rows = database.query(&format!("EXPLAIN {sql}"));
        let row = |row: &Vec<Option<String>>| row.iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        rows.iter().map(row).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(snapshots.len(), 2);
    assert!(plan(snapshots[0]).contains("Using index for group-by"), "{}", plan(snapshots[0]));
    let log = plan(snapshots[1]);
    let jumps = log.lines().any(|row| row.contains("last_of_server") && row.contains("index for group-by"));
    assert!(jumps, "{log}");

    // Slots: those of the period by their key, however many there are before it. The newest ones by a key, too.
    database.run(
        "INSERT INTO usr_session_stats (slot_begin, slot_end, active_max, max_sessions) \
         SELECT 1773079200 - 900 * seq, 1773080099 - 900 * seq, 1, 2 FROM seq_1_to_20000; \
         ANALYZE TABLE usr_session_stats",
    );
    let of_slots = |part: &str| {
        let sql = figures.iter().find(|sql| sql.contains("FROM usr_session_stats") && sql.contains(part));
        plan(sql.unwrap_or_else(|| panic!("nothing with {part} in {figures:?}")))
    };
    for part in ["SELECT slot_begin", "SELECT CAST("] {
        let plan = of_slots(part);
        assert!(plan.contains(" range ") && plan.contains(" PRIMARY 8 "), "{part}: {plan}");
    }
    for part in ["MAX(slot_begin)", "MAX(slot_end)", "MAX(at_limit_until)"] {
        assert!(of_slots(part).contains("Select tables optimized away"), "{part}: {}", of_slots(part));
    }

    // Uses: those of the period out of a key alone, and the few long ones by another, however many there are later.
    database.run(
        "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status) \
         SELECT seq % 9, seq % 50, '2025-12-01' + INTERVAL seq * 10 MINUTE, \
           '2025-12-01 00:30' + INTERVAL seq * 10 MINUTE, 'used' FROM seq_1_to_100000; ANALYZE TABLE epn_booking",
    );
    let of_uses = |part: &str| {
        let sql = figures.iter().find(|sql| sql.contains("FROM epn_booking") && sql.contains(part));
        plan(sql.unwrap_or_else(|| panic!("nothing with {part} in {figures:?}")))
    };
    let ended = of_uses("ends_at <= ");
    assert!(ended.contains(" range ") && ended.contains(" uses 10 "), "{ended}");
    assert!(ended.ends_with("Using where; Using index"), "{ended}");
    assert!(of_uses("long_until").contains(" long_uses 6 "), "{}", of_uses("long_until"));

    // Time online: the sessions of the period and their courses by the keys of their begin.
    database.run(
        "INSERT INTO moodle_session \
         SELECT seq % 500, 1773079200 - 600 * seq, 0, 300, 1, 0, 0, '', 'gap' FROM seq_1_to_100000; \
         INSERT INTO moodle_session_course SELECT user_id, session_start, 1, 300 FROM moodle_session \
         WHERE session_start < 1773079200; ANALYZE TABLE moodle_session, moodle_session_course",
    );
    let of_time = |part: &str| {
        figures.iter().find(|sql| sql.starts_with(part) && sql.contains("moodle_session")).unwrap()
    };
    for (part, kind, key) in [
        ("SELECT user_id", " range ", " begins 8 "),
        ("SELECT course_id", " range ", " begins 8 "),
        // The first heartbeat: where there are few, those alone are read, by their key.
        ("SELECT session_start", " range ", " beats 4 "),
    ] {
        let plan = plan(of_time(part));
        assert!(plan.contains(kind) && plan.contains(key), "{part}: {plan}");
    }
    // Where there are many, the first is soon found by its time.
    database.run("UPDATE moodle_session SET heartbeats = 1; ANALYZE TABLE moodle_session");
    let first = plan(of_time("SELECT session_start"));
    assert!(first.contains(" index ") && first.contains(" begins 12 2 Using where; Using index"), "{first}");
}

#[test]
fn a_queue_of_any_length_is_counted_whole() {
    let database = empty();
    database.run(
        "SET time_zone = '+00:00'; INSERT INTO users_temp (seen_at, server, login, machine) \
         SELECT '2026-03-01' + INTERVAL seq SECOND, 's', CONCAT('u', seq % 3), 'm' FROM seq_1_to_45000",
    );
    let run = report(&database).arg("--format=json").run().expect(0);
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    let counts: Vec<_> =
        shown["epn"]["unmatched"].as_array().unwrap().iter().map(|rows| rows["count"].as_u64()).collect();
    assert_eq!(counts, [Some(15_000); 3]);
    assert_eq!(shown["epn"]["unmatched"][0]["first_seen"], "2026-03-01T00:00:00Z");
    assert_eq!(shown["epn"]["unmatched"][0]["last_seen"], "2026-03-01T12:30:00Z");
    assert_eq!(
        (&shown["overview"]["waiting_rows"], &shown["overview"]["unmatched_rows"]),
        (&45_000.into(), &45_000.into())
    );
}

#[test]
fn missing_tables_are_told_and_not_made() {
    let database = MariaDb::shared().database();
    let run = report(&database).run().expect(78);
    assert!(run.stderr.contains("are missing or old") && run.stderr.contains("--init-db"), "{}", run.stderr);
    assert!(database.query("SHOW TABLES").is_empty());
}

#[test]
fn a_time_that_is_none_is_bad_data_of_its_table() {
    let database = empty();
    database.run(
        "SET sql_mode = ''; INSERT INTO epn_workshop (title, starts_at, ends_at) \
         VALUES ('Sans date', '0000-00-00 00:00:00', '2026-03-10 10:00:00')",
    );
    let run = report(&database).run().expect(65);
    assert!(
        run.stderr
            .starts_with("stats-report: epn_workshop holds a value that cannot be read: (1, 'Sans date', "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.lines().count() == 1, "{}", run.stderr);
}
