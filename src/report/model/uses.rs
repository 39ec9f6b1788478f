//! The uses of machines in a period, one after the other, and how their lengths are told.
//!
//! A short period is read use by use, a long one as epn-ingest has packed it: the figures are the same.

use std::{iter::Sum, ops::AddAssign};

use ::mysql::Conn;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Serialize, Serializer};

use super::history;
use crate::{failure::Result, mysql::each_row, report::period::Period};

/// Out of the key `uses` alone: what ended in the period, or so soon after it that it may have begun in it.
const USES: &str = "SELECT computer_id, user_id, starts_at, ends_at, verified FROM epn_booking \
    WHERE status = 'used' AND ends_at > ? AND ends_at <= ? AND starts_at < ?";
/// What lasts longer than [`LONG`] and ends later than that, by the key `long_uses`. No use of a day is among them.
const LONG_USES: &str = "SELECT computer_id, user_id, starts_at, ends_at, verified FROM epn_booking \
    WHERE status = 'used' AND long_until > ? AND starts_at < ?";

/// Of `long_until` in etc/schema/009-epn-people.sql.
const LONG: TimeDelta = TimeDelta::days(2);

/// What is packed comes by the year: for less than this, single uses are read faster.
const SHORT: TimeDelta = TimeDelta::days(60);

/// A length of time. In JSON: hours, with two decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    seconds: u64,
}

impl Hours {
    /// So many seconds.
    pub fn of_seconds(seconds: u64) -> Self {
        Self { seconds }
    }

    /// From one moment to another; nothing if that is earlier.
    pub fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { seconds: (to - from).num_seconds().try_into().unwrap_or(0) }
    }

    /// The same in seconds.
    pub fn seconds(self) -> u64 {
        self.seconds
    }

    /// Hundredths of an hour, rounded.
    pub fn hundredths(self) -> u64 {
        (self.seconds.saturating_mul(100).saturating_add(1_800)) / 3_600
    }

    /// Whether it is nothing at all.
    pub fn is_zero(self) -> bool {
        self.seconds == 0
    }
}

impl AddAssign for Hours {
    fn add_assign(&mut self, more: Self) {
        self.seconds = self.seconds.saturating_add(more.seconds);
    }
}

impl Sum for Hours {
    fn sum<I: Iterator<Item = Self>>(hours: I) -> Self {
        let mut sum = Self::default();
        hours.for_each(|more| sum += more);
        sum
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.hundredths() as f64 / 100.0)
    }
}

/// One use of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Of which machine.
    pub computer: u64,
    /// By whom.
    pub person: u64,
    /// Its beginning, which may lie before the period.
    pub from: DateTime<Utc>,
    /// Its end, which may lie behind the period; earlier than its beginning if somebody wrote it so.
    pub to: DateTime<Utc>,
    /// Whether staff have verified it.
    pub is_verified: bool,
}

/// Reads the uses that have a part in `period`, in no order; cancelled bookings and those that nobody used are none.
///
/// # Errors
/// The server's, or [`Status::BadData`](crate::failure::Status::BadData) for a row that makes no sense.
pub fn read(conn: &mut Conn, period: Period, mut take: impl FnMut(Use)) -> Result<()> {
    if period.to - period.from > SHORT && history::read(conn, period, &mut take)? {
        return Ok(());
    }
    let mut take = |columns: Columns| take(used(columns));
    let (from, to) = (period.from.naive_utc(), period.to.naive_utc());
    let soon = to + LONG;
    each_row(conn, "epn_booking", USES, (from, soon, to), &mut take)?;
    each_row(conn, "epn_booking", LONG_USES, (soon, to), &mut take)
}

/// Machine, person, beginning, end, verified.
pub(super) type Columns = (u64, u64, NaiveDateTime, NaiveDateTime, bool);

/// The use that a row tells of.
pub(super) fn used((computer, person, from, to, is_verified): Columns) -> Use {
    Use { computer, person, from: from.and_utc(), to: to.and_utc(), is_verified }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_have_two_decimals() {
        for (seconds, json) in [(0, "0.0"), (3_600, "1.0"), (2_700, "0.75"), (1_200, "0.33"), (2_400, "0.67")]
        {
            assert_eq!(serde_json::to_string(&Hours::of_seconds(seconds)).unwrap(), json);
        }
        assert_eq!(Hours::of_seconds(u64::MAX).hundredths(), u64::MAX / 3_600);
    }

    #[test]
    fn what_ends_before_it_begins_lasts_no_time() {
        let moment = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert_eq!(Hours::between(moment(60), moment(100)), Hours::of_seconds(40));
        assert!(Hours::between(moment(100), moment(60)).is_zero());
    }
}
