//! Traces of users in `event_log`, and the page that beats are sent to.

use std::time::{Duration, Instant};

use mysql::prelude::Queryable;

use crate::{
    record::{live, records},
    site::{PASSWORD, Site},
    support::Tool,
    visitor::{Page, Visitor},
};

/// The key of the configuration.
pub const TRACES: &str = "'traces' => true,";

const ACCOUNT: &str = "'sessionstat_web'@'localhost'";

/// How many traces of a kind there are.
#[track_caller]
pub fn count(site: &Site, action: &str) -> usize {
    actions(site).iter().filter(|found| *found == action).count()
}

/// What was done, in its order.
#[track_caller]
fn actions(site: &Site) -> Vec<String> {
    let rows = site.database.query("SELECT action FROM event_log ORDER BY id");
    rows.into_iter().map(|mut row| row.remove(0).unwrap()).collect()
}

fn site() -> Site {
    let mut site = Site::start();
    site.set(|settings| settings.more = TRACES.to_owned());
    site
}

/// Says that a page is still open.
#[track_caller]
fn beat(visitor: &mut Visitor) -> Page {
    visitor.post("battement.php", &[])
}

#[test]
fn a_stay_leaves_traces_in_the_shape_of_moodles() {
    let mut site = site();
    let before = site.database.value("SELECT UNIX_TIMESTAMP()");
    let mut zoe = site.zoe();
    zoe.get("services.php").expect(200);
    zoe.call("vente", "", "1").expect(422);
    site.set(|settings| settings.more = format!("{TRACES} 'traces_course' => 7,"));
    zoe.get("accueil.php").expect(200);
    assert_eq!(beat(&mut zoe).expect(204).body, "");
    zoe.log_out();
    zoe.get("accueil.php").expect(200);
    let login = r"\core\event\user_loggedin core loggedin user 0 10 0 1 0 web - -";
    let logout = r"\core\event\user_loggedout core loggedout user 0 10 0 1 0 web - -";
    let view = |course: u8| {
        format!(r"\etuservices\event\page_viewed etuservices viewed page 0 50 {course} 1 {course} web - -")
    };
    let beat = r"\block_use_stats\event\block_use_stats_keepalive block_use_stats keepalive block_use_stats 0 50 7 1 7 web - -";
    let rows = site.database.query(
        "SELECT CONCAT_WS(' ', eventname, component, action, target, contextid, contextlevel, contextinstanceid, userid, \
         courseid, origin, IFNULL(ip, '-'), IFNULL(realuserid, '-')) FROM event_log ORDER BY id",
    );
    let rows: Vec<_> = rows.into_iter().map(|mut row| row.remove(0).unwrap()).collect();
    assert_eq!(rows, [login, &view(1), &view(1), &view(7), beat, logout]);
    let in_time =
        format!("SELECT COUNT(*) FROM event_log WHERE timecreated BETWEEN {before} AND UNIX_TIMESTAMP()");
    assert_eq!(site.database.value(&in_time), "6");
    site.assert_silent();
}

#[test]
fn nothing_is_written_unless_it_is_wanted() {
    let mut site = Site::start();
    let mut zoe = site.zoe();
    assert!(!zoe.get("services.php").body.contains("battement.js"));
    beat(&mut zoe).expect(403);
    zoe.log_out();
    assert_eq!(actions(&site), [""; 0]);
    // Traces without beats.
    for none in ["0", "null"] {
        site.set(|settings| settings.more = format!("{TRACES} 'heartbeat_seconds' => {none},"));
        let mut zoe = site.zoe_again();
        assert!(!zoe.get("services.php").body.contains("battement.js"));
        beat(&mut zoe).expect(403);
    }
    assert_eq!(actions(&site), ["loggedin", "viewed", "loggedin", "viewed"]);
    site.assert_silent();
}

#[test]
fn only_users_leave_traces_and_only_by_pages_that_they_see() {
    let site = site();
    let user = site.user("Zoé", "Martin", "zoe@exemple.fr");
    let mut zoe = site.visitor();
    for page in ["accueil.php", "login.php", "services.php", "inscription.php"] {
        assert!(!zoe.get(page).body.contains("battement.js"), "{page}");
    }
    zoe.log_in("zoe@exemple.fr", "un autre mot").expect(422);
    site.use_up(user);
    zoe.log_in("zoe@exemple.fr", PASSWORD).expect(429);
    beat(&mut zoe).expect(403);
    zoe.post("deconnexion.php", &[]).expect(303);
    assert_eq!(actions(&site), [""; 0]);
    site.reset(user);
    zoe.log_in("zoe@exemple.fr", PASSWORD).expect(303);
    // Redirections and refusals.
    zoe.get("login.php").expect(303);
    zoe.post_exactly("services.php", &[]).expect(403);
    zoe.call("vol", "", "1").expect(422);
    zoe.send("PUT", "services.php", Vec::new(), &[]).expect(405);
    assert_eq!(actions(&site), ["loggedin"]);
    // A user who logs in as another one has left; who logs in again has not.
    zoe.log_in("zoe@exemple.fr", PASSWORD).expect(303);
    let ali = site.user("Ali", "Bey", "ali@exemple.fr");
    zoe.log_in("ali@exemple.fr", PASSWORD).expect(303);
    let rows = site.database.query("SELECT action, userid FROM event_log ORDER BY id");
    let rows: Vec<_> =
        rows.iter().map(|row| format!("{} {}", row[0].clone().unwrap(), row[1].clone().unwrap())).collect();
    let expected = [
        format!("loggedin {user}"),
        format!("loggedin {user}"),
        format!("loggedout {user}"),
        format!("loggedin {ali}"),
    ];
    // To find a form, a browser looks at a page.
    let rows: Vec<_> = rows.into_iter().filter(|row| !row.starts_with("viewed")).collect();
    assert_eq!(rows, expected);
    site.assert_silent();
}

#[test]
fn a_beat_needs_the_secret_of_the_page_and_a_user() {
    let site = site();
    let mut zoe = site.zoe();
    let page = zoe.get("services.php");
    let token = zoe.token.clone().unwrap();
    let script = format!(
        "<script src=\"battement.js\" defer data-url=\"battement.php\" data-seconds=\"600\" data-cap=\"3600\" \
         data-body=\"jeton={token}\"></script>"
    );
    assert!(page.body.contains(&script), "{}", page.body);
    for wrong in [&b""[..], b"00"] {
        zoe.post_exactly("battement.php", &[("jeton", wrong)]).expect(403);
    }
    zoe.post_exactly("battement.php", &[]).expect(403);
    assert_eq!(zoe.get("battement.php").expect(405).header("Allow"), "POST");
    let before = actions(&site);
    // Another site's page sends no cookie; what comes without one is nobody's.
    let mut stranger = site.visitor();
    stranger.post_exactly("battement.php", &[("jeton", token.as_bytes())]).expect(403);
    site.database.run("DELETE FROM utilisateurs");
    beat(&mut zoe).expect(403);
    assert_eq!(actions(&site), before);
    site.assert_silent();
}

#[test]
fn beats_that_come_too_often_are_not_written() {
    let site = site();
    let mut zoe = site.zoe();
    zoe.get("services.php");
    for _ in 0..20 {
        beat(&mut zoe).expect(204);
    }
    assert_eq!(count(&site, "keepalive"), 1);
    // Half a period.
    site.rewind(&zoe, "beat", 280);
    beat(&mut zoe).expect(204);
    assert_eq!(count(&site, "keepalive"), 1);
    site.rewind(&zoe, "beat", 20);
    beat(&mut zoe).expect(204);
    assert_eq!(count(&site, "keepalive"), 2);
    // The clock was set back.
    site.advance(&zoe, "beat", 3600);
    beat(&mut zoe).expect(204);
    assert_eq!(count(&site, "keepalive"), 3);
    site.assert_silent();
}

#[test]
fn a_beat_keeps_nobody_logged_in() {
    let site = site();
    let mut zoe = site.zoe();
    zoe.get("services.php");
    site.database.run("UPDATE session_expiry SET expires = 7");
    site.rewind(&zoe, "expiry_noted", 600);
    let seen = site.rewind(&zoe, "seen", 600);
    beat(&mut zoe).expect(204);
    assert_eq!(site.rewind(&zoe, "seen", 0), seen);
    assert_eq!(live(&site)[0].1, 7);
    let seen = site.rewind(&zoe, "seen", 600);
    let start = site.rewind(&zoe, "since", 1200);
    site.database.run("UPDATE usr_session_stats_raw SET start_time = start_time - 1200");
    beat(&mut zoe).expect(403);
    // It ended when its time was over, as if nobody had asked.
    let ended = records(&site).pop().unwrap();
    assert_eq!((ended.start, ended.end, ended.context), (start, Some(seen + 1200), Some(2)));
    assert_eq!(live(&site), []);
    zoe.get("services.php").expect(303);
    assert_eq!(actions(&site), ["loggedin", "viewed", "keepalive"]);
    site.assert_silent();
}

#[test]
fn session_aggregate_makes_time_online_of_it() {
    let site = site();
    site.user("Ali", "Bey", "ali@exemple.fr");
    let mut zoe = site.zoe();
    zoe.get("services.php").expect(200);
    for _ in 0..3 {
        beat(&mut zoe).expect(204);
        site.rewind(&zoe, "beat", 600);
    }
    zoe.log_out();
    let mut ali = site.visitor();
    ali.log_in("ali@exemple.fr", PASSWORD).expect(303);
    ali.get("services.php").expect(200);
    beat(&mut ali).expect(204);
    assert_eq!(actions(&site).len(), 9);
    // As if ten minutes had passed between each two.
    site.database
        .run("SET @n = -1; UPDATE event_log SET timecreated = 1800000000 + 600 * (@n := @n + 1) ORDER BY id");
    Tool::new("session-aggregate")
        .url(&site.database)
        .config("[moodle]\nlog = \"event_log\"\n[aggregate]\nsources = [\"epn\", \"moodle\"]\n")
        .args(["--now=1800010000", "run"])
        .run()
        .silent();
    let rows = site.database.query(
        "SELECT CONCAT_WS(' ', user_id, session_start, elapsed, events, heartbeats, courses, end_reason) \
         FROM moodle_session ORDER BY session_start",
    );
    let rows: Vec<_> = rows.into_iter().map(|mut row| row.remove(0).unwrap()).collect();
    // Zoé left; of Ali, half a period after the last beat is counted.
    assert_eq!(rows, ["2 1800000000 3000 3 3 1 logout", "1 1800003600 1500 2 1 1 gap"]);
}

/// That the site's log has so many lines, all of them about traces.
#[track_caller]
fn assert_told(site: &Site, times: usize) {
    let errors = site.php.errors();
    let told = errors
        .lines()
        .filter(|line| line.contains("sessionstat: a trace cannot be written into event_log: "));
    assert_eq!((told.count(), errors.lines().count()), (times, times), "{errors}");
}

#[test]
fn a_trace_that_cannot_be_written_breaks_nothing() {
    let site = site();
    site.database.run(&format!("REVOKE INSERT (userid) ON event_log FROM {ACCOUNT}"));
    let mut zoe = site.zoe();
    zoe.get("services.php").expect(200);
    beat(&mut zoe).expect(204);
    zoe.log_out();
    assert_told(&site, 4);
    assert_eq!(actions(&site), [""; 0]);
}

#[test]
fn while_mysql_is_away_pages_that_need_none_are_shown() {
    let mut site = site();
    let mut zoe = site.zoe();
    site.set(|settings| {
        settings.more = format!("{TRACES} 'database' => ['socket' => '/nonexistent/socket'],")
    });
    zoe.get("accueil.php").expect(200).says("Services");
    assert_told(&site, 1);
    beat(&mut zoe).expect(503);
    zoe.get("services.php").expect(503);
}

#[test]
fn a_log_that_somebody_keeps_locked_holds_nobody_up_for_long() {
    let site = site();
    let mut zoe = site.zoe();
    for lock in
        ["LOCK TABLES event_log WRITE", "LOCK TABLES event_log READ", "FLUSH TABLES event_log FOR EXPORT"]
    {
        let mut keeper = site.database.conn();
        keeper.query_drop(lock).unwrap();
        let began = Instant::now();
        zoe.get("services.php").expect(200);
        assert!(began.elapsed() < Duration::from_secs(9), "{lock}: {:?}", began.elapsed());
    }
    assert_told(&site, 3);
    // The page's own statements have the time limits that they had.
    zoe.get("services.php").expect(200);
    assert_told(&site, 3);
}

/// What can be taken from the site's account on `event_log`.
fn rights(site: &Site) -> Vec<String> {
    let rights = site.database.query(&format!(
        "SELECT CONCAT(privilege_type, ' (', column_name, ')') FROM information_schema.column_privileges \
         WHERE table_schema = DATABASE() AND grantee = \"{ACCOUNT}\" AND table_name = 'event_log' \
         UNION ALL SELECT privilege_type FROM information_schema.table_privileges \
         WHERE table_schema = DATABASE() AND grantee = \"{ACCOUNT}\" AND table_name = 'event_log' \
           AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE')"
    ));
    rights.into_iter().map(|mut right| right.remove(0).unwrap()).collect()
}

#[test]
fn every_right_to_leave_traces_is_needed() {
    let site = site();
    let mut zoe = site.zoe();
    let rights = rights(&site);
    assert_eq!(rights.len(), 10, "{rights:?}");
    for (index, right) in rights.iter().enumerate() {
        site.database.run(&format!("REVOKE {right} ON event_log FROM {ACCOUNT}"));
        zoe.get("accueil.php").expect(200);
        assert_told(&site, index + 1);
        site.database.run(&format!("GRANT {right} ON event_log TO {ACCOUNT}"));
    }
}

#[test]
fn values_that_make_no_sense_are_refused() {
    let mut site = site();
    for wrong in [
        "'traces' => 1,",
        "'traces' => null,",
        "'traces_course' => 0,",
        "'traces_course' => '1',",
        "'heartbeat_seconds' => -1,",
        "'heartbeat_seconds' => 86401,",
        "'heartbeat_seconds' => '600',",
        "'heartbeat_cap_seconds' => -1,",
    ] {
        site.set(|settings| settings.more = wrong.to_owned());
        site.visitor().get("accueil.php").expect(503);
        let key = wrong.split('\'').nth(1).unwrap();
        let errors = site.php.errors();
        let last = errors.lines().next_back().unwrap_or_default();
        assert!(last.contains(&format!("'{key}'")), "{wrong}: {last}");
    }
}
