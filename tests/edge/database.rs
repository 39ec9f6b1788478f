//! A database that is away, silent, forbidden, old or new.

use std::{
    os::unix::net::UnixListener,
    time::{Duration, Instant},
};

use mysql::{Conn, prelude::Queryable};
use sessionstat::mysql::transaction;

use crate::support::{MariaDb, Output, Tool};

fn ingest() -> Tool {
    Tool::new("epn-ingest").config("mysql.retry_for = \"0s\"\n")
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let tool =
        ingest().env("SESSIONSTAT_MYSQL_URL", "mysql://root:hunter2@localhost/x?socket=/nonexistent/socket");
    let run = tool.run().expect(69);
    assert_eq!(
        run.stderr,
        "epn-ingest: cannot use MySQL at /nonexistent/socket (database x): No such file or directory (os error 2); \
         check that it runs and [mysql] url\n"
    );
}

#[test]
fn a_server_that_accepts_and_stays_silent_is_left_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("silent");
    // Connections queue up here and nobody answers.
    let _silent = UnixListener::bind(&socket).unwrap();
    let url = format!("mysql://root@localhost/x?socket={}", socket.display());
    let tool = Tool::new("epn-ingest").config("mysql.retry_for = \"0s\"\nmysql.timeout = \"300ms\"\n");
    let began = Instant::now();
    let run = tool.env("SESSIONSTAT_MYSQL_URL", url).run().expect(69);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let expected = format!(
        "epn-ingest: cannot use MySQL at {} (database x): no answer in time ([mysql] timeout, connect_timeout)\n",
        socket.display()
    );
    assert_eq!(run.stderr, expected);
}

#[test]
fn an_account_or_a_database_that_is_not_there_is_a_matter_of_configuration() {
    let database = MariaDb::shared().database();
    let run = ingest().env("SESSIONSTAT_MYSQL_URL", database.url_as("stranger")).run().expect(78);
    assert!(
        run.stderr.starts_with("epn-ingest: cannot use MySQL at ") && run.stderr.lines().count() == 1,
        "{run:?}"
    );
    assert!(run.stderr.contains("Access denied for user 'stranger'@"), "{run:?}");
    let url = database.url().replace(database.name(), "no_such_database");
    let run = ingest().env("SESSIONSTAT_MYSQL_URL", url).run().expect(78);
    assert!(
        run.stderr.contains("Unknown database 'no_such_database' (MySQL error 1049); check [mysql] url"),
        "{run:?}"
    );
}

#[test]
fn an_older_schema_is_migrated_and_its_rows_stay() {
    let database = MariaDb::shared().database();
    for file in ["000-versions.sql", "001-samba.sql"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/schema").join(file);
        database.run(&std::fs::read_to_string(path).unwrap());
    }
    database.run("INSERT INTO users_temp (seen_at, server, login, machine) VALUES ('2026-03-10 10:00', 'nas', 'zoé', 'PC')");
    let now = ["--now", "2026-03-10T10:00:00Z"];
    ingest().url(&database).args(now).run().silent();
    let versions = database.query("SELECT version, file FROM sessionstat_schema ORDER BY version");
    let files: Vec<_> = versions.into_iter().map(|mut row| row.remove(1).unwrap()).collect();
    assert_eq!(
        files,
        [
            "001-samba.sql",
            "002-epn.sql",
            "003-epn-ingest.sql",
            "004-web.sql",
            "005-sessions.sql",
            "006-moodle.sql",
            "007-logins.sql",
            "008-runs.sql",
            "009-epn-people.sql",
            "010-epn-history.sql",
            "011-report-keys.sql"
        ]
    );
    assert_eq!(database.value("SELECT login FROM users_temp"), "zoé");
    // Again: nothing to do.
    ingest().url(&database).arg("--init-db").run().silent();
}

#[test]
fn two_commands_that_find_no_tables_at_the_same_moment_both_work() {
    let database = MariaDb::shared().database();
    let running: Vec<_> =
        (0..4).map(|_| Tool::new("samba-snapshot").url(&database).arg("--init-db").start()).collect();
    for run in running {
        run.wait().silent();
    }
    assert_eq!(database.value("SELECT COUNT(*) FROM sessionstat_schema"), "11");
}

#[test]
fn a_newer_schema_is_left_alone() {
    let database = MariaDb::shared().database();
    ingest().url(&database).arg("--init-db").run().silent();
    database.run("INSERT INTO sessionstat_schema VALUES (99, '099-future.sql', UTC_TIMESTAMP())");
    let run = ingest().url(&database).run().expect(78);
    let wanted = "have version 99, this program knows 11; install the newer sessionstat on this host, too\n";
    assert!(run.stderr.ends_with(wanted), "{run:?}");
}

#[test]
fn a_rehearsal_does_not_create_tables() {
    let database = MariaDb::shared().database();
    let run = ingest().url(&database).arg("--dry-run").run().expect(78);
    let wanted = "are missing or older than version 11; run this command with --init-db first\n";
    assert!(run.stderr.ends_with(wanted), "{run:?}");
    assert_eq!(
        database.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"),
        "0"
    );
}

#[test]
fn a_table_of_the_same_name_that_is_not_ours_is_refused_and_nothing_recorded() {
    let database = MariaDb::shared().database();
    database.run("CREATE TABLE users_temp (id int, login varchar(50), machine varchar(50), date datetime)");
    let run = ingest().url(&database).arg("--init-db").run().expect(78);
    let wanted =
        "is not sessionstat's: rename it (RENAME TABLE users_temp TO users_temp_old), then run this again\n";
    assert!(run.stderr.ends_with(wanted), "{run:?}");
    assert_eq!(database.value("SELECT COUNT(*) FROM sessionstat_schema"), "0");
    // The failed run gave its lease back: another host need not wait.
    database.run("RENAME TABLE users_temp TO users_temp_old");
    ingest().url(&database).arg("--init-db").run().silent();
}

#[test]
fn an_address_without_a_database_is_a_matter_of_configuration() {
    let database = MariaDb::shared().database();
    let url = database.url().replace(database.name(), "");
    let run = ingest().env("SESSIONSTAT_MYSQL_URL", url).run().expect(78);
    assert!(run.stderr.contains("No database selected (MySQL error 1046); check [mysql] url"), "{run:?}");
}

/// Settings of other programs' administrators. `init_connect` is what each connection of an account without SUPER begins
/// with.
#[test]
fn what_the_server_makes_the_default_changes_nothing() {
    const HOSTILE: &str = "SET GLOBAL autocommit = 0; SET GLOBAL completion_type = 2; SET GLOBAL sql_safe_updates = 1; \
        SET GLOBAL sql_select_limit = 2; SET GLOBAL tx_read_only = 1; SET GLOBAL sql_big_selects = 0; \
        SET GLOBAL max_join_size = 3; SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; \
        SET GLOBAL tx_isolation = 'SERIALIZABLE'; SET GLOBAL time_zone = '+05:00'; \
        SET GLOBAL init_connect = 'SET NAMES latin1'";
    const FORGIVING: &str = "SET GLOBAL init_connect = ''; SET GLOBAL tx_read_only = 0; SET GLOBAL autocommit = 1; \
        SET GLOBAL completion_type = 0; SET GLOBAL sql_safe_updates = 0; SET GLOBAL sql_select_limit = DEFAULT; \
        SET GLOBAL sql_big_selects = 1";
    let server = MariaDb::start();
    let database = server.database();
    ingest().url(&database).arg("--init-db").run().silent();
    database.run(
        "INSERT INTO epn_room (name) VALUES ('A'), ('B'), ('C'); \
         INSERT INTO epn_computer (netbios_name, room_id) SELECT CONCAT('PC-', name), id FROM epn_room; \
         INSERT INTO epn_user (login, last_name, first_name) VALUES ('zoé', 'Z', 'Z'), ('b', 'B', 'B'), ('c', 'C', 'C')",
    );
    let session = |tool: Tool| tool.url(&database).args(["--now", "2026-03-10T10:00:30Z"]);
    let seen = |login: &str, machine: &str| {
        format!(
            "{{\"username\": \"{login}\", \"remote_machine\": \"{machine}\", \"hostname\": \"ipv4:10.0.0.1:50000\"}}"
        )
    };
    let sessions = [seen("zoé", "PC-A"), seen("b", "PC-B"), seen("c", "PC-C")];
    let listing = format!(
        "{{\"sessions\": {{\"1\": {}, \"2\": {}, \"3\": {}}}}}",
        sessions[0], sessions[1], sessions[2]
    );
    let commands = [
        Tool::new("samba-snapshot").args(["--input", "-", "--strict"]).stdin(listing),
        ingest(),
        Tool::new("session-aggregate").args(["limit", "5", "--at", "2026-03-10T08:00:00Z"]),
        Tool::new("session-aggregate").args(["open", "--id", "one", "--user", "3"]),
        Tool::new("session-aggregate"),
    ]
    .map(session);
    database.run(HOSTILE);
    let runs = commands.map(|command| command.run());
    database.run(FORGIVING);
    runs.into_iter().for_each(Output::silent);
    assert_eq!(
        database.query("SELECT login, machine FROM users_log ORDER BY machine"),
        [["zoé", "PC-A"], ["b", "PC-B"], ["c", "PC-C"]]
            .map(|row| row.map(|cell| Some(cell.to_owned())).to_vec())
    );
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_booking"), "3");
    assert_eq!(database.value("SELECT GROUP_CONCAT(maxval) FROM usr_session_log"), "5");
    assert_eq!(
        database.value(
            "SELECT GROUP_CONCAT(session_id) FROM usr_session_stats_raw WHERE session_id NOT LIKE 'epn:%'"
        ),
        "one"
    );
}

/// What a node of a cluster may do between two statements: the beginning of a transaction is undone, and the next
/// statement is told nothing of it.
#[test]
fn a_transaction_whose_beginning_was_undone_is_not_committed() {
    let database = MariaDb::shared().database();
    database.run("CREATE TABLE part (number int) ENGINE=InnoDB");
    let undone = |conn: &mut Conn| {
        conn.query_drop("INSERT INTO part VALUES (1)")?;
        conn.query_drop("ROLLBACK")?;
        Ok(conn.query_drop("INSERT INTO part VALUES (2)")?)
    };
    let failure = transaction::committed(&mut database.conn(), undone).unwrap_err();
    assert!(failure.is_passing(), "{failure}");
    // Nor does a rehearsal write anything then.
    transaction::rolled_back(&mut database.conn(), undone).unwrap();
    assert_eq!(database.value("SELECT COUNT(*) FROM part"), "0");
    let mut conn = database.conn();
    transaction::committed(&mut conn, |conn| Ok(conn.query_drop("INSERT INTO part VALUES (3)")?)).unwrap();
    // Afterwards, each statement is again committed by itself.
    conn.query_drop("INSERT INTO part VALUES (4)").unwrap();
    assert_eq!(database.value("SELECT SUM(number) FROM part"), "7");
}
