//! `web/lib/session_get.php`: what each field says about whom.

use serde_json::json;

use crate::provider::{NOW, Page, database};

const CREDITS: [&str; 3] = ["credit_minutes", "credit_heures", "credit_ateliers"];
const WEEK: [&str; 2] = ["minutes_semaine", "heures_semaine"];

#[test]
fn each_kind_of_account_shows_what_it_has() {
    let database = database();
    let page = Page::new(&database);
    for (login, credits, week) in [
        ("zoe", json!([125, "2\u{a0}h\u{a0}5\u{a0}min", 3]), json!([0, "0\u{a0}min"])),
        ("karim", json!([0, "0\u{a0}min", 0]), json!([0, "0\u{a0}min"])),
        ("maelle", json!([null, null, null]), json!([0, "0\u{a0}min"])),
        ("hugo", json!([-25, "\u{2212}25\u{a0}min", -1]), json!([0, "0\u{a0}min"])),
        ("nobody", json!([null, null, null]), json!([null, null])),
        ("' OR 1=1 -- ", json!([null, null, null]), json!([null, null])),
        ("%", json!([null, null, null]), json!([null, null])),
    ] {
        let session = format!("['id_auteur' => 7, 'login' => {}]", php_text(login));
        assert_eq!(page.ask(&session, &CREDITS), credits, "{login}");
        assert_eq!(page.ask(&session, &WEEK), week, "{login}");
    }
}

/// A text as PHP reads it between single quotes.
fn php_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[test]
fn an_account_is_found_as_epn_ingest_finds_people() {
    let database = database();
    let page = Page::new(&database);
    for (session, minutes) in [
        ("['login' => 'ZOE']", json!(125)),
        ("['login' => ' zoe ']", json!(125)),
        (r"['login' => 'EPN\\Zoe']", json!(125)),
        ("['login' => 'ngoziokafor']", json!(60)),
        (r"['login' => 'X\\NGOZI okafor']", json!(60)),
        ("['login' => 'élodie']", json!(30)),
        // Accents matter.
        ("['login' => 'elodie']", json!(null)),
        // Of logins that differ in case only, the exact one is meant; none, if none is.
        ("['login' => 'jean']", json!(10)),
        ("['login' => 'JEAN']", json!(20)),
        ("['login' => 'Jean']", json!(null)),
        // Without a login, the e-mail.
        ("['email' => 'Zoe']", json!(125)),
        ("['login' => '', 'email' => 'zoe']", json!(125)),
        ("['login' => 'hugo', 'email' => 'zoe']", json!(-25)),
        // Nobody.
        ("[]", json!(null)),
        ("['login' => '']", json!(null)),
        (r"['login' => 'EPN\\']", json!(null)),
        ("['login' => ['zoe']]", json!(null)),
        (r#"['login' => "zo\xff"]"#, json!(null)),
        ("['login' => null, 'email' => false]", json!(null)),
    ] {
        let session = format!("['id_auteur' => 1] + {session}");
        assert_eq!(page.ask(&session, &["credit_minutes"]), json!([minutes]), "{session}");
    }
}

/// How many minutes the week has after these uses of zoe: begin, end, status.
#[track_caller]
fn week(uses: &[(&str, &str, &str)], now: &str, zone: &str) -> u64 {
    let database = database();
    for (begin, end, status) in uses {
        database.run(&format!(
            "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status) \
             VALUES (1, 1, '{begin}', '{end}', '{status}')"
        ));
    }
    // Somebody else's does not count.
    database.run(
        "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status) \
         VALUES (1, 2, '2026-01-01 00:00:00', '2027-01-01 00:00:00', 'used')",
    );
    let mut page = Page::new(&database);
    page.data = page.data.replace(NOW, now).replace("Europe/Paris", zone);
    // The zone of the server and of PHP do not matter.
    page.connect =
        page.connect.replace("[]", "[PDO::MYSQL_ATTR_INIT_COMMAND => \"SET time_zone = '+09:00'\"]");
    let code = "date_default_timezone_set('America/New_York');
        say(ask($data, ['id_auteur' => 1, 'login' => 'zoe'], 'minutes_semaine'));";
    page.values(code)[0][0].as_u64().unwrap()
}

#[test]
fn the_week_is_the_local_one_from_monday_also_where_the_clock_changes() {
    // Monday, 23 March 2026, 0:00 in Paris is 23:00 of UTC on Sunday; the next Monday it is 22:00.
    let across = [
        ("2026-03-22 22:30:00", "2026-03-22 23:30:00", "used"),
        ("2026-03-29 21:50:00", "2026-03-29 22:40:00", "used"),
    ];
    for (now, zone, minutes) in [
        (NOW, "Europe/Paris", 30 + 10),
        // The last second of the week, and the first of the next one.
        ("2026-03-29 21:59:59 UTC", "Europe/Paris", 30 + 10),
        ("2026-03-29 22:00:00 UTC", "Europe/Paris", 40),
        ("2026-03-22 22:59:59 UTC", "Europe/Paris", 30),
        (NOW, "UTC", 50),
    ] {
        assert_eq!(week(&across, now, zone), minutes, "{now} {zone}");
    }
    // In autumn the week is an hour longer, and so is a use through the night of the change.
    let night = [("2026-10-24 22:00:00", "2026-10-25 04:00:00", "used")];
    assert_eq!(week(&night, "2026-10-25 12:00:00 UTC", "Europe/Paris"), 360);
    let end = [("2026-10-25 22:30:00", "2026-10-25 23:30:00", "used")];
    assert_eq!(week(&end, "2026-10-25 12:00:00 UTC", "Europe/Paris"), 30);
    // A week that two years share.
    let new_year = [("2025-12-28 22:00:00", "2025-12-29 00:00:00", "used")];
    assert_eq!(week(&new_year, "2026-01-01 12:00:00 UTC", "Europe/Paris"), 60);
}

#[test]
fn only_uses_count_and_each_as_far_as_it_is_known() {
    let uses = [
        ("2026-03-24 09:00:00", "2026-03-24 09:40:00", "used"),
        // Goes on: up to its end as it is written.
        ("2026-03-26 09:00:00", "2026-03-26 09:45:00", "used"),
        ("2026-03-24 10:00:00", "2026-03-24 11:00:00", "booked"),
        ("2026-03-24 10:00:00", "2026-03-24 11:00:00", "cancelled"),
        ("2026-03-20 09:00:00", "2026-03-20 10:00:00", "used"),
        ("2026-03-30 09:00:00", "2026-03-30 10:00:00", "used"),
        // An end before the beginning is none.
        ("2026-03-25 10:00:00", "2026-03-25 09:00:00", "used"),
    ];
    assert_eq!(week(&uses, NOW, "Europe/Paris"), 40 + 45);
    assert_eq!(
        week(&[("2026-01-01 00:00:00", "2026-12-31 00:00:00", "used")], NOW, "Europe/Paris"),
        (7 * 24 - 1) * 60
    );
}

#[test]
fn the_last_login_is_the_one_that_is_not_this_one() {
    let database = database();
    let page = Page::new(&database);
    for (session, told) in [
        // This session is the last login, and somebody logged in the day before.
        ("['id_auteur' => 42, 'connexion' => 1774517400]", json!("2026-03-25 10:30:00")),
        // Somebody has logged in since this session did.
        ("['id_auteur' => 42, 'connexion' => 1774500000]", json!("2026-03-26 10:30:00")),
        // Unknown: then it is the last one.
        ("['id_auteur' => 42]", json!("2026-03-25 10:30:00")),
        ("['id_auteur' => '42']", json!("2026-03-25 10:30:00")),
        ("['id_auteur' => 43, 'connexion' => 1774517400]", json!(null)),
        ("['id_auteur' => 44]", json!(null)),
        ("['id_auteur' => '42 OR 1']", json!(null)),
        ("['id_auteur' => -42]", json!(null)),
        ("['id_auteur' => 'zoe']", json!(null)),
    ] {
        assert_eq!(page.ask(session, &["derniere_connexion"]), json!([told]), "{session}");
    }
}
