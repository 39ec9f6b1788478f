//! Any year of a public space, and its figures counted by the minute, in the simplest way.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    site,
    space::report_at,
    support::{Database, Tool},
};

/// Minutes since the epoch around which things happen: the end of a year, and the nights in which clocks change.
const AROUND: [i64; 3] = [1_767_222_000 / 60, 1_774_746_000 / 60, 1_792_890_000 / 60];
const ZONES: [&str; 4] = ["Europe/Paris", "UTC", "Pacific/Auckland", "America/St_Johns"];

/// Where machines stand: the first three are there, the last one was removed. Room 9 is no room.
const COMPUTERS: [(u64, Option<u64>); 5] = [(1, Some(1)), (2, Some(2)), (3, None), (4, Some(9)), (99, None)];
pub const ROOMS: [(u64, &str); 3] = [(1, "Accueil"), (2, "Studio"), (3, "Vide")];
/// What is written of towns, and which town that is.
const TOWNS: [(Option<&str>, Option<&str>); 7] = [
    (None, None),
    (Some("Lyon"), Some("lyon")),
    (Some("LYON "), Some("lyon")),
    (Some("Saint Priest"), Some("saint priest")),
    (Some("saint  priest"), Some("saint priest")),
    (Some(" "), None),
    (Some("Bron"), Some("bron")),
];
const SEXES: [Option<&str>; 4] = [None, Some("f"), Some("m"), Some("x")];
/// Years of birth on both sides of each edge of an age class in 2025 and 2026, and mistakes.
const BIRTHS: [Option<i32>; 12] = [
    None,
    Some(2014),
    Some(2013),
    Some(2008),
    Some(2007),
    Some(2001),
    Some(1986),
    Some(1966),
    Some(1951),
    Some(1950),
    Some(0),
    Some(2030),
];
pub const LONGEST: i64 = 5 * 60;
pub const VERIFY_DAYS: i64 = 3;

#[derive(Clone, Debug)]
pub struct Person {
    born: usize,
    sex: usize,
    town: usize,
}

#[derive(Clone, Debug)]
pub struct Use {
    computer: usize,
    person: u64,
    pub start: i64,
    pub length: i64,
    pub status: &'static str,
    pub verified: bool,
}

#[derive(Clone, Debug)]
pub struct Workshop {
    room: Option<u64>,
    start: i64,
    length: i64,
    capacity: Option<i64>,
    cancelled: bool,
    people: BTreeMap<u64, &'static str>,
}

/// Minutes are counted from `around`.
#[derive(Clone, Debug)]
pub struct Year {
    around: i64,
    zone: &'static str,
    pub from: i64,
    pub to: i64,
    pub now: i64,
    /// Those of the list of people; more come than are in it.
    people: Vec<Person>,
    pub uses: Vec<Use>,
    workshops: Vec<Workshop>,
    /// So many uses stood as they stand when epn-ingest packed them, the others were changed afterwards; none: it never
    /// ran.
    packed: Option<usize>,
}

const DAYS_AROUND: i64 = 12 * 1_440;

pub fn year() -> impl Strategy<Value = Year> {
    let person = (0..BIRTHS.len(), 0..SEXES.len(), 0..TOWNS.len());
    let person = person.prop_map(|(born, sex, town)| Person { born, sex, town });
    let start = prop_oneof![-DAYS_AROUND..DAYS_AROUND, -180..180_i64];
    let length = prop_oneof![8 => 0..400_i64, 1 => -20..1_i64, 1 => 400..6_000_i64];
    let status = prop_oneof![6 => Just("used"), 1 => Just("booked"), 1 => Just("cancelled")];
    let used = (0..COMPUTERS.len(), 1..9_u64, start.clone(), length, status, any::<bool>());
    let used = used.prop_map(|(computer, person, start, length, status, verified)| Use {
        computer,
        person,
        start,
        length,
        status,
        verified,
    });
    let attending =
        prop_oneof![Just("registered"), Just("present"), Just("present"), Just("waiting"), Just("cancelled")];
    let room = prop_oneof![Just(None), Just(Some(1)), Just(Some(3)), Just(Some(9))];
    let capacity = prop_oneof![Just(None), (0..6_i64).prop_map(Some)];
    let people = proptest::collection::btree_map(1..10_u64, attending, 0..6);
    let workshop = (room, start, 1..2_000_i64, capacity, proptest::bool::weighted(0.1), people);
    let workshop = workshop.prop_map(|(room, start, length, capacity, cancelled, people)| Workshop {
        room,
        start,
        length,
        capacity,
        cancelled,
        people,
    });
    let times = (-DAYS_AROUND..1_000, 1..DAYS_AROUND, -DAYS_AROUND..2 * DAYS_AROUND);
    let lists = (
        proptest::collection::vec(person, 6),
        proptest::collection::vec(used, 0..40),
        proptest::collection::vec(workshop, 0..6),
        // What is packed is read for long periods only.
        proptest::option::of((0..50_usize, 60 * 1_440..800 * 1_440_i64)),
    );
    (0..AROUND.len(), 0..ZONES.len(), times, lists).prop_map(
        |(around, zone, (from, length, now), (people, uses, workshops, packed))| Year {
            around: AROUND[around],
            zone: ZONES[zone],
            from: from - packed.map_or(0, |(_, longer)| longer),
            to: from + length,
            packed: packed.map(|(uses, _)| uses),
            now,
            people,
            uses,
            workshops,
        },
    )
}

/// A value of SQL.
fn sql(text: Option<impl ToString>) -> String {
    text.map_or("NULL".to_owned(), |text| format!("'{}'", text.to_string()))
}

impl Year {
    fn instant(&self, minute: i64) -> DateTime<chrono::Utc> {
        DateTime::from_timestamp((self.around + minute) * 60, 0).unwrap()
    }

    fn datetime(&self, minute: i64) -> String {
        self.instant(minute).format("'%F %T'").to_string()
    }

    fn day(&self, minute: i64) -> NaiveDate {
        let zone: Tz = self.zone.parse().unwrap();
        self.instant(minute).with_timezone(&zone).date_naive()
    }

    pub fn fill(&self, database: &Database) {
        let begin = "SET sql_mode = 'STRICT_ALL_TABLES'; SET time_zone = '+00:00';";
        let (mut script, mut afterwards) = (begin.to_owned(), begin.to_owned());
        for table in ["room", "computer", "user", "booking", "workshop", "attendance"] {
            script += &format!("DELETE FROM epn_{table};");
        }
        for (id, name) in ROOMS {
            script += &format!("INSERT INTO epn_room VALUES ({id}, '{name}');");
        }
        for (id, room) in &COMPUTERS[..4] {
            script += &format!(
                "INSERT INTO epn_computer (id, netbios_name, room_id) VALUES ({id}, 'PC{id}', {});",
                sql(*room)
            );
        }
        for (id, Person { born, sex, town }) in (1..).zip(&self.people) {
            script += &format!(
                "INSERT INTO epn_user (id, login, birth_year, sex, town) VALUES ({id}, 'u{id}', {}, {}, {});",
                sql(BIRTHS[*born]),
                sql(SEXES[*sex]),
                sql(TOWNS[*town].0)
            );
        }
        for (id, Use { computer, person, start, length, status, verified }) in (1..).zip(&self.uses) {
            let computer = COMPUTERS[*computer].0;
            let (starts_at, ends_at) = (self.datetime(*start), self.datetime(start + length));
            let right = format!(
                "INSERT INTO epn_booking (id, computer_id, user_id, starts_at, ends_at, status, verified) \
                 VALUES ({id}, {computer}, {person}, {starts_at}, {ends_at}, '{status}', {verified});"
            );
            match self.packed {
                Some(packed) if id > packed => {
                    let (before, stranger) = (self.datetime(start - 400 * 1_440), person % 8 + 1);
                    script += &format!(
                        "INSERT INTO epn_booking (id, computer_id, user_id, starts_at, ends_at, status) VALUES \
                         ({id}, 1, {stranger}, {before}, {ends_at}, 'used'), \
                         ({id} + 1000, 1, {person}, {starts_at}, {ends_at}, 'used');"
                    );
                    afterwards += &match id % 3 {
                        0 => format!("DELETE FROM epn_booking WHERE id = {id}; {right}"),
                        _ => format!(
                            "UPDATE epn_booking SET computer_id = {computer}, user_id = {person}, starts_at = {starts_at}, \
                             ends_at = {ends_at}, status = '{status}', verified = {verified} WHERE id = {id};"
                        ),
                    };
                }
                _ => script += &right,
            }
        }
        for (id, of) in (1..).zip(&self.workshops) {
            script += &format!(
                "INSERT INTO epn_workshop (id, title, room_id, starts_at, ends_at, capacity, status) \
                 VALUES ({id}, 'A{id}', {}, {}, {}, {}, '{}');",
                sql(of.room),
                self.datetime(of.start),
                self.datetime(of.start + of.length),
                sql(of.capacity),
                if of.cancelled { "cancelled" } else { "open" }
            );
            for (person, status) in &of.people {
                script += &format!(
                    "INSERT INTO epn_attendance (workshop_id, user_id, status) VALUES ({id}, {person}, '{status}');"
                );
            }
        }
        database.run(&script);
        if self.packed.is_some() {
            Tool::new("epn-ingest").url(database).run().silent();
            assert_eq!(database.value("SELECT COUNT(*) FROM epn_history_stale"), "0");
            database.run(&(afterwards + "DELETE FROM epn_booking WHERE id > 1000;"));
        }
    }

    pub fn report(&self, database: &Database) -> Value {
        let tool = report_at(database, &self.instant(self.now).to_rfc3339());
        let tool = tool.config(&format!(
            "general.timezone = \"{}\"\nepn.longest_use = \"{LONGEST}m\"\nepn.verify_days = {VERIFY_DAYS}\n",
            self.zone
        ));
        let bounds = [self.from, self.to].map(|minute| self.instant(minute).timestamp().to_string());
        site::json(&tool, &["epn", "--from", &bounds[0], "--to", &bounds[1]])["epn"].take()
    }

    /// The town of a person, as it is compared.
    pub fn town(&self, person: u64) -> Option<&'static str> {
        TOWNS[self.person(person)?.town].1
    }

    fn person(&self, person: u64) -> Option<&Person> {
        self.people.get(person as usize - 1)
    }

    pub fn sex(&self, person: u64) -> Option<&'static str> {
        SEXES[self.person(person)?.sex]
    }

    pub fn age(&self, person: u64, year: i32) -> Option<&'static str> {
        let age = year - BIRTHS[self.person(person)?.born]?;
        Some(match age {
            0..12 => "0-11",
            12..18 => "12-17",
            18..25 => "18-24",
            25..40 => "25-39",
            40..60 => "40-59",
            60..75 => "60-74",
            75..=120 => "75+",
            _ => return None,
        })
    }

    /// The spelling that most people of the town have, of several the first one.
    pub fn spelling(&self, town: &str) -> String {
        let mut spellings: BTreeMap<String, i32> = BTreeMap::new();
        for person in &self.people {
            if let (Some(written), Some(known)) = TOWNS[person.town]
                && known == town
            {
                let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
                *spellings.entry(written).or_default() += 1;
            }
        }
        let most = *spellings.values().max().unwrap();
        spellings.into_iter().find(|(_, times)| *times == most).unwrap().0
    }

    /// Counts by the minute.
    pub fn count(&self) -> Counted {
        let mut counted = Counted::default();
        for of in self.uses.iter().filter(|of| of.status == "used") {
            let (start, end) = (of.start, of.start + of.length);
            if !(end > self.from && start < self.to) {
                continue;
            }
            let room = COMPUTERS[of.computer].1.filter(|room| *room <= 3);
            counted.uses += 1;
            counted.users.insert(of.person);
            counted.days.insert((of.person, self.day(start.max(self.from)), room));
            for minute in start.max(self.from)..end.min(self.to) {
                let day = self.day(minute);
                counted.days.insert((of.person, day, room));
                *counted.minutes.entry((of.person, day, room)).or_default() += 1;
            }
        }
        for of in self.workshops.iter().filter(|of| !of.cancelled && self.holds(of.start)) {
            let present = of.people.iter().filter(|(_, status)| **status == "present");
            let room = of.room.filter(|room| *room <= 3);
            counted.days.extend(present.map(|(person, _)| (*person, self.day(of.start), room)));
        }
        counted
    }

    fn holds(&self, minute: i64) -> bool {
        (self.from..self.to).contains(&minute)
    }

    /// The workshops as they should be.
    pub fn workshops(&self) -> Vec<Value> {
        let all = (1..)
            .zip(&self.workshops)
            .filter(|(_, of)| !of.cancelled && of.start + of.length > self.from && of.start < self.to);
        let mut all: Vec<(u64, &Workshop)> = all.collect();
        all.sort_by_key(|(id, of)| (of.start, *id));
        let workshop = |(id, of): (u64, &Workshop)| {
            let count = |wanted: &str| of.people.values().filter(|status| **status == wanted).count();
            let (waiting, present) = (count("registered"), count("present"));
            let is_over = of.start + of.length <= self.now;
            let filling = of.capacity.filter(|places| is_over && *places > 0);
            json!({
                "id": id,
                "registered": waiting + present,
                "present": present,
                "absent": is_over.then_some(waiting),
                "capacity": of.capacity,
                "filling": filling.map(|places| (present as f64 / places as f64 * 100.0).round() / 100.0),
            })
        };
        all.into_iter().map(workshop).collect()
    }
}

pub type Room = Option<u64>;

#[derive(Default)]
pub struct Counted {
    pub uses: u64,
    pub users: BTreeSet<u64>,
    pub days: BTreeSet<(u64, NaiveDate, Room)>,
    minutes: BTreeMap<(u64, NaiveDate, Room), u64>,
}

impl Counted {
    /// Hours, visits and visitors of what belongs to a group.
    pub fn figures(&self, belongs: impl Fn(u64, NaiveDate, Room) -> bool) -> (Value, usize, usize) {
        let minutes = self.minutes.iter().filter(|((person, day, room), _)| belongs(*person, *day, *room));
        let minutes: u64 = minutes.map(|(_, minutes)| *minutes).sum();
        let days = self.days.iter().filter(|(person, day, room)| belongs(*person, *day, *room));
        let visits: BTreeSet<_> = days.map(|(person, day, _)| (*person, *day)).collect();
        let visitors: BTreeSet<_> = visits.iter().map(|(person, _)| *person).collect();
        (json!(((minutes * 60 * 100 + 1_800) / 3_600) as f64 / 100.0), visits.len(), visitors.len())
    }

    pub fn row(&self, key: &str, name: Value, belongs: impl Fn(u64, NaiveDate, Room) -> bool) -> Value {
        let (hours, visits, visitors) = self.figures(belongs);
        let mut row = json!({"hours": hours, "visits": visits, "visitors": visitors});
        row[key] = name;
        row
    }
}
