//! What the rules answer.

use std::collections::{BTreeMap, HashMap};

use ::mysql::{Params, Value, prelude::Queryable};
use chrono::NaiveDateTime;

use crate::{
    epn::{
        changes::{AttendanceChange, Changes, WrittenUse},
        charges::{BookingRef, Charge},
        rules::Balance,
        space::{BookingId, PersonId, UseRecord},
        workshops::Act,
    },
    failure::{Failure, Result, Status},
    mysql::bulk,
};

const ADD_ATTENDANCE: &str = "INSERT INTO epn_attendance (workshop_id, user_id, status, source) \
    VALUES (?, ?, 'present', 'ingest') ON DUPLICATE KEY UPDATE status = 'present'";
const CONFIRM_ATTENDANCE: &str =
    "UPDATE epn_attendance SET status = 'present' WHERE workshop_id = ? AND user_id = ?";
const RESTORE_ATTENDANCE: &str = "UPDATE epn_attendance SET status = 'present', source = 'ingest' \
    WHERE workshop_id = ? AND user_id = ?";
const ACTED: &str = "INSERT IGNORE INTO epn_workshop_seen (workshop_id, user_id, seen_at)";
const PRESENCES: &str = "INSERT INTO epn_presence (user_id, day_begins, computer_id, minutes)";
const NEW_BOOKINGS: &str =
    "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status, source, verified)";
/// Only epn-ingest writes this source, and only one at a time: these are the rows just written, in their order.
const NEW_IDS: &str =
    "SELECT id FROM epn_booking WHERE id >= LAST_INSERT_ID() AND source = 'ingest' ORDER BY id";
/// The rows exist and are locked: nothing is ever inserted.
const CHANGED_BOOKINGS: &str =
    "INSERT INTO epn_booking (id, computer_id, user_id, starts_at, ends_at, status)";
const CHANGE_BOOKING: &str = "ON DUPLICATE KEY UPDATE \
    starts_at = VALUES(starts_at), ends_at = VALUES(ends_at), status = 'used'";
const DELETE_BOOKINGS: &str = "DELETE FROM epn_booking WHERE id IN ({ids})";
const RECORDS: &str = "INSERT INTO epn_use \
    (booking_id, user_id, computer_id, first_seen, last_seen, booked_start, booked_end, settle_at)";
const RECORD_AGAIN: &str = "ON DUPLICATE KEY UPDATE \
    first_seen = VALUES(first_seen), last_seen = VALUES(last_seen), settle_at = VALUES(settle_at)";
const FORGET: &str = "DELETE FROM epn_use WHERE booking_id IN ({ids})";
const SETTLED: &str = "UPDATE epn_use SET settle_at = NULL WHERE booking_id IN ({ids})";
const LEDGER: &str = "INSERT INTO epn_credit_ledger (user_id, kind, delta, booking_id, workshop_id, at)";

/// People in one statement of [`add_to_balances`], which looks each up in a list.
const PEOPLE: usize = 200;

/// Writes `changes`, made at `now`.
///
/// # Errors
/// The server's.
pub fn changes(
    conn: &mut impl Queryable,
    changes: &Changes,
    balances: &HashMap<PersonId, Balance>,
    now: NaiveDateTime,
) -> Result<()> {
    attendance(conn, &changes.attendance)?;
    let presences: Vec<_> = changes
        .presences
        .iter()
        .map(|(key, presence)| {
            vec![
                key.person.0.into(),
                key.day.time().into(),
                key.computer.0.into(),
                presence.to_bytes().into(),
            ]
        })
        .collect();
    bulk::insert(conn, PRESENCES, "ON DUPLICATE KEY UPDATE minutes = VALUES(minutes)", &presences)?;
    let created = create(conn, &changes.created)?;
    change(conn, &changes.changed)?;
    let records: Vec<_> = changes
        .changed
        .iter()
        .copied()
        .chain(created.iter().copied().zip(changes.created.iter().copied()))
        .map(|(booking, use_)| record(booking, &use_))
        .collect();
    bulk::insert(conn, RECORDS, RECORD_AGAIN, &records)?;
    let merged = ids(&changes.merged);
    bulk::change_by_id(conn, DELETE_BOOKINGS, &merged)?;
    bulk::change_by_id(conn, FORGET, &merged)?;
    bulk::change_by_id(conn, FORGET, &ids(&changes.forgotten))?;
    charge(conn, &changes.charges, &created, balances, now)
}

/// Notes that these reservations need no settling any more.
///
/// # Errors
/// The server's.
pub fn settled(conn: &mut impl Queryable, due: &[UseRecord]) -> Result<()> {
    let ids: Vec<u64> = due.iter().map(|record| record.booking.0).collect();
    bulk::change_by_id(conn, SETTLED, &ids)
}

fn attendance(conn: &mut impl Queryable, changes: &[AttendanceChange]) -> Result<()> {
    for change in changes {
        let sql = match change.act {
            Act::Add => ADD_ATTENDANCE,
            Act::Confirm => CONFIRM_ATTENDANCE,
            Act::Restore => RESTORE_ATTENDANCE,
            Act::Nothing => continue,
        };
        conn.exec_drop(sql, (change.workshop.0, change.person.0))?;
    }
    let acted: Vec<_> = changes
        .iter()
        .map(|change| vec![change.workshop.0.into(), change.person.0.into(), change.at.time().into()])
        .collect();
    bulk::insert(conn, ACTED, "", &acted)?;
    Ok(())
}

/// Inserts new uses and returns their ids, in order.
fn create(conn: &mut impl Queryable, uses: &[WrittenUse]) -> Result<Vec<BookingId>> {
    let mut created = Vec::with_capacity(uses.len());
    for part in uses.chunks(bulk::ROWS) {
        let rows: Vec<_> = part
            .iter()
            .map(|use_| {
                vec![
                    use_.computer.0.into(),
                    use_.person.0.into(),
                    use_.span.start.time().into(),
                    use_.span.end.time().into(),
                    "used".into(),
                    "ingest".into(),
                    false.into(),
                ]
            })
            .collect();
        bulk::insert(conn, NEW_BOOKINGS, "", &rows)?;
        let ids: Vec<u64> = conn.query(NEW_IDS)?;
        if ids.len() != part.len() {
            return Err(Failure::passing(
                Status::Unavailable,
                "somebody else writes bookings of source 'ingest' at the same time; only epn-ingest may",
            ));
        }
        created.extend(ids.into_iter().map(BookingId));
    }
    Ok(created)
}

fn change(conn: &mut impl Queryable, changed: &[(BookingId, WrittenUse)]) -> Result<()> {
    let rows: Vec<_> = changed
        .iter()
        .map(|(id, use_)| {
            vec![
                id.0.into(),
                use_.computer.0.into(),
                use_.person.0.into(),
                use_.span.start.time().into(),
                use_.span.end.time().into(),
                "used".into(),
            ]
        })
        .collect();
    bulk::insert(conn, CHANGED_BOOKINGS, CHANGE_BOOKING, &rows)?;
    Ok(())
}

fn record(booking: BookingId, use_: &WrittenUse) -> Vec<Value> {
    vec![
        booking.0.into(),
        use_.person.0.into(),
        use_.computer.0.into(),
        use_.first.time().into(),
        use_.last.time().into(),
        use_.booked.map(|booked| booked.start.time()).into(),
        use_.booked.map(|booked| booked.end.time()).into(),
        use_.settle_at.map(|at| at.time()).into(),
    ]
}

/// Changes balances and writes the ledger. Who has no account is not charged.
fn charge(
    conn: &mut impl Queryable,
    charges: &[Charge],
    created: &[BookingId],
    balances: &HashMap<PersonId, Balance>,
    now: NaiveDateTime,
) -> Result<()> {
    let mut minutes: BTreeMap<u64, i64> = BTreeMap::new();
    let mut units: BTreeMap<u64, i64> = BTreeMap::new();
    let mut ledger = Vec::with_capacity(charges.len());
    for charge in charges {
        let person = charge.person();
        let balance = balances.get(&person).copied().unwrap_or_default();
        let (kind, delta, booking, workshop) = match charge {
            Charge::Minutes { delta, booking, .. } if balance.minutes.is_some() => {
                *minutes.entry(person.0).or_default() += delta;
                ("minutes", *delta, known_id(*booking, created), None)
            }
            Charge::Workshop { workshop, .. } if balance.units.is_some() => {
                *units.entry(person.0).or_default() -= 1;
                ("workshop", -1, None, Some(workshop.0))
            }
            _ => continue,
        };
        ledger.push(vec![
            person.0.into(),
            kind.into(),
            delta.into(),
            booking.into(),
            workshop.into(),
            now.into(),
        ]);
    }
    add_to_balances(conn, "credit_minutes", &minutes)?;
    add_to_balances(conn, "workshop_credits", &units)?;
    bulk::insert(conn, LEDGER, "", &ledger)?;
    Ok(())
}

fn known_id(booking: BookingRef, created: &[BookingId]) -> Option<u64> {
    match booking {
        BookingRef::Known(id) => Some(id.0),
        BookingRef::Created(index) => created.get(index).map(|id| id.0),
    }
}

/// Adds to balances rather than setting them: the management software may set them at any time.
fn add_to_balances(conn: &mut impl Queryable, column: &str, deltas: &BTreeMap<u64, i64>) -> Result<()> {
    let deltas: Vec<_> = deltas.iter().filter(|(_, delta)| **delta != 0).collect();
    for part in deltas.chunks(PEOPLE) {
        let cases = vec!["WHEN ? THEN ?"; part.len()].join(" ");
        let list = vec!["?"; part.len()].join(", ");
        let sql = format!(
            "UPDATE epn_user SET {column} = {column} + CASE id {cases} ELSE 0 END WHERE id IN ({list})"
        );
        let values = part
            .iter()
            .flat_map(|(id, delta)| [Value::from(**id), Value::from(**delta)])
            .chain(part.iter().map(|(id, _)| Value::from(**id)))
            .collect();
        conn.exec_drop(sql, Params::Positional(values))?;
    }
    Ok(())
}

fn ids(bookings: &[BookingId]) -> Vec<u64> {
    bookings.iter().map(|booking| booking.0).collect()
}
