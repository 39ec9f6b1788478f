//! What is recorded of logins: the rows that session-aggregate counts, and those that tell it which sessions live.

use std::{path::Path, process::Command};

use crate::{
    record::{Record, id, live, records},
    site::{PASSWORD, Site, pdo},
    support::Php,
    visitor::Visitor,
};

/// A login that nobody uses ends after so many seconds.
const IDLE: u64 = 1200;
/// So much later, at most, session-aggregate ends its record, if no page does.
const STEP: u64 = 60;

/// That the last record is that of a login of user 1 that lives; returns when it began.
#[track_caller]
fn assert_logged_in(site: &Site, visitor: &Visitor) -> u64 {
    let last = records(site).pop().expect("a record");
    let id = id(site, visitor);
    assert_eq!(
        last,
        Record { id: id.clone(), kind: 3, start: last.start, end: None, context: None, user: 1 }
    );
    assert!(live(site).contains(&(id, last.start + IDLE + STEP)), "{:?}", live(site));
    last.start
}

#[test]
fn a_login_ends_the_strangers_session_and_begins_the_users() {
    let site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let mut zoe = site.visitor();
    zoe.get("login.php");
    let came = site.rewind(&zoe, "since", 100);
    let (stranger, cookie) = (id(&site, &zoe), zoe.session().to_owned());
    zoe.log_in("zoe@exemple.fr", "un autre mot").expect(422);
    assert_eq!(records(&site), []);
    zoe.log_in("zoe@exemple.fr", PASSWORD).expect(303);
    let now = assert_logged_in(&site, &zoe);
    let first = Record { id: stranger, kind: 4, start: came, end: Some(now), context: Some(6), user: 1 };
    assert_eq!(records(&site)[..1], [first]);
    assert_eq!((records(&site).len(), live(&site).len()), (2, 1));
    // Whoever reads the tables cannot take anybody's session over.
    let all = site.database.dump(&["usr_session_stats_raw", "session_expiry"]);
    assert!(!all.contains(&cookie) && !all.contains(zoe.session()), "{all}");
    site.assert_silent();
}

#[test]
fn a_logout_ends_it_and_a_stranger_begins_anew() {
    let site = Site::start();
    let mut zoe = site.zoe();
    let user = id(&site, &zoe);
    let mut other = site.zoe_again();
    zoe.log_out();
    let ended = records(&site).into_iter().find(|record| record.id == user).unwrap();
    assert_eq!((ended.kind, ended.context), (3, Some(1)));
    let end = ended.end.expect("an end");
    assert!(end >= ended.start);
    // The same user's other session goes on.
    assert_eq!(live(&site).len(), 1);
    other.get("services.php").expect(200);
    assert_logged_in(&site, &other);
    // Leaving again is nothing.
    let before = records(&site);
    zoe.log_out();
    assert_eq!(records(&site), before);
    zoe.log_in("zoe@exemple.fr", PASSWORD).expect(303);
    let now = assert_logged_in(&site, &zoe);
    let records = records(&site);
    assert_eq!((records.len(), records[4].kind, records[4].end), (6, 4, Some(now)), "{records:?}");
    assert!(records[4].start >= end, "{records:?}");
    site.assert_silent();
}

#[test]
fn each_refusal_by_the_limit_is_a_record_and_none_erases_another() {
    let site = Site::start();
    let user = site.user("Zoé", "Martin", "zoe@exemple.fr");
    site.use_up(user);
    let mut zoe = site.visitor();
    zoe.get("login.php");
    let came = site.rewind(&zoe, "since", 100);
    let token = zoe.token.clone();
    let cookie = zoe.cookie.clone();
    // All in one second or not: three are three.
    for _ in 0..3 {
        zoe.log_in("zoe@exemple.fr", PASSWORD).expect(429);
    }
    // Pages that are open elsewhere stay good.
    assert_eq!((&zoe.token, &zoe.cookie), (&token, &cookie));
    site.reset(user);
    let first = id(&site, &zoe);
    zoe.log_in("zoe@exemple.fr", PASSWORD).expect(303);
    let now = assert_logged_in(&site, &zoe);
    let records = records(&site);
    assert_eq!((&records[0].id, records[0].start), (&first, came));
    let endings = records.iter().map(|record| (record.kind, record.context, record.user)).collect::<Vec<_>>();
    let refused = (4, Some(5), user);
    assert_eq!(endings, [refused, refused, refused, (4, Some(6), user), (3, None, user)]);
    for pair in records.windows(2) {
        assert_eq!(pair[0].end, Some(pair[1].start), "one begins when the other ends: {records:?}");
        assert_ne!(pair[0].id, pair[1].id);
    }
    assert_eq!(records[3].end, Some(now));
    assert_eq!(live(&site).len(), 1, "who is kept out is not live");
    site.assert_silent();
}

#[test]
fn nothing_is_recorded_of_those_who_only_look_or_whose_name_is_not_proved() {
    let mut site = Site::start();
    site.set(|settings| settings.more = "'password_rule' => 'password',".to_owned());
    let user = site.user("Zoé", "Martin", "zoe@exemple.fr");
    site.use_up(user);
    for _ in 0..3 {
        site.visitor().log_in("zoe@exemple.fr", "un autre mot").expect(422);
    }
    // By the visitor's address, with a password that nobody looked at.
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(429);
    site.reset(user);
    assert_eq!((records(&site), live(&site)), (vec![], vec![]));
    // These do not even need the database.
    site.set(|settings| settings.more = "'database' => ['socket' => '/nonexistent/socket'],".to_owned());
    for cookie in [None, Some("x"), Some("../../etc/passwd"), Some("' OR 1=1 -- "), Some("%00")] {
        let mut robot = site.visitor();
        robot.cookie = cookie.map(|cookie| format!("etuservices={cookie}"));
        for (page, status) in
            [("accueil.php", 200), ("login.php", 200), ("services.php", 303), ("statistiques.php", 303)]
        {
            robot.get(page).expect(status);
        }
        robot.post_exactly("login.php", &[("email", b"zoe@exemple.fr")]).expect(403);
        robot.log_out();
    }
    site.assert_silent();
    site.set(|settings| settings.more.clear());
    site.redis.kill();
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(503);
    assert_eq!((records(&site), live(&site)), (vec![], vec![]));
}

#[test]
fn an_idle_session_ended_when_its_time_was_over() {
    let mut site = Site::start();
    let mut zoe = site.zoe();
    site.set(|settings| settings.more = "'idle_minutes' => 5,".to_owned());
    let start = records(&site)[1].start - 1000;
    site.rewind(&zoe, "since", 1000);
    site.database.run("UPDATE usr_session_stats_raw SET start_time = start_time - 1000");
    let seen = site.rewind(&zoe, "seen", 700);
    let user = id(&site, &zoe);
    // A page that strangers may see, too.
    zoe.get("accueil.php").expect(200).says("Se connecter");
    let ended = Record { id: user, kind: 3, start, end: Some(seen + 300), context: Some(2), user: 1 };
    assert_eq!(records(&site)[1..], *std::slice::from_ref(&ended));
    assert_eq!(live(&site), []);
    zoe.get("services.php").expect(303);
    zoe.log_out();
    assert_eq!(records(&site)[1..], [ended]);
    site.assert_silent();
}

#[test]
fn a_used_session_is_told_to_live_at_most_once_a_minute() {
    let site = Site::start();
    let mut zoe = site.zoe();
    let user = id(&site, &zoe);
    // Whatever is asked for: by each of them the visitor was there.
    let requests: [fn(&mut Visitor) -> u16; 6] = [
        |zoe| zoe.get("accueil.php").status,
        |zoe| zoe.get("services.php").status,
        |zoe| zoe.get("login.php").status,
        |zoe| zoe.call("vente", "", "1").status,
        |zoe| zoe.post_exactly("services.php", &[]).status,
        |zoe| zoe.send("PUT", "services.php", Vec::new(), &[]).status,
    ];
    let mut statuses = Vec::new();
    for request in requests {
        site.database.run("UPDATE session_expiry SET expires = 7");
        site.rewind(&zoe, "expiry_noted", 20);
        request(&mut zoe);
        assert_eq!(live(&site), [(user.clone(), 7)], "less than a minute");
        site.rewind(&zoe, "expiry_noted", 60);
        statuses.push(request(&mut zoe));
        let seen = site.rewind(&zoe, "seen", 0);
        assert_eq!(live(&site), [(user.clone(), seen + IDLE + STEP)]);
    }
    assert_eq!(statuses, [200, 200, 303, 422, 403, 405]);
    assert_logged_in_once(&site);
    site.assert_silent();
}

/// That there is one login, which goes on.
#[track_caller]
fn assert_logged_in_once(site: &Site) {
    let records = records(site);
    assert_eq!(records.len(), 2, "{records:?}");
    assert_eq!((records[1].kind, records[1].end), (3, None), "{records:?}");
}

#[test]
fn an_account_that_is_gone_ends_its_session_for_no_reason_of_the_user() {
    let site = Site::start();
    let mut zoe = site.zoe();
    site.database.run("DELETE FROM utilisateurs");
    zoe.get("accueil.php").expect(200);
    assert_logged_in_once(&site);
    zoe.get("services.php").expect(303);
    let ended = &records(&site)[1];
    assert!(ended.end >= Some(ended.start), "{ended:?}");
    assert_eq!((ended.context, live(&site)), (None, vec![]));
    site.assert_silent();
}

#[test]
fn who_is_logged_in_and_logs_in_as_another_ends_the_first_session() {
    let site = Site::start();
    let mut zoe = site.zoe();
    let ali = site.user("Ali", "Bey", "ali@exemple.fr");
    site.use_up(ali);
    // A refusal leaves her where she is.
    zoe.log_in("ali@exemple.fr", PASSWORD).expect(429);
    assert_logged_in_once(&site);
    zoe.get("services.php").expect(200);
    site.reset(ali);
    zoe.log_in("ali@exemple.fr", PASSWORD).expect(303);
    let records = records(&site);
    assert_eq!(records.len(), 3, "{records:?}");
    assert_eq!((records[1].end, records[1].context), (Some(records[2].start), Some(6)), "{records:?}");
    let last =
        Record { id: id(&site, &zoe), kind: 3, end: None, context: None, user: ali, ..records[2].clone() };
    assert_eq!(records[2], last);
    assert_eq!(live(&site).len(), 1);
    site.assert_silent();
}

#[test]
fn a_record_that_session_aggregate_ended_meanwhile_stays_as_it_is() {
    let site = Site::start();
    let mut zoe = site.zoe();
    site.database.run(
        "UPDATE usr_session_stats_raw SET end_time = start_time + 7, end_context = 2 WHERE type = 3; \
         DELETE FROM session_expiry",
    );
    let before = records(&site);
    site.rewind(&zoe, "expiry_noted", 60);
    zoe.get("services.php").expect(200);
    assert_eq!(live(&site), [], "it is not live again without an open record");
    zoe.log_out();
    zoe.get("services.php").expect(303);
    assert_eq!(records(&site), before);
    site.assert_silent();
}

#[test]
fn a_clock_that_was_set_back_ends_no_session_before_it_begins() {
    let site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let mut zoe = site.visitor();
    zoe.get("login.php");
    // It was set back by an hour after the visitor had come ...
    for moment in ["since", "seen"] {
        site.advance(&zoe, moment, 3600);
    }
    zoe.log_in("zoe@exemple.fr", PASSWORD).expect(303);
    // ... and by another one after the login.
    site.advance(&zoe, "since", 3600);
    site.database.run("UPDATE usr_session_stats_raw SET start_time = start_time + 3600 WHERE type = 3");
    zoe.log_out();
    let records = records(&site);
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| record.end == Some(record.start)), "{records:?}");
    site.assert_silent();
}

/// Runs PHP with `$record`, a SessionRecord on the site's database.
#[track_caller]
fn php(site: &Site, code: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/lib/session_record.php");
    let code = format!(
        "use EtuServices\\{{EndContext, SessionRecord, SessionType}};
         require '{}';
         $database = {};
         $record = new SessionRecord($database); {code}",
        file.display(),
        pdo(&site.database, "[PDO::ATTR_EMULATE_PREPARES => false]"),
    );
    let run = Command::new(Php::program()).args(["-d", "display_errors=1", "-r", &code]).output().unwrap();
    assert!(run.status.success() && run.stdout.is_empty(), "{}", String::from_utf8_lossy(&run.stdout));
}

#[test]
fn an_id_that_is_used_again_is_another_session_and_ends_the_first() {
    let site = Site::start();
    let rows = |script: &str| {
        php(&site, script);
        let rows = records(&site).into_iter();
        rows.map(|row| (row.start, row.end, row.context, row.user)).collect::<Vec<_>>()
    };
    assert_eq!(rows("$record->open('a', SessionType::User, 0, 100);"), [], "user 0 is nobody");
    rows("$record->open('a', SessionType::User, 7, 100); $record->open('b', SessionType::User, 8, 100);");
    let found = rows("$record->open('a', SessionType::User, 7, 400);");
    let first = (100, Some(400), Some(6), 7);
    assert_eq!(found, [first, (100, None, None, 8), (400, None, None, 7)]);
    let found =
        rows("$record->close('a', EndContext::User, 500); $record->close('a', EndContext::Expire, 600);");
    assert_eq!(found[2], (400, Some(500), Some(1), 7), "what has ended has ended");
    // Ids differ in case, too; and the same beginning is the same session.
    assert_eq!(rows("$record->close('B', EndContext::User, 500);")[1].1, None);
    let found = rows("$record->open('a', SessionType::User, 7, 400);");
    assert_eq!(found, [first, (100, None, None, 8), (400, None, None, 7)]);
    let found =
        rows("$record->close('b', EndContext::None, 600); $record->close('nobody', EndContext::User, 600);");
    assert_eq!(found[1], (100, Some(600), None, 8), "ILIAS has NULL for no reason");
    // 19 January 2038 passes, and 7 February 2106.
    let found =
        rows("$record->open('c', SessionType::Anonymous, 9, 5000000000); $record->live('c', 5000000001);");
    assert_eq!(
        (found[3], live(&site)),
        ((5_000_000_000, None, None, 9), vec![("c".to_owned(), 5_000_000_001)])
    );
}
