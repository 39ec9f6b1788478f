//! A person who wants to be forgotten.

use mysql::prelude::Queryable;

use crate::{
    space::Space,
    support::{Output, Tool},
};

const NOW: &str = "--now=2026-03-11T12:00:00Z";

/// Two people whose logins differ in more than case; what epn-ingest made of their day; a workshop of tomorrow.
fn space() -> Space {
    let mut space = Space::new(chrono_tz::UTC, "");
    space
        .conn
        .query_drop(
            "INSERT INTO epn_computer (id, netbios_name) VALUES (1, 'PC1'); \
             INSERT INTO epn_user (id, login, last_name, birth_year, town, credit_minutes) VALUES \
             (1, 'Zoé', 'Petit', 1990, 'Bron', 600), (2, 'zoée', 'Grand', 1980, NULL, 600); \
             INSERT INTO epn_workshop (id, starts_at, ends_at) VALUES (1, '2026-03-12 10:00', '2026-03-12 12:00'); \
             INSERT INTO epn_attendance (workshop_id, user_id, status) VALUES (1, 1, 'registered'), (1, 2, 'registered'); \
             INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at) VALUES \
             (1, 1, '2026-03-12 14:00', '2026-03-12 15:00'); \
             INSERT INTO users_temp (seen_at, server, login, machine) VALUES \
             ('2026-03-10 10:00', 'nas', 'SALLE\\\\zoé', 'pc1'), ('2026-03-10 10:05', 'nas', 'ZOÉ ', 'pc1'), \
             ('2026-03-10 11:00', 'nas', 'zoée', 'pc1'), ('2026-03-10 12:00', 'nas', 'zoé', 'inconnu'), \
             ('2026-03-10 12:00', 'nas', 'Inconnue', 'pc1')",
        )
        .unwrap();
    space.ingest("2026-03-10T13:00:00Z".parse().unwrap());
    space
}

fn erase(space: &Space, login: &str, flags: &[&str]) -> Output {
    Tool::new("epn-ingest").url(&space.database).args([NOW, "--erase", login]).args(flags).run()
}

/// All that is there, but for what changes with the time of the run.
fn dump(space: &Space) -> String {
    let tables = [
        "epn_user",
        "epn_booking",
        "epn_attendance",
        "epn_presence",
        "epn_use",
        "epn_workshop_seen",
        "epn_credit_ledger",
        "users_temp",
        "users_log",
    ];
    space.database.dump(&tables)
}

#[test]
fn what_names_the_person_goes_and_the_figures_of_the_space_stay() {
    let space = space();
    let before = dump(&space);
    let rehearsed = erase(&space, "zoé", &["--dry-run"]).expect(0).stdout;
    assert_eq!(dump(&space), before, "a rehearsal changes nothing");
    let shown = erase(&space, " SALLE\\ZOÉ", &[]).expect(0).stdout;
    assert_eq!(
        shown,
        " SALLE\\ZOÉ: 1 rows of users_temp deleted\n\
         \u{20}SALLE\\ZOÉ: 1 rows of epn_booking deleted\n\
         \u{20}SALLE\\ZOÉ: 1 rows of epn_attendance deleted\n\
         \u{20}SALLE\\ZOÉ: 1 rows of epn_presence deleted\n\
         \u{20}SALLE\\ZOÉ: 1 rows of epn_use deleted\n\
         \u{20}SALLE\\ZOÉ: 1 rows of epn_user deleted\n\
         \u{20}SALLE\\ZOÉ: 2 rows of users_log kept until 2027-03-10, the connection record; --with-log deletes them\n"
    );
    assert_eq!(rehearsed, shown.replace("deleted\n", "would be deleted\n").replace(" SALLE\\ZOÉ", "zoé"));
    let value = |sql: &str| space.database.value(sql);
    assert_eq!(value("SELECT COUNT(*) FROM epn_booking WHERE user_id = 1 AND status = 'used'"), "1");
    assert_eq!(value("SELECT SUM(delta) FROM epn_credit_ledger WHERE user_id = 1"), "-10");
    assert_eq!(value("SELECT login FROM epn_user"), "zoée");
    assert_eq!(value("SELECT COUNT(*) FROM epn_presence WHERE user_id = 2"), "1");
    assert_eq!(value("SELECT COUNT(*) FROM users_temp"), "1", "of somebody else");
    // Again: only the connection record is left, and then nothing.
    let with_log = erase(&space, "zoé", &["--with-log"]).expect(0).stdout;
    assert_eq!(with_log, "zoé: 2 rows of users_log deleted\n");
    assert_eq!(value("SELECT GROUP_CONCAT(login) FROM users_log"), "zoée");
    let nobody = erase(&space, "zoé", &["--with-log"]).expect(1);
    assert_eq!(nobody.stderr, "epn-ingest: nothing is known of a login zoé\n");
}

#[test]
fn somebody_whom_nobody_registered_can_be_forgotten_too() {
    let space = space();
    let shown = erase(&space, "inconnue", &[]).expect(0).stdout;
    assert_eq!(shown, "inconnue: 1 rows of users_temp deleted\n");
}

#[test]
fn nobody_is_taken_for_somebody_else() {
    let mut space = space();
    space.conn.query_drop("INSERT INTO epn_user (id, login) VALUES (3, 'ZOÉ')").unwrap();
    let before = dump(&space);
    let refused = erase(&space, "zoé", &[]).expect(2);
    assert!(refused.stderr.ends_with("give the exact login\n"), "{refused:?}");
    assert_eq!(dump(&space), before);
    let exact = erase(&space, "ZOÉ", &["--dry-run"]).expect(0).stdout;
    assert!(exact.contains("1 rows of epn_user would be deleted"), "{exact}");
}
