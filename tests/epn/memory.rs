//! A second store for the rules, in memory: everything it holds is known to every batch.

use std::collections::{BTreeMap, BTreeSet};

use sessionstat::epn::{
    calendar::{Calendar, Minute, Span},
    changes::{DayKey, WrittenUse},
    charges::{BookingRef, Charge},
    directory::Directory,
    presence::Presence,
    rows::Sighting,
    rules::{Balance, Known, Space, apply},
    space::{
        Attendance, AttendanceEntry, Booking, BookingId, Computer, ComputerId, Person, PersonId, RoomId,
        Source, UseRecord, Workshop, WorkshopId,
    },
    uses::Lengths,
    workshops::{Act, AttendanceLists, Timetable, place},
};

/// What a run leaves behind, without the ids that depend on its steps.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    /// Person, machine, times, used, made by epn-ingest.
    pub bookings: BTreeSet<(PersonId, ComputerId, Span, bool, bool)>,
    /// Workshop, person, present, made by epn-ingest.
    pub attendance: BTreeSet<(WorkshopId, PersonId, bool, bool)>,
    /// Minutes and units by person.
    pub balances: BTreeMap<PersonId, (i64, i64)>,
}

/// A space of some people, and of machines of which the first two stand in the room of the workshops.
pub struct Memory {
    directory: Directory,
    calendar: Calendar,
    workshops: Vec<Workshop>,
    lists: AttendanceLists,
    bookings: BTreeMap<BookingId, Booking>,
    records: BTreeMap<BookingId, UseRecord>,
    presences: BTreeMap<DayKey, Presence>,
    balances: BTreeMap<PersonId, Balance>,
    /// Every change of a balance: minutes, units.
    pub ledger: Vec<(PersonId, i64, i64)>,
}

pub const ZONE: chrono_tz::Tz = chrono_tz::Europe::Paris;
pub const LENGTHS: Lengths = Lengths { interval: 5, gap: 15 };
pub const OPENING: i64 = 600;

impl Memory {
    /// A space with these workshops and reservations (person, machine, times).
    pub fn new(
        people: u64,
        machines: u64,
        workshops: &[Span],
        registered: &[(usize, PersonId)],
        reservations: &[(PersonId, ComputerId, Span)],
    ) -> Self {
        let person = |id| Person { id: PersonId(id), login: format!("p{id}"), is_staff: false };
        let computer = |id| Computer {
            id: ComputerId(id),
            name: format!("PC-{id}"),
            room: Some(RoomId(if id <= 2 { 1 } else { 2 })),
            ip: None,
        };
        let workshop = |(index, span): (usize, &Span)| Workshop {
            id: WorkshopId(index as u64 + 1),
            span: *span,
            room: Some(RoomId(1)),
            computers: vec![],
            capacity: Some(2),
            closed: false,
        };
        let booking = |(index, (person, computer, span)): (usize, &(PersonId, ComputerId, Span))| Booking {
            id: BookingId(index as u64 + 1),
            person: *person,
            computer: *computer,
            span: *span,
            cancelled: false,
            used: false,
            source: Source::Staff,
            verified: false,
            changed_at: None,
        };
        let entry = AttendanceEntry { status: Attendance::Registered, source: Source::Staff };
        let entries = registered.iter().filter(|(workshop, _)| *workshop < workshops.len());
        let balance = Balance { minutes: Some(OPENING), units: Some(OPENING) };
        Self {
            directory: Directory::new(
                (1..=people).map(person).collect(),
                (1..=machines).map(computer).collect(),
            ),
            calendar: Calendar::new(ZONE),
            workshops: workshops.iter().enumerate().map(workshop).collect(),
            lists: AttendanceLists {
                entries: entries
                    .map(|(workshop, person)| ((WorkshopId(*workshop as u64 + 1), *person), entry))
                    .collect(),
                acted: Default::default(),
            },
            bookings: reservations.iter().enumerate().map(booking).map(|b| (b.id, b)).collect(),
            records: BTreeMap::new(),
            presences: BTreeMap::new(),
            balances: (1..=people).map(|id| (PersonId(id), balance)).collect(),
            ledger: Vec::new(),
        }
    }

    /// One run.
    pub fn run(&mut self, sightings: &[Sighting], now: Minute) {
        let timetable = Timetable::new(self.workshops.clone());
        let placed = place(sightings, &timetable, &self.lists, &self.directory);
        let due = self
            .records
            .values()
            .filter(|record| record.settle_at.is_some_and(|at| at <= now))
            .map(|record| DayKey {
                person: record.person,
                day: self.calendar.day(record.first).start,
                computer: record.computer,
            })
            .collect();
        let known = Known {
            presences: self.presences.clone().into_iter().collect(),
            bookings: self.bookings.clone().into_iter().collect(),
            records: self.records.values().copied().collect(),
            balances: self.balances.clone().into_iter().collect(),
            closed_days: Default::default(),
        };
        let space = Space { directory: &self.directory, calendar: self.calendar, lengths: LENGTHS, now };
        let changes = apply(&placed, &due, &timetable, &self.lists, &known, &space);
        for change in changes.attendance {
            let key = (change.workshop, change.person);
            self.lists.acted.insert(key);
            let source = match change.act {
                Act::Add | Act::Restore => Source::Ingest,
                Act::Confirm => Source::Staff,
                Act::Nothing => continue,
            };
            self.lists.entries.insert(key, AttendanceEntry { status: Attendance::Present, source });
        }
        self.presences.extend(changes.presences);
        let mut created = Vec::new();
        for use_ in changes.created {
            let id = BookingId(self.bookings.keys().last().map_or(1, |last| last.0 + 1));
            created.push(id);
            self.write(id, &use_, Source::Ingest);
        }
        for (id, use_) in changes.changed {
            let source = self.bookings[&id].source;
            self.write(id, &use_, source);
        }
        for id in changes.merged {
            self.bookings.remove(&id);
            self.records.remove(&id);
        }
        for charge in changes.charges {
            let (minutes, units) = match charge {
                Charge::Minutes { delta, booking, .. } => {
                    let BookingRef::Created(index) = booking else {
                        self.charge(charge.person(), delta, 0);
                        continue;
                    };
                    assert!(index < created.len(), "a charge for a use that was not created");
                    (delta, 0)
                }
                Charge::Workshop { .. } => (0, -1),
            };
            self.charge(charge.person(), minutes, units);
        }
    }

    fn charge(&mut self, person: PersonId, minutes: i64, units: i64) {
        let balance = self.balances.get_mut(&person).unwrap();
        balance.minutes = balance.minutes.map(|had| had + minutes);
        balance.units = balance.units.map(|had| had + units);
        self.ledger.push((person, minutes, units));
    }

    fn write(&mut self, id: BookingId, use_: &WrittenUse, source: Source) {
        let booking = Booking {
            id,
            person: use_.person,
            computer: use_.computer,
            span: use_.span,
            cancelled: false,
            used: true,
            source,
            verified: false,
            changed_at: None,
        };
        let record = UseRecord {
            booking: id,
            person: use_.person,
            computer: use_.computer,
            first: use_.first,
            last: use_.last,
            booked: use_.booked,
            settle_at: use_.settle_at,
        };
        self.bookings.insert(id, booking);
        self.records.insert(id, record);
    }

    /// What it holds now.
    pub fn state(&self) -> State {
        let bookings = self.bookings.values().map(|booking| {
            let by_ingest = booking.source == Source::Ingest;
            (booking.person, booking.computer, booking.span, booking.used, by_ingest)
        });
        let attendance = self.lists.entries.iter().map(|((workshop, person), entry)| {
            (*workshop, *person, entry.status == Attendance::Present, entry.source == Source::Ingest)
        });
        let balance = |balance: &Balance| (balance.minutes.unwrap(), balance.units.unwrap());
        State {
            bookings: bookings.collect(),
            attendance: attendance.collect(),
            balances: self.balances.iter().map(|(person, had)| (*person, balance(had))).collect(),
        }
    }
}
