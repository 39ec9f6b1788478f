//! A small, complete, fixed year of a public space and its web site: something of everything that a report shows.

use std::fmt::Write;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeZone, Utc, Weekday};
use chrono_tz::Europe::Paris;

use crate::{
    site::Site,
    space::report_at,
    support::Tool,
    time::{self, SETTINGS, Session},
};

/// The Monday after the year.
pub const NOW: &str = "2026-01-05T09:00:00+01:00";

/// The whole year, in Paris.
pub const YEAR: [&str; 2] = ["--from=2025-01-01", "--to=2025-12-31"];

/// A day of it that has slots of sessions, sessions of time online, and logins.
pub const DAY: [&str; 2] = ["--from=2025-03-11", "--to=2025-03-11"];

/// That day, 8:00 in Paris.
const MORNING: i64 = 1_741_676_400;

const PLACES: &str = "
    INSERT INTO epn_room (id, name) VALUES (1, 'Espace libre'), (2, 'Salle des ateliers'), (3, 'Studio');
    INSERT INTO epn_computer (id, netbios_name, room_id) VALUES
      (1, 'POSTE-01', 1), (2, 'POSTE-02', 1), (3, 'POSTE-03', 1), (4, 'POSTE-04', 1), (5, 'POSTE-05', 1),
      (6, 'ATELIER-01', 2), (7, 'ATELIER-02', 2), (8, 'STUDIO-01', 3), (9, 'PORTABLE', NULL);";

/// Login, year of birth, sex, town.
type Person = (&'static str, Option<i32>, Option<&'static str>, Option<&'static str>);

const PEOPLE: [Person; 16] = [
    ("amina.benali", Some(1951), Some("f"), Some("Villeurbanne")),
    ("bruno.roy", Some(1948), Some("m"), Some("Villeurbanne")),
    ("chloé.petit", Some(2015), Some("f"), Some("Villeurbanne")),
    ("damien.diallo", Some(2011), Some("m"), Some("Lyon")),
    ("elsa.moreau", Some(2009), Some("f"), Some("Lyon")),
    ("farid.haddad", Some(2004), Some("m"), Some("lyon ")),
    ("gaëlle.le-goff", Some(1990), Some("f"), Some("Bron")),
    ("hugo.martin", Some(1986), Some("m"), Some("Bron")),
    ("inès.garcia", Some(1975), Some("f"), Some("Vaulx-en-Velin")),
    ("jean.dupont", Some(1962), Some("m"), Some("Villeurbanne")),
    ("karim.nait", Some(1958), Some("m"), None),
    ("lise.andré", Some(1944), Some("f"), Some("Villeurbanne")),
    ("maxime.noël", None, Some("x"), Some("Saint-Priest")),
    ("nadia.<b>ould</b>", Some(1999), None, Some("Villeurbanne")),
    ("=oscar&\"co\"", None, None, None),
    ("paul.\u{202e}renard", Some(2016), Some("m"), Some("Décines")),
];

const STAFF_HAVE_TO_LOOK: &str = "
    INSERT INTO epn_user (id, login, is_staff) VALUES (90, 'equipe', 1);
    UPDATE epn_user SET credit_minutes = -135 WHERE id = 2;
    UPDATE epn_user SET credit_minutes = 60, workshop_credits = -1 WHERE id = 7;
    INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status, verified) VALUES
      -- over the turn of the year, both nights of changed clocks, and from an evening to the next one
      (1, 1, '2024-12-31 22:00', '2025-01-01 00:30', 'used', 1),
      (2, 2, '2025-12-31 22:30', '2025-12-31 23:30', 'used', 0),
      (3, 6, '2025-03-29 22:00', '2025-03-30 02:30', 'used', 1),
      (3, 6, '2025-10-25 22:00', '2025-10-26 02:30', 'used', 1),
      (8, 7, '2025-06-12 17:00', '2025-06-13 17:00', 'used', 0),
      -- of a removed machine, of a removed person, and what nobody used
      (77, 3, '2025-02-05 14:00', '2025-02-05 15:00', 'used', 1),
      (4, 66, '2025-02-06 14:00', '2025-02-06 14:30', 'used', 1),
      (4, 8, '2025-02-07 14:00', '2025-02-07 15:00', 'cancelled', 0),
      (4, 8, '2025-02-08 14:00', '2025-02-08 15:00', 'booked', 0);
    INSERT INTO users_temp (seen_at, server, login, machine, ip) VALUES
      ('2025-12-30 10:00', 'nas', 'visiteuse', 'POSTE-01', NULL),
      ('2025-12-30 10:05', 'nas', 'visiteuse', 'POSTE-01', NULL),
      ('2025-12-31 15:00', 'nas', 'hugo.martin', 'POSTE-12', NULL),
      ('2026-01-02 09:30', 'nas', 'invitée', '', '10.0.0.66');
    INSERT INTO users_log (seen_at, server, login, machine, ip, ingested_at) VALUES
      ('2026-01-03 16:55', 'nas', 'amina.benali', 'POSTE-01', NULL, '2026-01-03 17:00'),
      ('2025-12-20 11:00', 'nas-annexe', 'bruno.roy', 'PORTABLE', NULL, '2025-12-20 11:10');
    INSERT INTO utilisateurs (id, nom, prenom, email) VALUES
      (1, 'Benali', 'Amina', 'amina@epn.example'), (2, 'Roy', 'Bruno', 'Bruno.Roy@epn.example'),
      (3, 'Petit', 'Chloé', 'chloé@epn.example'), (4, 'Diallo', 'Damien', 'damien@epn.example'),
      (5, 'Moreau', 'Elsa', 'elsa+<i>@epn.example');";

const WORKSHOPS: [&str; 4] =
    ["Premiers pas sur Internet", "Retouche photo & <vidéo>", "=Tableur(A1)", "Démarches en ligne"];

/// Of one day: three people on a platform, one of whom walked away.
const ONLINE: &[Session] = &[
    (101, MORNING, 1_000, 0, "logout", &[(0, 100), (2, 900)]),
    (101, MORNING + 3_600, 5_000, 3, "gap", &[(2, 5_000)]),
    (102, MORNING + 14_400, 700, 0, "gap", &[(2, 700)]),
    (102, MORNING + 18_000, 900, 0, "login", &[(2, 900)]),
    (103, MORNING + 22_100, 8_000, 6, "capped", &[(3, 8_000)]),
];

/// The database and the counters, filled.
#[track_caller]
pub fn year() -> Site {
    let site = Site::new();
    let mut script = format!("SET time_zone = '+00:00'; {PLACES}");
    people(&mut script);
    uses(&mut script);
    workshops(&mut script);
    slots(&mut script);
    site.database.run(&script);
    site.database.run(STAFF_HAVE_TO_LOOK);
    time::read_with(&site.database, SETTINGS);
    time::fill(&site.database, ONLINE);
    counters(&site);
    site
}

/// stats-report about it.
pub fn report(site: &Site) -> Tool {
    report_at(&site.database, NOW).redis(&site.redis)
}

/// A text or NULL, as SQL has it.
fn sql(text: Option<impl ToString>) -> String {
    text.map_or("NULL".to_owned(), |text| format!("'{}'", text.to_string()))
}

/// A local time, as SQL has it.
fn at(day: NaiveDate, minute: u32) -> String {
    let local = day.and_hms_opt(minute / 60, minute % 60, 0).unwrap();
    let instant: DateTime<Utc> = Paris.from_local_datetime(&local).unwrap().to_utc();
    instant.format("'%F %T'").to_string()
}

fn people(script: &mut String) {
    for (id, (login, born, sex, town)) in (1..).zip(PEOPLE) {
        let (born, sex, town) = (sql(born), sql(sex), sql(town));
        let columns = "id, login, birth_year, sex, town";
        write!(script, "INSERT INTO epn_user ({columns}) VALUES ({id}, '{login}', {born}, {sex}, {town});")
            .unwrap();
    }
}

/// Open from Tuesday to Saturday, but for three weeks in August: one to three uses a day.
fn uses(script: &mut String) {
    let is_weekend = |day: &NaiveDate| matches!(day.weekday(), Weekday::Sun | Weekday::Mon);
    let is_holiday = |day: &NaiveDate| day.month() == 8 && day.day() <= 21;
    let is_open = |day: &NaiveDate| !is_weekend(day) && !is_holiday(day);
    let year = NaiveDate::from_ymd_opt(2025, 1, 2).unwrap().iter_days().take_while(|day| day.year() == 2025);
    for (number, day) in (0_u32..).zip(year.filter(is_open)) {
        for use_ in 0..=number % 3 {
            let person = 1 + (number * 7 + use_ * 5) % 16;
            let computer = 1 + (number * 4 + use_) % 9;
            let start = 540 + (number * 37 + use_ * 91) % 390;
            let length = 15 + (number * 13 + use_ * 29) % 140;
            let verified = (number + use_) % 4 != 0;
            let (from, to) = (at(day, start), at(day, start + length));
            let columns = "computer_id, user_id, starts_at, ends_at, status, verified";
            let values = format!("{computer}, {person}, {from}, {to}, 'used', {verified}");
            write!(script, "INSERT INTO epn_booking ({columns}) VALUES ({values});").unwrap();
        }
    }
}

/// One every third week, and one that is still to come.
fn workshops(script: &mut String) {
    let first = NaiveDate::from_ymd_opt(2025, 1, 16).unwrap();
    for number in 0_u32..18 {
        let day = first.checked_add_days(Days::new(u64::from(number) * 21)).unwrap();
        let id = number + 1;
        let title = WORKSHOPS[number as usize % WORKSHOPS.len()];
        let capacity = if number % 6 == 5 { None } else { Some(4 + number % 3) };
        let status = if number == 9 { "cancelled" } else { "closed" };
        let columns = "id, title, room_id, starts_at, ends_at, capacity, status";
        let (from, to, capacity) = (at(day, 840), at(day, 960), sql(capacity));
        let values = format!("{id}, '{title}', 2, {from}, {to}, {capacity}, '{status}'");
        write!(script, "INSERT INTO epn_workshop ({columns}) VALUES ({values});").unwrap();
        for place in 0..2 + number % 4 {
            let person = 1 + (number * 3 + place * 5) % 16;
            let status = if (number + place) % 4 == 3 { "registered" } else { "present" };
            write!(script, "INSERT INTO epn_attendance (workshop_id, user_id, status) VALUES ({id}, {person}, '{status}');")
                .unwrap();
        }
    }
}

/// Slots of one day from 8:00 to 18:00, with a limit that is reached at two o'clock.
fn slots(script: &mut String) {
    for slot in 0_i64..40 {
        let begin = MORNING + 900 * slot;
        let most = 6 - (slot - 24).abs() / 5;
        let least = (most - 2).max(0);
        let columns = "slot_begin, slot_end, active_min, active_max, active_avg, active_end, opened, closed_manual, \
            closed_expire, closed_idle, closed_idle_first, closed_limit, closed_login, max_sessions, closed_misc";
        let values = format!(
            "{begin}, {begin} + 899, {least}, {most}, {least} + 0.75, {least}, {}, {}, {}, 0, 0, {}, 0, 6, 0",
            1 + slot % 3,
            slot % 2,
            slot % 5 / 4,
            i64::from(most == 6)
        );
        write!(script, "INSERT INTO usr_session_stats ({columns}) VALUES ({values});").unwrap();
        if most == 6 {
            let end = begin + 120;
            write!(script, "INSERT INTO session_at_limit (begins_at, ends_at, slot_begin) VALUES ({begin}, {end}, {begin});")
                .unwrap();
        }
    }
}

/// Some days of logins and calls; three logins in ten minutes are allowed.
fn counters(site: &Site) {
    site.log_in("2025-01-14T09:00:00Z", &["1", "2", "Amina@EPN.example"]);
    site.log_in("2025-03-11T09:00:00Z", &["1", "3", "elsa+<i>@epn.example", "=formule"]);
    site.log_in("2025-03-11T15:00:00Z", &["2", "2", "2", "2", "2"]);
    site.log_in("2025-10-02T10:00:00Z", &["1", "zoé\u{202e}"]);
    site.log_in("2025-12-30T16:00:00Z", &["3", "3", "3", "3"]);
    site.call("2025-03-11T09:05:00Z", "Vente", &["1", "1", "3", "=formule"]);
    site.call("2025-03-11T15:05:00Z", "Achat", &["2", "3"]);
    site.call("2025-10-02T10:05:00Z", "mes {données} 100%", &["1", "zoé\u{202e}"]);
}

#[test]
fn every_section_of_the_year_has_something_in_every_list() {
    let site = year();
    let shown = crate::site::json(&report(&site), &YEAR);
    let mut empty = Vec::new();
    for (section, figures) in shown.as_object().unwrap().iter().filter(|(_, of)| of.is_object()) {
        for (key, value) in figures.as_object().unwrap() {
            if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
                empty.push(format!("{section}.{key}"));
            }
        }
    }
    assert!(empty.is_empty(), "{empty:?}");
    for section in ["overview", "sessions", "logins", "services", "epn", "time"] {
        assert!(shown[section].is_object(), "{section}");
    }
    let day = crate::site::json(&report(&site), &DAY);
    assert_eq!(day["sessions"]["slots"].as_array().unwrap().len(), 40);
    assert_eq!((&day["time"]["sessions"], &day["logins"]["refused"]), (&5.into(), &2.into()));
    // All of it is fixed.
    assert_eq!(shown["epn"]["by_month"].as_array().unwrap().len(), 12);
    assert_eq!(shown, crate::site::json(&report(&year()), &YEAR));
}
