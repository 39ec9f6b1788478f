//! The pages as an attacker meets them: with requests that no browser sends, and with patience.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use crate::{
    site::{PASSWORD, Site, folder},
    visitor::Visitor,
};

/// The pages of the site, and whether each answers GET and POST: as its file says, so that a new one is looked at, too.
fn pages() -> Vec<(String, bool, bool)> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        if text.contains("\nserve(") || text.contains("\nserve_users(") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            pages.push((name, text.contains("'GET' =>"), text.contains("'POST' =>")));
        }
    }
    assert!(pages.len() >= 7, "{pages:?}");
    pages
}

/// Everything that a page could change.
fn everything(site: &Site) -> String {
    let tables = site.database.query("SHOW TABLES").into_iter().map(|mut row| row.remove(0).unwrap());
    // When a session was seen last is noted with every page.
    let tables: Vec<String> = tables.filter(|table| table != "session_expiry").collect();
    let names: Vec<&str> = tables.iter().map(String::as_str).collect();
    site.database.dump(&names)
}

#[test]
fn every_page_that_changes_something_wants_the_secret_of_its_form() {
    let site = Site::start();
    let mut zoe = site.zoe();
    zoe.get("services.php").expect(200);
    let before = everything(&site);
    let fields: Vec<(&str, &[u8])> = vec![
        ("service", b"vente"),
        ("article", b"chaise"),
        ("quantite", b"1"),
        ("email", b"zoe@exemple.fr"),
        ("mot_de_passe", PASSWORD.as_bytes()),
        ("prenom", b"Ali"),
        ("nom", b"Bey"),
        ("confirmation", PASSWORD.as_bytes()),
    ];
    let mut posts = 0;
    for (page, _, _) in pages().into_iter().filter(|(_, _, post)| *post) {
        posts += 1;
        for token in [None, Some(&b"x"[..]), Some(b"")] {
            let token = token.map(|token| ("jeton", token));
            let sent: Vec<_> = fields.iter().copied().chain(token).collect();
            zoe.post_exactly(&page, &sent).expect(403);
        }
        // In the address, it is none.
        let token = zoe.token.clone().unwrap();
        zoe.post_exactly(&format!("{page}?jeton={token}"), &fields).expect(403);
    }
    assert!(posts >= 5, "{posts}");
    assert_eq!(everything(&site), before);
    zoe.get("services.php").expect(200);
}

#[test]
fn asking_for_a_page_changes_nothing() {
    let site = Site::start();
    let mut zoe = site.zoe();
    zoe.get("services.php").expect(200);
    let token = zoe.token.clone().unwrap();
    let before = everything(&site);
    let left = site.left(1);
    for (page, get, _) in pages() {
        let query = format!(
            "{page}?jeton={token}&service=vente&article=chaise&quantite=1&prenom=a&nom=b&email=new%40exemple.fr&mot_de_passe=une+petite+phrase&confirmation=une+petite+phrase&_method=POST"
        );
        let headers = [("X-HTTP-Method-Override", "POST"), ("X-Requested-With", "XMLHttpRequest")];
        let status = zoe.send("GET", &query, Vec::new(), &headers).status;
        assert!(if get { [200, 303, 503].contains(&status) } else { status == 405 }, "{page}: {status}");
    }
    assert_eq!((everything(&site), site.left(1)), (before, left));
    zoe.get("services.php").expect(200);
}

/// What the site answers to these bytes.
fn raw(site: &Site, request: &[u8]) -> String {
    let address = site.php.url().replace("http://", "");
    let mut stream = TcpStream::connect(address.trim_end_matches('/')).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn no_header_of_a_request_comes_back_in_an_answer() {
    let site = Site::start();
    let mark = "evil.example";
    for (page, get, _) in pages() {
        let method = if get { "GET" } else { "POST" };
        for path in [
            page.clone(),
            format!("{page}/{mark}"),
            format!("{page}?a=%0d%0aX-Injected:1&next=http://{mark}/"),
        ] {
            let request = format!(
                "{method} /{path} HTTP/1.1\r\nHost: {mark}\r\nX-Forwarded-Host: {mark}\r\nX-Forwarded-Proto: https\r\n\
                 X-Original-URL: /{mark}\r\nReferer: http://{mark}/\r\nOrigin: http://{mark}\r\nUser-Agent: {mark}\r\n\
                 Cookie: etuservices={mark}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let answer = raw(&site, request.as_bytes());
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            // PHP's own server tells the host that it was asked for in a header of its own.
            let head: String =
                head.lines().filter(|line| !line.starts_with("Host: ")).collect::<Vec<_>>().join("\n");
            assert!(!head.contains(mark) && !head.contains("X-Injected"), "{path}: {head}");
            assert!(!body.contains(mark), "{path}: {body}");
            assert!(!head.contains("secure"), "https was believed: {head}");
            for line in head.lines().filter_map(|line| line.strip_prefix("Location: ")) {
                assert!(line.ends_with(".php") && !line.contains(['/', ':', '\\']), "{path} leads to {line}");
            }
        }
    }
    site.assert_silent();
}

#[test]
fn nothing_above_or_beside_the_pages_is_handed_out() {
    let site = Site::start();
    let secret = "for-this-test-only";
    for path in [
        "../etc/sessionstat.toml",
        "..%2fetc%2fsessionstat.toml",
        "%2e%2e/Cargo.toml",
        "lib/../../Cargo.toml",
        "lib/config.php",
        "lib/config.php/x",
        "lib/",
        "lib",
        "lib/views/",
        "config.sample.php",
        "config.php",
        "config.sample.php~",
        ".git/config",
        "accueil.php%00.txt",
        "....//....//Cargo.toml",
        "/etc/passwd",
    ] {
        let answer =
            raw(&site, format!("GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        for told in ["[package]", "root:", "<?php", "namespace EtuServices", "Index of", "[mysql]", secret] {
            assert!(!body.contains(told), "{path}: {head}\n{body}");
        }
    }
}

#[test]
fn who_comes_through_a_proxy_that_is_made_up_has_the_same_address() {
    let mut site = Site::start();
    site.set(|settings| settings.more = "'password_rule' => 'password',".to_owned());
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let mut visitor = site.visitor();
    visitor.get("login.php").expect(200);
    let statuses: Vec<u16> = (1..=5)
        .map(|number| {
            let address = format!("10.0.0.{number}");
            let headers = [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("X-Forwarded-For", address.as_str()),
                ("X-Real-IP", &address),
                ("Client-IP", &address),
                ("Forwarded", &format!("for={address}")),
            ];
            let token = visitor.token.clone().unwrap();
            let body = format!("jeton={token}&email=zoe%40exemple.fr&mot_de_passe=un+autre+mot");
            visitor.send("POST", "login.php", body.into_bytes(), &headers).status
        })
        .collect();
    assert_eq!(statuses, [422, 422, 422, 429, 429]);
}

#[test]
fn an_account_may_be_guessed_at_only_so_often_from_everywhere_where_that_is_configured() {
    let mut site = Site::start();
    site.set(|settings| settings.more = "'account_rule' => 'password',".to_owned());
    let zoe = site.user("Zoé", "Martin", "zoe@exemple.fr");
    site.user("Ali", "Bey", "ali@exemple.fr");
    // Spellings that the database takes for one share their tries; and a name without an account is treated the same.
    for tries in [
        ["zoe@exemple.fr", "ZOE@exemple.fr", "zoé@exemple.fr"],
        ["no@exemple.fr", "NO@exemple.fr", "no@EXEMPLE.fr"],
    ] {
        for email in tries {
            site.visitor().log_in(email, "un autre mot").expect(422);
        }
        let refused = site.visitor().log_in(tries[0], "un autre mot").expect(429);
        refused.says("Réessayez dans ");
    }
    // Not even with the right password, else guessing would go on.
    site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(429);
    assert_eq!(site.left(zoe), 10);
    site.visitor().log_in("ali@exemple.fr", PASSWORD).expect(303);
    // What everybody on the host can read, and what Redis holds, names nobody.
    let keys: Vec<(String, i64)> = site.redis.keys();
    assert!(keys.iter().any(|(key, _)| key.contains("account:")), "{keys:?}");
    assert!(!keys.iter().any(|(key, _)| key.contains("exemple")), "{keys:?}");
    site.assert_silent();
}

#[test]
fn registration_tells_only_so_often_who_has_an_account() {
    let mut site = Site::start();
    site.set(|settings| settings.more = "'password_rule' => 'password',".to_owned());
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let register = |email: &str| {
        let fields: [(&str, &[u8]); 5] = [
            ("prenom", b"Ali"),
            ("nom", b"Bey"),
            ("email", email.as_bytes()),
            ("mot_de_passe", PASSWORD.as_bytes()),
            ("confirmation", PASSWORD.as_bytes()),
        ];
        site.visitor().post("inscription.php", &fields)
    };
    register("ali@exemple.fr").expect(303);
    for _ in 0..3 {
        let told = register("zoe@exemple.fr").expect(422);
        assert_eq!(told.error_of("email"), "Il y a déjà un compte avec cette adresse.");
    }
    for email in ["zoe@exemple.fr", "new@exemple.fr"] {
        let refused = register(email).expect(429);
        assert!(!refused.header("Retry-After").is_empty());
        refused.says("Trop d’essais Réessayez dans ");
        assert!(!refused.body.contains(PASSWORD));
    }
    assert_eq!(site.database.value("SELECT COUNT(*) FROM utilisateurs"), "2");
    site.assert_silent();
}

#[test]
fn no_answer_can_be_framed_kept_or_taken_for_another_type() {
    let site = Site::start();
    let mut zoe = site.zoe();
    let answers = [
        zoe.get("services.php"),
        zoe.get("login.php"),
        zoe.post("services.php", &[]),
        zoe.post_exactly("services.php", &[]),
        zoe.send("PUT", "services.php", Vec::new(), &[]),
        zoe.post("battement.php", &[]),
        site.visitor().get("statistiques.php"),
    ];
    for answer in answers {
        for (name, value) in [
            ("X-Frame-Options", "DENY"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "same-origin"),
            ("X-Powered-By", ""),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {}", answer.status);
        }
        assert!(answer.header("Content-Security-Policy").contains("frame-ancestors 'none'"));
        assert!(!answer.header("Permissions-Policy").is_empty());
    }
}

#[test]
fn a_session_s_id_and_a_form_s_secret_cannot_be_guessed() {
    let site = Site::start();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let mut visitor: Visitor = site.visitor();
        visitor.get("login.php").expect(200);
        let (id, token) = (visitor.session().to_owned(), visitor.token.clone().unwrap());
        // 128 bits at least: 26 characters of 5 bits, or 32 of 4.
        assert!(id.len() >= 26 && token.len() == 64, "{id} {token}");
        assert!(!token.contains(&id) && seen.insert(id) && seen.insert(token));
    }
    // In the address, an id is none.
    let mut zoe = site.zoe();
    zoe.get("services.php").expect(200);
    let id = zoe.session().to_owned();
    site.visitor().get(&format!("services.php?etuservices={id}&PHPSESSID={id}")).expect(303);
}
