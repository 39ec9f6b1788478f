//! What holds for all pages: headers, methods, links, and what is shown to whom.

use crate::site::Site;

const PAGES: [&str; 6] =
    ["accueil.php", "login.php", "inscription.php", "services.php", "statistiques.php", "deconnexion.php"];

#[test]
fn every_answer_forbids_what_the_pages_do_not_need() {
    let site = Site::start();
    for page in PAGES {
        let answer = site.visitor().get(page);
        let policy = answer.header("Content-Security-Policy");
        for rule in ["default-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]
        {
            assert!(policy.contains(rule), "{page}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{page}: {policy}");
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff", "{page}");
        assert_eq!(answer.header("Referrer-Policy"), "same-origin", "{page}");
        assert_eq!(answer.header("Cache-Control"), "no-store", "{page}");
        assert_eq!(answer.header("X-Powered-By"), "", "{page}");
        for inline in ["<style", " style=", " onclick=", "javascript:"] {
            assert!(!answer.body.contains(inline), "{page} has {inline}");
        }
    }
    site.assert_silent();
}

#[test]
fn only_the_expected_methods_are_answered() {
    let site = Site::start();
    for page in PAGES {
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"] {
            let answer = site.visitor().send(method, page, Vec::new(), &[]).expect(405);
            assert!(answer.header("Allow").contains(if page == "deconnexion.php" { "POST" } else { "GET" }));
        }
    }
    assert_eq!(site.visitor().get("deconnexion.php").expect(405).header("Allow"), "POST");
    let mut visitor = site.visitor();
    assert_eq!(visitor.post("accueil.php", &[]).expect(405).header("Allow"), "GET, HEAD");
    assert_eq!(visitor.send("HEAD", "accueil.php", Vec::new(), &[]).expect(200).body, "");
    site.assert_silent();
}

#[test]
fn strangers_are_led_to_the_login_and_told_why() {
    let site = Site::start();
    for page in ["services.php", "statistiques.php"] {
        let mut visitor = site.visitor();
        assert_eq!(visitor.get(page).expect(303).header("Location"), "login.php");
        visitor.get("login.php").expect(200).says("Connectez-vous pour voir cette page.");
        // A message is shown once.
        assert!(!visitor.get("login.php").text().contains("Connectez-vous pour voir"));
    }
    let answer = site.visitor().call("vente", "chaise", "1").expect(303);
    assert_eq!(answer.header("Location"), "login.php");
}

#[test]
fn a_form_without_its_secret_does_nothing() {
    let site = Site::start();
    let zoe = site.user("Zoé", "Martin", "zoe@exemple.fr");
    let login: [(&str, &[u8]); 2] = [("email", b"zoe@exemple.fr"), ("mot_de_passe", b"une petite phrase")];
    let mut visitor = site.visitor();
    visitor.get("login.php");
    for token in [None, Some(("jeton", &b""[..])), Some(("jeton", b"00")), Some(("jeton[]", b"x"))] {
        let fields: Vec<_> = login.into_iter().chain(token).collect();
        visitor.post_exactly("login.php", &fields).expect(403).says("Formulaire périmé");
    }
    // Somebody else's secret is none.
    let mut other = site.visitor();
    other.get("login.php");
    visitor.token = other.token;
    visitor.post("login.php", &login).expect(403);
    assert_eq!(site.left(zoe), 10);

    let mut zoe = site.zoe_again();
    zoe.get("services.php");
    let call: [(&str, &[u8]); 3] = [("service", b"vente"), ("article", b"chaise"), ("quantite", b"1")];
    zoe.post_exactly("services.php", &call).expect(403);
    zoe.post_exactly("deconnexion.php", &[]).expect(403);
    zoe.get("services.php").expect(200);
    site.visitor().post_exactly("inscription.php", &[]).expect(403);
    assert_eq!(site.database.value("SELECT COUNT(*) FROM utilisateurs"), "1");
    site.assert_silent();
}

#[test]
fn every_link_leads_somewhere() {
    let site = Site::start();
    let mut visitor = site.zoe();
    let mut pages = vec!["accueil.php".to_owned(), "services.php".to_owned()];
    pages.extend(["login.php", "inscription.php"].map(str::to_owned));
    for page in pages {
        for mut reader in [site.visitor(), site.zoe_again()] {
            let body = reader.get(&page).body;
            let links = body.split(" href=\"").skip(1).chain(body.split(" src=\"").skip(1));
            for link in
                links.map(|rest| rest.split('"').next().unwrap()).filter(|link| !link.starts_with('#'))
            {
                // Statistics need a report, which this test has not.
                let status = if link == "statistiques.php" { 303 } else { site.visitor().get(link).status };
                assert!([200, 303].contains(&status), "{page} leads to {link}: {status}");
            }
        }
    }
    visitor.log_out();
}
