//! The tables of session records are away, locked, forbidden or silent: everybody logs in and out all the same.

use std::{
    os::unix::net::UnixListener,
    time::{Duration, Instant},
};

use mysql::prelude::Queryable;

use crate::{site::Site, visitor::Visitor};

const ACCOUNT: &str = "'sessionstat_web'@'localhost'";

/// Lets the site look for its database at another socket.
fn move_database(site: &mut Site, socket: &str) {
    site.set(|settings| settings.more = format!("'database' => ['socket' => '{socket}'],"));
}

/// That the site's log has so many lines, all of them about session records.
#[track_caller]
fn assert_told(site: &Site, times: usize) {
    let errors = site.php.errors();
    let told =
        errors.lines().filter(|line| line.contains("EtuServices: a session record cannot be written: "));
    assert_eq!((told.count(), errors.lines().count()), (times, times), "{errors}");
}

/// That a copy of the visitor's cookie is worth nothing.
#[track_caller]
fn assert_out(site: &mut Site, copy: Option<String>) {
    site.set(|settings| settings.more.clear());
    let mut thief = site.visitor();
    thief.cookie = copy;
    thief.get("services.php").expect(303);
}

#[test]
fn who_wants_to_leave_leaves_while_mysql_is_away() {
    let mut site = Site::start();
    let mut zoe = site.zoe();
    let copy = zoe.cookie.clone();
    zoe.get("accueil.php").expect(200);
    move_database(&mut site, "/nonexistent/socket");
    zoe.post("deconnexion.php", &[]).expect(303);
    zoe.get("accueil.php").expect(200).says("Vous avez quitté votre session. À bientôt.");
    assert_told(&site, 1);
    assert_out(&mut site, copy);
    // session-aggregate ends that one, because nobody says any more that it lives.
    assert_eq!(site.database.value("SELECT COUNT(*) FROM usr_session_stats_raw WHERE end_time IS NULL"), "1");
    assert_eq!(site.database.value("SELECT COUNT(*) FROM session_expiry"), "1");
}

#[test]
fn pages_that_only_record_are_shown_while_mysql_is_away() {
    let mut site = Site::start();
    let mut other = site.zoe();
    site.database.run("DELETE FROM session_expiry");
    let mut zoe = site.zoe_again();
    site.database.run("UPDATE session_expiry SET expires = 7");
    move_database(&mut site, "/nonexistent/socket");
    site.rewind(&zoe, "expiry_noted", 60);
    zoe.get("accueil.php").expect(200).says("Services");
    assert_told(&site, 1);
    // The next page makes up for it.
    site.set(|settings| settings.more.clear());
    zoe.get("accueil.php").expect(200);
    assert_ne!(site.database.value("SELECT expires FROM session_expiry"), "7");
    move_database(&mut site, "/nonexistent/socket");
    site.rewind(&zoe, "seen", 7200);
    zoe.get("accueil.php").expect(200).says("Se connecter");
    assert_told(&site, 2);
    // Where a page itself is interrupted, one line says so.
    site.rewind(&other, "expiry_noted", 60);
    other.get("services.php").expect(503);
    let errors = site.php.errors();
    assert_eq!(errors.lines().count(), 3, "{errors}");
}

#[test]
fn a_database_that_accepts_and_stays_silent_keeps_nobody_from_leaving() {
    let mut site = Site::start();
    let mut zoe = site.zoe();
    let copy = zoe.cookie.clone();
    zoe.get("accueil.php").expect(200);
    let socket = site.folder().join("silent");
    // Connections queue up here and nobody answers.
    let _silent = UnixListener::bind(&socket).unwrap();
    move_database(&mut site, socket.to_str().unwrap());
    let began = Instant::now();
    zoe.post("deconnexion.php", &[]).expect(303);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_told(&site, 1);
    assert_out(&mut site, copy);
}

#[test]
fn records_that_somebody_keeps_locked_hold_nobody_up_for_long() {
    let site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let mut keeper = site.database.conn();
    keeper.query_drop("BEGIN; SELECT * FROM usr_session_stats_raw FOR UPDATE").unwrap();
    let began = Instant::now();
    let mut zoe = site.zoe_again();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_told(&site, 1);
    zoe.get("services.php").expect(200);
    keeper.query_drop("ROLLBACK").unwrap();
    assert_eq!(site.database.value("SELECT COUNT(*) FROM usr_session_stats_raw"), "0", "all or nothing");
    assert_eq!(site.database.value("SELECT COUNT(*) FROM session_expiry"), "0");
}

#[test]
fn a_deadlock_is_tried_again() {
    let site = Site::start();
    // The count is in no transaction. What MySQL itself does, it says with this state and number, too.
    site.database.run("CREATE TABLE tries (n int) ENGINE=Aria TRANSACTIONAL=0; INSERT INTO tries VALUES (0)");
    site.database
        .conn()
        .query_drop(
            "CREATE TRIGGER busy BEFORE INSERT ON session_expiry FOR EACH ROW BEGIN \
           UPDATE tries SET n = n + 1; \
           IF (SELECT n FROM tries) < 3 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF; \
         END",
        )
        .unwrap();
    let mut zoe = site.zoe();
    assert_eq!(site.database.value("SELECT n FROM tries"), "3");
    assert_eq!(site.database.value("SELECT COUNT(*) FROM usr_session_stats_raw"), "2");
    assert_eq!(site.database.value("SELECT COUNT(*) FROM session_expiry"), "1");
    zoe.get("services.php").expect(200);
    site.assert_silent();
}

/// Logs in, uses the session a minute later, leaves.
#[track_caller]
fn stay(site: &Site) {
    let mut zoe: Visitor = site.zoe_again();
    site.rewind(&zoe, "since", 0);
    // The right may be missing that the login needs: then nothing was noted.
    if site.remembers(&zoe, "expiry_noted") {
        site.rewind(&zoe, "expiry_noted", 60);
    }
    zoe.get("services.php").expect(200);
    zoe.log_out();
    zoe.get("services.php").expect(303);
}

#[test]
fn every_right_to_record_is_needed_and_without_it_the_site_works() {
    let site = Site::start();
    let user = site.user("Zoé", "Martin", "zoe@exemple.fr");
    stay(&site);
    site.assert_silent();
    let rights = site.database.query(&format!(
        "SELECT table_name, CONCAT(privilege_type, ' (', column_name, ')') FROM information_schema.column_privileges \
         WHERE table_schema = DATABASE() AND grantee = \"{ACCOUNT}\" AND table_name IN ('usr_session_stats_raw', 'session_expiry') \
         UNION ALL SELECT table_name, privilege_type FROM information_schema.table_privileges \
         WHERE table_schema = DATABASE() AND grantee = \"{ACCOUNT}\" AND table_name IN ('usr_session_stats_raw', 'session_expiry') \
           AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE')"
    ));
    assert_eq!(rights.len(), 14, "{rights:?}");
    for right in rights {
        let (table, right) = (right[0].clone().unwrap(), right[1].clone().unwrap());
        site.database.run(&format!("REVOKE {right} ON {table} FROM {ACCOUNT}"));
        let before = site.php.errors().len();
        stay(&site);
        let told = site.php.errors().split_off(before);
        assert!(told.contains("a session record cannot be written: "), "nothing needs {right} on {table}");
        site.database.run(&format!("GRANT {right} ON {table} TO {ACCOUNT}"));
        site.reset(user);
    }
}
