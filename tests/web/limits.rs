//! The limit of logins, and that of failed passwords.

use crate::site::{PASSWORD, Site};

/// A moment of the stopped clock.
const NOON: u64 = 1_800_000_000;

#[test]
fn the_eleventh_login_in_ten_minutes_is_refused_and_told_when_to_come_back() {
    let mut site = Site::start();
    site.stop_clock(NOON);
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    site.user("Ali", "Bey", "ali@exemple.fr");
    for (count, rest) in [
        "Il vous reste 9 connexions sur 10.",
        "Il vous reste 8 connexions sur 10.",
        "Il vous reste 7 connexions sur 10.",
        "Il vous reste 6 connexions sur 10.",
        "Il vous reste 5 connexions sur 10.",
        "Il vous reste 4 connexions sur 10.",
        "Il vous reste 3 connexions sur 10.",
        "Il vous reste 2 connexions sur 10.",
        "Il vous reste 1 connexion sur 10.",
        "C’était votre dernière connexion pour le moment.",
    ]
    .iter()
    .enumerate()
    {
        site.now(NOON + count as u64);
        let mut visitor = site.visitor();
        assert_eq!(visitor.log_in("zoe@exemple.fr", PASSWORD).expect(303).header("Location"), "services.php");
        visitor.get("services.php").expect(200).says(&format!("Bonjour Zoé. {rest}"));
    }
    site.now(NOON + 183);
    let mut visitor = site.visitor();
    let refused = visitor.log_in("zoe@exemple.fr", PASSWORD).expect(429);
    assert_eq!(refused.header("Retry-After"), "417");
    refused.says("Trop de connexions Réessayez dans 6 min 57 s, à ");
    assert!(refused.body.contains("value=\"zoe@exemple.fr\""), "{}", refused.body);
    assert!(refused.body.contains("role=\"alert\""));
    // Refused means not logged in.
    visitor.get("services.php").expect(303);
    // The limit is a user's own.
    site.visitor().log_in("ali@exemple.fr", PASSWORD).expect(303);
    // The last second of the wait is refused, too; a refused try has cost nothing.
    site.now(NOON + 599);
    assert_eq!(site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(429).header("Retry-After"), "1");
    site.now(NOON + 600);
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(303);
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(429);
    site.assert_silent();
}

#[test]
fn wrong_passwords_use_up_nobodys_logins() {
    let site = Site::start();
    let zoe = site.user("Zoé", "Martin", "zoe@exemple.fr");
    for _ in 0..12 {
        let mut visitor = site.visitor();
        let answer = visitor.log_in("zoe@exemple.fr", "un autre mot").expect(422);
        assert_eq!(answer.error_of("mot_de_passe"), "L’adresse ou le mot de passe ne convient pas.");
        assert!(answer.body.contains("value=\"zoe@exemple.fr\"") && !answer.body.contains("un autre mot"));
        visitor.get("services.php").expect(303);
    }
    assert_eq!(site.left(zoe), 10);
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(303);
    site.assert_silent();
}

#[test]
fn nobody_learns_who_has_an_account() {
    let site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let mut known = site.visitor().log_in("zoe@exemple.fr", "un autre mot").expect(422);
    let mut unknown = site.visitor().log_in("zoa@exemple.fr", "un autre mot").expect(422);
    for page in [&mut known, &mut unknown] {
        let token = page.body.split("name=\"jeton\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        page.body = page.body.replace(token, "").replace("zoa@", "zoe@");
    }
    assert_eq!(known.body, unknown.body);
    // Comparing with no hash at all would take a tenth of the time. The processor's time, not the clock's: other tests
    // run beside this one.
    let work = |email: &str| {
        let before = site.php.processor_ticks();
        for _ in 0..12 {
            site.visitor().log_in(email, "un autre mot").expect(422);
        }
        site.php.processor_ticks() - before
    };
    let (known, unknown) = (work("zoe@exemple.fr"), work("zoa@exemple.fr"));
    assert!(unknown > known / 2 && known > unknown / 2, "{known} and {unknown} ticks");
}

#[test]
fn forty_logins_at_once_let_exactly_ten_in() {
    let site = Site::start();
    let zoe = site.user("Zoé", "Martin", "zoe@exemple.fr");
    // One server of PHP answers one request at a time: four of them make a race.
    let servers: Vec<_> = (0..4)
        .map(|_| {
            let server = crate::support::Php::start(&crate::site::folder());
            let text = std::fs::read_to_string(site.folder().join("web.php")).unwrap();
            server.configure(&text);
            server
        })
        .collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let visitors = (0..40).map(|index: usize| {
            let url = servers[index % 4].url();
            scope.spawn(move || crate::visitor::Visitor::new(&url).log_in("zoe@exemple.fr", PASSWORD).status)
        });
        let visitors: Vec<_> = visitors.collect();
        visitors.into_iter().map(|visitor| visitor.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|&&other| other == status).count();
    assert_eq!((count(303), count(429)), (10, 30), "{statuses:?}");
    assert_eq!(site.left(zoe), 0);
}

#[test]
fn an_address_may_fail_only_so_often_where_that_is_configured() {
    let mut site = Site::start();
    site.set(|settings| settings.more = "'password_rule' => 'password',".to_owned());
    let zoe = site.user("Zoé", "Martin", "zoe@exemple.fr");
    for email in ["zoe@exemple.fr", "nobody@exemple.fr", "zoe@exemple.fr"] {
        site.visitor().log_in(email, "un autre mot").expect(422);
    }
    // Now even the right one is not looked at: else trying would go on.
    let refused = site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(429);
    let wait: u64 = refused.header("Retry-After").parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    refused.says("Réessayez dans ");
    assert_eq!(site.left(zoe), 10);
    site.assert_silent();
}
