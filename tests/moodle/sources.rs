//! Where the log is: in our database under any name, on another server, or nowhere.

use std::fs;

use mysql::prelude::Queryable;

use crate::{
    log_table::{self, LOG, Row},
    site::{BASE, Site},
    support::{
        Database, MariaDb,
        proxy::{Harm, Point, Proxy, Trouble},
    },
};

const NOW: i64 = BASE + 9_000;

fn rows() -> [Row; 2] {
    [Row::login(1, 7, BASE), Row::logout(2, 7, BASE + 100)]
}

fn session() -> [String; 1] {
    [format!("7 {BASE} {} 100 2 0 0 [] {{0:100}} logout", BASE + 100)]
}

/// A log in a database of its own.
fn log_on(server: &MariaDb) -> Database {
    let database = server.database();
    log_table::create(&database, LOG);
    log_table::insert(&mut database.conn(), LOG, &rows());
    database
}

#[test]
fn the_prefix_and_the_table_can_have_other_names() {
    let ways = [
        ("moodle$42_logstore_standard_log", "[moodle]\nprefix = \"moodle$42_\"\n"),
        ("logstore_standard_log", "[moodle]\nprefix = \"\"\n"),
        ("old_traces", "[moodle]\nlog = \"old_traces\"\n"),
        // Names that SQL would take for something else.
        ("2024", "[moodle]\nlog = \"2024\"\n"),
        ("order", "[moodle]\nlog = \"order\"\n"),
    ];
    for (table, settings) in ways {
        let site = Site::without_log(MariaDb::shared());
        log_table::create(&site.database, &format!("`{table}`"));
        log_table::insert(&mut site.conn(), &format!("`{table}`"), &rows());
        site.tool(NOW, settings).run().silent();
        assert_eq!(site.sessions(), session(), "{table}");
    }
}

#[test]
fn a_site_without_a_moodle_hears_nothing_of_it() {
    let site = Site::without_log(MariaDb::shared());
    let tool = site.tool(NOW, "");
    tool.run().silent();
    tool.clone().arg("--dry-run").run().expect(0);
    site.tool(NOW, "").config("").run().silent();
    assert!(site.sessions().is_empty());
    // Neither does one whose database has not even our log.
    site.database.run("DROP TABLE event_log");
    tool.run().silent();
    let rebuild = tool.args(["rebuild", "--source", "moodle"]).run().expect(78);
    assert!(rebuild.stderr.contains("mdl_logstore_standard_log"), "{rebuild:?}");
}

#[test]
fn our_own_log_is_read_where_there_is_no_moodle() {
    let site = Site::without_log(MariaDb::shared());
    site.database.run(&format!(
        "INSERT INTO event_log (component, action, target, userid, courseid, timecreated, origin) VALUES \
         ('core', 'loggedin', 'user', 7, 0, {BASE}, 'web'), ('core', 'loggedout', 'user', 7, NULL, {}, 'web')",
        BASE + 100
    ));
    site.tool(NOW, "").run().silent();
    assert_eq!(site.sessions(), session());
    // A Moodle that is installed later has its own log, and what ours told stays.
    log_table::create(&site.database, LOG);
    site.log(&[Row::login(1, 8, BASE + 5_000), Row::logout(2, 8, BASE + 5_100)]);
    site.tool(NOW, "").run().silent();
    let told = "SELECT GROUP_CONCAT(user_id ORDER BY user_id) FROM moodle_session";
    assert_eq!(site.database.value(told), "7,8");
    // Ours can be asked for, beside a Moodle's.
    site.tool(NOW, "[moodle]\nlog = \"event_log\"\n").run().silent();
    assert_eq!(site.sessions(), session());
}

#[test]
fn a_log_without_an_index_on_time_is_told_once_and_works() {
    let site = Site::new();
    site.database.run(&format!("ALTER TABLE {LOG} DROP KEY mdl_logsstanlog_tim_ix"));
    site.log(&rows());
    let told = site.tool(NOW, "").run().expect(0);
    let index = format!("CREATE INDEX timecreated ON {LOG} (timecreated)");
    assert!(told.stderr.contains(&index) && told.stderr.lines().count() == 1, "{told:?}");
    site.log(&[Row::view(3, 7, BASE + 50, 2)]);
    site.tool(NOW, "").run().silent();
    assert_eq!(site.sessions(), [format!("7 {BASE} {} 100 3 0 0 [2] {{0:50 2:50}} logout", BASE + 100)]);
    // The advice is right.
    site.database.run(&index);
    site.tool(NOW, "").run().silent();
}

#[test]
fn a_log_that_is_configured_and_not_there_is_a_mistake_of_the_configuration() {
    let other = MariaDb::shared().database();
    let site = Site::new();
    site.log(&rows());
    let wrong = [
        (format!("[moodle]\nurl = \"{}\"\n", other.url()), LOG),
        (format!("[moodle]\nurl = \"{}\"\nprefix = \"m_\"\n", other.url()), "m_logstore_standard_log"),
        ("[moodle]\nlog = \"mdl_log\"\n".to_owned(), "mdl_log"),
    ];
    for (settings, table) in wrong {
        let run = site.tool(NOW, &settings).run().expect(78);
        assert!(run.stderr.contains(&format!("there is no table {table} ")), "{run:?}");
        assert!(run.stderr.starts_with("session-aggregate: source moodle: "), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    }
    // The rest of those runs was done.
    site.run(NOW);
    assert_eq!(site.sessions(), session());
}

#[test]
fn a_moodle_on_another_server_needs_to_let_us_read_its_log_alone() {
    let mut server = MariaDb::start();
    let log = log_on(&server);
    log.run(
        "CREATE TABLE mdl_user (id bigint); CREATE USER reader IDENTIFIED BY 'bond-8-se''ret'; \
         GRANT SELECT ON mdl_logstore_standard_log TO reader",
    );
    let site = Site::without_log(MariaDb::shared());
    let password = site.tool(NOW, "").home().join("password");
    fs::create_dir_all(password.parent().unwrap()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let password = home.path().join("password");
    fs::write(&password, "bond-8-se'ret\n").unwrap();
    fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let url = log.url_as("reader");
    let tool = |now: i64| {
        let settings = format!(
            "[mysql]\nretry_for = \"0s\"\n[moodle]\nurl = \"{url}\"\npassword_file = \"{}\"\n",
            password.display()
        );
        site.tool(now, &settings)
    };
    tool(NOW).run().silent();
    assert_eq!(site.sessions(), session());
    // A late row, and a rebuild.
    log_table::insert(&mut log.conn(), LOG, &[Row::view(3, 7, BASE + 50, 2)]);
    let should = [format!("7 {BASE} {} 100 3 0 0 [2] {{0:50 2:50}} logout", BASE + 100)];
    tool(NOW).run().silent();
    assert_eq!(site.sessions(), should);
    tool(NOW).args(["rebuild", "--source", "moodle"]).run().silent();
    assert_eq!(site.sessions(), should);
    // Away: the rest of the run is done.
    server.kill();
    let slots = "SELECT MAX(slot_end) + 1 - 1773043200 FROM usr_session_stats";
    let away = tool(BASE + 18_000).run().expect(69);
    assert_eq!(site.database.value(slots), "18000", "slots are written");
    assert!(away.stderr.starts_with("session-aggregate: source moodle: "), "{away:?}");
    assert!(away.stderr.contains(&server.socket().display().to_string()), "{away:?}");
    assert!(!away.stderr.contains("bond"), "{away:?}");
    assert_eq!(away.stderr.lines().count(), 1, "{away:?}");
    assert_eq!(site.sessions(), should);
    let away = tool(NOW).args(["rebuild", "--source", "moodle"]).run().expect(69);
    assert!(!away.stderr.contains("bond"), "{away:?}");
    assert_eq!(site.sessions(), should, "what was known is not forgotten before the log can be read");
    // Back again.
    server.restart();
    log_table::insert(&mut log.conn(), LOG, &[Row::login(4, 8, BASE + 10_000)]);
    tool(BASE + 18_000).run().silent();
    assert_eq!(site.sessions().len(), 2);
}

#[test]
fn sessions_of_a_log_that_was_away_for_longer_than_the_retention_are_counted_when_it_is_back() {
    const LATER: i64 = BASE + 3 * 86_400;
    let mut server = MariaDb::start();
    let log = log_on(&server);
    let site = Site::without_log(MariaDb::shared());
    let url = log.url_as(&log.moodle_account(LOG));
    let tool = |now: i64| {
        let settings = format!("[mysql]\nretry_for = \"0s\"\n[moodle]\nurl = \"{url}\"\n");
        let tool = site.tool(now, "");
        tool.config(&format!(
            "{settings}[general]\ntimezone = \"UTC\"\n[aggregate]\nsources = [\"moodle\"]\nretention = \"1d\"\n"
        ))
    };
    let log_rows = |rows: &[Row]| log_table::insert(&mut log.conn(), LOG, rows);
    log_rows(&[Row::login(3, 9, BASE + 12_000), Row::logout(4, 9, BASE + 12_300)]);
    tool(BASE + 14_000).run().silent();
    // Before what will be old enough to be deleted.
    log_rows(&[Row::login(5, 8, BASE + 10_000), Row::logout(6, 8, BASE + 10_300)]);
    server.kill();
    tool(LATER).run().expect(69);
    server.restart();
    tool(LATER + 3_600).run().silent();
    assert_eq!(site.database.value("SELECT SUM(opened) FROM usr_session_stats"), "3");
    // Now they may go.
    let left = "SELECT COUNT(*) FROM usr_session_stats_raw";
    assert_eq!(site.database.value(left), "0");
}

#[test]
fn a_log_that_breaks_off_is_read_on_where_it_broke_off() {
    let server = MariaDb::shared();
    let log = log_on(server);
    let mut site = Site::without_log(server);
    site.config.mysql.retry_for = std::time::Duration::from_secs(10);
    for lost in 0.. {
        site.clear_but_log();
        let proxy = Proxy::shared([Trouble::once(Point::Statement(lost), Harm::Lose)]);
        site.config.moodle.url =
            Some(sessionstat::config::Secret::new(proxy.url(&log, &log.moodle_account(LOG))));
        site.read(1, NOW);
        assert_eq!(site.sessions(), session(), "lost at {lost}");
        if proxy.statements() <= lost {
            assert!(lost > 8, "only {lost} statements");
            break;
        }
    }
}

#[test]
fn rows_that_are_written_while_a_run_reads_are_read_by_it_or_by_the_next() {
    let site = Site::new();
    std::thread::scope(|scope| {
        // Five writers, of whom each commits its rows in the order of its own choice.
        for writer in 0..5_i64 {
            let mut conn = site.conn();
            scope.spawn(move || {
                for number in 0..60 {
                    conn.query_drop("START TRANSACTION").unwrap();
                    for user in 0..4 {
                        let at = BASE + number * 170 + writer * 7 + user;
                        let insert = format!(
                            "INSERT INTO {LOG} (component, action, target, edulevel, contextid, contextlevel, \
                             contextinstanceid, userid, courseid, timecreated, origin) VALUES \
                             ('core', '{}', 'user', 2, 1, 10, 0, {}, {}, {at}, 'web')",
                            if number % 9 == 8 { "loggedout" } else { "viewed" },
                            1 + (user + writer) % 4,
                            if number % 9 == 8 { 0 } else { 1 + number % 3 },
                        );
                        conn.query_drop(insert).unwrap();
                    }
                    let end = if (number + writer) % 13 == 5 { "ROLLBACK" } else { "COMMIT" };
                    conn.query_drop(end).unwrap();
                }
            });
        }
        for run in 0..12 {
            site.read(50, BASE + run * 1_000);
            site.assert_sound("while others write");
        }
    });
    site.run(BASE + 20_000);
    let is = site.sessions();
    site.assert_sound("the end");
    site.rebuild(BASE + 20_000);
    assert_eq!(is, site.sessions());
    assert!(is.len() > 8, "{is:?}");
}

#[test]
fn sessions_are_recorded_beside_those_of_an_ilias() {
    let database = MariaDb::shared().database();
    database.run(include_str!("../golden/ilias/schema.sql"));
    database.run(&format!(
        "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
         VALUES ('of ILIAS', 3, {BASE}, NULL, NULL, 9)"
    ));
    log_table::create(&database, LOG);
    let site = Site::with(database);
    site.log(&[Row::login(1, 7, BASE), Row::logout(2, 7, BASE + 1_000), Row::view(3, 8, BASE + 800, 2)]);
    for now in [900, 5_000] {
        site.run(BASE + now);
        site.assert_sound(&format!("at {now}"));
    }
    // A late row makes one session of two, and another of none.
    site.log(&[Row::view(4, 8, BASE + 3_000, 2)]);
    site.run(BASE + 6_000);
    site.log(&[Row::view(5, 8, BASE + 1_900, 2), Row::view(6, 8, BASE - 5_000, 2)]);
    site.run(BASE + 6_100);
    site.assert_sound("late rows");
    assert_eq!(site.sessions().len(), 3);
    let of_ilias = "SELECT CONCAT_WS(' ', start_time, end_time, user_id) FROM usr_session_stats_raw \
        WHERE session_id NOT LIKE 'moodle:%'";
    assert_eq!(site.lines(of_ilias), [format!("{BASE} 9")]);
    site.rebuild(BASE + 6_200);
    assert_eq!(site.sessions().len(), 3);
    site.assert_sound("rebuilt");
}
