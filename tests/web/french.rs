//! How waits, moments and counts are written.

use std::process::Command;

use crate::{
    site::{PASSWORD, Site, folder},
    support::Php,
};

/// What an expression of PHP gives, with plain blanks.
#[track_caller]
fn php(expression: &str) -> String {
    let code = format!(
        "require 'lib/french.php'; date_default_timezone_set('Europe/Paris'); use EtuServices\\French;
         $now = new DateTimeImmutable('2026-03-01 14:32:07'); echo {expression};"
    );
    let run = Command::new(Php::program()).current_dir(folder()).args(["-r", &code]).output().unwrap();
    assert!(run.stderr.is_empty() && run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap().replace(['\u{a0}', '\u{202f}'], " ")
}

#[test]
fn a_wait_is_never_told_shorter_than_it_is() {
    for (seconds, words) in [
        (0, "0 s"),
        (1, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (417, "6 min 57 s"),
        (3600, "1 h"),
        (3601, "1 h 1 min"),
        (7199, "2 h"),
        (86_400, "1 j"),
        (86_401, "1 j 1 h"),
        (172_799, "2 j"),
    ] {
        assert_eq!(php(&format!("French::duration({seconds})")), words);
    }
}

#[test]
fn days_are_named_where_they_are_needed() {
    for (moment, words) in [
        ("2026-03-01 23:59:59", "23:59:59"),
        ("2026-03-02 00:00:00", "2 mars à 00:00:00"),
        ("2027-08-01 00:00:00", "1er août 2027 à 00:00:00"),
    ] {
        assert_eq!(php(&format!("French::ahead(new DateTimeImmutable('{moment}'), $now)")), words);
    }
    for (moment, words) in [
        ("2026-03-01 00:00:59", "aujourd’hui à 00:00"),
        ("2026-02-28 23:59:59", "hier à 23:59"),
        ("2026-02-27 09:05:00", "27 février à 09:05"),
        ("2025-12-01 09:05:00", "1er décembre 2025 à 09:05"),
    ] {
        assert_eq!(php(&format!("French::past(new DateTimeImmutable('{moment}'), $now)")), words);
    }
}

#[test]
fn nothing_and_one_are_singular() {
    let counts = [0, 1, 2, 1234].map(|number| php(&format!("French::count({number}, 'appel')")));
    assert_eq!(counts, ["0 appel", "1 appel", "2 appels", "1 234 appels"]);
}

#[test]
fn who_can_never_pass_is_not_told_to_wait() {
    let mut site = Site::start();
    site.user("Zoé", "Martin", "zoe@exemple.fr");
    let never = r#"{"allowed":false,"rule":"login","user":"1","limit":10,"remaining":9,"retry_after":null,"reset_after":0}"#;
    let program = site.script("never", &format!("echo '{never}'; exit 1"));
    site.set(|settings| settings.check = program);
    let page = site.visitor().log_in("zoe@exemple.fr", PASSWORD).expect(429);
    assert_eq!(page.header("Retry-After"), "");
    page.says("Cette demande dépasse à elle seule la limite permise : attendre n’y change rien.");
    assert!(!page.body.contains("data-seconds"));
}
