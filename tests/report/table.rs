//! What people read: exact tables.

use crate::space::{DAY, NOW, empty, filled, mysql_version, report, schema_version};

const ENGLISH: &str = "\
Statistics from 10 Mar 2026 00:00 to 11 Mar 2026 00:00 (Europe/Paris)

OVERVIEW
  Hours of use                      3.93
  Uses of machines                     6
  Uses to be verified                  4
  Different people                     4
  Workshops                            2
  Presences in workshops               2
  People with a balance below zero     2
  Rows waiting in users_temp           9
    of which match nothing             6

  Last snapshot with somebody connected
  Samba server          Time  Minutes ago
  serveur1      10 Mar 20:30          -30
  serveur2      10 Mar 19:50           10
  serveur3       1 Mar 11:00       13,500

  MySQL                  {mysql}
  Version of the tables  {tables}
  Redis                  out of reach

  cannot reach Redis at redis+unix:///nowhere/redis.sock: No such file or
  directory (os error 2); check that it runs and [redis] url

PUBLIC SPACE
  Hours of use         3.93
  Uses of machines        6
  Uses to be verified     4
  Different people        4
  Visits                  4
  Different visitors      4

  A visit is one person on one day, on machines, in workshops or both. Visitors
  of several months or rooms count in each of them, but once in all.

  Use by month
     Month  Hours  Visits  Visitors
  Mar 2026   3.93       4         4  ██████████████████████████████

  Hours of use by room
  Room          Hours  Visits  Visitors
  Espace libre   2.08       2         2  ██████████████████████████████
  Réserve        0.00       0         0
  Studio         1.00       1         1  ██████████████▌
  (no room)      0.85       3         3  ████████████▍

  Hours of use by machine
  Machine    Room          Hours
  POSTE-01   Espace libre   1.75  ██████████████████████████████
  POSTE-02   Espace libre   0.33  █████▊
  STUDIO-1   Studio         1.00  █████████████████▎
  PORTABLE   (no room)      0.75  ████████████▉
  (removed)  -              0.10  █▊

  No visitor's year of birth is known.

  No visitor's sex is known.

  No visitor's town is known.

  People with the most hours
  Login      Hours
  bruno       2.00  ██████████████████████████████
  chloé       1.00  ███████████████
  amina       0.83  ████████████▌
  (removed)   0.10  █▌

  Workshops
  Workshop                  Begins  Registered  Present  Absent  Places
  Premiers pas        10 Mar 10:00           3        2       1       2
  Photo 写真\\u{202e}  10 Mar 23:30           0        0       -       -

  Workshops                          2
    Registered people                3
    of which present                 2
    of which absent                  1
    Places                           2
    Present people for 100 places  100

  No use is suspect.

  Balances below zero
  Login  Credit (minutes)  Credit (workshops)
  bruno            -1,025                   -
  chloé                 0                  -1

  Connections that match nothing
  Login          Machine    Rows    First seen     Last seen  Unknown
  Twin           poste-01      1  10 Mar 19:25  10 Mar 19:25  person (ambiguous)
  amina          POSTE-99      1  10 Mar 19:25  10 Mar 19:25  machine
  bad\\u{1b}[31…  10.0.0.66     1  10 Mar 19:25  10 Mar 19:25  both
  vieux          POSTE-02      1   24 Dec 2025   24 Dec 2025  person
  zoé            POSTE-01      2  10 Mar 19:20  10 Mar 19:25  person
";

/// 60 columns: shorter bars and names, no number cut.
const FRENCH_NARROW: &str = "\
Statistiques du 10/03/2026 00:00 au 11/03/2026 00:00 (Europ…

ESPACE PUBLIC NUMÉRIQUE
  Heures d'utilisation     3,93
  Utilisations de postes      6
  Utilisations à vérifier     4
  Usagers différents          4
  Visites                     4
  Visiteurs différents        4

  Une visite est une personne un jour donné, sur un poste,
  en atelier ou les deux. Qui vient plusieurs mois ou dans
  plusieurs salles compte dans chacun, mais une seule fois
  au total.

  Fréquentation par mois
       Mois  Heures  Visites  Visiteurs
  mars 2026    3,93        4          4  ███████████████████

  Heures d'utilisation par salle
  Salle         Heures  Visites  Visiteurs
  Espace libre    2,08        2          2  ████████████████
  Réserve         0,00        0          0
  Studio          1,00        1          1  ███████▊
  (sans salle)    0,85        3          3  ██████▋

  Heures d'utilisation par poste
  Poste       Salle         Heures
  POSTE-01    Espace libre    1,75  ████████████████████████
  POSTE-02    Espace libre    0,33  ████▋
  STUDIO-1    Studio          1,00  █████████████▊
  PORTABLE    (sans salle)    0,75  ██████████▍
  (supprimé)  -               0,10  █▍

  L'année de naissance d'aucun visiteur n'est connue.

  Le sexe d'aucun visiteur n'est connu.

  La commune d'aucun visiteur n'est connue.

  Usagers ayant le plus d'heures
  Identifiant  Heures
  bruno          2,00  ██████████████████████████████
  chloé          1,00  ███████████████
  amina          0,83  ████████████▌
  (supprimé)     0,10  █▌

  Ateliers
  Atelier         Début  Inscrits  Présents  Absents  Places
  Premier…  10/03 10:00         3         2        1       2
  Photo …   10/03 23:30         0         0        -       -

  Ateliers                      2
    Inscrits                    3
    dont présents               2
    dont absents                1
    Places                      2
    Présents pour 100 places  100

  Aucune utilisation n'est suspecte.

  Soldes négatifs
  Identifiant  Crédit (minutes)  Crédit (ateliers)
  bruno                  -1\u{202f}025                  -
  chloé                       0                 -1

  Connexions sans correspondance
  Identi…  Poste    Lignes     Première     Dernière  Incon…
  Twin     poste-…       1  10/03 19:25  10/03 19:25  usage…
  amina    POSTE-…       1  10/03 19:25  10/03 19:25  poste
  bad\\u{…  10.0.0…       1  10/03 19:25  10/03 19:25  les d…
  vieux    POSTE-…       1   24/12/2025   24/12/2025  usager
  zoé      POSTE-…       2  10/03 19:20  10/03 19:25  usager
";

/// The same in ASCII; what belongs to names is escaped, because `chloe` is somebody else.
const FRENCH_ASCII: &str = "\
  Usagers ayant le plus d'heures
  Identifiant  Heures
  bruno          2,00  ##############################
  chlo\\u{e9}     1,00  ###############
  amina          0,83  #############
  (supprime)     0,10  ##

  Ateliers
  Atelier                             Debut  Inscrits  Presents  Absents  Places
  Premiers pas                  10/03 10:00         3         2        1       2
  Photo \\u{5199}\\u{771f}\\u{...  10/03 23:30         0         0        -       -

  Ateliers                      2
    Inscrits                    3
    dont presents               2
    dont absents                1
    Places                      2
    Presents pour 100 places  100

  Aucune utilisation n'est suspecte.

  Soldes negatifs
  Identifiant  Credit (minutes)  Credit (ateliers)
  bruno                  -1 025                  -
  chlo\\u{e9}                  0                 -1
";

#[test]
fn in_english_on_eighty_columns() {
    let database = filled();
    let run = report(&database).env("COLUMNS", "80").args(DAY).run().expect(0);
    assert_eq!(run.stderr, "");
    let expected =
        ENGLISH.replace("{mysql}", &mysql_version(&database)).replace("{tables}", &schema_version(&database));
    assert_eq!(run.stdout, expected);
}

#[test]
fn in_french_on_sixty_columns() {
    let database = filled();
    let run = report(&database).env("COLUMNS", "60").args(DAY).args(["epn", "--lang=fr"]).run().expect(0);
    assert_eq!(run.stdout, FRENCH_NARROW);
}

#[test]
fn in_ascii_where_the_locale_is_not_utf_8() {
    let database = filled();
    let tool = report(&database).args(DAY).arg("epn");
    let run = tool.env("LC_ALL", "fr_FR.ISO-8859-1").run().expect(0);
    assert!(run.stdout.is_ascii(), "{}", run.stdout);
    assert!(run.stdout.contains(FRENCH_ASCII), "{}", run.stdout);
}

#[test]
fn workshops_have_bars_where_there_is_room_for_what_they_mean() {
    let database = filled();
    let shown = |columns: &str, locale: &str| {
        let tool = report(&database).env("COLUMNS", columns).env("LC_ALL", locale).args(DAY).arg("epn");
        tool.run().expect(0).stdout
    };
    let wide = shown("112", "C.UTF-8");
    assert!(wide.contains("Absent  Places  ▒ Registered  █ Present  · Places\n"), "{wide}");
    let bar = "█".repeat(26) + &"▒".repeat(13);
    assert!(wide.contains(&format!("           3        2       1       2  {bar}\n")), "{wide}");
    assert!(shown("130", "C").contains("Places  = Registered  # Present  . Places\n"));
    assert!(!shown("80", "C.UTF-8").contains("· Places"));
}

#[test]
fn rankings_without_entries_say_so_and_deny_nothing() {
    let database = filled();
    let shown = report(&database).args(DAY).args(["epn", "--top=0"]).run().expect(0).stdout;
    assert_eq!(shown.matches("\n  No entry is shown.\n").count(), 2, "{shown}");
    assert!(!shown.contains("Nobody used") && !shown.contains("No use is suspect"), "{shown}");
}

#[test]
fn no_line_is_wider_than_the_screen() {
    let database = filled();
    database.run(&format!("UPDATE epn_user SET login = CONCAT('{}', id)", "田中".repeat(40)));
    database.run(&format!("UPDATE epn_computer SET netbios_name = CONCAT('{}', id)", "e\u{301}".repeat(20)));
    database.run(&format!("UPDATE epn_room SET name = CONCAT('{}', id)", "w".repeat(150)));
    for columns in [60, 80, 132] {
        let run = report(&database).env("COLUMNS", columns.to_string()).args(DAY).run().expect(0);
        for line in run.stdout.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= columns, "{columns} columns: {line}");
        }
    }
}

#[test]
fn the_period_is_the_last_thirty_days_when_nothing_is_said() {
    let database = filled();
    let run = report(&database).arg("epn").run().expect(0);
    let title = run.stdout.lines().next().unwrap();
    assert_eq!(title, "Statistics from 8 Feb 2026 00:00 to 10 Mar 2026 20:00 (Europe/Paris)");
    // The use that goes on until half past one has not begun.
    assert!(run.stdout.contains("\n  STUDIO-1   Studio         0.00\n"), "{}", run.stdout);
}

#[test]
fn sections_without_data_are_left_out_unless_they_are_named() {
    let database = empty();
    let all = report(&database).run().expect(0).stdout;
    assert!(all.contains("\nOVERVIEW\n") && !all.contains("PUBLIC SPACE"), "{all}");
    assert!(all.contains("\n  No snapshot of connected people has come in.\n"), "{all}");
    let named = report(&database).args(["epn", "--from=1773097200", "--to", NOW]).run().expect(0).stdout;
    assert_eq!(
        named,
        "Statistics from 10 Mar 2026 00:00 to 10 Mar 2026 20:00 (Europe/Paris)\n\nPUBLIC SPACE\n  Nothing is recorded yet.\n"
    );
    database.run("INSERT INTO epn_room (name) VALUES ('Salle')");
    let room = report(&database).arg("epn").run().expect(0).stdout;
    for line in
        ["There is no machine.", "Nobody used a machine in this period.", "No workshop in this period."]
    {
        assert!(room.contains(&format!("\n  {line}\n")), "{room}");
    }
}
