//! The section `sessions` for people: exact tables.

use unicode_width::UnicodeWidthStr;

use crate::{
    slots::{Form, evening, fill, golden_rows, tables},
    space::{empty, report, report_at},
    support::Database,
};

const ENGLISH: &str = "\
Statistics from 10 Mar 2026 00:00 to 10 Mar 2026 20:00 (Europe/Paris)

SESSIONS
  Sessions opened                          1,503
  Most sessions at once                       12
    first in the quarter hour from  10 Mar 19:00
  Mean number at once                       8.06
  Seconds at the limit                       960
  Last at the limit until           10 Mar 19:45
  Quarter hours without figures                1
  Sessions counted until            10 Mar 19:45

  How sessions ended
  Reason                     Sessions
  logged out                      700  ██████████████████████████████
  visitor logged in                40  █▊
  expired                          26  █▏
  other reasons                     5  ▎
  idle                              3  ▎
  idle since its first page         2  ▏
  limit reached                     1  ▏

  Sessions at once by hour
          Hour  Opened  At limit (s)  Min  Mean  Max  Limit
  10 Mar 19:00   1,503           960    1  8.06   12     12  ███████████████████
";

/// 60 columns, three days of which one has no slot, and no limit that was reached for an hour.
const FRENCH_NARROW: &str = "\
Statistiques du 08/03/2026 00:00 au 10/03/2026 20:00 (Europ…

SESSIONS
  Sessions ouvertes                         1\u{202f}515
  Sessions simultanées, maximum                12
    d'abord dans le quart d'heure de  10/03 19:00
  Sessions simultanées, moyenne              5,97
  Secondes à la limite                        960
  Dernière fois à la limite jusqu'à   10/03 19:45
  Quarts d'heure sans chiffres                  1
  Sessions comptées jusqu'à           10/03 19:45

  Fins de session
  Motif                            Sessions
  déconnexion                           705  ███████████████
  connexion d'un visiteur                40  ▉
  expiration                             31  ▊
  autres motifs                           5  ▏
  inactivité                              3  ▏
  inactivité dès la première page         2  ▏
  limite atteinte                         1  ▏

  Sessions simultanées par jour
        Jour  Ouvertes  Limite (s)  Min  Moyenne  Max
  09/03/2026        12           0    0     3,88    9  ███▊
  10/03/2026     1\u{202f}503         960    1     8,06   12  █████

  Sessions simultanées en moyenne, par jour et heure
       0 h   3 h   6 h   9 h   12 h  15 h  18 h  21 h
  Lun                                        ▒▒
  Mar                                        ██
  Mer
  Jeu
  Ven
  Sam
  Dim
       ██ = 8,06
";

/// A database with a case of the golden data.
#[track_caller]
pub fn golden(case: &str) -> Database {
    let database = tables(Form::Ours);
    fill(&database, Form::Ours, &golden_rows(case));
    database
}

#[test]
fn in_english_on_eighty_columns_by_hour() {
    let database = evening();
    let run = report(&database).args(["sessions", "--from=2026-03-10"]).run().expect(0);
    assert_eq!(run.stdout, ENGLISH);
}

#[test]
fn in_french_on_sixty_columns_by_day() {
    let database = evening();
    let tool = report(&database).env("COLUMNS", "60").args(["sessions", "--from=2026-03-08", "--lang=fr"]);
    assert_eq!(tool.run().expect(0).stdout, FRENCH_NARROW);
}

#[test]
fn no_line_is_wider_than_the_screen_and_ascii_is_enough() {
    let database = golden("08_week_20000");
    for language in ["en", "fr"] {
        for period in [["--from=2026-01-12", "--to=2026-01-18"], ["--from=2026-01-12", "--to=2026-01-13"]] {
            let tool = report(&database).args(["sessions", "--lang", language]).args(period);
            let plain = tool.clone().env("LC_ALL", "C").run().expect(0).stdout;
            assert!(plain.is_ascii() && plain.contains("  #"), "{plain}");
            for columns in [60, 80] {
                let shown = tool.clone().env("COLUMNS", columns.to_string()).run().expect(0).stdout;
                let wide = shown.lines().find(|line| line.width() > columns);
                assert_eq!(wide, None, "{columns} columns");
            }
        }
    }
}

#[test]
fn a_limit_that_was_reached_for_hours_is_told_in_hours_and_none_not_at_all() {
    let shown = |case: &str, day: &str| {
        let day = [format!("--from={day}"), format!("--to={day}")];
        report(&golden(case)).arg("sessions").args(day).run().expect(0).stdout
    };
    let limited = shown("08_week_20000", "2026-01-12");
    assert!(limited.contains("\n  Hours at the limit                        7.75\n"), "{limited}");
    assert!(limited.contains("\n  12 Jan 09:00     295          0.50  110  151.50  194  "), "{limited}");
    let unlimited = shown("01_simple_day", "2026-03-02");
    assert!(unlimited.contains("\n         Hour  Opened  Min   Mean  Max\n"), "{unlimited}");
    assert!(!unlimited.contains("limit") && !unlimited.contains("Quarter hours"), "{unlimited}");
}

#[test]
fn an_hour_that_comes_twice_has_two_rows_and_one_that_is_left_out_none() {
    let hours = |case: &str, day: &str| -> Vec<String> {
        let day = [format!("--from={day}"), format!("--to={day}")];
        let shown = report(&golden(case)).args(["sessions", "--lang=fr"]).args(day).run().expect(0).stdout;
        let table = shown.split("Sessions simultanées par heure\n").nth(1).unwrap();
        table.lines().skip(2).map(|line| line.trim_start()[..11].to_owned()).collect()
    };
    let spring = hours("06_dst_spring_paris", "2026-03-29");
    assert_eq!(spring[..4], ["29/03 00:00", "29/03 01:00", "29/03 03:00", "29/03 04:00"]);
    let autumn = hours("07_dst_autumn_paris", "2026-10-25");
    assert_eq!(autumn[..4], ["25/10 01:00", "25/10 02:00", "25/10 02:00", "25/10 03:00"]);
}

#[test]
fn a_period_without_slots_is_one_line() {
    let run = report(&empty()).args(["sessions", "--from=2026-03-10", "--lang=fr"]).run().expect(0);
    assert_eq!(
        run.stdout,
        "Statistiques du 10/03/2026 00:00 au 10/03/2026 20:00 (Europe/Paris)\n\nSESSIONS\n  Aucune statistique de sessions dans cette période.\n"
    );
}

#[test]
fn whoever_stopped_counting_is_noticed() {
    let database = evening();
    let line = "\nSESSIONS\n  Rien n'a été compté depuis plus d'une heure. Vérifiez que cron lance\n  session-aggregate.\n\n";
    let shown = |now: &str, arguments: &[&str]| {
        report_at(&database, now).args(["sessions", "--lang=fr"]).args(arguments).run().expect(0).stdout
    };
    // The newest slot ends at 19:44:59.
    let late = shown("2026-03-10T20:45:00+01:00", &[]);
    assert!(late.contains(line) && late.contains("Sessions ouvertes"), "{late}");
    assert!(!shown("2026-03-10T20:44:59+01:00", &[]).contains("session-aggregate"));
    // Without a slot in the period, too.
    let nothing = shown("2026-05-10T20:45:00+02:00", &[]);
    assert!(nothing.contains(line) && nothing.contains("Aucune statistique"), "{nothing}");
    // A report on the past is complete.
    let past = shown("2026-05-10T20:45:00+02:00", &["--from=2026-03-10", "--to=2026-03-10"]);
    assert!(!past.contains("session-aggregate"), "{past}");
}

#[test]
fn the_overview_says_until_when_sessions_were_counted() {
    let database = evening();
    let shown = report(&database).args(["overview", "--lang=fr"]).run().expect(0).stdout;
    let lines = "  Sessions ouvertes                        1\u{202f}515\n  Sessions comptées jusqu'à          10/03 19:45\n";
    assert!(shown.contains(lines), "{shown}");
    assert!(!report(&empty()).arg("overview").run().expect(0).stdout.contains("Sessions"));
}
