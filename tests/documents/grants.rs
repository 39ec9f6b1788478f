//! The accounts of `etc/grants.sql`: what each command needs, and nothing that it does not need.

use std::sync::LazyLock;

use mysql::{Conn, Opts, prelude::Queryable};

use crate::{
    read,
    support::{
        Database, MariaDb, Output, Redis, Tool,
        accounts::{ACCOUNTS, Grant, PASSWORD},
    },
};

const NOT_RECORDED: &str = "this run is not recorded in sessionstat_run";
const SMBSTATUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/samba/417-json-one.json");

/// A small space. Times are UTC; Paris is an hour ahead.
const SPACE: &str = "
    INSERT INTO epn_room (id, name) VALUES (1, 'Ateliers');
    INSERT INTO epn_computer (id, netbios_name, room_id, ip) VALUES
      (1, 'POSTE-01', NULL, '192.168.10.101'), (2, 'ATELIER-01', 1, NULL);
    INSERT INTO epn_user (id, login, last_name, credit_minutes, workshop_credits) VALUES
      (1, 'adupont', 'Dupont', 60, NULL), (2, 'bakary', 'Diallo', 60, 2), (3, 'chloe', 'Petit', NULL, 1),
      (4, 'damien', 'Roy', NULL, 0);
    INSERT INTO epn_workshop (id, title, room_id, starts_at, ends_at, capacity) VALUES
      (1, 'Photo', 1, '2026-03-10 09:00:00', '2026-03-10 11:00:00', 2);
    INSERT INTO epn_attendance (workshop_id, user_id, status) VALUES (1, 2, 'registered'), (1, 3, 'cancelled');
    INSERT INTO epn_booking (id, computer_id, user_id, starts_at, ends_at) VALUES
      (1, 1, 2, '2026-03-10 13:00:00', '2026-03-10 13:30:00');";

/// Sightings before the first run: two uses of adupont, and a reservation that becomes a use.
const MORNING: &str = "
    INSERT INTO users_temp (seen_at, server, login, machine) VALUES
      ('2026-03-10 08:00:00', 'nas', 'adupont', 'poste-01'), ('2026-03-10 08:20:00', 'nas', 'adupont', 'poste-01'),
      ('2026-03-10 13:05:00', 'nas', 'bakary', 'poste-01');";

/// Sightings before the second run: a late one that makes the two uses one, a new use, three people in the workshop,
/// somebody unknown, and a row that nobody could match for a week.
const EVENING: &str = "
    INSERT INTO users_temp (seen_at, server, login, machine) VALUES
      ('2026-03-10 08:10:00', 'nas', 'adupont', 'poste-01'), ('2026-03-10 12:00:00', 'nas', 'adupont', 'poste-01'),
      ('2026-03-10 09:10:00', 'nas', 'bakary', 'atelier-01'), ('2026-03-10 09:10:00', 'nas', 'chloe', 'atelier-01'),
      ('2026-03-10 09:10:00', 'nas', 'damien', 'atelier-01'), ('2026-03-10 09:10:00', 'nas', 'zoe', 'atelier-01'),
      ('2026-03-01 09:10:00', 'nas', 'zoe', 'atelier-01');";

/// A database with the tables, the space in it, and the accounts of the file, unlocked.
pub fn database() -> Database {
    let database = MariaDb::shared().database();
    Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
    database.run(SPACE);
    database.run(&read("etc/grants.sql").replace("ON sessionstat.", &format!("ON {}.", database.name())));
    unlock(&database);
    database
}

/// Gives all accounts of the file their passwords.
pub fn unlock(database: &Database) {
    for account in ACCOUNTS {
        database.make_account(account, "localhost");
    }
}

/// A command with its own account, as the file left it.
pub fn tool(command: &str, database: &Database) -> Tool {
    let account = format!("{}:{PASSWORD}", command.replace('-', "_"));
    Tool::new(command)
        .config("general.timezone = \"Europe/Paris\"\n")
        .env("SESSIONSTAT_MYSQL_URL", database.url_as(&account))
}

fn snapshot(database: &Database) -> Output {
    tool("samba-snapshot", database)
        .args(["--input", SMBSTATUS, "--server=nas", "--now=2026-03-10T13:10:00Z"])
        .run()
}

fn ingest(tool: &Tool, now: &str, flags: &[&str]) -> Output {
    tool.clone().arg(format!("--now=2026-03-10T{now}:00Z")).args(flags).run()
}

/// All sections, also those of what is counted in Redis.
fn report(database: &Database) -> Output {
    static REDIS: LazyLock<Redis> = LazyLock::new(Redis::start);
    let sections = ["overview", "sessions", "logins", "services", "epn", "time", "runs"];
    let tool = tool("stats-report", database).redis(&REDIS).args(sections);
    // Of a long period: short ones do without epn_history.
    tool.args(["--from=2025-03-10", "--now=2026-03-10T20:00:00Z", "--format=json", "--verbose"]).run()
}

/// One right: it would be taken away alone.
#[derive(Clone, Debug)]
pub struct Right {
    /// `SELECT` or `UPDATE (status)`.
    pub verb: String,
    pub table: String,
    pub account: String,
}

/// Every right that the file gives.
pub fn rights() -> Vec<Right> {
    let mut rights = Vec::new();
    for Grant { rights: verbs, table, account, .. } in Grant::all().iter().filter(|grant| grant.is_given) {
        let mut verb = "";
        for part in verbs.split([',', ')']).map(str::trim).filter(|part| !part.is_empty()) {
            let column = match part.split_once(" (") {
                Some((first, column)) => {
                    verb = first;
                    Some(column)
                }
                None if part.chars().all(|character| character.is_ascii_uppercase()) => {
                    verb = part;
                    None
                }
                None => Some(part),
            };
            let verb = column.map_or_else(|| verb.to_owned(), |column| format!("{verb} ({column})"));
            rights.push(Right { verb, table: table.clone(), account: account.clone() });
        }
    }
    assert!(rights.len() > 40, "{rights:?}");
    rights
}

/// Runs something without one right, which it gets back afterwards.
pub fn without<T>(right: &Right, database: &Database, run: impl FnOnce() -> T) -> T {
    let Right { verb, table, account } = right;
    let account = format!("'{account}'@'localhost'");
    let place = format!("{}.{table}", database.name());
    database.run(&format!("REVOKE {verb} ON {place} FROM {account}"));
    let output = run();
    database.run(&format!("GRANT {verb} ON {place} TO {account}"));
    output
}

/// Whether a command could not do something. What it notes of its own run is worth a line, no failure.
pub fn is_refused(output: &Output) -> bool {
    output.stderr.contains("command denied")
        && (output.status == 78 || (output.status == 0 && output.stderr.contains(NOT_RECORDED)))
}

#[test]
fn each_command_does_its_work_with_its_own_account() {
    let database = database();
    database.run(MORNING);
    snapshot(&database).silent();
    let tool = tool("epn-ingest", &database);
    // The tables are there: nothing is to be made.
    tool.clone().arg("--init-db").run().silent();
    ingest(&tool, "13:10", &[]).silent();
    database.run(EVENING);
    let summary = ingest(&tool, "13:40", &["--json"]).expect(0).stdout;
    assert_eq!(
        summary,
        "{\"taken\":5,\"unmatched\":[{\"login\":\"zoe\",\"machine\":\"atelier-01\",\"reason\":\"unknown-user\",\
         \"count\":1}],\"ignored\":{},\"expired\":1,\"uses_created\":1,\"uses_changed\":3,\"present\":3,\
         \"notices\":[\"over-capacity:1\",\"overdrawn:damien\"]}\n"
    );
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_attendance WHERE status = 'present'"), "3");
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_booking WHERE status = 'used'"), "4");
    assert_eq!(database.value("SELECT COUNT(*) FROM epn_use WHERE settle_at IS NOT NULL"), "0");
    assert!(report(&database).expect(0).stdout.contains("\"zoe\""));
}

#[test]
fn every_right_in_the_file_is_needed() {
    let database = database();
    // The web site is no command: its own tests do the same with its rights. So does session_grants.
    let elsewhere = ["sessionstat_web", "session_aggregate"];
    // One host: a run that fails leaves its lease, which the next one takes over because it holds the lock file.
    let tool = tool("epn-ingest", &database);
    database.run(MORNING);
    ingest(&tool, "13:10", &[]).silent();
    database.run(EVENING);
    let mut later = Vec::new();
    for right in rights().into_iter().filter(|right| !elsewhere.contains(&&*right.account)) {
        if right.table == "sessionstat_run" && right.account == "stats_report" {
            // It need not have them, and says so only when it is asked to tell more.
            let run = without(&right, &database, || report(&database));
            assert!(run.stderr.contains("command denied"), "nothing needs {right:?}: {run:?}");
            continue;
        }
        let needed = match right.account.as_str() {
            "samba_snapshot" => is_refused(&without(&right, &database, || snapshot(&database))),
            "stats_report" => {
                database.run("DELETE FROM epn_history_stale WHERE year = 0");
                if right.table == "epn_closed_day" {
                    let check = ["check", "--rule=missing_snapshots"];
                    let tool = self::tool("stats-report", &database).args(check);
                    let run = without(&right, &database, || tool.run()).expect(3);
                    assert!(run.stdout.contains("command denied"), "nothing needs {right:?}: {run:?}");
                    continue;
                }
                is_refused(&without(&right, &database, || report(&database)))
            }
            _ => {
                // As after triggers were missing. The rehearsal of a run leaves everything as it was, for the next right.
                database.run("INSERT IGNORE INTO epn_history_stale (year, user_id) VALUES (0, 0)");
                let rehearsal = without(&right, &database, || ingest(&tool, "13:40", &["--dry-run"]));
                if !is_refused(&rehearsal) {
                    assert_eq!(rehearsal.status, 0, "without {right:?}: {rehearsal:?}");
                    later.push(right);
                    continue;
                }
                true
            }
        };
        assert!(needed, "nothing needs {right:?}");
    }
    // What only a real run does: its lease, packing what was used, and forgetting what is old.
    for right in later {
        database.run("INSERT IGNORE INTO epn_history_stale (year, user_id) VALUES (2026, 1), (2026, 99)");
        let run = without(&right, &database, || ingest(&tool, "13:40", &[]));
        assert!(is_refused(&run), "nothing needs {right:?}: {run:?}");
    }
}

#[test]
fn no_account_can_do_what_its_command_need_not() {
    let database = database();
    for (account, statements) in [
        (
            "samba_snapshot",
            &[
                "SELECT login FROM epn_user",
                "SELECT login FROM users_temp",
                "SELECT login FROM users_log",
                "DELETE FROM users_temp",
                "UPDATE users_temp SET login = 'x'",
                "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at) VALUES (1, 1, NOW(), NOW())",
                "DROP TABLE users_temp",
                "CREATE TABLE more (id int)",
            ][..],
        ),
        (
            "epn_ingest",
            &[
                "UPDATE epn_workshop SET status = 'closed'",
                "UPDATE epn_user SET login = 'x'",
                "SELECT last_name FROM epn_user",
                "SELECT birth_year FROM epn_user",
                "SELECT town FROM epn_user",
                "DELETE FROM epn_user",
                "DELETE FROM epn_attendance",
                "UPDATE epn_booking SET verified = 1",
                "UPDATE epn_booking SET source = 'staff'",
                "UPDATE epn_credit_ledger SET delta = 0",
                "UPDATE epn_history_stale SET user_id = 0",
                "DELETE FROM epn_credit_ledger",
                "SELECT login FROM users_log",
                "UPDATE users_log SET login = 'x'",
                "INSERT INTO users_temp (seen_at, server, login, machine) VALUES (NOW(), '', '', '')",
                "DELETE FROM sessionstat_lease",
                "INSERT INTO sessionstat_schema (version, file, applied_at) VALUES (99, '', NOW())",
                "DROP TABLE users_log",
                "TRUNCATE TABLE epn_presence",
                "ALTER TABLE epn_booking ADD COLUMN more int",
                "CREATE TABLE more (id int)",
            ],
        ),
        (
            "stats_report",
            &[
                "SELECT last_name FROM epn_user",
                "SELECT login FROM users_log",
                "SELECT minutes FROM epn_presence",
                "SELECT user_id FROM usr_session_stats_raw",
                "SELECT session_id FROM session_expiry",
                "SELECT events FROM moodle_session",
                "SELECT live FROM moodle_user",
                "SELECT eventname FROM event_log",
                "DELETE FROM usr_session_stats",
                "SELECT mot_de_passe FROM utilisateurs",
                "SELECT nom FROM utilisateurs",
                "UPDATE epn_booking SET verified = 1",
                "DELETE FROM epn_history",
                "INSERT INTO epn_history_stale (year, user_id) VALUES (0, 0)",
                "DELETE FROM users_temp",
                "INSERT INTO epn_room (name) VALUES ('x')",
                "DROP TABLE epn_room",
                "SELECT mot_de_passe FROM utilisateurs",
            ],
        ),
        (
            "sessionstat_web",
            &[
                "DELETE FROM utilisateurs",
                "UPDATE utilisateurs SET email = 'x'",
                "SELECT login FROM users_log",
                "SELECT last_name FROM epn_user",
                "SELECT credit_minutes FROM epn_user",
                "UPDATE epn_user SET credit_minutes = 0",
                "SELECT user_id FROM epn_booking",
                "UPDATE epn_booking SET status = 'cancelled'",
                "DELETE FROM user_login",
                "UPDATE user_login SET user_id = 0",
                "SELECT version FROM sessionstat_schema",
                "DROP TABLE utilisateurs",
                "SELECT user_id FROM usr_session_stats_raw",
                "SELECT end_context FROM usr_session_stats_raw",
                "UPDATE usr_session_stats_raw SET user_id = 1",
                "UPDATE usr_session_stats_raw SET start_time = 0",
                "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, user_id) VALUES ('', 3, 0, 1, 1)",
                "DELETE FROM usr_session_stats_raw",
                "SELECT expires FROM session_expiry",
                "SELECT opened FROM usr_session_stats",
                "INSERT INTO usr_session_log (tstamp, maxval, user_id) VALUES (0, 0, 0)",
                "SELECT userid FROM event_log",
                "UPDATE event_log SET timecreated = 0",
                "DELETE FROM event_log",
                "INSERT INTO event_log (userid, timecreated, ip) VALUES (1, 0, '')",
                "CREATE TABLE more (id int)",
            ],
        ),
    ] {
        assert_may_not(&database, account, statements);
    }
}

/// The server refuses these statements to an account.
pub fn assert_may_not(database: &Database, account: &str, statements: &[&str]) {
    let url = database.url_as(&format!("{account}:{PASSWORD}"));
    let mut conn = Conn::new(Opts::from_url(&url).unwrap()).unwrap();
    for statement in statements {
        let refused = match conn.query_drop(statement) {
            Err(mysql::Error::MySqlError(error)) => [1142, 1143].contains(&error.code),
            _ => false,
        };
        assert!(refused, "{account} may: {statement}");
    }
}

#[test]
fn accounts_are_locked_until_they_have_a_password() {
    let file = read("etc/grants.sql");
    let made = file.lines().filter(|line| line.starts_with("CREATE USER "));
    let made: Vec<&str> = made.collect();
    assert_eq!(made.len(), 5);
    assert!(made.iter().all(|line| line.ends_with("@'localhost' ACCOUNT LOCK;")), "{made:?}");
    assert!(!file.lines().any(|line| !line.starts_with("--") && line.contains("IDENTIFIED")));
}

#[test]
fn an_account_that_may_not_create_tables_is_told_which_files_to_load() {
    let database = MariaDb::shared().database();
    let account = format!("no_create_{}", database.name());
    database.run(&format!(
        "CREATE USER '{account}'@'localhost' IDENTIFIED BY '{PASSWORD}'; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON {}.* TO '{account}'@'localhost'",
        database.name()
    ));
    let url = database.url_as(&format!("{account}:{PASSWORD}"));
    let as_account = |command: &str| Tool::new(command).env("SESSIONSTAT_MYSQL_URL", &url);
    let snapshot = || as_account("samba-snapshot").args(["--input", SMBSTATUS]);
    let denied = format!(
        "this account may not create the tables (CREATE command denied to user '{account}'@'localhost' for table \
         `{}`.`sessionstat_schema`): load etc/schema/*.sql, 000-versions.sql to 011-report-keys.sql, with one that may",
        database.name()
    );
    let run = as_account("epn-ingest").run().expect(78);
    assert_eq!(run.stderr, format!("epn-ingest: {denied}\n"));
    let run = as_account("stats-report").arg("--init-db").run().expect(78);
    assert_eq!(run.stderr, format!("stats-report: {denied}\n"));
    // Nothing is lost meanwhile.
    let tool = snapshot();
    let run = tool.run().expect(78);
    let spool = tool.home().join("spool/samba-snapshot.spool");
    let kept = format!("the snapshot waits in {} for the next run", spool.display());
    assert_eq!(run.stderr, format!("samba-snapshot: {denied}; {kept}\n"));
    // With these files, loaded by hand, the account is enough.
    let folder = format!("{}/etc/schema", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        database.run(&std::fs::read_to_string(file).unwrap());
    }
    snapshot().run().silent();
    as_account("epn-ingest").run().silent();
    as_account("stats-report").run().expect(0);
}
