//! Hours of use by machine and by room.

use std::collections::HashMap;

use ::mysql::Conn;
use serde::Serialize;

use super::uses::{Hours, Uses};
use crate::{failure::Result, mysql::rows};

const ROOMS: &str = "SELECT id, name FROM epn_room ORDER BY name, id";
/// The machines as their rooms stand in the list, those without a room last.
const COMPUTERS: &str = "SELECT c.id, c.netbios_name, r.id FROM epn_computer c \
    LEFT JOIN epn_room r ON r.id = c.room_id \
    ORDER BY r.id IS NULL, r.name, r.id, c.netbios_name, c.id";

/// The hours of a room.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RoomHours {
    /// Its name; none: machines without a room.
    pub room: Option<String>,
    /// The hours of the machines that stand in it now.
    pub hours: Hours,
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

/// All rooms and machines with their hours.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Every room, by name. A last entry without a name holds what no room has, if there is something.
    pub rooms: Vec<RoomHours>,
    /// Every machine, by room and name. A last entry without a name holds the hours of removed machines, if there are
    /// some, so that the sum is that of all uses.
    pub computers: Vec<ComputerHours>,
}

impl Places {
    /// Reads rooms and machines, and gives them their hours.
    ///
    /// # Errors
    /// The server's.
    pub fn read(conn: &mut Conn, uses: &Uses) -> Result<Self> {
        let rooms = rows(conn, "epn_room", ROOMS, ())?;
        let computers = rows(conn, "epn_computer", COMPUTERS, ())?;
        Ok(Self::new(rooms, computers, uses.by_computer()))
    }

    fn new(
        rooms: Vec<(u64, String)>,
        computers: Vec<(u64, String, Option<u64>)>,
        mut hours: HashMap<u64, Hours>,
    ) -> Self {
        let names: HashMap<u64, &str> = rooms.iter().map(|(id, name)| (*id, name.as_str())).collect();
        let mut by_room: HashMap<Option<u64>, Hours> = HashMap::new();
        let mut places = Self::default();
        for (id, name, room) in computers {
            let hours = hours.remove(&id).unwrap_or_default();
            *by_room.entry(room).or_default() += hours;
            let room = room.and_then(|room| names.get(&room)).map(|name| (*name).to_owned());
            places.computers.push(ComputerHours { computer: Some(name), room, hours });
        }
        let removed: Hours = hours.into_values().sum();
        if !removed.is_zero() {
            places.computers.push(ComputerHours { computer: None, room: None, hours: removed });
        }
        for (id, name) in &rooms {
            let hours = by_room.remove(&Some(*id)).unwrap_or_default();
            places.rooms.push(RoomHours { room: Some(name.clone()), hours });
        }
        let elsewhere: Hours = by_room.into_values().chain([removed]).sum();
        if !elsewhere.is_zero() {
            places.rooms.push(RoomHours { room: None, hours: elsewhere });
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(seconds: u64) -> Hours {
        Hours::of_seconds(seconds)
    }

    #[test]
    fn everything_that_exists_is_listed_and_the_sums_are_those_of_all_uses() {
        let rooms = vec![(1, "Atelier".to_owned()), (2, "Studio".to_owned())];
        let computers =
            vec![(10, "A1".to_owned(), Some(1)), (11, "A2".to_owned(), Some(1)), (12, "X".to_owned(), None)];
        let hours = HashMap::from([(10, hour(60)), (11, hour(30)), (12, hour(5)), (99, hour(7))]);
        let places = Places::new(rooms, computers, hours);
        let by_room: Vec<_> = places.rooms.iter().map(|of| (of.room.as_deref(), of.hours)).collect();
        assert_eq!(by_room, [(Some("Atelier"), hour(90)), (Some("Studio"), hour(0)), (None, hour(12))]);
        let by_computer: Vec<_> = places
            .computers
            .iter()
            .map(|of| (of.computer.as_deref(), of.room.as_deref(), of.hours))
            .collect();
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
    fn without_such_hours_nothing_stands_without_a_name() {
        let places = Places::new(Vec::new(), vec![(1, "X".to_owned(), None)], HashMap::new());
        assert!(places.rooms.is_empty());
        assert_eq!(places.computers.len(), 1);
    }
}
