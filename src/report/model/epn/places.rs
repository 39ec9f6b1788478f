//! Rooms and machines: hours of use, visits, visitors.

use std::collections::HashMap;

use ::mysql::Conn;
use serde::Serialize;

use super::visits::{Attendance, Sums};
use crate::{
    failure::Result,
    mysql::rows,
    report::{
        model::uses::Hours,
        sheet::{Cell, Column, Table},
        texts,
    },
};

const ROOMS: &str = "SELECT id, name FROM epn_room ORDER BY name, id";
/// The machines as their rooms stand in the list, those without a room last.
const COMPUTERS: &str = "SELECT c.id, c.netbios_name, r.id FROM epn_computer c \
    LEFT JOIN epn_room r ON r.id = c.room_id \
    ORDER BY r.id IS NULL, r.name, r.id, c.netbios_name, c.id";

/// The figures of a room.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RoomHours {
    /// Its name; none: machines and workshops without a room.
    pub room: Option<String>,
    /// The hours of the machines that stand in it now.
    pub hours: Hours,
    /// One for each person and local day, on these machines or in a workshop of the room.
    pub visits: u64,
    /// Different people among them.
    pub visitors: u64,
}

/// The hours of a machine.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ComputerHours {
    /// Its name; none: machines that were removed.
    pub computer: Option<String>,
    /// The room in which it stands now.
    pub room: Option<String>,
    /// Its hours.
    pub hours: Hours,
}

/// All rooms and machines.
#[derive(Debug, Default)]
pub struct Places {
    /// By name.
    rooms: Vec<(u64, String)>,
    /// By room and name.
    computers: Vec<(u64, String, Option<u64>)>,
}

impl Places {
    /// Reads them.
    ///
    /// # Errors
    /// The server's.
    pub fn read(conn: &mut Conn) -> Result<Self> {
        let rooms = rows(conn, "epn_room", ROOMS, ())?;
        Ok(Self { rooms, computers: rows(conn, "epn_computer", COMPUTERS, ())? })
    }

    /// Each machine, and the room in which it stands.
    pub fn rooms_of_computers(&self) -> impl Iterator<Item = (u64, Option<u64>)> {
        self.computers.iter().map(|(id, _, room)| (*id, *room))
    }

    /// A room that is still there.
    pub fn room(&self, id: Option<u64>) -> Option<u64> {
        id.filter(|id| self.rooms.iter().any(|(known, _)| known == id))
    }

    /// What each machine is called.
    pub fn names(&self) -> HashMap<u64, &str> {
        self.computers.iter().map(|(id, name, _)| (*id, name.as_str())).collect()
    }

    /// Every room, by its name. A last entry without a name holds what no room has, if there is something.
    pub fn by_room(&self, all: &Attendance) -> Vec<RoomHours> {
        let mut hours: HashMap<Option<u64>, Hours> = HashMap::new();
        let room_of: HashMap<u64, Option<u64>> = self.rooms_of_computers().collect();
        for (computer, of) in &all.computers {
            *hours.entry(room_of.get(computer).copied().flatten()).or_default() += *of;
        }
        let figures = |id: Option<u64>, room: Option<String>| {
            let Sums { visits, visitors, .. } = all.rooms.get(&id).copied().unwrap_or_default();
            RoomHours { room, hours: hours.get(&id).copied().unwrap_or_default(), visits, visitors }
        };
        let rooms = self.rooms.iter().map(|(id, name)| figures(Some(*id), Some(name.clone())));
        let elsewhere = figures(None, None);
        let is_nothing = elsewhere.hours.is_zero() && elsewhere.visits == 0;
        rooms.chain((!is_nothing).then_some(elsewhere)).collect()
    }

    /// Every machine, by room and name. A last entry without a name holds the hours of removed machines, if there are
    /// some, so that the sum is that of all uses.
    pub fn by_computer(&self, all: &Attendance) -> Vec<ComputerHours> {
        let mut hours = all.computers.clone();
        let names: HashMap<u64, &str> = self.rooms.iter().map(|(id, name)| (*id, name.as_str())).collect();
        let mut computers: Vec<_> = self
            .computers
            .iter()
            .map(|(id, name, room)| ComputerHours {
                computer: Some(name.clone()),
                room: room.and_then(|room| names.get(&room)).map(|name| (*name).to_owned()),
                hours: hours.remove(id).unwrap_or_default(),
            })
            .collect();
        let removed: Hours = hours.into_values().sum();
        if !removed.is_zero() {
            computers.push(ComputerHours { computer: None, room: None, hours: removed });
        }
        computers
    }
}

/// What people see of rooms.
pub fn rooms_table(rooms: &[RoomHours]) -> Table {
    let row = |of: &RoomHours| {
        vec![
            Cell::name_or(of.room.as_deref(), texts::WITHOUT_ROOM),
            Cell::Hours(of.hours),
            Cell::count(of.visits),
            Cell::count(of.visitors),
        ]
    };
    Table {
        title: texts::HOURS_BY_ROOM,
        columns: vec![
            Column::words(texts::ROOM),
            Column::compared(texts::HOURS),
            Column::numbers(texts::VISITS),
            Column::numbers(texts::VISITORS),
        ],
        rows: rooms.iter().map(row).collect(),
        empty: texts::NO_ROOMS,
    }
}

/// What people see of machines.
pub fn computers_table(computers: &[ComputerHours]) -> Table {
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
        rows: computers.iter().map(row).collect(),
        empty: texts::NO_COMPUTERS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(seconds: u64) -> Hours {
        Hours::of_seconds(seconds)
    }

    fn places() -> Places {
        Places {
            rooms: vec![(1, "Atelier".to_owned()), (2, "Studio".to_owned())],
            computers: vec![
                (10, "A1".to_owned(), Some(1)),
                (11, "A2".to_owned(), Some(1)),
                (12, "X".to_owned(), None),
            ],
        }
    }

    #[test]
    fn everything_that_exists_is_listed_and_the_sums_are_those_of_all_uses() {
        let places = places();
        let computers = HashMap::from([(10, hour(60)), (11, hour(30)), (12, hour(5)), (99, hour(7))]);
        let came = |visits, visitors| Sums { visits, visitors, ..Sums::default() };
        let rooms = HashMap::from([(Some(1), came(3, 2)), (None, came(2, 1))]);
        let all = Attendance { computers, rooms, ..Attendance::default() };
        let rooms = places.by_room(&all);
        let by_room: Vec<_> =
            rooms.iter().map(|of| (of.room.as_deref(), of.hours, of.visits, of.visitors)).collect();
        assert_eq!(
            by_room,
            [(Some("Atelier"), hour(90), 3, 2), (Some("Studio"), hour(0), 0, 0), (None, hour(12), 2, 1)]
        );
        let computers = places.by_computer(&all);
        let by_computer: Vec<_> =
            computers.iter().map(|of| (of.computer.as_deref(), of.room.as_deref(), of.hours)).collect();
        assert_eq!(
            by_computer,
            [
                (Some("A1"), Some("Atelier"), hour(60)),
                (Some("A2"), Some("Atelier"), hour(30)),
                (Some("X"), None, hour(5)),
                (None, None, hour(7)),
            ]
        );
    }

    #[test]
    fn without_such_figures_nothing_stands_without_a_name() {
        let all = Attendance::default();
        assert_eq!(places().by_room(&all).len(), 2);
        assert_eq!(places().by_computer(&all).len(), 3);
        assert_eq!(
            [places().room(Some(2)), places().room(Some(3)), places().room(None)],
            [Some(2), None, None]
        );
    }
}
