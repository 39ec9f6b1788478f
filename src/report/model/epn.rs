//! `epn`: the public space. Who used what, workshops, and what staff have to look at.

use std::collections::HashMap;

use ::mysql::Conn;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use super::{
    Question,
    places::{ComputerHours, Places, RoomHours},
    queue::{self, UnmatchedRows},
    uses::{Hours, Uses},
};
use crate::{
    epn::calendar::Minute,
    failure::Result,
    mysql::{bulk, rows},
    report::{
        period::Period,
        sheet::{Block, Cell, Chart, Column, Shape, Sheet, Table},
        texts::{self, Text},
    },
};

/// The workshops that have a part in a period, with the places that are taken and the people who came.
const WORKSHOPS: &str = "SELECT w.id, w.title, w.starts_at, w.capacity, \
        COUNT(a.user_id), COUNT(CASE WHEN a.status = 'present' THEN 1 END) \
    FROM epn_workshop w \
    LEFT JOIN epn_attendance a ON a.workshop_id = w.id AND a.status IN ('registered', 'present') \
    WHERE w.status <> 'cancelled' AND w.ends_at > ? AND w.starts_at < ? \
    GROUP BY w.id, w.title, w.starts_at, w.capacity ORDER BY w.starts_at, w.id";
const OVERDRAWN: &str = "SELECT login, credit_minutes, workshop_credits FROM epn_user \
    WHERE credit_minutes < 0 OR workshop_credits < 0 ORDER BY login";
const LOGINS: &str = "SELECT id, login FROM epn_user WHERE id IN ({ids})";

/// People of the ranking when nothing is said.
const PEOPLE: usize = 10;

/// The section.
#[derive(Debug, Serialize)]
pub struct Epn {
    /// Hours of use.
    pub hours: Hours,
    /// Uses of machines.
    pub uses: u64,
    /// Different people who used a machine.
    pub distinct_users: u64,
    /// Uses that staff have not verified.
    pub unverified_bookings: u64,
    /// Every room.
    pub hours_by_room: Vec<RoomHours>,
    /// Every machine.
    pub hours_by_computer: Vec<ComputerHours>,
    /// The people with the most hours.
    pub people: Vec<PersonHours>,
    /// Those that have a part in the period and were not cancelled, by their beginning.
    pub workshops: Vec<Workshop>,
    /// Balances below zero, now.
    pub overdrawn: Vec<Overdrawn>,
    /// What waits in the queue and matches nothing, now.
    pub unmatched: Vec<UnmatchedRows>,
}

/// The hours of a person.
#[derive(Debug, Serialize)]
pub struct PersonHours {
    /// None: the person was removed.
    pub login: Option<String>,
    /// Their hours.
    pub hours: Hours,
}

/// A workshop.
#[derive(Debug, Serialize)]
pub struct Workshop {
    /// Its id.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// Its beginning.
    pub starts_at: DateTime<Utc>,
    /// Places taken: people who are registered or came.
    pub registered: u64,
    /// People who came.
    pub present: u64,
    /// Places; none: as many as come.
    pub capacity: Option<i64>,
}

/// A person with a balance below zero.
#[derive(Debug, Serialize)]
pub struct Overdrawn {
    /// Whose.
    pub login: String,
    /// Minutes on machines; none: no account.
    pub credit_minutes: Option<i64>,
    /// Workshops; none: no account.
    pub workshop_credits: Option<i64>,
}

impl Epn {
    /// Reads the section.
    ///
    /// # Errors
    /// The server's.
    pub fn collect(conn: &mut Conn, question: &Question<'_>) -> Result<Self> {
        let uses = Uses::read(conn, question.period)?;
        let places = Places::read(conn, &uses)?;
        Ok(Self {
            hours: uses.hours(),
            uses: uses.count(),
            distinct_users: uses.people(),
            unverified_bookings: uses.unverified(),
            hours_by_room: places.rooms,
            hours_by_computer: places.computers,
            people: people(conn, uses.ranking(question.top.unwrap_or(PEOPLE)))?,
            workshops: workshops(conn, question.period)?,
            overdrawn: overdrawn(conn)?,
            unmatched: queue::unmatched(conn, Minute::from(question.now))?,
        })
    }

    /// Whether there is no space at all to report on.
    pub fn is_empty(&self) -> bool {
        self.hours_by_room.is_empty()
            && self.hours_by_computer.is_empty()
            && self.workshops.is_empty()
            && self.overdrawn.is_empty()
            && self.unmatched.is_empty()
    }

    /// What people see of it.
    pub fn sheet(&self) -> Sheet {
        if self.is_empty() {
            return Sheet { title: texts::EPN, blocks: vec![Block::Line(texts::EPN_EMPTY)] };
        }
        let figures = vec![
            (texts::HOURS_OF_USE, Cell::Hours(self.hours)),
            (texts::USES, Cell::count(self.uses)),
            (texts::UNVERIFIED, Cell::count(self.unverified_bookings)),
            (texts::PEOPLE, Cell::count(self.distinct_users)),
        ];
        let rooms =
            Chart { shape: Shape::Bars(vec![texts::HOURS]), unit: texts::HOURS, table: self.rooms_table() };
        let workshops = Chart {
            shape: Shape::Bars(vec![texts::REGISTERED, texts::PRESENT, texts::CAPACITY]),
            unit: texts::PERSONS,
            table: self.workshops_table(),
        };
        let blocks = vec![
            Block::Figures(figures),
            Block::Chart(rooms),
            Block::Table(self.computers_table()),
            Block::Table(self.people_table()),
            Block::Chart(workshops),
            Block::Table(self.overdrawn_table()),
            Block::Table(self.unmatched_table()),
        ];
        Sheet { title: texts::EPN, blocks }
    }

    fn rooms_table(&self) -> Table {
        let row = |of: &RoomHours| {
            vec![Cell::name_or(of.room.as_deref(), texts::WITHOUT_ROOM), Cell::Hours(of.hours)]
        };
        Table {
            title: texts::HOURS_BY_ROOM,
            columns: vec![Column::words(texts::ROOM), Column::compared(texts::HOURS)],
            rows: self.hours_by_room.iter().map(row).collect(),
            empty: texts::NO_ROOMS,
        }
    }

    fn computers_table(&self) -> Table {
        let row = |of: &ComputerHours| {
            let room = match of.computer {
                Some(_) => Cell::name_or(of.room.as_deref(), texts::WITHOUT_ROOM),
                None => Cell::Nothing,
            };
            vec![Cell::name_or(of.computer.as_deref(), texts::REMOVED_MACHINE), room, Cell::Hours(of.hours)]
        };
        Table {
            title: texts::HOURS_BY_COMPUTER,
            columns: vec![
                Column::words(texts::MACHINE),
                Column::words(texts::ROOM),
                Column::compared(texts::HOURS),
            ],
            rows: self.hours_by_computer.iter().map(row).collect(),
            empty: texts::NO_COMPUTERS,
        }
    }

    fn people_table(&self) -> Table {
        let row = |of: &PersonHours| {
            vec![Cell::name_or(of.login.as_deref(), texts::REMOVED_PERSON), Cell::Hours(of.hours)]
        };
        Table {
            title: texts::MOST_HOURS,
            columns: vec![Column::words(texts::LOGIN), Column::compared(texts::HOURS)],
            rows: self.people.iter().map(row).collect(),
            empty: texts::NO_PEOPLE,
        }
    }

    fn workshops_table(&self) -> Table {
        let row = |workshop: &Workshop| {
            vec![
                Cell::Name(workshop.title.clone()),
                Cell::Time(workshop.starts_at),
                Cell::count(workshop.registered),
                Cell::count(workshop.present),
                Cell::number_or_nothing(workshop.capacity),
            ]
        };
        Table {
            title: texts::WORKSHOPS,
            columns: vec![
                Column::words(texts::WORKSHOP),
                Column::numbers(texts::BEGINS),
                Column::numbers(texts::REGISTERED),
                Column::numbers(texts::PRESENT),
                Column::numbers(texts::CAPACITY),
            ],
            rows: self.workshops.iter().map(row).collect(),
            empty: texts::NO_WORKSHOPS,
        }
    }

    fn overdrawn_table(&self) -> Table {
        let row = |of: &Overdrawn| {
            vec![
                Cell::Name(of.login.clone()),
                Cell::number_or_nothing(of.credit_minutes),
                Cell::number_or_nothing(of.workshop_credits),
            ]
        };
        Table {
            title: texts::OVERDRAWN,
            columns: vec![
                Column::words(texts::LOGIN),
                Column::numbers(texts::CREDIT_MINUTES),
                Column::numbers(texts::CREDIT_WORKSHOPS),
            ],
            rows: self.overdrawn.iter().map(row).collect(),
            empty: texts::NOBODY_OVERDRAWN,
        }
    }

    fn unmatched_table(&self) -> Table {
        let row = |of: &UnmatchedRows| {
            let machine = of.rows.ip.as_ref().unwrap_or(&of.rows.machine);
            vec![
                Cell::Name(of.rows.login.clone()),
                Cell::Name(machine.clone()),
                Cell::count(of.count),
                Cell::Time(of.first_seen),
                Cell::Time(of.last_seen),
                unknown(&of.rows.reason).map_or_else(|| Cell::Name(of.rows.reason.clone()), Cell::Words),
            ]
        };
        Table {
            title: texts::UNMATCHED,
            columns: vec![
                Column::words(texts::LOGIN),
                Column::words(texts::MACHINE),
                Column::numbers(texts::ROWS),
                Column::numbers(texts::FIRST_SEEN),
                Column::numbers(texts::LAST_SEEN),
                Column::words(texts::UNKNOWN),
            ],
            rows: self.unmatched.iter().map(row).collect(),
            empty: texts::ALL_MATCHED,
        }
    }
}

/// Why rows match nothing, in short.
fn unknown(reason: &str) -> Option<Text> {
    Some(match reason {
        "unknown-user" => texts::PERSON_UNKNOWN,
        "unknown-machine" => texts::MACHINE_UNKNOWN,
        "unknown-user+unknown-machine" => texts::BOTH_UNKNOWN,
        "ambiguous-user" => texts::PERSON_AMBIGUOUS,
        "ambiguous-machine" => texts::MACHINE_AMBIGUOUS,
        "ambiguous-user+ambiguous-machine" => texts::BOTH_AMBIGUOUS,
        "unknown-user+ambiguous-machine" => texts::PERSON_UNKNOWN_MACHINE_AMBIGUOUS,
        "ambiguous-user+unknown-machine" => texts::PERSON_AMBIGUOUS_MACHINE_UNKNOWN,
        _ => return None,
    })
}

fn people(conn: &mut Conn, ranking: Vec<(u64, Hours)>) -> Result<Vec<PersonHours>> {
    let ids: Vec<u64> = ranking.iter().map(|(person, _)| *person).collect();
    let logins: Vec<(u64, String)> = bulk::select_by_id(conn, "epn_user", LOGINS, &ids, &[])?;
    let mut logins: HashMap<u64, String> = logins.into_iter().collect();
    let of = |(person, hours): (u64, Hours)| PersonHours { login: logins.remove(&person), hours };
    Ok(ranking.into_iter().map(of).collect())
}

fn workshops(conn: &mut Conn, period: Period) -> Result<Vec<Workshop>> {
    type Columns = (u64, String, NaiveDateTime, Option<i64>, u64, u64);
    let workshop = |(id, title, starts_at, capacity, registered, present): Columns| Workshop {
        id,
        title,
        starts_at: starts_at.and_utc(),
        registered,
        present,
        capacity,
    };
    let bounds = (period.from.naive_utc(), period.to.naive_utc());
    let found = rows(conn, "epn_workshop", WORKSHOPS, bounds)?;
    Ok(found.into_iter().map(workshop).collect())
}

fn overdrawn(conn: &mut Conn) -> Result<Vec<Overdrawn>> {
    let person =
        |(login, credit_minutes, workshop_credits)| Overdrawn { login, credit_minutes, workshop_credits };
    let found = rows(conn, "epn_user", OVERDRAWN, ())?;
    Ok(found.into_iter().map(person).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_the_rules_has_its_own_words() {
        let (user, machine) = (["unknown-user", "ambiguous-user"], ["unknown-machine", "ambiguous-machine"]);
        let both =
            user.iter().flat_map(|user| machine.iter().map(move |machine| format!("{user}+{machine}")));
        let reasons = user.iter().chain(&machine).map(|reason| (*reason).to_owned()).chain(both);
        let mut words: Vec<&str> =
            reasons.map(|reason| unknown(&reason).unwrap().say(crate::report::Language::En)).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 8);
    }
}
