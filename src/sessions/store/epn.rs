//! Source `epn`: uses of machines into session records.

use std::collections::HashSet;

use ::mysql::prelude::Queryable;
use chrono::{DateTime, NaiveDateTime};

use super::{
    endings::ROWS,
    made::{self, Followed},
};
use crate::{
    failure::Result,
    mysql::{bulk, rows},
    sessions::epn::{PREFIX, Use},
};

/// Uses that are not long over, in the order of their numbers.
const USES: &str = "SELECT booking.id, booking.user_id, booking.starts_at, booking.ends_at, made.last_seen, \
    made.settle_at IS NOT NULL FROM epn_booking AS booking JOIN epn_use AS made ON made.booking_id = booking.id \
    WHERE booking.status = 'used' AND booking.id > ? AND booking.ends_at >= ? ORDER BY booking.id LIMIT ?";

/// The first of them: bookings of years lie before it, and the server would walk along all of them.
const FIRST: &str = "SELECT MIN(id) FROM epn_booking WHERE ends_at >= ?";

const ALL_RECORDS: &str = "SELECT session_id, start_time FROM usr_session_stats_raw \
    WHERE session_id LIKE 'epn:%' AND session_id > ? ORDER BY session_id LIMIT ?";

const STILL_USED: &str = "SELECT booking.id FROM epn_booking AS booking \
    JOIN epn_use AS made ON made.booking_id = booking.id WHERE booking.status = 'used' AND booking.id IN ({ids})";

/// Brings the records of some thousand uses after number `after` up to date. Uses that were over before
/// `complete_from` are left alone: their records have been deleted. Returns also after which use the next step goes on.
///
/// # Errors
/// Those of the server.
pub fn follow_uses(
    conn: &mut impl Queryable,
    after: u64,
    complete_from: Option<i64>,
    now: i64,
    gap: i64,
) -> Result<(Followed, Option<u64>)> {
    let uses = uses(conn, after, complete_from)?;
    let wanted: Vec<_> = uses.iter().map(|seen| seen.record(now, gap)).collect();
    let next = uses.last().filter(|_| uses.len() as u64 == ROWS).map(|last| last.booking);
    Ok((made::follow(conn, &wanted)?, next))
}

/// Deletes, among some thousand records after `after`, those whose use is no more: it was cancelled, deleted or merged.
/// Returns also the record after which the next step goes on.
///
/// # Errors
/// Those of the server.
pub fn forget_gone(conn: &mut impl Queryable, after: &str) -> Result<(Followed, Option<String>)> {
    let booking_of = |id: &str| id.strip_prefix(PREFIX)?.parse::<u64>().ok();
    let records: Vec<(String, i64)> = rows(conn, "usr_session_stats_raw", ALL_RECORDS, (after, ROWS))?;
    let ids: Vec<u64> = records.iter().filter_map(|(id, _)| booking_of(id)).collect();
    let used: Vec<u64> = bulk::select_by_id(conn, "epn_booking", STILL_USED, &ids, &[])?;
    let used: HashSet<u64> = used.into_iter().collect();
    let is_gone = |id: &str| booking_of(id).is_some_and(|booking| !used.contains(&booking));
    let next = records.last().filter(|_| records.len() as u64 == ROWS).map(|(id, _)| id.clone());
    let gone: Vec<_> = records.into_iter().filter(|(id, _)| is_gone(id)).collect();
    Ok((made::delete(conn, &gone)?, next))
}

fn uses(conn: &mut impl Queryable, after: u64, complete_from: Option<i64>) -> Result<Vec<Use>> {
    type Row = (u64, i64, NaiveDateTime, NaiveDateTime, NaiveDateTime, bool);
    let since = complete_from.and_then(|second| DateTime::from_timestamp(second, 0));
    let mut after = after;
    if after == 0
        && let Some(since) = since
    {
        let first: Vec<Option<u64>> = rows(conn, "epn_booking", FIRST, (since.naive_utc(),))?;
        let Some(first) = first.into_iter().next().flatten() else { return Ok(Vec::new()) };
        after = first.saturating_sub(1);
    }
    let since = since.unwrap_or_default().naive_utc();
    let found: Vec<Row> = rows(conn, "epn_booking", USES, (after, since, ROWS))?;
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
