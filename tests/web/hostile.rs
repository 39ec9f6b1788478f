//! Whatever is sent in whatever field: a page that says what is wrong with it, and nothing else happens.

use crate::site::Site;

/// What no field takes.
fn refused() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = [
        &b"a\0b"[..],
        b"\xff\xfe invalid",
        b"\xc0\xaf",
        b"two\nlines",
        b"a\r\nX-Injected: 1",
        b"\x1b[31mred",
        b"\xe2\x80\xaeturned",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    values.push(vec![b'x'; 10_240]);
    values
}

/// What a field may hold, and a shell, SQL or HTML must not understand.
const METACHARACTERS: [&str; 7] = [
    "$(touch HERE)",
    "`touch HERE`",
    "'; touch HERE; '",
    "-- --reset | touch HERE",
    "' OR 1=1 -- ",
    "\"><script>alert(1)</script>",
    "\\' OR 1=1; DROP TABLE utilisateurs; --",
];

/// The pages with forms: their fields, each with a value that is taken, and the prefix of the fields' ids.
type Forms = [(&'static str, &'static str, &'static [(&'static str, &'static str)]); 3];
const FORMS: Forms = [
    ("login.php", "", &[("email", "zoe@exemple.fr"), ("mot_de_passe", "une petite phrase")]),
    (
        "inscription.php",
        "",
        &[
            ("prenom", "Ali"),
            ("nom", "Bey"),
            ("email", "ali@exemple.fr"),
            ("mot_de_passe", "une petite phrase"),
            ("confirmation", "une petite phrase"),
        ],
    ),
    ("services.php", "vente-", &[("service", "vente"), ("article", "chaise"), ("quantite", "1")]),
];

/// The fields of a form with other bytes, or under another name, in one of them.
fn with<'a>(
    fields: &'a [(&str, &str)],
    changed: &str,
    name: &'a str,
    value: &'a [u8],
) -> Vec<(&'a str, &'a [u8])> {
    let change = |&(field, good): &(&'a str, &'a str)| match field {
        _ if field == changed => (name, value),
        _ => (field, good.as_bytes()),
    };
    fields.iter().map(change).collect()
}

#[test]
fn bytes_that_are_no_text_get_a_message_by_their_field() {
    let site = Site::start();
    let mut zoe = site.zoe();
    for (page, prefix, fields) in FORMS {
        for (field, _) in fields.iter().filter(|(field, _)| *field != "service") {
            for value in refused() {
                let sent = with(fields, field, field, &value);
                let answer = zoe.post(page, &sent).expect(422);
                assert!(
                    !answer.error_of(&format!("{prefix}{field}")).is_empty(),
                    "{page} {field}: {value:?}"
                );
                assert_eq!(answer.header("X-Injected"), "");
            }
            let array = format!("{field}[]");
            let answer = zoe.post(page, &with(fields, field, &array, b"x")).expect(422);
            assert_eq!(answer.error_of(&format!("{prefix}{field}")), "Ce champ attend un texte.");
            let nested = format!("{field}[a][b]");
            zoe.post(page, &with(fields, field, &nested, b"x")).expect(422);
        }
    }
    for value in refused() {
        zoe.post("services.php", &with(FORMS[2].2, "service", "service", &value)).expect(422);
    }
    zoe.post("services.php", &with(FORMS[2].2, "service", "service[]", b"vente")).expect(422);
    assert_eq!(site.database.value("SELECT COUNT(*) FROM utilisateurs"), "1");
    site.assert_silent();
}

#[test]
fn metacharacters_are_text_like_any_other() {
    let site = Site::start();
    let mut zoe = site.zoe();
    let here = site.folder().join("touched");
    for (index, text) in METACHARACTERS.iter().enumerate() {
        let text = text.replace("HERE", &here.display().to_string());
        let text: String = text.chars().take(100).collect();
        let email = format!("user{index}@exemple.fr");
        let password = format!("{text} 1234567890");
        let password: String = password.chars().take(72).collect();
        let fields = [("prenom", &text), ("nom", &text), ("email", &email), ("mot_de_passe", &password)];
        let mut fields: Vec<(&str, &[u8])> = fields.map(|(name, value)| (name, value.as_bytes())).to_vec();
        fields.push(("confirmation", password.as_bytes()));
        site.visitor().post("inscription.php", &fields).expect(303);
        let sql = format!("SELECT nom FROM utilisateurs WHERE email = '{email}'");
        assert_eq!(site.database.value(&sql), text.trim());
        let mut user = site.visitor();
        user.log_in(&email, &password).expect(303);
        let page = user.get("services.php").expect(200);
        page.says(&format!("Bonjour {}.", text.split_whitespace().collect::<Vec<_>>().join(" ")));
        assert!(!page.body.contains("<script>"));
        assert!(
            ["", "zoe"].iter().all(|name| site.visitor().log_in(&format!("{name}{text}"), "x").status == 422)
        );
        user.call("vente", &text, "1").expect(303);
        user.get("services.php").expect(200).says("Vente enregistrée : 1 × ");
    }
    assert!(!here.exists(), "a shell understood what was typed");
    zoe.get("services.php").expect(200);
    site.assert_silent();
}

#[test]
fn requests_that_are_too_large_or_no_form_are_refused() {
    let site = Site::start();
    let mut visitor = site.visitor();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let large = [b"email=".to_vec(), vec![b'x'; 100_000]].concat();
    visitor.send("POST", "login.php", large, &form).expect(413).says("Envoi trop grand");
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", "x"] {
        visitor.send("POST", "login.php", b"{\"email\":1}".to_vec(), &[("Content-Type", kind)]).expect(403);
    }
    visitor.send("POST", "login.php", Vec::new(), &form).expect(403);
    visitor.get("login.php?email[]=%ff%00&x=%").expect(200);
    visitor.get("accueil.php/x/%3Cscript%3E").expect(200);
}
