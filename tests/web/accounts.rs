//! Registration, and what the table of users holds.

use crate::{site::Site, support::MariaDb, visitor::Page};

/// What password_hash('une petite phrase', PASSWORD_BCRYPT, ['cost' => 4]) returned once.
const OLD_HASH: &str = "$2y$04$n22pNt3eATOadabRXkpv5ePUFtx.2S7GXwO7GeeQ9bi3.hMTsPtmK";

/// What a form says of the account of Zoé, with one field changed.
fn register(site: &Site, changed: &str, value: &[u8]) -> Page {
    let mut fields: Vec<(&str, &[u8])> = vec![
        ("prenom", "Zoé".as_bytes()),
        ("nom", b"O'Neill <b>"),
        ("email", b"zoe@exemple.fr"),
        ("mot_de_passe", b"une petite phrase"),
        ("confirmation", b"une petite phrase"),
    ];
    for field in &mut fields {
        if field.0 == changed {
            field.1 = value;
        }
    }
    site.visitor().post("inscription.php", &fields)
}

#[test]
fn a_new_account_can_be_used_and_its_password_is_not_kept() {
    let site = Site::start();
    let answer = register(&site, "", b"").expect(303);
    assert_eq!(answer.header("Location"), "login.php");
    let row = site.database.query("SELECT prenom, nom, email, mot_de_passe FROM utilisateurs").remove(0);
    let row: Vec<String> = row.into_iter().map(Option::unwrap).collect();
    assert_eq!(row[..3], ["Zoé", "O'Neill <b>", "zoe@exemple.fr"]);
    assert!(row[3].starts_with("$2y$"), "{row:?}");
    // The case of an address does not matter, nor do blanks around it.
    let mut visitor = site.visitor();
    visitor.log_in(" ZOE@Exemple.FR ", "une petite phrase").expect(303);
    visitor.get("services.php").expect(200).says("Bonjour Zoé. Il vous reste 9 connexions sur 10.");
    site.assert_silent();
}

#[test]
fn an_account_is_kept_also_where_the_server_commits_nothing_by_itself() {
    let server = MariaDb::start();
    let site = Site::start_on(&server);
    site.database.run(
        "SET GLOBAL autocommit = 0; SET GLOBAL completion_type = 2; SET GLOBAL sql_mode = 'ANSI_QUOTES'",
    );
    register(&site, "", b"").expect(303);
    site.visitor().log_in("zoe@exemple.fr", "une petite phrase").expect(303);
    site.assert_silent();
}

#[test]
fn an_address_has_one_account_whatever_its_case() {
    let site = Site::start();
    register(&site, "", b"").expect(303);
    let again = register(&site, "email", b"Zoe@EXEMPLE.fr").expect(422);
    assert_eq!(again.error_of("email"), "Il y a déjà un compte avec cette adresse.");
    // What was typed is there again, but no password.
    assert!(again.body.contains("value=\"O&apos;Neill &lt;b&gt;\""), "{}", again.body);
    assert!(!again.body.contains("une petite phrase"));
    assert_eq!(site.database.value("SELECT COUNT(*) FROM utilisateurs"), "1");
    site.assert_silent();
}

#[test]
fn each_field_says_what_is_wrong_with_it() {
    let site = Site::start();
    let long_name = "é".repeat(101);
    let long_address = format!("{}@exemple.fr", "a".repeat(190));
    for (field, value, message) in [
        ("prenom", "", "Indiquez votre prénom."),
        ("nom", " \u{a0}\t", "Indiquez votre nom."),
        ("nom", &long_name, "Ce texte est trop long : 100 caractères au plus."),
        ("email", "zoe", "Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr"),
        ("email", "zoe@", "Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr"),
        ("email", &long_address, "Ce texte est trop long : 191 caractères au plus."),
        ("mot_de_passe", "", "Choisissez un mot de passe."),
        ("mot_de_passe", "neuf lett", "Ce mot de passe est trop court : 10 caractères au moins."),
        (
            "mot_de_passe",
            &"é".repeat(37),
            "Ce mot de passe est trop long : 72 octets au plus (une lettre accentuée en prend 2).",
        ),
        ("confirmation", "une autre phrase", "Les deux mots de passe ne sont pas les mêmes."),
    ] {
        let answer = register(&site, field, value.as_bytes()).expect(422);
        assert_eq!(answer.error_of(field), message, "{field}: {value:?}");
        assert!(answer.body.contains("role=\"alert\""));
    }
    assert_eq!(site.database.value("SELECT COUNT(*) FROM utilisateurs"), "0");
    register(&site, "nom", "é".repeat(100).as_bytes()).expect(303);
    site.assert_silent();
}

#[test]
fn a_hash_of_an_older_php_is_renewed_at_login() {
    let site = Site::start();
    let id = site.user("Zoé", "Martin", "zoe@exemple.fr");
    site.database.run(&format!("UPDATE utilisateurs SET mot_de_passe = '{OLD_HASH}' WHERE id = {id}"));
    site.visitor().log_in("zoe@exemple.fr", "une petite phrase").expect(303);
    let new = site.database.value("SELECT mot_de_passe FROM utilisateurs");
    assert!(new != OLD_HASH && !new.starts_with("$2y$04$"), "{new}");
    site.visitor().log_in("zoe@exemple.fr", "une petite phrase").expect(303);
    assert_eq!(site.database.value("SELECT mot_de_passe FROM utilisateurs"), new);
    site.assert_silent();
}

#[test]
fn every_right_of_the_account_is_needed() {
    let site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let table = format!("{}.utilisateurs", site.database.name());
    let columns = ["id", "nom", "prenom", "email", "mot_de_passe"];
    let select = columns.map(|column| format!("SELECT ({column})"));
    let insert = columns[1..].iter().map(|column| format!("INSERT ({column})"));
    for right in select.into_iter().chain(insert).chain(["UPDATE (mot_de_passe)".to_owned()]) {
        site.database.run(&format!("REVOKE {right} ON {table} FROM 'sessionstat_web'@'localhost'"));
        let answer = match right.split(' ').next().unwrap() {
            "SELECT" => site.visitor().log_in("zoe@exemple.fr", "une petite phrase"),
            "INSERT" => register(&site, "email", b"new@exemple.fr"),
            _ => break,
        };
        assert_eq!(answer.status, 503, "nothing needs {right}");
        site.database.run(&format!("GRANT {right} ON {table} TO 'sessionstat_web'@'localhost'"));
    }
    // Without the last one, users still come in, and the log tells.
    site.database.run(&format!("UPDATE utilisateurs SET mot_de_passe = '{OLD_HASH}'"));
    site.visitor().log_in("zoe@exemple.fr", "une petite phrase").expect(303);
    assert!(
        site.php.errors().contains("the password's hash of user 1 cannot be renewed"),
        "{}",
        site.php.errors()
    );
}
