//! The account of session-aggregate: what its work needs and nothing else, on our tables and on those of an ILIAS.

use std::fs;

use crate::{
    grants::{assert_may_not, database, is_refused, rights, tool, unlock, without},
    read,
    support::{
        Database, MariaDb, Output, Tool,
        accounts::{Grant, PASSWORD},
    },
};

const ACCOUNT: &str = "session_aggregate";

/// 10 March 2026, midnight of UTC.
const DAY: i64 = 1_773_100_800;

/// The command with its own account, and a limit that one session reaches.
fn aggregate(database: &Database) -> Tool {
    tool("session-aggregate", database)
        .config("general.timezone = \"Europe/Paris\"\naggregate.max_sessions = 1\n")
}

/// What gives every part of a run at `now` something to do: a live session that has expired, a record that is old
/// enough to go, a use of a machine, and rows of the log: one that is older than those of the hour before, one of now,
/// and one whose time comes within the hour.
fn happen(database: &Database, now: i64) {
    database.run(&format!(
        "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) VALUES
           ('live-{now}', 3, {now} - 3000, NULL, NULL, 7),
           ('old-{now}', 3, {now} - 9 * 86400, {now} - 8 * 86400, 1, 7);
         INSERT INTO session_expiry (session_id, expires) VALUES ('live-{now}', {now} - 2000);
         SET time_zone = '+00:00';
         INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status, source) VALUES
           (1, 1, FROM_UNIXTIME({now} - 3000), FROM_UNIXTIME({now} - 2400), 'used', 'ingest');
         INSERT INTO epn_use (booking_id, user_id, computer_id, first_seen, last_seen) VALUES
           (LAST_INSERT_ID(), 1, 1, FROM_UNIXTIME({now} - 3000), FROM_UNIXTIME({now} - 2700));
         INSERT INTO event_log (component, action, target, userid, courseid, timecreated, origin, ip) VALUES
           ('core', 'viewed', 'course', 7, 2, {now} - 7000, 'web', '192.0.2.7'),
           ('core', 'viewed', 'course', 7, 2, {now} - 60, 'web', '192.0.2.7'),
           ('core', 'viewed', 'course', 7, 2, {now} + 60, 'web', '192.0.2.7')"
    ));
}

/// All that the command does, at `now`, each of it once or more.
fn work(tool: &Tool, now: i64) -> Vec<Output> {
    let file = tool.home().join("records.csv");
    let header = "session_id,type,start_time,end_time,end_context,user_id";
    fs::write(&file, format!("{header}\nfile-{now},3,{now},{now},1,7\n")).unwrap();
    let file = file.to_str().unwrap();
    let (from, now) = ((now - 900).to_string(), now.to_string());
    let runs: [&[&str]; 10] = [
        &["run"],
        // The first run of a day looks at everything, a second one at what is new.
        &["run"],
        &["rebuild", "--from", &from, "--to", &now, "--force"],
        &["rebuild", "--source", "moodle"],
        &["open", "--id", &now, "--user", "7"],
        &["open", "--id", &now, "--user", "7", "--at", "2026-03-20T00:00:00Z"],
        &["close", "--id", &now, "--context", "user"],
        &["close", "--batch", "-"],
        &["limit", "1"],
        &["import", "csv", file],
    ];
    let input = format!("file-{now}\t{now}\tuser\n");
    let run = |arguments: &&[&str]| tool.clone().args(["--now", &now]).args(*arguments).stdin(&*input).run();
    runs.iter().map(run).collect()
}

/// What a run at `now` would do.
fn rehearsal(tool: &Tool, now: i64) -> Output {
    tool.clone().args(["--dry-run", "--now", &now.to_string()]).run()
}

#[test]
fn the_work_is_done_with_this_account() {
    let database = database();
    happen(&database, DAY);
    let tool = aggregate(&database);
    let told = rehearsal(&tool, DAY).expect(0).stdout;
    assert_eq!(
        told,
        "1 sessions closed as expired\n1 sessions brought up to date from uses of machines\n\
         3 rows of the log read\n2 sessions of time online written\n\
         864 slots written, 2026-03-01T00:00:00Z to 2026-03-10T00:00:00Z, from 5 session records\n\
         1 old session records deleted\n"
    );
    for run in work(&tool, DAY) {
        assert!(run.status == 0 && run.stdout.is_empty(), "{run:?}");
    }
    let open = "SELECT GROUP_CONCAT(session_id) FROM usr_session_stats_raw WHERE end_time IS NULL";
    assert_eq!(database.value(open), format!("moodle:7:{}", DAY - 60));
    assert_eq!(database.value("SELECT COUNT(*) FROM session_expiry"), "0");
    assert_eq!(database.value("SELECT COUNT(*) FROM usr_session_log"), "1");
    assert_ne!(database.value("SELECT COUNT(*) FROM session_at_limit"), "0");
    assert_eq!(
        database.value("SELECT GROUP_CONCAT(elapsed ORDER BY session_start) FROM moodle_session"),
        "300,60"
    );
}

#[test]
fn every_right_of_it_is_needed() {
    let database = database();
    // One host: what a run without its right to the lease leaves, the next one takes over.
    let tool = aggregate(&database);
    let mine: Vec<_> = rights().into_iter().filter(|right| right.account == ACCOUNT).collect();
    assert!(mine.len() > 30, "{mine:?}");
    for (right, hour) in mine.iter().zip(1..) {
        let now = DAY + 3600 * hour;
        happen(&database, now);
        let whole = rehearsal(&tool, now).expect(0);
        let less = without(right, &database, || rehearsal(&tool, now));
        let is_missed = |run: &Output| is_refused(run) || run.stderr.contains("has no right to it");
        // A right that hides a table is missed without a word: something is then left undone.
        if is_missed(&less) || less.stdout != whole.stdout {
            continue;
        }
        let runs = without(right, &database, || work(&tool, now));
        assert!(runs.iter().any(is_missed), "nothing needs {right:?}: {runs:?}");
    }
}

#[test]
fn it_can_do_nothing_else() {
    assert_may_not(
        &database(),
        "session_aggregate",
        &[
            "TRUNCATE TABLE usr_session_stats_raw",
            "UPDATE usr_session_log SET maxval = 0",
            "DELETE FROM usr_session_log",
            "INSERT INTO session_expiry (session_id, expires) VALUES ('x', 0)",
            "UPDATE session_expiry SET expires = 0",
            "SELECT computer_id FROM epn_booking",
            "UPDATE epn_booking SET status = 'cancelled'",
            "SELECT login FROM epn_user",
            "SELECT login FROM users_log",
            "SELECT email FROM utilisateurs",
            "SELECT ip FROM event_log",
            "INSERT INTO event_log (userid, timecreated) VALUES (1, 0)",
            "UPDATE event_log SET userid = 1",
            "DELETE FROM event_log",
            "DELETE FROM session_progress",
            "TRUNCATE TABLE usr_session_stats",
            "CREATE TABLE more (id int)",
        ],
    );
}

#[test]
fn of_a_moodle_it_needs_the_right_to_the_log_and_no_other() {
    let (database, moodle) = (database(), MariaDb::shared().database());
    let log = format!("{}.mdl_logstore_standard_log", moodle.name());
    database.run(&format!(
        "CREATE TABLE {log} LIKE event_log;
         INSERT INTO {log} (component, action, target, userid, courseid, timecreated) VALUES
           ('core', 'viewed', 'course', 7, 2, {DAY} - 7000)"
    ));
    // The account of the file itself, in a database of which it has no other right.
    let url = moodle.url_as(&format!("{ACCOUNT}:{PASSWORD}"));
    let tool = aggregate(&database).config(&format!("moodle.url = {url:?}\n"));
    let run = || tool.clone().args(["--now", &DAY.to_string()]).run();
    let refused = run().expect(78).stderr;
    assert!(refused.contains("source moodle") && refused.contains("Access denied"), "{refused}");
    moodle.moodle_account("mdl_logstore_standard_log");
    run().silent();
    assert_eq!(database.value("SELECT elapsed FROM moodle_session"), "300");
}

/// What ILIAS 10 no longer has.
const DROPPED: &str = "DROP TABLE usr_session_log; ALTER TABLE usr_session_stats DROP COLUMN max_sessions, \
    DROP COLUMN closed_limit, DROP COLUMN closed_idle, DROP COLUMN closed_idle_first";

#[test]
fn on_tables_of_an_ilias_it_needs_what_the_file_says() {
    for is_ten in [false, true] {
        let database = MariaDb::shared().database();
        database.run(&read("tests/golden/ilias/schema.sql"));
        database.run("CREATE TABLE usr_session (session_id VARCHAR(256) PRIMARY KEY, expires INT NOT NULL)");
        if is_ten {
            database.run(DROPPED);
        }
        Tool::new("session-aggregate").url(&database).arg("--init-db").run().silent();
        let grants = read("etc/grants.sql");
        // As the file says: a line that names usr_session_log is a statement of its own.
        let lines = grants.lines().filter(|line| !is_ten || !line.contains("usr_session_log"));
        let file: String = lines.map(|line| format!("{line}\n")).collect();
        database.run(&file.replace("ON sessionstat.", &format!("ON {}.", database.name())));
        unlock(&database);
        let more = Grant::all().iter().find(|grant| grant.table == "usr_session").unwrap();
        database.grant(&more.rights, &more.table, &more.account, "localhost");

        database.run(&format!(
            "INSERT INTO usr_session_stats_raw (session_id, type, start_time, user_id) VALUES
               ('gone', 3, {DAY} - 3000, 7), ('alive', 3, {DAY} - 200000, 7);
             INSERT INTO usr_session (session_id, expires) VALUES ('gone', {DAY} - 2000), ('alive', {DAY} + 2000)"
        ));
        let tool = aggregate(&database);
        tool.clone().args(["--now", &DAY.to_string()]).run().silent();
        let open = "SELECT GROUP_CONCAT(session_id) FROM usr_session_stats_raw WHERE end_time IS NULL";
        assert_eq!(database.value(open), "alive");
        assert_eq!(database.value("SELECT COUNT(*) FROM usr_session"), "2");
        assert_ne!(database.value("SELECT COUNT(*) FROM usr_session_stats"), "0");
        // The id is used again: the record from before gets another.
        tool.clone().args(["open", "--id=alive", "--user=7", "--now", &DAY.to_string()]).run().silent();
        assert_eq!(database.value("SELECT COUNT(*) FROM usr_session_stats_raw"), "3");
    }
}
