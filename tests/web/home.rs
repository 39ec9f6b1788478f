//! The home page, which is compiled from a template: what it shows to whom.

use std::{
    os::unix::net::UnixListener,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    site::{EPN, PASSWORD, Site},
    support::Tool,
    visitor::{Page, Visitor},
};

const ACCOUNT: &str = "'sessionstat_web'@'localhost'";

/// A site that shows balances of the public space.
#[track_caller]
fn site() -> Site {
    let mut site = Site::start();
    site.show_space();
    site
}

/// Gives a login an account in the public space with these balances.
#[track_caller]
fn space(site: &Site, login: &str, minutes: &str, workshops: &str) {
    site.database.run(&format!(
        "INSERT INTO epn_user (login, credit_minutes, workshop_credits) VALUES ('{login}', {minutes}, {workshops})"
    ));
}

#[track_caller]
fn home(visitor: &mut Visitor) -> Page {
    visitor.get("accueil.php").expect(200)
}

/// What a page says of the visitor's own data.
fn facts(page: &Page) -> Vec<String> {
    let rows = page.body.split("<dt>").skip(1);
    let rows = rows.map(|row| row.split("</dd>").next().unwrap().replace("</dt>", "</dt>:"));
    rows.map(|row| Page { status: 200, headers: page.headers.clone(), body: row }.text().replace(" :", ":"))
        .collect()
}

#[test]
fn strangers_are_invited_without_any_database() {
    let mut site = site();
    let program = site.script("counted", "touch started");
    site.set(|settings| {
        settings.check = program;
        settings.more = format!("{EPN} 'database' => ['socket' => '/nonexistent/socket'],");
    });
    let page = home(&mut site.visitor());
    page.says("Vendre et acheter, simplement.").says("Se connecter").says("Créer un compte");
    for other in ["Bonjour", "Votre compte", "Espace numérique", "href=\"services.php\"", "statistiques.php"]
    {
        assert!(!page.body.contains(other), "{other} in: {}", page.body);
    }
    site.assert_silent();
}

#[test]
fn users_are_greeted_and_led_to_the_services() {
    let site = site();
    let mut zoe = site.zoe();
    let page = home(&mut zoe);
    page.says("Bonjour Zoé !").says("Ouvrir les services").says("Voir les statistiques");
    for other in ["Se connecter", "Créer un compte", "Vendre et acheter", "Espace numérique"] {
        assert!(!page.text().contains(other), "{other} in: {}", page.text());
    }
    // The first login is nobody's second.
    assert_eq!(facts(&page), ["Adresse: zoe@exemple.fr", "Connexions restantes: 9 sur 10"]);
    zoe.log_out();
    home(&mut zoe).says("Vendre et acheter, simplement.");
    site.assert_silent();
}

#[test]
fn balances_are_shown_as_far_as_there_are_any() {
    let site = site();
    let mut zoe = site.zoe();
    let shown = |zoe: &mut Visitor| facts(&home(zoe)).split_off(2);
    assert_eq!(shown(&mut zoe), [""; 0]);
    space(&site, "zoe@exemple.fr", "NULL", "NULL");
    assert_eq!(shown(&mut zoe), ["Temps cette semaine: 0 min"]);
    for (minutes, workshops, told) in [
        ("125", "3", ["Temps restant: 2 h 5 min", "Crédit d’ateliers: 3 ateliers"]),
        ("60", "1", ["Temps restant: 1 h", "Crédit d’ateliers: 1 atelier"]),
        ("0", "0", ["Temps restant: 0 min", "Crédit d’ateliers: 0 atelier"]),
        ("-25", "2", ["Temps restant: −25 min", "Crédit d’ateliers: 2 ateliers"]),
    ] {
        site.database
            .run(&format!("UPDATE epn_user SET credit_minutes = {minutes}, workshop_credits = {workshops}"));
        let page = home(&mut zoe);
        assert_eq!(facts(&page)[3..], told);
        let is_over = minutes.parse::<i32>().unwrap() <= 0;
        assert_eq!(page.text().contains("Votre temps est épuisé : adressez-vous à l’accueil"), is_over);
    }
    site.database.run("UPDATE epn_user SET credit_minutes = NULL, login = 'ZOE@Exemple.fr'");
    let page = home(&mut zoe);
    assert_eq!(facts(&page)[2..], ["Temps cette semaine: 0 min", "Crédit d’ateliers: 2 ateliers"]);
    assert!(!page.text().contains("épuisé"));
    // The week ends at midnight at the earliest: what is used now is used in it.
    site.database.run(
        "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status) \
         SELECT 1, id, UTC_TIMESTAMP(), UTC_TIMESTAMP() + INTERVAL 40 DAY, 'used' FROM epn_user",
    );
    assert_ne!(facts(&home(&mut zoe))[2], "Temps cette semaine: 0 min");
    site.assert_silent();
}

#[test]
fn an_e_mail_is_no_proof_unless_the_site_says_so() {
    let site = Site::start();
    let mut zoe = site.zoe();
    space(&site, "zoe@exemple.fr", "125", "3");
    // It does not even look: it has no right to.
    let page = home(&mut zoe);
    assert_eq!(facts(&page).len(), 2);
    assert!(!page.body.contains("Espace numérique"));
    site.assert_silent();
}

#[test]
fn users_see_when_the_account_was_used_before() {
    let site = site();
    let mut zoe = site.zoe();
    let before = |zoe: &mut Visitor| {
        facts(&home(zoe)).into_iter().find(|fact| fact.starts_with("Connexion précédente"))
    };
    assert_eq!(before(&mut zoe), None);
    // 25 March 2026, 10:30 in Paris.
    site.database.run("UPDATE user_login SET last_at = 1774431000");
    let mut again = site.zoe_again();
    let told = Some("Connexion précédente: 25 mars 2026, 10:30".to_owned());
    assert_eq!(before(&mut again), told);
    // It stays so while this session goes on.
    again.get("services.php").expect(200);
    assert_eq!(before(&mut again), told);
    // Who was there before sees that somebody else came: 24 March, and this login.
    site.rewind(&again, "since", 7);
    site.database.run("UPDATE user_login SET last_at = 1774427400, previous_at = 1774344600");
    assert_eq!(before(&mut again).unwrap(), "Connexion précédente: 25 mars 2026, 09:30");
    // A login that is refused is none.
    site.reset(1);
    site.use_up(1);
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(429);
    site.visitor().log_in("zoe@exemple.fr", "un autre mot").expect(422);
    assert_eq!(site.database.value("SELECT last_at FROM user_login"), "1774427400");
    site.assert_silent();
}

#[test]
fn names_are_text_whatever_they_hold() {
    let site = site();
    for (index, name) in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "<?php echo 6*7; ?>",
        "#_SESSION{email}",
        "[(#_SESSION{nom})]",
        "'. phpinfo(). '",
        "<?= 6*7 ?>",
    ]
    .iter()
    .enumerate()
    {
        let email = format!("user{index}@exemple.fr");
        site.user(&name.replace('\'', "''"), &name.replace('\'', "''"), &email);
        let mut user = site.visitor();
        user.log_in(&email, PASSWORD).expect(303);
        let page = home(&mut user);
        page.says(&format!("Bonjour {name} !"));
        for markup in ["<script>alert", "<img src=x", "<?"] {
            assert!(!page.body.contains(markup), "{markup} in: {}", page.body);
        }
    }
    site.assert_silent();
}

#[test]
fn one_process_shows_everybody_his_own_data() {
    let site = site();
    site.user("Ali", "Bey", "ali@exemple.fr");
    space(&site, "zoe@exemple.fr", "60", "1");
    space(&site, "ali@exemple.fr", "120", "2");
    let (mut zoe, mut ali, mut stranger) = (site.zoe(), site.visitor(), site.visitor());
    ali.log_in("ali@exemple.fr", PASSWORD).expect(303);
    for _ in 0..3 {
        home(&mut zoe).says("Bonjour Zoé !").says("Temps restant 1 h");
        home(&mut ali).says("Bonjour Ali !").says("Temps restant 2 h");
        home(&mut stranger).says("Se connecter");
    }
}

#[test]
fn a_page_asks_ratelimit_check_once_and_counts_nothing() {
    let mut site = site();
    let mut zoe = site.zoe();
    let real = site.settings.check.display().to_string();
    let runs = site.folder().join("runs");
    let program = site.script("counted", &format!("echo run >>'{}'; exec '{real}' \"$@\"", runs.display()));
    site.set(|settings| settings.check = program);
    for _ in 0..3 {
        home(&mut zoe).says("Connexions restantes 9 sur 10");
    }
    home(&mut site.visitor());
    assert_eq!(std::fs::read_to_string(runs).unwrap(), "run\n".repeat(3));
}

#[test]
fn while_redis_is_away_the_rest_is_shown() {
    let mut site = site();
    space(&site, "zoe@exemple.fr", "60", "1");
    let mut zoe = site.zoe();
    site.redis.kill();
    let page = home(&mut zoe);
    page.says("Bonjour Zoé !").says("Temps restant 1 h");
    assert!(!page.body.contains("Connexions restantes"));
    let errors = site.php.errors();
    let told: Vec<_> = errors
        .lines()
        .filter(|line| line.contains("EtuServices: ") || line.contains("sessionstat: "))
        .collect();
    assert!(told.len() == 1 && told[0].contains("ratelimit-check: unreachable"), "{errors}");
}

#[test]
fn while_mysql_is_away_users_find_the_services_all_the_same() {
    let mut site = site();
    let mut zoe = site.zoe();
    site.set(|settings| settings.more = format!("{EPN} 'database' => ['socket' => '/nonexistent/socket'],"));
    let page = home(&mut zoe);
    page.says("Bonjour !").says("Ouvrir les services").says("Se déconnecter");
    assert_eq!(facts(&page), [""; 0]);
    assert!(!page.body.contains("Votre compte"));
    let errors = site.php.errors();
    assert!(
        errors.lines().count() == 1 && errors.contains("EtuServices: MySQL: SQLSTATE[HY000] [2002]"),
        "{errors}"
    );
}

#[test]
fn a_database_that_says_nothing_does_not_keep_the_page_for_long() {
    let mut site = site();
    let mut zoe = site.zoe();
    let socket = site.folder().join("silent");
    let _silent = UnixListener::bind(&socket).unwrap();
    site.set(|settings| settings.more = format!("{EPN} 'database' => ['socket' => '{}'],", socket.display()));
    let began = Instant::now();
    home(&mut zoe).says("Bonjour !");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(site.php.errors().lines().count(), 1, "{}", site.php.errors());
}

#[test]
fn without_its_tables_the_page_greets_and_the_log_has_one_line() {
    let site = site();
    let mut zoe = site.zoe();
    site.database.run("DROP TABLE user_login");
    let page = home(&mut zoe);
    assert_eq!(facts(&page), ["Adresse: zoe@exemple.fr", "Connexions restantes: 9 sur 10"]);
    let errors = site.php.errors();
    assert!(
        errors.lines().count() == 1 && errors.contains("data of the visitor cannot be read from MySQL"),
        "{errors}"
    );
    // Users come in without it.
    let mut again = site.zoe_again();
    home(&mut again).says("Bonjour Zoé !");
    assert!(site.php.errors().contains("the time of a login cannot be written"), "{}", site.php.errors());
}

#[test]
fn every_right_that_the_page_has_is_needed() {
    let site = site();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    space(&site, "zoe@exemple.fr", "60", "1");
    site.zoe_again();
    let rights = site.database.query(&format!(
        "SELECT table_name, CONCAT(privilege_type, ' (', column_name, ')') FROM information_schema.column_privileges \
         WHERE table_schema = DATABASE() AND grantee = \"{ACCOUNT}\" \
           AND table_name IN ('user_login', 'epn_user', 'epn_booking') \
         UNION ALL SELECT table_name, privilege_type FROM information_schema.table_privileges \
         WHERE table_schema = DATABASE() AND grantee = \"{ACCOUNT}\" \
           AND table_name IN ('user_login', 'epn_user', 'epn_booking') \
           AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE')"
    ));
    assert_eq!(rights.len(), 15, "{rights:?}");
    for right in rights {
        let (table, right) = (right[0].clone().unwrap(), right[1].clone().unwrap());
        site.database.run(&format!("REVOKE {right} ON {table} FROM {ACCOUNT}"));
        let before = site.php.errors().len();
        // The first login makes a row, the second one changes it.
        site.database.run("DELETE FROM user_login");
        site.zoe_again();
        home(&mut site.zoe_again()).says("Bonjour Zoé !");
        let told = site.php.errors().split_off(before);
        assert!(told.contains("command denied"), "nothing needs {right} on {table}: {told}");
        site.database.run(&format!("GRANT {right} ON {table} TO {ACCOUNT}"));
        site.reset(1);
    }
}

#[test]
fn the_page_is_what_its_template_compiles_into() {
    let folder = crate::site::folder();
    let made = tempfile::tempdir().expect("a folder for the page");
    let page = made.path().join("accueil.php");
    let template = folder.join("lib/templates/accueil.html");
    Tool::new("macrosession-compile").args([&template, &page]).run().silent();
    let read = |path: &Path| std::fs::read_to_string(path).expect("a page");
    assert_eq!(read(&folder.join("accueil.php")), read(&page), "make pages compiles it again");
}
