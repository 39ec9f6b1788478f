//! Which workshop a sighting belongs to, and what it does to the attendance list (rules 7 to 14).

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    calendar::{Minute, Span},
    directory::Directory,
    rows::Sighting,
    space::{Attendance, AttendanceEntry, ComputerId, PersonId, RoomId, Source, Workshop, WorkshopId},
};

/// The workshops around a batch, found by machine.
#[derive(Debug, Default)]
pub struct Timetable {
    workshops: Vec<Workshop>,
    by_room: HashMap<RoomId, Vec<usize>>,
    by_computer: HashMap<ComputerId, Vec<usize>>,
}

impl Timetable {
    /// A timetable of workshops that are not cancelled.
    pub fn new(mut workshops: Vec<Workshop>) -> Self {
        workshops.retain(|workshop| workshop.span.minutes() > 0);
        let mut timetable = Self::default();
        for (index, workshop) in workshops.iter().enumerate() {
            if let Some(room) = workshop.room {
                timetable.by_room.entry(room).or_default().push(index);
            }
            for computer in &workshop.computers {
                timetable.by_computer.entry(*computer).or_default().push(index);
            }
        }
        timetable.workshops = workshops;
        timetable
    }

    /// The workshops that a machine serves, by its room of now or because they name it (rule 7).
    pub fn served_by<'a>(
        &'a self,
        computer: ComputerId,
        directory: &Directory,
    ) -> impl Iterator<Item = &'a Workshop> + use<'a> {
        let by_room = directory.room(computer).and_then(|room| self.by_room.get(&room));
        let by_name = self.by_computer.get(&computer);
        let named: &[usize] = by_name.map_or(&[], Vec::as_slice);
        let in_room: &[usize] = by_room.map_or(&[], Vec::as_slice);
        let more = in_room.iter().filter(|index| !named.contains(index));
        named.iter().chain(more).filter_map(|index| self.workshops.get(*index))
    }

    /// The workshop of this id.
    pub fn get(&self, id: WorkshopId) -> Option<&Workshop> {
        self.workshops.iter().find(|workshop| workshop.id == id)
    }

    /// Its workshops.
    pub fn workshops(&self) -> &[Workshop] {
        &self.workshops
    }

    /// When the machine serves workshops, in order: no use may cover these times (rule 18).
    pub fn busy(&self, computer: ComputerId, directory: &Directory) -> Vec<Span> {
        let mut spans: Vec<_> = self.served_by(computer, directory).map(|workshop| workshop.span).collect();
        spans.sort_unstable();
        spans
    }
}

/// The attendance lists of the workshops of a [`Timetable`], and where epn-ingest has acted already.
#[derive(Debug, Default)]
pub struct AttendanceLists {
    /// Every entry.
    pub entries: BTreeMap<(WorkshopId, PersonId), AttendanceEntry>,
    /// Where epn-ingest has acted: it acts once (rule 13).
    pub acted: HashSet<(WorkshopId, PersonId)>,
}

impl AttendanceLists {
    /// Whether staff have the person on the list. What epn-ingest wrote itself does not count, or the result would
    /// depend on which of two sightings came first (rules 8 and 28).
    fn lists(&self, workshop: WorkshopId, person: PersonId) -> bool {
        self.entries
            .get(&(workshop, person))
            .is_some_and(|entry| entry.source == Source::Staff && entry.status != Attendance::Cancelled)
    }

    /// How many places of the workshop are taken.
    pub fn places_taken(&self, workshop: WorkshopId) -> i64 {
        let places = self
            .entries
            .range((workshop, PersonId(0))..=(workshop, PersonId(u64::MAX)))
            .filter(|(_, entry)| matches!(entry.status, Attendance::Registered | Attendance::Present));
        i64::try_from(places.count()).unwrap_or(i64::MAX)
    }
}

/// Sightings by what they belong to.
#[derive(Debug, Default)]
pub struct Placed {
    /// The first sighting of each person in each open workshop.
    pub in_workshops: BTreeMap<(WorkshopId, PersonId), Minute>,
    /// Sightings in workshops that staff have closed: dropped (rule 13).
    pub in_closed_workshops: u64,
    /// All others.
    pub individual: Vec<Sighting>,
}

/// Gives each sighting to a workshop or to individual use (rules 7 and 8).
pub fn place(
    sightings: &[Sighting],
    timetable: &Timetable,
    lists: &AttendanceLists,
    directory: &Directory,
) -> Placed {
    let mut placed = Placed::default();
    for sighting in sightings {
        let workshop = timetable
            .served_by(sighting.computer, directory)
            .filter(|workshop| workshop.span.contains(sighting.at))
            // Several at once: where the person is listed, else the one that began last, else the smaller id.
            .max_by_key(|workshop| {
                let listed = lists.lists(workshop.id, sighting.person);
                (listed, workshop.span.start, std::cmp::Reverse(workshop.id))
            });
        match workshop {
            None => placed.individual.push(*sighting),
            Some(workshop) if workshop.closed => placed.in_closed_workshops += 1,
            Some(workshop) => {
                placed
                    .in_workshops
                    .entry((workshop.id, sighting.person))
                    .and_modify(|first| *first = sighting.at.min(*first))
                    .or_insert(sighting.at);
            }
        }
    }
    placed
}

/// What epn-ingest does when it sees somebody in a workshop for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Puts the person on the list, as present (rule 10).
    Add,
    /// Makes a registered or waiting person present (rules 9 and 11).
    Confirm,
    /// Takes a withdrawal back: the person came (rule 10).
    Restore,
    /// Nothing: staff did it already, so nothing is charged (rule 14).
    Nothing,
}

impl Act {
    /// What to do about an entry of the list, or about none.
    pub fn on(entry: Option<&AttendanceEntry>) -> Self {
        match entry.map(|entry| entry.status) {
            None => Self::Add,
            Some(Attendance::Registered | Attendance::Waiting) => Self::Confirm,
            Some(Attendance::Cancelled) => Self::Restore,
            Some(Attendance::Present) => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epn::space::Computer;

    fn workshop(id: u64, start: i64, end: i64) -> Workshop {
        Workshop {
            id: WorkshopId(id),
            span: Span { start: Minute(start), end: Minute(end) },
            room: Some(RoomId(1)),
            computers: vec![],
            capacity: None,
            closed: false,
        }
    }

    fn place_at(at: i64, workshops: Vec<Workshop>, lists: &AttendanceLists) -> Option<u64> {
        let computer = Computer { id: ComputerId(7), name: "PC".into(), room: Some(RoomId(1)), ip: None };
        let directory = Directory::new(vec![], vec![computer]);
        let sighting = Sighting { person: PersonId(1), computer: ComputerId(7), at: Minute(at) };
        let placed = place(&[sighting], &Timetable::new(workshops), lists, &directory);
        placed.in_workshops.keys().next().map(|(workshop, _)| workshop.0)
    }

    #[test]
    fn a_workshop_holds_its_first_minute_and_not_its_end() {
        let lists = AttendanceLists::default();
        assert_eq!(place_at(10, vec![workshop(1, 10, 20)], &lists), Some(1));
        assert_eq!(place_at(20, vec![workshop(1, 10, 20)], &lists), None);
        assert_eq!(place_at(9, vec![workshop(1, 10, 20)], &lists), None);
    }

    #[test]
    fn of_several_workshops_the_list_decides_then_the_later_start_then_the_smaller_id() {
        let both = || vec![workshop(1, 10, 30), workshop(2, 12, 30), workshop(3, 12, 30)];
        let mut lists = AttendanceLists::default();
        assert_eq!(place_at(15, both(), &lists), Some(2));
        let by = |status, source| AttendanceEntry { status, source };
        let entry = (WorkshopId(1), PersonId(1));
        lists.entries.insert(entry, by(Attendance::Waiting, Source::Staff));
        assert_eq!(place_at(15, both(), &lists), Some(1));
        lists.entries.insert(entry, by(Attendance::Cancelled, Source::Staff));
        assert_eq!(place_at(15, both(), &lists), Some(2));
        lists.entries.insert(entry, by(Attendance::Present, Source::Ingest));
        assert_eq!(place_at(15, both(), &lists), Some(2), "what the tool wrote does not list");
    }

    #[test]
    fn rows_of_a_closed_workshop_are_dropped() {
        let closed = Workshop { closed: true, ..workshop(1, 10, 20) };
        let computer = Computer { id: ComputerId(7), name: "PC".into(), room: Some(RoomId(1)), ip: None };
        let directory = Directory::new(vec![], vec![computer]);
        let sighting = Sighting { person: PersonId(1), computer: ComputerId(7), at: Minute(12) };
        let placed =
            place(&[sighting], &Timetable::new(vec![closed]), &AttendanceLists::default(), &directory);
        assert_eq!(placed.in_closed_workshops, 1);
        assert!(placed.individual.is_empty() && placed.in_workshops.is_empty());
    }
}
