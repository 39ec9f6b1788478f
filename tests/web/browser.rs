//! The story of a user, in a real browser.

use crate::{
    site::{PASSWORD, Site},
    support::{Browser, until},
};

/// A moment of the stopped clock.
const NOON: u64 = 1_800_000_000;

/// Types the fields of a form and sends it.
fn send(browser: &Browser, fields: &[(&str, &str)], button: &str) {
    for (field, text) in fields {
        browser.type_into(field, text);
    }
    browser.press(button);
}

fn log_in(browser: &Browser, url: &str) {
    log_in_as(browser, url, "zoe@exemple.fr");
}

fn log_in_as(browser: &Browser, url: &str, email: &str) {
    browser.open(&format!("{url}login.php"));
    send(browser, &[("#email", email), ("#mot_de_passe", PASSWORD)], "main button");
}

#[test]
fn a_user_registers_logs_in_ten_times_waits_and_uses_the_services() {
    let mut site = Site::start();
    site.stop_clock(NOON);
    let url = site.php.url();
    let browser = Browser::start();

    browser.open(&format!("{url}accueil.php"));
    assert_eq!(browser.text("h1"), "Vendre et acheter, simplement.");
    // Our own style sheet is there: pages without it are black on white.
    let ground = browser.script("return getComputedStyle(document.body).backgroundColor");
    assert_ne!(ground, "rgba(0, 0, 0, 0)");
    browser.press("main a[href='inscription.php']");
    let account = [
        ("#prenom", "Zoé"),
        ("#nom", "Martin"),
        ("#email", "zoe@exemple.fr"),
        ("#mot_de_passe", PASSWORD),
        ("#confirmation", PASSWORD),
    ];
    send(&browser, &account, "main button");
    assert_eq!(browser.text("[role=status]"), "Votre compte est créé. Connectez-vous.");

    for left in (0..10).rev() {
        site.now(NOON + 9 - left);
        log_in(&browser, &url);
        let rest = match left {
            0 => "C’était votre dernière connexion pour le moment.".to_owned(),
            1 => "Il vous reste 1 connexion sur 10.".to_owned(),
            _ => format!("Il vous reste {left} connexions sur 10."),
        };
        assert_eq!(browser.text("[role=status]"), format!("Bonjour Zoé. {rest}"));
        assert_eq!(browser.text(".left strong"), format!("{left} sur 10"));
        browser.press(".site-head button");
        assert_eq!(browser.text("[role=status]"), "Vous avez quitté votre session. À bientôt.");
    }

    site.now(NOON + 183);
    log_in(&browser, &url);
    assert_eq!(browser.status(), 429);
    assert!(
        browser.text("[role=alert]").starts_with("Trop de connexions\nRéessayez dans 6 min 57 s, à "),
        "{}",
        browser.text("[role=alert]")
    );
    assert!(!browser.has(".site-head button"), "somebody is logged in");
    // The countdown runs.
    let countdown = || browser.text("[role=timer]");
    assert!(countdown().starts_with("Encore 6 min 5"), "{}", countdown());
    let first = countdown();
    until("the next second", || countdown() != first);

    // The wait is over: one login is free.
    site.now(NOON + 600);
    log_in(&browser, &url);
    assert_eq!(
        browser.text("[role=status]"),
        "Bonjour Zoé. C’était votre dernière connexion pour le moment."
    );

    send(
        &browser,
        &[("#vente-article", "Chaise de bureau"), ("#vente-quantite", "3")],
        "button[value=vente]",
    );
    assert_eq!(
        browser.text("[role=status]"),
        "Vente enregistrée : 3 × Chaise de bureau. Appels restants : 4 sur 5."
    );
    for _ in 0..2 {
        send(&browser, &[("#achat-article", "Vélo"), ("#achat-quantite", "1")], "button[value=achat]");
        assert_eq!(browser.status(), 200);
    }
    for _ in 0..2 {
        send(&browser, &[("#vente-article", "Lampe"), ("#vente-quantite", "1")], "button[value=vente]");
    }
    send(&browser, &[("#achat-article", "Vélo"), ("#achat-quantite", "1")], "button[value=achat]");
    assert_eq!(browser.status(), 429);
    assert!(browser.text("[role=alert]").starts_with("Trop d’appels\nRéessayez dans 10 min, à "));

    browser.press("nav a[href='statistiques.php']");
    assert_eq!(browser.status(), 200, "{}", site.php.errors());
    assert_eq!(browser.text(".figure"), "Vente");
    let page = browser.text("main");
    for words in ["Zoé M.\n11 connexions", "Vente 3", "Achat 2", "Zoé M.\n5 appels"] {
        assert!(page.contains(words), "{page}");
    }
    browser.press(".site-head button");
    browser.open(&format!("{url}statistiques.php"));
    assert_eq!(browser.text("h1"), "Connexion");
    // Nothing was refused by the pages' own policy, no file was missing, no script failed. Refusals are told, too.
    let complaints = browser.complaints();
    let others: Vec<_> = complaints.iter().filter(|complaint| !complaint.contains("status of 429")).collect();
    assert_eq!(others, Vec::<&String>::new());
    site.assert_silent();
}

#[test]
fn fields_have_names_and_their_errors_are_heard() {
    let site = Site::start();
    let url = site.php.url();
    let browser = Browser::start();
    browser.open(&format!("{url}inscription.php"));
    let nameless = "return [...document.querySelectorAll('input:not([type=hidden])')]
        .filter(input => input.labels.length !== 1 || !input.autocomplete).map(input => input.name)";
    assert_eq!(browser.script(nameless), serde_json::json!([]));
    browser.script("for (const form of document.forms) form.noValidate = true");
    send(&browser, &[("#prenom", "Zoé"), ("#email", "zoe@exemple.fr")], "main button");
    assert_eq!(browser.status(), 422);
    // The reader begins where something is to be done, and hears what.
    assert_eq!(browser.script("return document.activeElement.id"), "nom");
    let heard = "const input = document.activeElement;
        return document.getElementById(input.getAttribute('aria-describedby')).textContent";
    assert_eq!(browser.script(heard), "Indiquez votre nom.");
}

/// The texts whose colour is too near to that of their ground: below 4.5 to 1 (WCAG 2, AA).
const PALE: &str = "
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => {
        const [r, g, b] = numbers(colour).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = element => {
        for (; element; element = element.parentElement) {
            const colour = getComputedStyle(element).backgroundColor;
            if ((numbers(colour)[3] ?? 1) > 0) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    return [...document.body.querySelectorAll('*')]
        .filter(element => element.offsetParent && element.matches('input, :not(:empty)'))
        .filter(element => element.matches('input') || [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
        .map(element => {
            const [one, two] = [light(getComputedStyle(element).color), light(ground(element))];
            return [element.textContent.trim(), (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)];
        })
        .filter(([, contrast]) => contrast < 4.5)";

#[test]
fn pages_can_be_read_on_a_phone_by_day_and_by_night() {
    let mut site = Site::start();
    let report = site.script("report", &format!("cat <<'END'\n{}\nEND", crate::statistics::REPORT));
    site.set(|settings| settings.report = report);
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let url = site.php.url();
    let browser = Browser::start();
    let look = |name: &str| {
        for (width, scheme) in [(320, "light"), (375, "dark"), (1200, "light"), (1200, "dark")] {
            browser.look(width, scheme);
            let found = browser.script("return document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(found <= u64::from(width), "{name} is {found} wide on a screen of {width}");
            assert_eq!(browser.script(PALE), serde_json::json!([]), "{name}, {scheme}");
        }
    };
    for page in ["accueil.php", "login.php", "inscription.php", "deconnexion.php"] {
        browser.open(&format!("{url}{page}"));
        look(page);
    }
    browser.open(&format!("{url}inscription.php"));
    browser.script("for (const form of document.forms) form.noValidate = true");
    browser.press("main button");
    look("registration with errors");
    // The home page with all that it can hold, long words among it.
    let account = format!("{}anne@exemple.fr", "charlotte.".repeat(6));
    site.database.run(&format!(
        "UPDATE utilisateurs SET email = '{account}', prenom = 'Anne-Charlotte-Alexandrine';
         INSERT INTO epn_user (login, credit_minutes, workshop_credits) VALUES ('{account}', -100000, 12);
         INSERT INTO user_login VALUES (1, 1774431000, NULL)"
    ));
    site.show_space();
    log_in_as(&browser, &url, &account);
    browser.open(&format!("{url}accueil.php"));
    assert_eq!(browser.script("return document.querySelectorAll('.facts dd').length"), 6);
    look("home page of a user");
    browser.press(".site-head button");
    site.database.run("UPDATE utilisateurs SET email = 'zoe@exemple.fr'");
    site.reset(1);
    log_in(&browser, &url);
    for page in ["services.php", "statistiques.php", "accueil.php"] {
        browser.open(&format!("{url}{page}"));
        look(page);
    }
    for _ in 0..10 {
        browser.press(".site-head button");
        log_in(&browser, &url);
    }
    assert_eq!(browser.status(), 429);
    look("login refused");
}
