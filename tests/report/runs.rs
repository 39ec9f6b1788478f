//! What the commands note of their runs, and who shows it.

use mysql::prelude::Queryable;
use serde_json::{Value, json};

use crate::{
    site,
    space::{empty, filled, report},
    support::{Database, MariaDb, Tool, until},
};

const SMBSTATUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/samba/417-json-one.json");

/// Two runs that somebody else noted.
pub fn fill(database: &Database) {
    database.run(
        r#"INSERT INTO sessionstat_run VALUES
           ('epn-ingest', 'hôte "1"', '2026-03-10 18:50', 1500, 69, '2026-03-10 18:40', 7, 2, '{}'),
           ('samba-snapshot', 'nas', '2026-03-10 18:55', 20, 0, '2026-03-10 18:55', 12, 0, '{"connections":3}')"#,
    );
}

/// A command at a minute after 18:00 of UTC.
fn at(command: &str, database: &Database, minute: u32) -> Tool {
    Tool::new(command)
        .url(database)
        .config("mysql.retry_for = \"0s\"\n[redis]\nurl = \"redis+unix:///nowhere\"\n")
        .arg(format!("--now=2026-03-10T18:{minute:02}:00Z"))
}

fn snapshot(database: &Database, minute: u32) -> Tool {
    at("samba-snapshot", database, minute).args(["--server=nas", "--input", SMBSTATUS])
}

/// The section.
#[track_caller]
fn last_runs(database: &Database) -> Vec<Value> {
    let mut whole = site::json(&report(database), &["runs"]);
    whole["runs"]["last_runs"].take().as_array().unwrap().clone()
}

/// The record of a command.
#[track_caller]
fn record(database: &Database, command: &str) -> Value {
    let runs = last_runs(database);
    let found: Vec<&Value> = runs.iter().filter(|run| run["command"] == command).collect();
    assert_eq!(found.len(), 1, "{command}: {runs:?}");
    found[0].clone()
}

#[test]
fn each_command_notes_its_run_with_what_it_did() {
    let database = empty();
    snapshot(&database, 10).run().silent();
    at("epn-ingest", &database, 10).run().silent();
    at("session-aggregate", &database, 10).args(["open", "--id=a", "--user=7"]).run().silent();
    at("session-aggregate", &database, 40).run().silent();
    at("stats-report", &database, 50).args(["epn", "sessions"]).run().expect(0);
    let runs = last_runs(&database);
    let commands: Vec<&str> = runs.iter().map(|run| run["command"].as_str().unwrap()).collect();
    // Opening a session is no run of its own.
    assert_eq!(commands, ["epn-ingest", "samba-snapshot", "session-aggregate", "stats-report"]);
    let host = hostname::get().unwrap().into_string().unwrap();
    for run in &runs {
        let is_snapshot = run["command"] == "samba-snapshot";
        assert_eq!(run["host"], if is_snapshot { "nas" } else { host.as_str() }, "{run}");
        assert_eq!(
            [&run["status"], &run["runs"], &run["failures"]],
            [&json!(0), &json!(1), &json!(0)],
            "{run}"
        );
        assert_eq!(run["started_at"], run["succeeded_at"]);
        assert!(run["duration_seconds"].as_f64().unwrap() < 60.0);
    }
    let counts = |index: usize| &runs[index]["counts"];
    assert_eq!(*counts(1), json!({"connections": 1, "from_spool": 0}));
    assert_eq!([&counts(0)["taken"], &counts(0)["unmatched"]], [&json!(0), &json!(1)]);
    assert_eq!([&counts(2)["slots"], &counts(2)["sessions"]], [&json!(2), &json!(1)]);
    assert_eq!(*counts(3), json!({"sections": 2}));
    assert_eq!(runs[2]["started_at"], "2026-03-10T18:40:00Z");

    // Every kind of count is in the manual.
    for page in ["man/stats-report.1", "man/fr/stats-report.1"] {
        let path = format!("{}/{page}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        for kind in runs.iter().flat_map(|run| run["counts"].as_object().unwrap().keys()) {
            assert!(text.contains(kind), "{page}: {kind}");
        }
    }
}

#[test]
fn a_failure_is_noted_beside_the_last_success_and_a_rehearsal_is_not() {
    let database = empty();
    for minute in [0, 10] {
        at("epn-ingest", &database, minute).run().silent();
        snapshot(&database, minute).run().silent();
    }
    // Something is wrong with a table, and with the list of sessions.
    database.run("RENAME TABLE epn_computer TO epn_computer_away");
    at("epn-ingest", &database, 20).run().expect(78);
    database.run("RENAME TABLE epn_computer_away TO epn_computer");
    at("samba-snapshot", &database, 20).args(["--server=nas", "--smbstatus=/bin/false"]).run().expect(69);
    for (command, status) in [("epn-ingest", 78), ("samba-snapshot", 69)] {
        let run = record(&database, command);
        assert_eq!([&run["status"], &run["runs"], &run["failures"]], [&json!(status), &json!(3), &json!(1)]);
        assert_eq!(
            [&run["started_at"], &run["succeeded_at"], &run["counts"]],
            [&json!("2026-03-10T18:20:00Z"), &json!("2026-03-10T18:10:00Z"), &json!({})]
        );
    }
    at("stats-report", &database, 20).args(["epn", "--output=/nowhere/report"]).run().expect(73);
    assert_eq!(record(&database, "stats-report")["status"], 73);
    let noted = last_runs(&database);
    at("epn-ingest", &database, 30).arg("--dry-run").run().expect(0);
    snapshot(&database, 30).arg("--dry-run").run().expect(0);
    at("session-aggregate", &database, 30).arg("--dry-run").run().expect(0);
    let of_others = |runs: Vec<Value>| {
        runs.into_iter().filter(|run| run["command"] != "stats-report").collect::<Vec<_>>()
    };
    assert_eq!(of_others(last_runs(&database)), of_others(noted));

    // The next one is well again.
    at("epn-ingest", &database, 40).run().silent();
    let run = record(&database, "epn-ingest");
    assert_eq!([&run["status"], &run["runs"], &run["failures"]], [&json!(0), &json!(4), &json!(1)]);
    assert_eq!(run["succeeded_at"], "2026-03-10T18:40:00Z");
}

#[test]
fn a_killed_run_leaves_the_record_as_it_was() {
    let database = empty();
    // One host: a run that is killed leaves its lease, which the next one takes over.
    let tool = Tool::new("epn-ingest").url(&database);
    tool.clone().arg("--now=2026-03-10T18:00:00Z").run().silent();
    // The next one waits for a table until it is killed.
    let mut locker = database.conn();
    locker.query_drop("LOCK TABLES users_temp WRITE").unwrap();
    let running = tool.clone().arg("--now=2026-03-10T18:10:00Z").start();
    let waits = "SELECT COUNT(*) FROM information_schema.processlist \
        WHERE db = DATABASE() AND state LIKE 'Waiting for table%'";
    until("the run to wait", || database.value(waits) != "0");
    assert_eq!(running.kill().status, 128 + 9);
    drop(locker);
    let run = record(&database, "epn-ingest");
    assert_eq!([&run["started_at"], &run["runs"]], [&json!("2026-03-10T18:00:00Z"), &json!(1)]);
    tool.clone().arg("--now=2026-03-10T18:20:00Z").run().silent();
    assert_eq!(record(&database, "epn-ingest")["runs"], 2);
}

#[test]
fn a_run_that_cannot_be_noted_is_a_run_all_the_same() {
    let database = empty();
    database.run("DROP TABLE sessionstat_run");
    for tool in
        [snapshot(&database, 0), at("epn-ingest", &database, 0), at("session-aggregate", &database, 0)]
    {
        let run = tool.run().expect(0);
        assert!(run.stderr.contains(": warning: this run is not recorded in sessionstat_run: "), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    }
    assert_eq!(database.value("SELECT COUNT(*) FROM users_temp"), "1");
    // A report needs no right to write, and cron would mail what it says.
    let run = at("stats-report", &database, 0).run().expect(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn a_note_costs_one_statement_on_a_connection_that_is_there() {
    // The log is the whole server's.
    let server = MariaDb::start();
    let database = server.database();
    for command in ["epn-ingest", "session-aggregate", "stats-report"] {
        at(command, &database, 0).run().expect(0);
    }
    database.run("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1");
    for tool in [
        snapshot(&database, 10),
        at("epn-ingest", &database, 10),
        at("session-aggregate", &database, 10),
        at("stats-report", &database, 10),
    ] {
        database.run("TRUNCATE TABLE mysql.general_log");
        tool.run().expect(0);
        let notes = "FROM mysql.general_log WHERE command_type = 'Execute' AND argument LIKE '%INTO sessionstat_run%'";
        assert_eq!(database.value(&format!("SELECT COUNT(*) {notes}")), "1", "{}", tool.path().display());
        let work = "SELECT COUNT(*) FROM mysql.general_log WHERE command_type IN ('Query', 'Execute') \
            AND argument REGEXP '^(INSERT|UPDATE|SELECT|START)' AND argument NOT LIKE '%sessionstat_%' \
            AND argument NOT LIKE '%@@%'";
        let here = format!("{work} AND thread_id = (SELECT thread_id {notes})");
        assert_ne!(database.value(&here), "0", "{} opened a connection for it", tool.path().display());
    }
}

#[test]
fn people_see_them_when_they_ask() {
    let database = filled();
    fill(&database);
    let run = report(&database).args(["runs", "--lang=fr"]).run().expect(0);
    let lines: Vec<&str> = run.stdout.lines().skip(2).collect();
    assert_eq!(
        lines,
        [
            "EXÉCUTIONS DES COMMANDES",
            "  Dernière exécution de chaque commande",
            "  Commande        Hôte            Début     ms  Code     Réussite  Échecs",
            "  epn-ingest      hôte \"1\"  10/03 19:50  1\u{202f}500    69  10/03 19:40       2",
            "  samba-snapshot  nas       10/03 19:55     20     0  10/03 19:55       0",
        ]
    );
    let whole = report(&database).run().expect(0).stdout;
    assert!(!whole.contains("RUNS OF THE COMMANDS"), "{whole}");
    let bare = empty();
    let run = report(&bare).args(["runs", "--lang=fr"]).run().expect(0);
    assert!(run.stdout.ends_with("  Aucune exécution n'est encore enregistrée.\n"), "{}", run.stdout);
}
