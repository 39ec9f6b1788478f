//! What the rules ask for.

use std::collections::{BTreeSet, HashMap, HashSet};

use ::mysql::{Value, prelude::Queryable};
use chrono::{NaiveDate, NaiveDateTime};

use crate::{
    epn::{
        calendar::{Minute, Span},
        changes::DayKey,
        directory::Directory,
        presence::Presence,
        rules::{Balance, Known},
        space::{
            Attendance, AttendanceEntry, Booking, BookingId, Computer, ComputerId, Person, PersonId, RoomId,
            Source, UseRecord, Workshop, WorkshopId,
        },
        workshops::{AttendanceLists, Timetable},
    },
    failure::Result,
    mysql::{bulk, rows},
};

/// Minutes of a day: bookings are read with a margin, so that one that crosses midnight is whole.
const DAY: i64 = 24 * 60;

const PEOPLE: &str = "SELECT id, login, is_staff FROM epn_user";
const COMPUTERS: &str = "SELECT id, netbios_name, room_id, ip FROM epn_computer";
const WORKSHOPS: &str = "SELECT id, room_id, starts_at, ends_at, capacity, status = 'closed' FROM epn_workshop \
    WHERE ends_at > ? AND starts_at < ? AND status <> 'cancelled' ORDER BY id";
const WORKSHOP_COMPUTERS: &str =
    "SELECT workshop_id, computer_id FROM epn_workshop_computer WHERE workshop_id IN ({ids})";
const ATTENDANCE: &str = "SELECT workshop_id, user_id, status, source FROM epn_attendance \
    WHERE workshop_id IN ({ids}) FOR UPDATE";
const ACTED: &str = "SELECT workshop_id, user_id FROM epn_workshop_seen WHERE workshop_id IN ({ids})";
const PRESENCES: &str = "SELECT user_id, day_begins, computer_id, minutes FROM epn_presence \
    WHERE user_id IN ({ids}) AND day_begins >= ? AND day_begins < ?";
const RECORDS: &str = "SELECT booking_id, user_id, computer_id, first_seen, last_seen, booked_start, booked_end, settle_at \
    FROM epn_use WHERE user_id IN ({ids}) AND first_seen >= ? AND first_seen < ?";
/// Locked: staff must not change a booking between our reading and our writing.
const BOOKINGS: &str = "SELECT id, user_id, computer_id, starts_at, ends_at, status, source, verified, changed_at \
    FROM epn_booking WHERE user_id IN ({ids}) AND ends_at > ? AND starts_at < ? FOR UPDATE";
const BOOKINGS_BY_ID: &str = "SELECT id, user_id, computer_id, starts_at, ends_at, status, source, verified, changed_at \
    FROM epn_booking WHERE id IN ({ids}) FOR UPDATE";
const BALANCES: &str =
    "SELECT id, credit_minutes, workshop_credits FROM epn_user WHERE id IN ({ids}) FOR UPDATE";
const CLOSED_DAYS: &str = "SELECT day, room_id FROM epn_closed_day WHERE day BETWEEN ? AND ?";
const DUE: &str = "SELECT booking_id, user_id, computer_id, first_seen, last_seen, booked_start, booked_end, settle_at \
    FROM epn_use WHERE settle_at <= ? ORDER BY settle_at, booking_id LIMIT ?";

/// All people and machines.
///
/// # Errors
/// The server's.
pub fn directory(conn: &mut impl Queryable) -> Result<Directory> {
    let people: Vec<(u64, String, bool)> = rows(conn, "epn_user", PEOPLE, ())?;
    let person = |(id, login, is_staff)| Person { id: PersonId(id), login, is_staff };
    let computers: Vec<(u64, String, Option<u64>, Option<String>)> =
        rows(conn, "epn_computer", COMPUTERS, ())?;
    let computer = |(id, name, room, ip): (u64, String, Option<u64>, Option<String>)| Computer {
        id: ComputerId(id),
        name,
        room: room.map(RoomId),
        ip,
    };
    Ok(Directory::new(
        people.into_iter().map(person).collect(),
        computers.into_iter().map(computer).collect(),
    ))
}

/// The workshops of `days`.
///
/// # Errors
/// The server's.
pub fn timetable(conn: &mut impl Queryable, days: Span) -> Result<Timetable> {
    type Columns = (u64, Option<u64>, NaiveDateTime, NaiveDateTime, Option<i64>, bool);
    let workshop = |(id, room, starts_at, ends_at, capacity, closed): Columns| Workshop {
        id: WorkshopId(id),
        span: span(starts_at, ends_at),
        room: room.map(RoomId),
        computers: Vec::new(),
        capacity,
        closed,
    };
    let found: Vec<Columns> = rows(conn, "epn_workshop", WORKSHOPS, (days.start.time(), days.end.time()))?;
    let mut workshops: Vec<Workshop> = found.into_iter().map(workshop).collect();
    let ids: Vec<u64> = workshops.iter().map(|workshop| workshop.id.0).collect();
    let named: Vec<(u64, u64)> =
        bulk::select_by_id(conn, "epn_workshop_computer", WORKSHOP_COMPUTERS, &ids, &[])?;
    let mut computers: HashMap<u64, Vec<ComputerId>> = HashMap::new();
    for (workshop, computer) in named {
        computers.entry(workshop).or_default().push(ComputerId(computer));
    }
    for workshop in &mut workshops {
        workshop.computers = computers.remove(&workshop.id.0).unwrap_or_default();
    }
    Ok(Timetable::new(workshops))
}

/// The attendance lists of a timetable.
///
/// # Errors
/// The server's.
pub fn attendance(conn: &mut impl Queryable, timetable: &Timetable) -> Result<AttendanceLists> {
    let ids: Vec<u64> = timetable.workshops().iter().map(|workshop| workshop.id.0).collect();
    let entries: Vec<(u64, u64, String, String)> =
        bulk::select_by_id(conn, "epn_attendance", ATTENDANCE, &ids, &[])?;
    let acted: Vec<(u64, u64)> = bulk::select_by_id(conn, "epn_workshop_seen", ACTED, &ids, &[])?;
    let entry = |(workshop, person, status, by): (u64, u64, String, String)| {
        let status = match status.as_str() {
            "registered" => Attendance::Registered,
            "waiting" => Attendance::Waiting,
            "present" => Attendance::Present,
            _ => Attendance::Cancelled,
        };
        ((WorkshopId(workshop), PersonId(person)), AttendanceEntry { status, source: source(&by) })
    };
    Ok(AttendanceLists {
        entries: entries.into_iter().map(entry).collect(),
        acted: acted.into_iter().map(|(workshop, person)| (WorkshopId(workshop), PersonId(person))).collect(),
    })
}

/// What is known of `users` around `days`, and the balances of these and of `attending`.
///
/// # Errors
/// The server's.
pub fn known(
    conn: &mut impl Queryable,
    users: &BTreeSet<PersonId>,
    attending: &BTreeSet<PersonId>,
    days: Span,
    dates: (NaiveDate, NaiveDate),
) -> Result<Known> {
    let ids: Vec<u64> = users.iter().map(|person| person.0).collect();
    let inside = [Value::from(days.start.time()), Value::from(days.end.time())];
    let around = [Value::from((days.start - DAY).time()), Value::from((days.end + DAY).time())];
    let presences: Vec<(u64, NaiveDateTime, u64, Vec<u8>)> =
        bulk::select_by_id(conn, "epn_presence", PRESENCES, &ids, &inside)?;
    let records: Vec<RecordColumns> = bulk::select_by_id(conn, "epn_use", RECORDS, &ids, &inside)?;
    let records: Vec<UseRecord> = records.into_iter().map(record).collect();
    let mut bookings = bookings(bulk::select_by_id(conn, "epn_booking", BOOKINGS, &ids, &around)?);
    // Staff may have moved a booking to another day or person since it was seen.
    let moved: Vec<u64> = records
        .iter()
        .filter(|record| !bookings.contains_key(&record.booking))
        .map(|record| record.booking.0)
        .collect();
    bookings.extend(self::bookings(bulk::select_by_id(conn, "epn_booking", BOOKINGS_BY_ID, &moved, &[])?));
    let with_balance: Vec<u64> = users.union(attending).map(|person| person.0).collect();
    let balances: Vec<(u64, Option<i64>, Option<i64>)> =
        bulk::select_by_id(conn, "epn_user", BALANCES, &with_balance, &[])?;
    let closed_days: Vec<(NaiveDate, Option<u64>)> = rows(conn, "epn_closed_day", CLOSED_DAYS, dates)?;
    Ok(Known {
        presences: presences
            .into_iter()
            .map(|(person, day, computer, minutes)| {
                let day = Minute::of(day);
                let key = DayKey { person: PersonId(person), day, computer: ComputerId(computer) };
                (key, Presence::from_bytes(day, &minutes))
            })
            .collect(),
        bookings,
        records,
        balances: balances
            .into_iter()
            .map(|(person, minutes, units)| (PersonId(person), Balance { minutes, units }))
            .collect(),
        closed_days: closed_days
            .into_iter()
            .map(|(day, room)| (day, room.map(RoomId)))
            .collect::<HashSet<_>>(),
    })
}

/// Reservations in use whose end has come (rule 20), at most `most`.
///
/// # Errors
/// The server's.
pub fn due(conn: &mut impl Queryable, now: Minute, most: usize) -> Result<Vec<UseRecord>> {
    let found: Vec<RecordColumns> = rows(conn, "epn_use", DUE, (now.time(), most))?;
    Ok(found.into_iter().map(record).collect())
}

type BookingColumns =
    (u64, u64, u64, NaiveDateTime, NaiveDateTime, String, String, bool, Option<NaiveDateTime>);

fn bookings(found: Vec<BookingColumns>) -> HashMap<BookingId, Booking> {
    found.into_iter().map(booking).map(|booking| (booking.id, booking)).collect()
}

fn booking(columns: BookingColumns) -> Booking {
    let (id, person, computer, starts_at, ends_at, status, by, verified, changed_at) = columns;
    Booking {
        id: BookingId(id),
        person: PersonId(person),
        computer: ComputerId(computer),
        span: span(starts_at, ends_at),
        cancelled: status == "cancelled",
        used: status == "used",
        source: source(&by),
        verified,
        changed_at: changed_at.map(Minute::of),
    }
}

type RecordColumns = (
    u64,
    u64,
    u64,
    NaiveDateTime,
    NaiveDateTime,
    Option<NaiveDateTime>,
    Option<NaiveDateTime>,
    Option<NaiveDateTime>,
);

fn record(columns: RecordColumns) -> UseRecord {
    let (booking, person, computer, first_seen, last_seen, booked_start, booked_end, settle_at) = columns;
    UseRecord {
        booking: BookingId(booking),
        person: PersonId(person),
        computer: ComputerId(computer),
        first: Minute::of(first_seen),
        last: Minute::of(last_seen),
        booked: booked_start.zip(booked_end).map(|(start, end)| span(start, end)),
        settle_at: settle_at.map(Minute::of),
    }
}

fn source(text: &str) -> Source {
    match text {
        "ingest" => Source::Ingest,
        _ => Source::Staff,
    }
}

fn span(start: NaiveDateTime, end: NaiveDateTime) -> Span {
    Span { start: Minute::of(start), end: Minute::of(end) }
}
