//! `web/lib/heartbeat.php` alone, as any other site would use it.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use mysql::prelude::Queryable;

use crate::{
    site::pdo,
    support::{Database, MariaDb, Php, Tool},
};

/// How a site may have told PDO to behave.
const WAYS: [&str; 6] = [
    "[PDO::ATTR_ERRMODE => PDO::ERRMODE_SILENT, PDO::ATTR_EMULATE_PREPARES => true]",
    "[PDO::ATTR_ERRMODE => PDO::ERRMODE_SILENT, PDO::ATTR_EMULATE_PREPARES => false]",
    "[PDO::ATTR_ERRMODE => PDO::ERRMODE_WARNING, PDO::ATTR_EMULATE_PREPARES => true]",
    "[PDO::ATTR_ERRMODE => PDO::ERRMODE_WARNING, PDO::ATTR_EMULATE_PREPARES => false]",
    "[PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => true]",
    "[]",
];

fn database() -> Database {
    let database = MariaDb::shared().database();
    Tool::new("stats-report").url(&database).arg("--init-db").run().silent();
    // Rights outlive their tables.
    database.account("sessionstat-web");
    database
}

/// Runs a page of another site: `$connect` connects it to a database, `$traces` are its traces. Returns what the page
/// printed, and what PHP logged.
#[track_caller]
fn page(database: &Database, way: &str, code: &str) -> (String, String) {
    let code = format!(
        "require '{}';
         $connect = static fn () => {};
         $traces = new Sessionstat\\Traces($connect, 'wiki');
         {code}",
        Path::new(env!("CARGO_MANIFEST_DIR")).join("web/lib/heartbeat.php").display(),
        pdo(database, way),
    );
    let run = Command::new(Php::program())
        .args(["-d", "display_errors=1", "-d", "error_reporting=-1", "-d", "error_log=", "-r", &code])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run.status.success(), "{}{}", text(&run.stdout), text(&run.stderr));
    (text(&run.stdout), text(&run.stderr))
}

/// That a page printed this and logged nothing.
#[track_caller]
fn assert_printed(page: (String, String), printed: &str) {
    assert_eq!(page, (printed.to_owned(), String::new()));
}

const ALL: &str =
    "var_export([$traces->login(42), $traces->view(42), $traces->beat(42, 600, $_SESSION['last']),
    $traces->logout(42)] === [true, true, true, true]);";

#[test]
fn every_site_can_leave_traces_however_it_uses_pdo() {
    let database = database();
    for (index, way) in WAYS.iter().enumerate() {
        assert_printed(page(&database, way, ALL), "true");
        let written =
            database.value("SELECT GROUP_CONCAT(action ORDER BY id) FROM event_log WHERE userid = 42");
        assert_eq!(written, vec!["loggedin,viewed,keepalive,loggedout"; index + 1].join(","), "{way}");
    }
    // The connection's own limits are as they were.
    let limits = "SELECT CONCAT(@@lock_wait_timeout, @@innodb_lock_wait_timeout)";
    let code = format!(
        "$database = $connect(); $before = $database->query('{limits}')->fetchColumn();
        (new Sessionstat\\Traces(static fn () => $database, 'wiki'))->view(1);
        var_export($database->query('{limits}')->fetchColumn() === $before);"
    );
    assert_printed(page(&database, "[]", &code), "true");
}

#[test]
fn where_users_were_is_the_sites_choice() {
    let database = database();
    let here = database.name();
    let code = format!(
        "// This site keeps addresses, to which the account of ours has no right.
         $connect = static fn () => new PDO('mysql:unix_socket={}', 'root', '');
         $traces = new Sessionstat\\Traces($connect, 'forum', 12, '2001:db8::1', '{here}.event_log');
         var_export($traces->view(42));",
        MariaDb::shared().socket().display(),
    );
    assert_printed(page(&database, "[]", &code), "true");
    let row = database.query("SELECT eventname, courseid, contextinstanceid, ip FROM event_log").remove(0);
    let row: Vec<_> = row.into_iter().flatten().collect();
    assert_eq!(row, ["\\forum\\event\\page_viewed", "12", "12", "2001:db8::1"]);
    for wrong in
        ["''", "'Wiki'", "'a b'", "'wiki', 0", "'wiki', 1, null, 'event log'", "'wiki', 1, null, 'a.b.c'"]
    {
        let code = format!(
            "try {{ new Sessionstat\\Traces($connect, {wrong}); }}
            catch (InvalidArgumentException $e) {{ echo 'refused'; }}"
        );
        assert_printed(page(&database, "[]", &code), "refused");
    }
}

#[test]
fn nobody_leaves_no_trace_and_needs_no_connection() {
    let database = database();
    let code = "$traces = new Sessionstat\\Traces(static function () { echo 'connected'; }, 'wiki');
        foreach ([0, -1] as $user) {
            var_export($traces->login($user) || $traces->view($user) || $traces->logout($user) || $traces->beat($user, 600, $last));
        }";
    assert_printed(page(&database, "[]", code), "falsefalse");
}

#[test]
fn a_beat_is_written_when_half_a_period_is_over() {
    let database = database();
    let code = "
        $now = time();
        foreach ([null, $now - 300, $now - 200, $now + 5, 'nonsense', [$now]] as $last) {
            echo var_export($traces->beat(42, 600, $last), true), ' ', json_encode($last >= $now), \"\\n\";
        }";
    let lines = ["true true", "true true", "false false", "true true", "true true", "true true"];
    assert_printed(page(&database, "[]", code), &(lines.join("\n") + "\n"));
}

#[test]
fn whatever_fails_is_one_line_in_the_log() {
    let database = database();
    database.run("DROP TABLE event_log");
    let strict = "set_error_handler(static function ($level, $text) { throw new ErrorException($text); });";
    let none = "echo json_encode($traces->view(42));";
    for way in WAYS {
        for code in [none.to_owned(), format!("{strict} {none}")] {
            let (printed, log) = page(&database, way, &code);
            assert_eq!(printed, "false", "{way}");
            assert!(
                log.starts_with("sessionstat: a trace cannot be written into event_log: "),
                "{way}: {log}"
            );
            assert!(log.contains(".event_log' doesn't exist"), "{way}: {log}");
            assert_eq!(log.lines().count(), 1, "{way}: {log}");
        }
    }
    for connect in [
        "throw new Exception(\"no\\nway\")",
        "return null",
        "return new PDO('mysql:unix_socket=/nonexistent')",
    ] {
        let code =
            format!("$traces = new Sessionstat\\Traces(static function () {{ {connect}; }}, 'wiki'); {none}");
        let (printed, log) = page(&database, "[]", &code);
        assert_eq!((printed.as_str(), log.lines().count()), ("false", 1), "{connect}: {log}");
    }
}

#[test]
fn a_locked_table_costs_a_page_two_seconds() {
    let database = database();
    for (way, lock) in WAYS.iter().zip(["LOCK TABLES event_log READ", "LOCK TABLES event_log WRITE"]) {
        let mut keeper = database.conn();
        keeper.query_drop(lock).unwrap();
        let began = Instant::now();
        let (printed, log) = page(&database, way, "echo json_encode($traces->view(42));");
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert_eq!(printed, "false");
        assert!(log.contains("Lock wait timeout exceeded"), "{log}");
    }
}
