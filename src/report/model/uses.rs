//! The uses of machines in a period, and their sums.

use std::{
    collections::{HashMap, HashSet},
    iter::Sum,
    ops::AddAssign,
};

use ::mysql::Conn;
use serde::{Serialize, Serializer};

use crate::{failure::Result, mysql::rows, report::period::Period};

/// What each person did on each machine. A use counts for its part in the period.
const USES: &str = "SELECT computer_id, user_id, COUNT(*), CAST(SUM(verified = 0) AS UNSIGNED), \
        CAST(SUM(GREATEST(0, TIMESTAMPDIFF(SECOND, GREATEST(starts_at, ?), LEAST(ends_at, ?)))) AS UNSIGNED) \
    FROM epn_booking WHERE status = 'used' AND starts_at < ? AND ends_at > ? \
    GROUP BY computer_id, user_id";

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

/// What one person did on one machine in the period.
#[derive(Clone, Copy, Debug)]
struct UsesOf {
    computer: u64,
    person: u64,
    uses: u64,
    unverified: u64,
    hours: Hours,
}

/// The uses of machines in a period.
#[derive(Debug, Default)]
pub struct Uses {
    of: Vec<UsesOf>,
}

impl Uses {
    /// Reads the uses that have a part in `period`; cancelled bookings and those that nobody used are none.
    ///
    /// # Errors
    /// The server's.
    pub fn read(conn: &mut Conn, period: Period) -> Result<Self> {
        let (from, to) = (period.from.naive_utc(), period.to.naive_utc());
        let of: Vec<(u64, u64, u64, u64, u64)> = rows(conn, "epn_booking", USES, (from, to, to, from))?;
        Ok(Self::new(of))
    }

    fn new(of: Vec<(u64, u64, u64, u64, u64)>) -> Self {
        let uses_of = |(computer, person, uses, unverified, seconds)| UsesOf {
            computer,
            person,
            uses,
            unverified,
            hours: Hours::of_seconds(seconds),
        };
        Self { of: of.into_iter().map(uses_of).collect() }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.of.iter().map(|of| of.uses).sum()
    }

    /// How many of them staff have not verified.
    pub fn unverified(&self) -> u64 {
        self.of.iter().map(|of| of.unverified).sum()
    }

    /// Their hours.
    pub fn hours(&self) -> Hours {
        self.of.iter().map(|of| of.hours).sum()
    }

    /// How many different people they are of.
    pub fn people(&self) -> u64 {
        self.of.iter().map(|of| of.person).collect::<HashSet<_>>().len() as u64
    }

    /// The hours of each machine, by its id.
    pub fn by_computer(&self) -> HashMap<u64, Hours> {
        let mut hours = HashMap::new();
        for of in &self.of {
            *hours.entry(of.computer).or_default() += of.hours;
        }
        hours
    }

    /// The `top` people with the most hours, by their ids.
    pub fn ranking(&self, top: usize) -> Vec<(u64, Hours)> {
        let mut hours: HashMap<u64, Hours> = HashMap::new();
        for of in &self.of {
            *hours.entry(of.person).or_default() += of.hours;
        }
        let mut ranking: Vec<_> = hours.into_iter().collect();
        ranking.sort_unstable_by_key(|(person, hours)| (std::cmp::Reverse(*hours), *person));
        ranking.truncate(top);
        ranking
    }
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
    fn the_sums_count_everybody_once_and_everything() {
        let uses =
            Uses::new(vec![(1, 7, 2, 1, 3_600), (2, 7, 1, 1, 1_800), (1, 8, 1, 0, 5_400), (9, 6, 1, 1, 60)]);
        assert_eq!((uses.count(), uses.unverified(), uses.people()), (5, 3, 3));
        assert_eq!(uses.hours(), Hours::of_seconds(10_860));
        assert_eq!(uses.by_computer()[&1], Hours::of_seconds(9_000));
        // The same hours: the smaller id first, so that two reports are alike.
        assert_eq!(uses.ranking(2), [(7, Hours::of_seconds(5_400)), (8, Hours::of_seconds(5_400))]);
        assert!(uses.ranking(0).is_empty());
    }
}
