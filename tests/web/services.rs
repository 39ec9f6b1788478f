//! Vente and Achat.

use crate::site::{PASSWORD, Site};

const NOON: u64 = 1_800_000_000;

#[test]
fn calls_are_confirmed_counted_and_refused_beyond_the_limit() {
    let mut site = Site::start();
    site.stop_clock(NOON);
    let mut zoe = site.zoe();
    assert_eq!(zoe.call("vente", " Chaise <b>&amp; ", "3").expect(303).header("Location"), "services.php");
    let page = zoe.get("services.php").expect(200);
    page.says("Vente enregistrée : 3 × Chaise <b>&amp;. Appels restants : 4 sur 5.");
    assert!(page.body.contains("Chaise &lt;b&gt;&amp;amp;."), "{}", page.body);
    page.says("Connexions restantes : 9 sur 10").says("Toutes seront de nouveau libres dans 10 min.");
    for left in ["3", "2", "1", "0"] {
        zoe.call("achat", "Vélo", "1000").expect(303);
        zoe.get("services.php")
            .says(&format!("Achat enregistré : 1000 × Vélo. Appels restants : {left} sur 5."));
    }
    site.now(NOON + 183);
    let refused = zoe.call("vente", "Lampe", "2").expect(429);
    assert_eq!(refused.header("Retry-After"), "417");
    refused.says("Trop d’appels Réessayez dans 6 min 57 s, à ");
    // What was typed is not lost.
    assert!(
        refused.body.contains("value=\"Lampe\"") && refused.body.contains("value=\"2\""),
        "{}",
        refused.body
    );
    site.now(NOON + 600);
    zoe.call("vente", "Lampe", "2").expect(303);
    // Logins have a limit of their own.
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(303);
    site.assert_silent();
}

#[test]
fn a_form_that_is_not_taken_costs_no_call() {
    let site = Site::start();
    let mut zoe = site.zoe();
    for (service, field, value, message) in [
        ("vente", "article", "", "Indiquez un article."),
        ("achat", "article", &"x".repeat(101), "Ce texte est trop long : 100 caractères au plus."),
        ("vente", "quantite", "", "Indiquez une quantité."),
        ("vente", "quantite", "0", "Indiquez un nombre entier de 1 à 1000."),
        ("achat", "quantite", "1001", "Indiquez un nombre entier de 1 à 1000."),
        ("achat", "quantite", "-1", "Indiquez un nombre entier de 1 à 1000."),
        ("achat", "quantite", "1e3", "Indiquez un nombre entier de 1 à 1000."),
        ("achat", "quantite", "99999999999999999", "Indiquez un nombre entier de 1 à 1000."),
        ("achat", "quantite", "٣", "Indiquez un nombre entier de 1 à 1000."),
    ] {
        let (article, quantity) = if field == "article" { (value, "1") } else { ("chaise", value) };
        let answer = zoe.call(service, article, quantity).expect(422);
        assert_eq!(answer.error_of(&format!("{service}-{field}")), message, "{value}");
        // The other form has nothing to do with it.
        let other = if service == "vente" { "achat" } else { "vente" };
        assert_eq!(answer.error_of(&format!("{other}-{field}")), "");
    }
    zoe.call("location", "chaise", "1").expect(422).says("Service inconnu");
    zoe.call("vente", "chaise", "1").expect(303);
    zoe.get("services.php").says("Appels restants : 4 sur 5.");
    site.assert_silent();
}

#[test]
fn without_a_rule_for_services_calls_are_confirmed_without_a_count() {
    let site = Site::start();
    let file = site.config_of("ratelimit-check");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("rules.service]", "rules.other]")).unwrap();
    let mut zoe = site.zoe();
    for _ in 0..6 {
        zoe.call("vente", "chaise", "1").expect(303);
        let page = zoe.get("services.php").expect(200);
        page.says("Vente enregistrée : 1 × chaise.");
        assert!(!page.text().contains("Appels restants"));
    }
    site.assert_silent();
}
