//! Workshops: who was registered, who came, and how full they were.

use std::collections::HashMap;

use ::mysql::Conn;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Serialize, Serializer};

use super::{places::Places, visits::Visits};
use crate::{
    failure::Result,
    mysql::{bulk, rows},
    report::{
        model::Question,
        sheet::{Cell, Column, Table},
        texts::{self, Text},
    },
};

/// Those that have a part in the period.
const WORKSHOPS: &str = "SELECT id, title, room_id, starts_at, ends_at, capacity FROM epn_workshop \
    WHERE status <> 'cancelled' AND ends_at > ? AND starts_at < ? ORDER BY starts_at, id";
/// The places that are taken, and whether somebody came.
const ATTENDANCE: &str = "SELECT workshop_id, user_id, status = 'present' FROM epn_attendance \
    WHERE workshop_id IN ({ids}) AND status IN ('registered', 'present')";

/// A part of a whole, to hundredths. In JSON: 1 is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Percent, rounded.
    pub percent: u64,
}

impl Share {
    /// None of nothing.
    fn of(part: u64, whole: u64) -> Option<Self> {
        let percent = part.checked_mul(100)?.checked_add(whole / 2)?.checked_div(whole)?;
        Some(Self { percent })
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.percent as f64 / 100.0)
    }
}

/// A workshop.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Workshop {
    /// Its id.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// Its beginning.
    pub starts_at: DateTime<Utc>,
    /// Its end.
    pub ends_at: DateTime<Utc>,
    /// Places taken: people who are registered or came.
    pub registered: u64,
    /// People who came.
    pub present: u64,
    /// People who were registered and did not come; none: it is not over.
    pub absent: Option<u64>,
    /// Places; none: as many as come.
    pub capacity: Option<i64>,
    /// Present people for each place; none: it is not over, or has no number of places.
    pub filling: Option<Share>,
}

/// All workshops together.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Workshops {
    /// How many.
    pub workshops: u64,
    /// Places taken.
    pub registered: u64,
    /// People who came, once for each workshop.
    pub present: u64,
    /// People who did not come to those that are over.
    pub absent: u64,
    /// Places of those that have a number of them.
    pub capacity: u64,
    /// Present people for each place in those that are over and have a number of places.
    pub filling: Option<Share>,
}

impl Workshop {
    fn places(&self) -> Option<u64> {
        self.capacity.and_then(|places| u64::try_from(places).ok()).filter(|places| *places > 0)
    }
}

/// Reads those that have a part in the period and were not cancelled, by their beginning. Tells `visits` who came.
///
/// # Errors
/// The server's.
pub fn read(
    conn: &mut Conn,
    question: &Question<'_>,
    places: &Places,
    visits: &mut Visits,
) -> Result<Vec<Workshop>> {
    type Columns = (u64, String, Option<u64>, NaiveDateTime, NaiveDateTime, Option<i64>);
    let bounds = (question.period.from.naive_utc(), question.period.to.naive_utc());
    let found: Vec<Columns> = rows(conn, "epn_workshop", WORKSHOPS, bounds)?;
    let ids: Vec<u64> = found.iter().map(|(id, ..)| *id).collect();
    let listed: Vec<(u64, u64, bool)> = bulk::select_by_id(conn, "epn_attendance", ATTENDANCE, &ids, &[])?;
    let mut lists: HashMap<u64, Vec<(u64, bool)>> = HashMap::new();
    for (workshop, person, is_present) in listed {
        lists.entry(workshop).or_default().push((person, is_present));
    }
    let mut workshop = |(id, title, room, starts_at, ends_at, capacity): Columns| {
        let list = lists.remove(&id).unwrap_or_default();
        let (starts_at, ends_at) = (starts_at.and_utc(), ends_at.and_utc());
        let room = places.room(room);
        let mut present = 0;
        for (person, _) in list.iter().filter(|(_, is_present)| *is_present) {
            present += 1;
            visits.attended(*person, room, starts_at);
        }
        let registered = list.len() as u64;
        let is_over = ends_at <= question.now;
        let mut workshop = Workshop {
            id,
            title,
            starts_at,
            ends_at,
            registered,
            present,
            absent: is_over.then_some(registered - present),
            capacity,
            filling: None,
        };
        let places = workshop.places().filter(|_| is_over);
        workshop.filling = places.and_then(|places| Share::of(present, places));
        workshop
    };
    Ok(found.into_iter().map(&mut workshop).collect())
}

/// All of them together.
pub fn together(all: &[Workshop]) -> Workshops {
    let sum = |figure: &dyn Fn(&Workshop) -> u64| all.iter().map(figure).fold(0, u64::saturating_add);
    let is_counted = |of: &Workshop| of.filling.is_some();
    let came = sum(&|of| if is_counted(of) { of.present } else { 0 });
    let had = sum(&|of| of.places().filter(|_| is_counted(of)).unwrap_or(0));
    Workshops {
        workshops: all.len() as u64,
        registered: sum(&|of| of.registered),
        present: sum(&|of| of.present),
        absent: sum(&|of| of.absent.unwrap_or(0)),
        capacity: sum(&|of| of.places().unwrap_or(0)),
        filling: Share::of(came, had),
    }
}

/// What people see of them.
pub fn table(workshops: &[Workshop]) -> Table {
    let row = |workshop: &Workshop| {
        vec![
            Cell::Name(workshop.title.clone()),
            Cell::Time(workshop.starts_at),
            Cell::count(workshop.registered),
            Cell::count(workshop.present),
            workshop.absent.map_or(Cell::Nothing, Cell::count),
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
            Column::numbers(texts::ABSENT),
            Column::numbers(texts::CAPACITY),
        ],
        rows: workshops.iter().map(row).collect(),
        empty: texts::NO_WORKSHOPS,
    }
}

impl Workshops {
    /// What people see of all together.
    pub fn figures(&self) -> Vec<(Text, Cell)> {
        let mut figures = vec![
            (texts::WORKSHOPS, Cell::count(self.workshops)),
            (texts::ALL_REGISTERED, Cell::count(self.registered)),
            (texts::ALL_PRESENT, Cell::count(self.present)),
            (texts::ALL_ABSENT, Cell::count(self.absent)),
            (texts::ALL_PLACES, Cell::count(self.capacity)),
        ];
        figures.extend(self.filling.map(|share| (texts::FILLING, Cell::count(share.percent))));
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workshop(present: u64, absent: Option<u64>, capacity: Option<i64>) -> Workshop {
        let mut workshop = Workshop {
            id: 1,
            title: String::new(),
            starts_at: DateTime::UNIX_EPOCH,
            ends_at: DateTime::UNIX_EPOCH,
            registered: present + absent.unwrap_or(2),
            present,
            absent,
            capacity,
            filling: None,
        };
        let places = workshop.places().filter(|_| absent.is_some());
        workshop.filling = places.and_then(|places| Share::of(present, places));
        workshop
    }

    #[test]
    fn filling_is_that_of_workshops_that_are_over_and_have_places() {
        let all = [
            workshop(3, Some(1), Some(4)),
            workshop(5, Some(0), Some(4)),
            workshop(9, Some(3), None),
            workshop(1, None, Some(10)),
            workshop(1, Some(0), Some(0)),
        ];
        let shares: Vec<_> = all.iter().map(|of| of.filling.map(|share| share.percent)).collect();
        assert_eq!(shares, [Some(75), Some(125), None, None, None]);
        let together = together(&all);
        assert_eq!(
            together,
            Workshops {
                workshops: 5,
                registered: 25,
                present: 19,
                absent: 4,
                capacity: 18,
                filling: Some(Share { percent: 100 })
            }
        );
        assert_eq!(serde_json::to_string(&Share::of(1, 3)).unwrap(), "0.33");
    }
}
