//! The uses of a long period, as epn-ingest has packed them (`etc/schema/010-epn-history.sql`).
//!
//! What is packed is what `epn_booking` holds, except of those whose bookings were changed since: theirs are read as they
//! stand there now.

use std::collections::HashSet;

use ::mysql::Conn;
use chrono::{DateTime, Datelike, Utc};

use super::uses::{Columns, Use, used};
use crate::{
    epn::history::{PastUse, unpack},
    failure::{Failure, Result, Status},
    mysql::{each_row, rows},
    report::period::Period,
};

/// With more than this, reading all single uses is faster.
const MOST_STALE: u64 = 5_000;

/// Of which person and year something has changed, up to the last year of the period; the entry of nobody says that the
/// triggers are missing.
const STALE: &str = "SELECT year, user_id FROM epn_history_stale WHERE year <= ? LIMIT ?";
const PACKED: &str = "SELECT year, user_id, uses FROM epn_history WHERE year BETWEEN ? AND ?";
/// Uses of earlier years that last into the period.
const PACKED_EARLIER: &str = "SELECT year, user_id, uses FROM epn_history WHERE runs_until > ? AND year < ?";
/// The uses of those, by the key `person`.
const CHANGED: &str = "SELECT b.computer_id, b.user_id, b.starts_at, b.ends_at, b.verified \
    FROM epn_history_stale s STRAIGHT_JOIN epn_booking b ON b.user_id = s.user_id AND b.ends_at > ? \
    WHERE s.year <= ? AND b.status = 'used' AND b.starts_at < ? AND YEAR(b.starts_at) = s.year";

/// Hands out the uses that have a part in `period`. Returns whether it did: false if too much was changed since, or if
/// what is packed cannot be relied on.
///
/// # Errors
/// The server's, or [`Status::BadData`] for a row that makes no sense.
pub fn read(conn: &mut Conn, period: Period, mut take: impl FnMut(Use)) -> Result<bool> {
    let (first, last) = (period.from.year(), period.to.year());
    let (from, to) = (period.from.naive_utc(), period.to.naive_utc());
    let stale: Vec<(i32, u64)> = rows(conn, "epn_history_stale", STALE, (last, MOST_STALE + 1))?;
    if stale.len() as u64 > MOST_STALE || stale.contains(&(0, 0)) {
        return Ok(false);
    }
    each_row(conn, "epn_booking", CHANGED, (from, last, to), |columns: Columns| take(used(columns)))?;
    let mut history = History { period, stale: stale.into_iter().collect(), take, unreadable: None };
    each_row(conn, "epn_history", PACKED_EARLIER, (from, first), |row| history.add(row))?;
    each_row(conn, "epn_history", PACKED, (first, last), |row| history.add(row))?;
    history.unreadable.map_or(Ok(true), Err)
}

struct History<Take> {
    period: Period,
    stale: HashSet<(i32, u64)>,
    take: Take,
    unreadable: Option<Failure>,
}

impl<Take: FnMut(Use)> History<Take> {
    fn add(&mut self, (year, person, uses): (i32, u64, Vec<u8>)) {
        if self.stale.contains(&(year, person)) {
            return;
        }
        let Self { period, take, .. } = self;
        let (from, to) = (period.from.timestamp(), period.to.timestamp());
        let unpacked = unpack(year, &uses, |of: PastUse| {
            if of.ends_at > from && of.starts_at < to {
                let PastUse { computer, is_verified, .. } = of;
                let (from, to) = (instant(of.starts_at), instant(of.ends_at));
                take(Use { computer, person, from, to, is_verified });
            }
        });
        if unpacked.is_none() {
            self.unreadable.get_or_insert_with(|| unreadable(year, person));
        }
    }
}

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn unreadable(year: i32, person: u64) -> Failure {
    Failure::new(
        Status::BadData,
        format!(
            "epn_history holds something unreadable of the person {person} in {year}; have epn-ingest pack it again: \
            INSERT INTO epn_history_stale (year, user_id) VALUES ({year}, {person})"
        ),
    )
}
