//! What people read of logins and calls of services: exact tables.

use crate::site::Site;

const ENGLISH: &str = "\
Statistics from 8 Mar 2026 00:00 to 11 Mar 2026 00:00 (Europe/Paris)

LOGINS
  Logins           16
  Different users   6
  Refused tries     3

  Last logins
  User                           Time
  zoé\\u{202e}            10 Mar 13:00
  Bruno.Roy@Example.org  10 Mar 13:00
  99                     10 Mar 09:00
  amina@example.org      10 Mar 09:00
  {x} y%                 10 Mar 09:00
  dora@example.org        9 Mar 00:59

  Users with the most logins
  User                   Logins
  Bruno.Roy@Example.org       6  ██████████████████████████████
  zoé\\u{202e}                 4  ████████████████████
  amina@example.org           3  ███████████████

  Users who were refused most often
  User                   Rule   Refused
  zoé\\u{202e}            login        2  ██████████████████████████████
  Bruno.Roy@Example.org  login        1  ███████████████

  Logins by day (UTC)
  ▄▁█
          Day  Logins
   8 Mar 2026       5  █████████████▊
   9 Mar 2026       0
  10 Mar 2026      11  ██████████████████████████████

SERVICES
  Calls of services      7
  Users who called none  3
  Service called most    Achat

  Calls by service
  Service             Calls
  Achat                   3  ██████████████████████████████
  Vente                   3  ██████████████████████████████
  mes {données} 100%      1  ██████████

  Users with the fewest calls
  User                   Calls
  99                         0
  chloé@example.org          0
  dora@example.org           0
  Bruno.Roy@Example.org      1  ██████████
  zoé\\u{202e}                1  ██████████
  {x} y%                     2  ████████████████████
  amina@example.org          3  ██████████████████████████████

  Users with the most calls of a service
  User                   Service             Calls
  amina@example.org      Vente                   2  ████████████████████████████
  Bruno.Roy@Example.org  Vente                   1  ██████████████
  amina@example.org      Achat                   1  ██████████████
  zoé\\u{202e}            Achat                   1  ██████████████
  {x} y%                 Achat                   1  ██████████████
  {x} y%                 mes {données} 100%      1  ██████████████
";

/// 60 columns, of the two most.
const FRENCH_NARROW: &str = "\
Statistiques du 08/03/2026 00:00 au 11/03/2026 00:00 (Europ…

CONNEXIONS
  Connexions               16
  Utilisateurs différents   6
  Tentatives refusées       3

  Dernières connexions
  Utilisateur                  Heure
  zoé\\u{202e}            10/03 13:00
  Bruno.Roy@Example.org  10/03 13:00

  Utilisateurs les plus assidus
  Utilisateur            Connexions
  Bruno.Roy@Example.org           6  ███████████████████████
  zoé\\u{202e}                     4  ███████████████▍

  Utilisateurs les plus souvent refusés
  Utilisateur            Règle  Refus
  zoé\\u{202e}            login      2  █████████████████████
  Bruno.Roy@Example.org  login      1  ██████████▌

  Connexions par jour (UTC)
  ▄▁█
        Jour  Connexions
  08/03/2026           5  █████████████▊
  09/03/2026           0
  10/03/2026          11  ██████████████████████████████

SERVICES
  Appels de services             7
  Utilisateurs sans aucun appel  3
  Service le plus appelé         Achat

  Appels par service
  Service             Appels
  Achat                    3  ██████████████████████████████
  Vente                    3  ██████████████████████████████
  mes {données} 100%       1  ██████████

  Utilisateurs ayant le moins d'appels
  Utilisateur        Appels
  99                      0
  chloé@example.org       0

  Utilisateurs ayant le plus d'appels d'un service
  Utilisateur            Service  Appels
  amina@example.org      Vente         2  ██████████████████
  Bruno.Roy@Example.org  Vente         1  █████████
";

#[test]
fn in_english_on_eighty_columns() {
    let site = Site::filled();
    // In the order of a report, however they are named.
    let run = site.report().env("COLUMNS", "80").args(["services", "logins"]).run().expect(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (ENGLISH, ""));
}

#[test]
fn in_french_on_sixty_columns() {
    let site = Site::filled();
    let tool = site.report().env("COLUMNS", "60").args(["logins", "services", "--lang=fr", "--top=2"]);
    assert_eq!(tool.run().expect(0).stdout, FRENCH_NARROW);
}

#[test]
fn in_ascii_where_the_locale_is_not_utf_8() {
    let site = Site::filled();
    let shown = site.report().env("LC_ALL", "fr_FR.ISO-8859-1").args(["logins", "services"]).run().expect(0);
    assert!(shown.stdout.is_ascii(), "{}", shown.stdout);
    assert!(shown.stdout.contains("\n  Tentatives refusees       3\n"), "{}", shown.stdout);
    assert!(shown.stdout.contains("\n  mes {donn\\u{e9}es} 100%       1  ####"), "{}", shown.stdout);
}

#[test]
fn no_line_is_wider_than_the_screen() {
    let site = Site::new();
    let (long, wide) = ("w".repeat(1_000), "田中".repeat(21));
    site.log_in("2026-03-10T10:00:00Z", &[long.as_str(); 5]);
    site.log_in("2026-03-10T10:00:00Z", &[wide.as_str(); 5]);
    site.call("2026-03-10T10:00:00Z", &wide, &[&long]);
    for columns in [60, 80, 132] {
        let shown = site.report().env("COLUMNS", columns.to_string()).run().expect(0).stdout;
        for line in shown.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= columns, "{columns} columns: {line}");
        }
    }
}
