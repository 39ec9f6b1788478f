//! The session: its cookie, its id, its end.

use crate::site::{PASSWORD, Site};

/// Everything after the id of the last cookie that an answer sets.
fn attributes(page: &crate::visitor::Page) -> String {
    let cookie = page.headers.get_all("Set-Cookie").iter().next_back().expect("a cookie");
    cookie.to_str().unwrap().split_once(';').unwrap().1.to_lowercase()
}

#[test]
fn the_id_changes_at_login_and_at_logout_and_old_ones_are_worth_nothing() {
    let site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let mut visitor = site.visitor();
    visitor.get("login.php");
    let stranger = visitor.cookie.clone();
    visitor.log_in("zoe@exemple.fr", PASSWORD).expect(303);
    let user = visitor.cookie.clone();
    assert_ne!(stranger, user);
    visitor.get("services.php").expect(200);
    // Whoever planted the first id is still a stranger.
    let mut attacker = site.visitor();
    attacker.cookie = stranger;
    attacker.get("services.php").expect(303);
    visitor.log_out();
    assert_ne!(visitor.cookie, user);
    visitor.get("accueil.php").expect(200).says("Vous avez quitté votre session. À bientôt.");
    visitor.get("services.php").expect(303);
    // The cookie of before, from a copy.
    visitor.cookie = user;
    visitor.get("services.php").expect(303);
    site.assert_silent();
}

#[test]
fn an_id_that_the_site_did_not_give_is_not_taken() {
    let site = Site::start();
    for invented in ["0123456789abcdefghijklmnop", "../../etc/passwd", "%00", "a b", "", &"a".repeat(5000)] {
        let mut visitor = site.visitor();
        visitor.cookie = Some(format!("etuservices={invented}"));
        visitor.get("login.php").expect(200);
        let given = visitor.cookie.unwrap();
        assert!(!given.contains(invented) || invented.is_empty(), "{given}");
    }
    let mut visitor = site.visitor();
    visitor.cookie = Some("etuservices[]=x; etuservices[a]=y".to_owned());
    visitor.get("login.php").expect(200);
    site.assert_silent();
}

#[test]
fn scripts_and_other_sites_do_not_get_the_cookie() {
    let mut site = Site::start();
    let cookie = attributes(&site.visitor().get("login.php"));
    assert!(cookie.contains("httponly") && cookie.contains("samesite=lax"), "{cookie}");
    assert!(!cookie.contains("secure") && !cookie.contains("expires"), "{cookie}");
    site.set(|settings| settings.more = "'secure_cookie' => true,".to_owned());
    let cookie = attributes(&site.visitor().get("login.php"));
    assert!(cookie.contains("; secure"), "{cookie}");
}

#[test]
fn an_idle_session_ends() {
    let mut site = Site::start();
    let mut zoe = site.zoe();
    zoe.get("services.php").expect(200);
    site.set(|settings| settings.more = "'idle_minutes' => 5,".to_owned());
    site.rewind(&zoe, "seen", 240);
    zoe.get("services.php").expect(200);
    site.rewind(&zoe, "seen", 301);
    zoe.get("services.php").expect(303);
}

#[test]
fn a_deleted_user_is_out_at_once() {
    let site = Site::start();
    let mut zoe = site.zoe();
    zoe.get("services.php").expect(200);
    site.database.run("DELETE FROM utilisateurs");
    zoe.call("vente", "chaise", "1").expect(303);
    zoe.get("accueil.php").expect(200).says("Se connecter");
    site.assert_silent();
}
