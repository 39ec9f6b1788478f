//! The section `time` for people: exact tables.

use unicode_width::UnicodeWidthStr;

use crate::{
    space::{DAY, empty, report},
    support::Database,
    time::{MORNING, SETTINGS, Session, fill, read_with, tuesday},
};

const ENGLISH: &str = "\
Statistics from 10 Mar 2026 00:00 to 11 Mar 2026 00:00 (Europe/Paris)

TIME ONLINE
  Sessions                9
  Different users         3
  Hours online         5.00
    in truth at least  2.25
    in truth at most   5.67

  Settings: pause 20 min, credit 5 min, heartbeat 10 min, inactivity cap 1 h.

  How sessions ended
  Reason                    Sessions  Hours  At least  At most
  inactive, page left open         1   2.22      1.22     2.31  ████████████████
  no more trace                    4   2.06      0.61     2.56  ██████████████▉
  logged out                       1   0.28      0.28     0.28  ██▏
  logged in again                  1   0.25      0.00     0.25  █▉
  other course                     1   0.14      0.14     0.14  █▏
  still open                       1   0.06      0.00     0.14  ▌

  Users with the most time
  User  Sessions  Hours  At least  At most
  9            3   2.42      1.36     2.58  ██████████████████████████████
  7            3   1.94      0.67     2.11  ████████████████████████▏
  8            3   0.64      0.22     0.97  ████████

  Courses by time
  Course               Users  Hours
  3                        2   2.50  ██████████████████████████████
  2                        2   2.28  ███████████████████████████▍
  5                        1   0.14  █▊
  (before any course)      2   0.08  █
";

/// 60 columns, one entry of each ranking.
const FRENCH_NARROW: &str = "\
Statistiques du 10/03/2026 00:00 au 11/03/2026 00:00 (Europ…

TEMPS PASSÉ EN LIGNE
  Sessions                    9
  Utilisateurs différents     3
  Heures en ligne          5,00
    en réalité au moins    2,25
    en réalité au plus     5,67

  Réglages : pause 20 min, crédit 5 min, signal 10 min,
  plafond 1 h.

  Fins de session
  Motif                  Sessions  Heures  Au moins  Au plus
  inactif, page ouverte         1    2,22      1,22     2,31
  plus de trace                 4    2,06      0,61     2,56
  déconnexion                   1    0,28      0,28     0,28
  nouvelle connexion            1    0,25      0,00     0,25
  autre cours                   1    0,14      0,14     0,14
  en cours                      1    0,06      0,00     0,14

  Utilisateurs ayant passé le plus de temps
  Utilisateur  Sessions  Heures  Au moins  Au plus
  9                   3    2,42      1,36     2,58  ████████

  Cours par temps passé
  Cours  Utilisateurs  Heures
  3                 2    2,50  █████████████████████████████
";

/// What people read of that Tuesday.
#[track_caller]
fn shown(database: &Database, arguments: &[&str]) -> String {
    report(database).arg("time").args(DAY).args(arguments).run().expect(0).stdout
}

#[test]
fn in_english_on_eighty_columns() {
    assert_eq!(shown(&tuesday(), &[]), ENGLISH);
}

#[test]
fn in_french_on_sixty_columns() {
    let database = tuesday();
    let tool = report(&database).env("COLUMNS", "60").arg("time").args(DAY).args(["--lang=fr", "--top=1"]);
    assert_eq!(tool.run().expect(0).stdout, FRENCH_NARROW);
}

#[test]
fn no_line_is_wider_than_the_screen_and_ascii_is_enough() {
    let database = tuesday();
    fill(&database, &[(i64::MAX, MORNING, 400_000_000, 0, "logout", &[(i64::MAX, 400_000_000)])]);
    for language in ["en", "fr"] {
        let tool = report(&database).args(["time", "--lang", language]).args(DAY);
        let plain = tool.clone().env("LC_ALL", "C").run().expect(0).stdout;
        assert!(plain.is_ascii() && plain.contains("  #"), "{plain}");
        for columns in [60, 80] {
            let shown = tool.clone().env("COLUMNS", columns.to_string()).run().expect(0).stdout;
            let wide = shown.lines().find(|line| line.width() > columns);
            assert_eq!(wide, None, "{columns} columns");
        }
    }
}

#[test]
fn ten_users_and_courses_are_shown_or_as_many_as_asked_for() {
    let database = empty();
    read_with(&database, SETTINGS);
    let sessions: Vec<Session> =
        (1..=12).map(|user| (user, MORNING + user, 3_600, 0, "logout", &[][..])).collect();
    fill(&database, &sessions);
    let courses: Vec<String> =
        (1..=12).map(|course| format!("({course}, {MORNING} + {course}, {course}, 3600)")).collect();
    database.run(&format!("INSERT INTO moodle_session_course VALUES {}", courses.join(",")));
    let rows = |arguments: &[&str]| {
        let shown = shown(&database, arguments);
        let after = |heading: &str| {
            let table = shown.split(heading).nth(1).unwrap();
            table.lines().skip(2).take_while(|line| !line.is_empty()).count()
        };
        (after("Users with the most time"), after("Courses by time"))
    };
    assert_eq!(rows(&[]), (10, 10));
    assert_eq!(rows(&["--top=11"]), (11, 11));
    let none = shown(&database, &["--top=0"]);
    assert!(none.ends_with("\n  No user is shown.\n\n  No course is shown.\n"), "{none}");
}

#[test]
fn the_settings_that_made_the_figures_are_told() {
    let database = tuesday();
    let told = |settings: &str, language: &str| {
        read_with(&database, settings);
        let shown = shown(&database, &["--lang", language]);
        shown.split("\n\n").nth(2).unwrap().to_owned()
    };
    let other = r#"{"threshold":5400,"credit":90,"heartbeat_period":0,"inactivity_cap":0,"one_session_per_course":true,"site_events":true}"#;
    assert_eq!(
        told(other, "en"),
        "  Settings: pause 1 h 30 min, credit 1 min 30 s, heartbeat none, inactivity cap\n  \
         none. Another course begins another session. What is done outside of courses\n  counts."
    );
    assert_eq!(told(SETTINGS, "fr"), "  Réglages : pause 20 min, crédit 5 min, signal 10 min, plafond 1 h.");
    database.run("UPDATE moodle_session SET heartbeats = 0");
    assert_eq!(
        told(SETTINGS, "fr"),
        "  Réglages : pause 20 min, crédit 5 min, signal 10 min, plafond 1 h. Aucun\n  \
         signal de présence n'est encore arrivé."
    );
    database.run("DELETE FROM moodle_progress");
    let unknown = shown(&database, &[]);
    assert!(
        unknown.contains(
            "  Hours online     5.00\n\n  Which settings made the figures is not known: there are no bounds.\n"
        ),
        "{unknown}"
    );
    assert!(unknown.contains("  9            3   2.42         -        -  █"), "{unknown}");
}

#[test]
fn a_period_without_sessions_is_one_line() {
    let run = report(&empty()).args(["time", "--from=2026-03-10", "--lang=fr"]).run().expect(0);
    assert_eq!(
        run.stdout,
        "Statistiques du 10/03/2026 00:00 au 10/03/2026 20:00 (Europe/Paris)\n\nTEMPS PASSÉ EN LIGNE\n  \
         Aucune session en ligne ne commence dans cette période.\n"
    );
}
