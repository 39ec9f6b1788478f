//! All rules over one batch: rows and what is known in, changes out. No SQL, no clock.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::{
    calendar::{Calendar, Minute, Span},
    changes::{AttendanceChange, Changes, DayKey, WrittenUse},
    charges::{BookingRef, Charge, ChargedTime},
    directory::Directory,
    notices::notices,
    presence::Presence,
    space::{Booking, BookingId, PersonId, RoomId, UseRecord},
    uses::{DayOnMachine, Lengths, Use, uses},
    workshops::{Act, AttendanceLists, Placed, Timetable},
};

/// What does not change during a run.
#[derive(Debug)]
pub struct Space<'a> {
    /// People and machines.
    pub directory: &'a Directory,
    /// Local days.
    pub calendar: Calendar,
    /// Interval and gap.
    pub lengths: Lengths,
    /// The moment of the run.
    pub now: Minute,
}

/// A balance; `None`: no account.
#[derive(Clone, Copy, Debug, Default)]
pub struct Balance {
    /// Minutes on machines.
    pub minutes: Option<i64>,
    /// Workshop units.
    pub units: Option<i64>,
}

/// What a store knows about the people and days of a batch.
#[derive(Debug, Default)]
pub struct Known {
    /// Their sightings outside workshops.
    pub presences: HashMap<DayKey, Presence>,
    /// Their bookings around these days, cancelled ones included.
    pub bookings: HashMap<BookingId, Booking>,
    /// What is remembered of those that were made or confirmed. A record whose booking is not in `bookings` is one
    /// whose booking was deleted.
    pub records: Vec<UseRecord>,
    /// Their balances. Somebody who is missing was deleted meanwhile and is not charged.
    pub balances: HashMap<PersonId, Balance>,
    /// Closed days, of one room or (`None`) of all.
    pub closed_days: HashSet<(NaiveDate, Option<RoomId>)>,
}

/// Applies the rules to the sightings of a batch, and to `due`: days with a reservation whose end has come.
pub fn apply(
    placed: &Placed,
    due: &BTreeSet<DayKey>,
    timetable: &Timetable,
    lists: &AttendanceLists,
    known: &Known,
    space: &Space<'_>,
) -> Changes {
    let mut changes = Changes { dropped: placed.in_closed_workshops, ..Changes::default() };
    attend(placed, lists, &mut changes);
    let mut presences = presences(placed, due, known, space.calendar);
    let days = bookings_by_day(known, space.calendar);
    for (key, presence) in &mut presences {
        let bookings = days.get(key).map_or(&[][..], Vec::as_slice);
        one_day(*key, presence, bookings, timetable, space, &mut changes);
    }
    changes.presences =
        presences.into_iter().filter(|(key, presence)| known.presences.get(key) != Some(presence)).collect();
    charge(known, &mut changes);
    changes.notices = notices(&changes, timetable, lists, known, space);
    changes
}

/// Workshops: who is made present, and what that costs (rules 9 to 14).
fn attend(placed: &Placed, lists: &AttendanceLists, changes: &mut Changes) {
    for ((workshop, person), at) in &placed.in_workshops {
        if lists.acted.contains(&(*workshop, *person)) {
            continue;
        }
        let act = Act::on(lists.entries.get(&(*workshop, *person)));
        changes.attendance.push(AttendanceChange { workshop: *workshop, person: *person, at: *at, act });
        if act != Act::Nothing {
            changes.charges.push(Charge::Workshop { person: *person, workshop: *workshop });
        }
    }
}

/// The sets of sightings of all days that the batch touches, with its sightings in them.
fn presences(
    placed: &Placed,
    due: &BTreeSet<DayKey>,
    known: &Known,
    calendar: Calendar,
) -> BTreeMap<DayKey, Presence> {
    let start =
        |key: &DayKey| known.presences.get(key).cloned().unwrap_or_else(|| remembered(key, known, calendar));
    let mut presences: BTreeMap<_, _> = due.iter().map(|key| (*key, start(key))).collect();
    let mut day = calendar.day(Minute(0));
    for sighting in &placed.individual {
        if !day.contains(sighting.at) {
            day = calendar.day(sighting.at);
        }
        let key = DayKey { person: sighting.person, day: day.start, computer: sighting.computer };
        presences.entry(key).or_insert_with_key(start).insert(sighting.at);
    }
    presences
}

/// The sightings of a day of which only the uses are remembered, because it is long ago or the time zone was changed
/// since: the whole of them.
fn remembered(key: &DayKey, known: &Known, calendar: Calendar) -> Presence {
    let mut presence = Presence::new(key.day);
    for record in known.records.iter().filter(|record| key_of_record(record, calendar) == *key) {
        (record.first.0..=record.last.0).for_each(|minute| presence.insert(Minute(minute)));
    }
    presence
}

type BookingOrGone = (BookingId, Option<Booking>, Option<UseRecord>);

/// The bookings of each person, machine and day: those that were seen by what they were made of, others by their start.
fn bookings_by_day(known: &Known, calendar: Calendar) -> HashMap<DayKey, Vec<BookingOrGone>> {
    let mut days: HashMap<DayKey, Vec<BookingOrGone>> = HashMap::new();
    let mut recorded = HashSet::new();
    for record in &known.records {
        recorded.insert(record.booking);
        let booking = known.bookings.get(&record.booking).cloned();
        days.entry(key_of_record(record, calendar)).or_default().push((
            record.booking,
            booking,
            Some(*record),
        ));
    }
    for booking in known.bookings.values() {
        let first = calendar.day(booking.span.start);
        let mut touched = vec![first];
        // What staff cancelled or verified claims sightings on every day that it touches.
        let next = calendar.day(first.end);
        if booking.is_fixed() && booking.span.end > next.start {
            touched.push(next);
        }
        for day in touched {
            let key = DayKey { person: booking.person, day: day.start, computer: booking.computer };
            let bookings = days.entry(key).or_default();
            let is_recorded = recorded.contains(&booking.id) && day == first;
            if !is_recorded && bookings.iter().all(|(id, ..)| *id != booking.id) {
                bookings.push((booking.id, Some(booking.clone()), None));
            }
        }
    }
    for bookings in days.values_mut() {
        bookings.sort_unstable_by_key(|(id, ..)| *id);
    }
    days
}

fn key_of_record(record: &UseRecord, calendar: Calendar) -> DayKey {
    DayKey { person: record.person, day: calendar.day(record.first).start, computer: record.computer }
}

/// The uses of one person on one machine on one day, and how they differ from what is written.
fn one_day(
    key: DayKey,
    presence: &mut Presence,
    bookings: &[BookingOrGone],
    timetable: &Timetable,
    space: &Space<'_>,
    changes: &mut Changes,
) {
    let mut there = Vec::with_capacity(bookings.len());
    for (id, booking, record) in bookings {
        match (booking, record) {
            (Some(booking), record) => there.push((booking.clone(), *record)),
            // Staff deleted the booking: its sightings go with it, and whoever is still there begins a new use.
            (None, Some(record)) => {
                presence.clear(Span { start: record.first, end: record.last + 1 });
                changes.forgotten.push(*id);
            }
            (None, None) => {}
        }
    }
    let day = space.calendar.day(key.day);
    let known = DayOnMachine {
        day,
        seen: &presence.minutes(),
        workshops: &timetable.busy(key.computer, space.directory),
        bookings: &there,
    };
    let result = uses(&known, space.lengths, space.now);
    for use_ in result.uses {
        let written = written(key, &use_);
        match use_.booking {
            None => changes.created.push(written),
            Some(id) if is_written(id, &written, &there) => {}
            Some(id) => changes.changed.push((id, written)),
        }
    }
    changes.merged.extend(result.merged);
}

fn written(key: DayKey, use_: &Use) -> WrittenUse {
    WrittenUse {
        person: key.person,
        computer: key.computer,
        span: use_.span,
        first: use_.first,
        last: use_.last,
        booked: use_.booked,
        settle_at: use_.settle_at,
    }
}

/// Whether the store has it so already.
fn is_written(id: BookingId, new: &WrittenUse, there: &[(Booking, Option<UseRecord>)]) -> bool {
    there.iter().any(|(booking, record)| {
        booking.id == id
            && booking.used
            && booking.span == new.span
            && record.is_some_and(|record| {
                (record.first, record.last, record.settle_at) == (new.first, new.last, new.settle_at)
            })
    })
}

/// Minutes (rule 24): what each use adds to the time for which its person is charged.
fn charge(known: &Known, changes: &mut Changes) {
    let mut spans: BTreeMap<PersonId, Vec<(BookingId, Span)>> = BTreeMap::new();
    for booking in known.bookings.values().filter(|booking| !booking.cancelled) {
        spans.entry(booking.person).or_default().push((booking.id, booking.span));
    }
    let mut times: BTreeMap<PersonId, ChargedTime> =
        spans.into_iter().map(|(person, spans)| (person, ChargedTime::new(spans))).collect();
    let created = changes.created.iter().enumerate().map(|(index, use_)| (BookingRef::Created(index), use_));
    let changed = changes.changed.iter().map(|(id, use_)| (BookingRef::Known(*id), use_));
    let mut written: Vec<_> =
        changed.chain(created).map(|(booking, use_)| (use_.person, Some(use_.span), booking)).collect();
    written.sort_unstable();
    // What was merged goes last: by then, what it was merged into covers its time.
    let merged = changes.merged.iter().filter_map(|id| known.bookings.get(id));
    written.extend(merged.map(|booking| (booking.person, None, BookingRef::Known(booking.id))));
    for (person, span, booking) in written {
        let grown = times.entry(person).or_default().change(booking, span);
        if grown != 0 {
            changes.charges.push(Charge::Minutes { person, delta: -grown, booking });
        }
    }
}
