//! A database server whose disk is full.

use std::{os::unix::fs::PermissionsExt, path::Path};

use mysql::prelude::Queryable;

use crate::{
    support::{Database, MariaDb, Output, Tool},
    worlds::space,
};

/// From the `rows`-th row on, a table is full: with the error that the server gives for a full disk. (A disk that is
/// really full ends MariaDB itself sooner or later: it needs room to roll back.)
fn fill_up(database: &Database, table: &str, rows: u32) {
    let mut conn = database.conn();
    conn.query_drop(format!(
        "CREATE TRIGGER full_{table} BEFORE INSERT ON {table} FOR EACH ROW BEGIN SET @rows = COALESCE(@rows, 0) + 1; \
         IF @rows > {rows} THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'; \
         END IF; END"
    ))
    .unwrap();
}

/// A run that failed for want of room: which server it was, and what to do.
fn assert_told(run: &Output, command: &str, socket: &Path) {
    let line = run.stderr.strip_suffix('\n').unwrap_or_else(|| panic!("{run:?}"));
    assert!(!line.contains('\n') && line.starts_with(&format!("{command}: ")), "{run:?}");
    assert!(line.contains(&socket.display().to_string()), "which server: {run:?}");
    assert!(line.contains("make room on the server's disk"), "what to do: {run:?}");
}

#[test]
fn a_database_without_room_is_told_and_loses_nothing() {
    let server = MariaDb::shared();
    let database = server.database();
    let zone = "general.timezone = \"Europe/Paris\"\nmysql.retry_for = \"1s\"\n";
    let at_evening = ["--now", space::EVENING];
    let tool = |name| Tool::new(name).url(&database).config(zone).args(at_evening);
    let ingest = tool("epn-ingest");
    ingest.clone().arg("--init-db").run().silent();
    space::fill(&database);
    let people: Vec<_> = (0..3_000)
        .map(|person| {
            format!(
                "\"{person}\": {{\"username\": \"{}{person}\", \"remote_machine\": \"poste{person}\"}}",
                "u".repeat(150)
            )
        })
        .collect();
    let listing = format!("{{\"sessions\": {{{}}}}}", people.join(", "));
    let snapshot = Tool::new("samba-snapshot").url(&database).args(["--input", "-"]).stdin(listing);
    let snapshot =
        snapshot.config("samba.resolve = [\"snapshot\"]\n").arg("--now").arg("2026-03-12T21:00:00Z");
    fill_up(&database, "users_temp", 2_000);
    fill_up(&database, "users_log", 300);

    let queue = "SELECT COUNT(*) FROM users_temp";
    let before = database.value(queue);
    let run = snapshot.run();
    assert_told(&run, "samba-snapshot", &server.socket());
    assert_eq!(
        (run.status, database.value(queue)),
        (69, before.clone()),
        "all of a snapshot, or nothing: {run:?}"
    );
    let spool = snapshot.home().join("spool/samba-snapshot.spool");
    assert_eq!(std::fs::metadata(&spool).unwrap().permissions().mode() & 0o777, 0o600);
    let run = ingest.run().expect(69);
    assert_told(&run, "epn-ingest", &server.socket());
    assert_eq!(database.value(queue), before, "what is not ingested waits");
    // Reading needs no room.
    tool("stats-report").args(["epn", "--format", "json"]).run().expect(0);

    database.run("DROP TRIGGER full_users_temp; DROP TRIGGER full_users_log");
    ingest.run().silent();
    assert_eq!(database.value("SELECT COUNT(*) FROM users_log"), "720");
    snapshot.run().silent();
    assert!(!spool.exists());
    assert_eq!(
        database.value("SELECT COUNT(*) FROM users_temp WHERE seen_at = '2026-03-12 21:00:00'"),
        "3000"
    );
}
