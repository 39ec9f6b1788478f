//! Source `epn`: uses of machines into session records.

use std::collections::{HashMap, HashSet};

use ::mysql::{Params, Value, prelude::Queryable};
use chrono::{DateTime, NaiveDateTime};

use crate::{
    failure::Result,
    mysql::{bulk, rows},
    sessions::{
        epn::{Change, END, PREFIX, Record, Use, change},
        store::endings::ROWS,
    },
};

/// Uses that are not long over, in the order of their numbers.
const USES: &str = "SELECT booking.id, booking.user_id, booking.starts_at, booking.ends_at, made.last_seen, \
    made.settle_at IS NOT NULL FROM epn_booking AS booking JOIN epn_use AS made ON made.booking_id = booking.id \
    WHERE booking.status = 'used' AND booking.id > ? AND booking.ends_at >= ? ORDER BY booking.id LIMIT ?";

const RECORDS: &str = "SELECT session_id, user_id, start_time, end_time FROM usr_session_stats_raw \
    WHERE session_id IN ({ids})";

const OPEN: &str =
    "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id)";

const CLOSE: &str = "UPDATE usr_session_stats_raw SET end_time = ?, end_context = ? WHERE session_id = ?";

const DELETE: &str = "DELETE FROM usr_session_stats_raw WHERE session_id = ?";

const ALL_RECORDS: &str = "SELECT session_id, start_time FROM usr_session_stats_raw \
    WHERE session_id LIKE 'epn:%' AND session_id > ? ORDER BY session_id LIMIT ?";

const STILL_USED: &str = "SELECT booking.id FROM epn_booking AS booking \
    JOIN epn_use AS made ON made.booking_id = booking.id WHERE booking.status = 'used' AND booking.id IN ({ids})";

/// What bringing the records up to date did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Records that were opened, closed, rewritten or deleted.
    pub changed: u64,
    /// The first second that a change touched which nobody would notice otherwise.
    pub since: Option<i64>,
    /// After which use the next step goes on; none: there are no more.
    pub next: Option<u64>,
}

/// Brings the records of some thousand uses after number `after` up to date. Uses that were over before
/// `complete_from` are left alone: their records have been deleted.
///
/// # Errors
/// Those of the server.
pub fn follow_uses(
    conn: &mut impl Queryable,
    after: u64,
    complete_from: Option<i64>,
    now: i64,
    gap: i64,
) -> Result<Brought> {
    let uses = uses(conn, after, complete_from)?;
    let known = records(conn, &uses)?;
    let mut brought = Brought {
        next: uses.last().filter(|_| uses.len() as u64 == ROWS).map(|last| last.booking),
        ..Brought::default()
    };
    let mut opened = Vec::new();
    for seen in &uses {
        let Some(change) = change(known.get(&seen.booking), seen.record(now, gap)) else { continue };
        let id = format!("{PREFIX}{}", seen.booking);
        brought.changed += 1;
        match change {
            Change::Open(record) => opened.push(row(&id, &record)),
            Change::Close(end) => conn.exec_drop(CLOSE, (end, END.0, &id))?,
            Change::Rewrite { record, since } => {
                // A new row is news to the statistics; what the old one said has to be told.
                conn.exec_drop(DELETE, (&id,))?;
                opened.push(row(&id, &record));
                brought.since = brought.since.into_iter().chain([since]).min();
            }
        }
    }
    bulk::insert(conn, OPEN, "", &opened)?;
    Ok(brought)
}

/// Deletes, among some thousand records after `after`, those whose use is no more: it was cancelled, deleted or merged.
/// Returns what was done and the record after which the next step goes on.
///
/// # Errors
/// Those of the server.
pub fn forget_gone(conn: &mut impl Queryable, after: &str) -> Result<(Brought, Option<String>)> {
    let records: Vec<(String, i64)> = rows(conn, "usr_session_stats_raw", ALL_RECORDS, (after, ROWS))?;
    let ids: Vec<u64> = records.iter().filter_map(|(id, _)| booking_of(id)).collect();
    let used: Vec<u64> = bulk::select_by_id(conn, "epn_booking", STILL_USED, &ids, &[])?;
    let used: HashSet<u64> = used.into_iter().collect();
    let mut brought = Brought::default();
    for (id, start) in &records {
        if booking_of(id).is_some_and(|booking| !used.contains(&booking)) {
            conn.exec_drop(DELETE, (id,))?;
            brought.changed += 1;
            brought.since = brought.since.into_iter().chain([*start]).min();
        }
    }
    let next = records.last().filter(|_| records.len() as u64 == ROWS).map(|(id, _)| id.clone());
    Ok((brought, next))
}

fn booking_of(id: &str) -> Option<u64> {
    id.strip_prefix(PREFIX)?.parse().ok()
}

fn uses(conn: &mut impl Queryable, after: u64, complete_from: Option<i64>) -> Result<Vec<Use>> {
    type Row = (u64, i64, NaiveDateTime, NaiveDateTime, NaiveDateTime, bool);
    let since = complete_from.and_then(|second| DateTime::from_timestamp(second, 0)).unwrap_or_default();
    let found: Vec<Row> = rows(conn, "epn_booking", USES, (after, since.naive_utc(), ROWS))?;
    let seconds = |time: NaiveDateTime| time.and_utc().timestamp();
    let made = |(booking, user, start, end, last_seen, is_reserved): Row| Use {
        booking,
        user,
        start: seconds(start),
        end: seconds(end),
        last_seen: seconds(last_seen),
        is_reserved,
    };
    Ok(found.into_iter().map(made).collect())
}

fn records(conn: &mut impl Queryable, uses: &[Use]) -> Result<HashMap<u64, Record>> {
    let mut found = HashMap::new();
    for part in uses.chunks(bulk::ROWS) {
        let sql = RECORDS.replace("{ids}", &vec!["?"; part.len()].join(", "));
        let ids = part.iter().map(|seen| format!("{PREFIX}{}", seen.booking).into()).collect();
        let records: Vec<(String, i64, i64, Option<i64>)> =
            rows(conn, "usr_session_stats_raw", sql, Params::Positional(ids))?;
        found.extend(
            records
                .into_iter()
                .filter_map(|(id, user, start, end)| Some((booking_of(&id)?, Record { user, start, end }))),
        );
    }
    Ok(found)
}

fn row(id: &str, record: &Record) -> Vec<Value> {
    let context = record.end.map(|_| END.0);
    vec![id.into(), 3.into(), record.start.into(), record.end.into(), context.into(), record.user.into()]
}
