//! What staff should look at after a batch, as `kind:subject`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    calendar::Span,
    changes::{Changes, WrittenUse},
    charges::Charge,
    rules::{Known, Space},
    space::{Attendance, BookingId, ComputerId, PersonId},
    workshops::{Act, AttendanceLists, Timetable},
};

/// All notices about these changes.
pub(super) fn notices(
    changes: &Changes,
    timetable: &Timetable,
    lists: &AttendanceLists,
    known: &Known,
    space: &Space<'_>,
) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    all.extend(over_capacity(changes, timetable, lists));
    all.extend(two_machines(changes, known, space));
    all.extend(closed_days(changes, known, space));
    all.extend(overdrawn(changes, known, space));
    all
}

/// Workshops with more people than places (rule 11).
fn over_capacity(changes: &Changes, timetable: &Timetable, lists: &AttendanceLists) -> Vec<String> {
    let mut added: BTreeMap<_, i64> = BTreeMap::new();
    for change in changes.attendance.iter().filter(|change| change.act != Act::Nothing) {
        let entry = lists.entries.get(&(change.workshop, change.person));
        let had_place = entry.is_some_and(|entry| entry.status == Attendance::Registered);
        *added.entry(change.workshop).or_default() += i64::from(!had_place);
    }
    added
        .into_iter()
        .filter(|(workshop, added)| {
            let capacity = timetable.get(*workshop).and_then(|workshop| workshop.capacity);
            *added > 0 && capacity.is_some_and(|places| lists.places_taken(*workshop) + added > places)
        })
        .map(|(workshop, _)| format!("over-capacity:{}", workshop.0))
        .collect()
}

/// People on two machines at once (rule 24).
fn two_machines(changes: &Changes, known: &Known, space: &Space<'_>) -> Vec<String> {
    let changed = changes.changed.iter().map(|(id, _)| id);
    let replaced: HashSet<&BookingId> = changed.chain(&changes.merged).collect();
    let mut places: HashMap<PersonId, Vec<(ComputerId, Span)>> = HashMap::new();
    for booking in known.bookings.values() {
        if booking.used && !booking.cancelled && !replaced.contains(&booking.id) {
            places.entry(booking.person).or_default().push((booking.computer, booking.span));
        }
    }
    for use_ in written(changes) {
        places.entry(use_.person).or_default().push((use_.computer, use_.span));
    }
    let is_elsewhere = |use_: &&WrittenUse| {
        let mut others = places.get(&use_.person).into_iter().flatten();
        others.any(|(computer, span)| *computer != use_.computer && span.overlaps(&use_.span))
    };
    written(changes)
        .filter(is_elsewhere)
        .map(|use_| format!("two-machines:{}", space.directory.login(use_.person)))
        .collect()
}

/// Uses on closed days (rule 27).
fn closed_days(changes: &Changes, known: &Known, space: &Space<'_>) -> Vec<String> {
    if known.closed_days.is_empty() {
        return Vec::new();
    }
    let closed = |use_: &WrittenUse| {
        let day = space.calendar.date(use_.first);
        let room = space.directory.room(use_.computer);
        let is_closed = known.closed_days.contains(&(day, None)) || known.closed_days.contains(&(day, room));
        is_closed.then(|| format!("closed-day:{day}"))
    };
    written(changes).filter_map(closed).collect()
}

/// Balances that the batch brings below zero, or further below (rule 25).
fn overdrawn(changes: &Changes, known: &Known, space: &Space<'_>) -> Vec<String> {
    let mut deltas: BTreeMap<PersonId, (i64, i64)> = BTreeMap::new();
    for charge in &changes.charges {
        let (minutes, units) = deltas.entry(charge.person()).or_default();
        match charge {
            Charge::Minutes { delta, .. } => *minutes += delta,
            Charge::Workshop { .. } => *units -= 1,
        }
    }
    let is_below = |had: Option<i64>, delta: i64| delta < 0 && had.is_some_and(|had| had + delta < 0);
    deltas
        .into_iter()
        .filter(|(person, (minutes, units))| {
            let balance = known.balances.get(person).copied().unwrap_or_default();
            is_below(balance.minutes, *minutes) || is_below(balance.units, *units)
        })
        .map(|(person, _)| format!("overdrawn:{}", space.directory.login(person)))
        .collect()
}

/// The uses that the batch makes or changes.
fn written(changes: &Changes) -> impl Iterator<Item = &WrittenUse> {
    changes.changed.iter().map(|(_, use_)| use_).chain(&changes.created)
}
