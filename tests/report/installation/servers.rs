//! Servers, tables, rights and clocks.

use chrono::{DateTime, TimeDelta, Utc};
use sessionstat::report::check::rule::State;

use super::{Installation, RUNS, database, with};
use crate::{
    space::report,
    support::{MariaDb, Redis},
};

#[test]
fn a_healthy_installation_is_well() {
    let database = database();
    let found = with(&database).assert_well();
    let subjects: Vec<&str> = found.iter().map(|finding| finding.subject).collect();
    assert_eq!(
        subjects,
        [
            "configuration",
            "mysql",
            "schema",
            "rights",
            "triggers",
            "redis",
            "clock",
            "samba",
            "schedule",
            "lock_dir",
            "spool_dir",
            "last runs"
        ]
    );
    let told = |subject| found.iter().find(|finding| finding.subject == subject).unwrap().found.clone();
    assert!(told("mysql").contains(&database.value("SELECT VERSION()")), "{found:#?}");
    assert!(told("mysql").contains(" as root@localhost at "), "{found:#?}");
    assert_eq!(told("triggers"), "those of epn_booking run with the rights of root@localhost");
    assert!(told("redis").contains(" as default, maxmemory-policy noeviction"), "{found:#?}");
    assert_eq!(told("clock"), "this host agrees with MySQL and Redis within 2 s");
    assert!(told("last runs").contains("samba-snapshot on nas 5 min ago"), "{found:#?}");
}

#[test]
fn tables_that_are_old_new_missing_or_foreign_are_told() {
    let database = database();
    let installation = with(&database);
    let version: u32 = database.value("SELECT MAX(version) FROM sessionstat_schema").parse().unwrap();
    database.run(&format!("DELETE FROM sessionstat_schema WHERE version = {version}"));
    let older = format!("have version {}, this program needs {version}", version - 1);
    installation.assert_one(State::Critical, "schema", &older, "run epn-ingest --init-db");
    database.run("INSERT INTO sessionstat_schema VALUES (99, 'x', NOW())");
    installation.assert_one(State::Critical, "schema", "have version 99", "install the newer sessionstat");
    database.run(&format!("UPDATE sessionstat_schema SET version = {version} WHERE version = 99"));
    installation.assert_well();

    database.run("DROP TRIGGER epn_booking_changed");
    installation.assert_one(
        State::Critical,
        "triggers",
        "epn_booking lacks epn_booking_changed",
        "load etc/schema/010-epn-history.sql",
    );
    database.run(include_str!("../../../etc/schema/010-epn-history.sql"));
    database.run("RENAME TABLE epn_room TO epn_room_away");
    installation.assert_one(State::Critical, "rights", "missing, although", "load etc/schema/*.sql");
    database.run("CREATE VIEW epn_room AS SELECT 1 AS one");
    database.run("ALTER TABLE users_log RENAME COLUMN server TO servers");
    installation.assert_one(State::Critical, "rights", "other columns: users_log", "rename the tables");

    let bare = MariaDb::shared().database();
    with(&bare).assert_one(State::Critical, "schema", "no tables", "run epn-ingest --init-db");
}

#[test]
fn the_account_of_the_command_is_enough_and_a_right_that_it_lacks_is_told() {
    // Accounts are the whole server's.
    let server = MariaDb::start();
    let database = server.database();
    report(&database).arg("--init-db").run().silent();
    database.run(RUNS);
    let redis = Redis::shared().url_of("stats-report");
    let installation = Installation::new(&database.url_of("stats-report"), &redis);
    let found = installation.assert_well();
    let triggers = found.iter().find(|finding| finding.subject == "triggers").unwrap();
    assert!(triggers.found.contains("cannot be seen by this account"), "{triggers:#?}");

    database.run(&format!(
        "REVOKE SELECT (town) ON {}.epn_user FROM 'stats_report'@'localhost'",
        database.name()
    ));
    installation.assert_one(State::Critical, "rights", "of epn_user", "load etc/grants.sql");
    database.run("ALTER USER 'stats_report'@'localhost' ACCOUNT LOCK");
    let found = installation.findings();
    let mysql = found.iter().find(|finding| finding.subject == "mysql").unwrap();
    assert!(mysql.state == State::Critical && mysql.cure.contains("[mysql] url"), "{mysql:#?}");
    // What needs no database is told all the same.
    assert!(found.iter().any(|finding| finding.subject == "redis" && finding.state == State::Ok));
}

#[test]
fn a_redis_that_is_away_forgets_or_refuses_is_told() {
    let database = database();
    let nowhere = Installation::new(&database.url(), "redis+unix:///nowhere/redis.sock");
    nowhere.assert_one(
        State::Critical,
        "redis",
        "cannot reach Redis at redis+unix:///nowhere",
        "check that it runs",
    );

    let redis = Redis::start();
    let installation = Installation::new(&database.url(), &redis.url());
    let set = |name, value| redis.ask::<()>(&["CONFIG", "SET", name, value]);
    set("maxmemory-policy", "allkeys-lru");
    installation.assert_well();
    set("maxmemory", "100mb");
    installation.assert_one(State::Warning, "redis", "(allkeys-lru)", "set maxmemory-policy noeviction");
    set("maxmemory", "0");

    let account = |rights: &[&str]| {
        let setuser = ["ACL", "SETUSER", "php", "reset", "on", ">secret", "~sessionstat:*"];
        redis.ask::<()>(&[&setuser, rights].concat());
    };
    let url = format!("redis+unix://{}?user=php&pass=secret", redis.socket().display());
    let limited = Installation::new(&database.url(), &url);
    account(&["+select", "+zrevrange", "+hlen", "+hgetall", "+hscan"]);
    let found = limited.assert_well();
    let told = &found.iter().find(|finding| finding.subject == "redis").unwrap().found;
    assert!(told.contains("INFO and CONFIG are forbidden to this account"), "{told}");
    account(&["+select", "+zrevrange", "+hlen", "+hgetall", "+info"]);
    limited.assert_one(State::Critical, "redis", "may not read the counters", "+hscan");
    redis.ask::<()>(&["ACL", "SETUSER", "php", ">other", "<secret"]);
    limited.assert_one(State::Critical, "redis", "Redis at", "check the account");

    let single = Redis::with(&["--databases", "1"]);
    let installation = Installation::new(&database.url(), &single.url());
    installation.assert_one(
        State::Critical,
        "redis",
        "the database of the statistics, 1,",
        "set databases to 2",
    );
}

#[test]
fn clocks_that_differ_are_told() {
    let database = database();
    let mut installation = with(&database);
    installation.host.wall_clock = || Utc::now() + TimeDelta::seconds(90);
    let ahead: Vec<_> =
        installation.findings().into_iter().filter(|finding| finding.subject == "clock").collect();
    assert_eq!(ahead.len(), 2, "{ahead:#?}");
    for (finding, server) in ahead.iter().zip(["MySQL", "Redis"]) {
        let is_told = finding.found.starts_with("this host is 1 min ")
            && finding.found.ends_with(&format!(" s ahead of {server}"));
        assert!(finding.state == State::Critical && is_told, "{finding:#?}");
        assert!(finding.cure.contains("timedatectl"));
    }
    installation.host.wall_clock = || Utc::now() - TimeDelta::seconds(20);
    assert!(installation.findings().iter().any(|finding| finding.found.contains("s behind MySQL")));

    // A Samba server whose last run is not over yet, if it were right.
    installation.host.wall_clock = Utc::now;
    let later: DateTime<Utc> = Utc::now() + TimeDelta::seconds(300);
    database.run(&format!(
        "UPDATE sessionstat_run SET started_at = '{}' WHERE command = 'samba-snapshot'",
        later.format("%F %T")
    ));
    installation.assert_one(State::Critical, "clock", "samba-snapshot on nas ended", "timedatectl");
}
