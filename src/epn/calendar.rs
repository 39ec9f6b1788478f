//! Minutes and local days.

use std::ops::{Add, Sub};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A minute since the epoch, UTC. Seconds are dropped (rule 6), and lengths are real minutes whatever the clock on the
/// wall does (rule 29).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(pub i64);

impl Minute {
    /// The minute in which `time` (UTC) lies.
    pub fn of(time: NaiveDateTime) -> Self {
        Self(time.and_utc().timestamp().div_euclid(60))
    }

    /// Its beginning, UTC.
    pub fn time(self) -> NaiveDateTime {
        self.instant().naive_utc()
    }

    /// Its beginning.
    pub fn instant(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0 * 60, 0).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Minute {
    fn from(instant: DateTime<Utc>) -> Self {
        Self::of(instant.naive_utc())
    }
}

impl Add<i64> for Minute {
    type Output = Self;
    fn add(self, minutes: i64) -> Self {
        Self(self.0 + minutes)
    }
}

impl Sub<i64> for Minute {
    type Output = Self;
    fn sub(self, minutes: i64) -> Self {
        Self(self.0 - minutes)
    }
}

impl Sub for Minute {
    type Output = i64;
    /// The real minutes between the two.
    fn sub(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

/// From `start` on, up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First minute.
    pub start: Minute,
    /// First minute after it.
    pub end: Minute,
}

impl Span {
    /// Whether `minute` lies in it.
    pub fn contains(&self, minute: Minute) -> bool {
        self.start <= minute && minute < self.end
    }

    /// Whether the two have a minute in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Its length in minutes; 0 if it ends before it begins.
    pub fn minutes(&self) -> i64 {
        (self.end - self.start).max(0)
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn hull(&self, other: &Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Local days of one time zone (rules 19 and 29).
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    zone: Tz,
}

impl Calendar {
    /// The days of `zone`.
    pub fn new(zone: Tz) -> Self {
        Self { zone }
    }

    /// The local date of `minute`.
    pub fn date(&self, minute: Minute) -> NaiveDate {
        minute.instant().with_timezone(&self.zone).date_naive()
    }

    /// The local day in which `minute` lies: 23, 24 or 25 hours.
    pub fn day(&self, minute: Minute) -> Span {
        self.day_of(self.date(minute))
    }

    /// The local day `date`.
    pub fn day_of(&self, date: NaiveDate) -> Span {
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        Span { start: self.begin(date), end: self.begin(next) }
    }

    /// The first minute of a local date. Where the clock skips midnight, the day begins when the clock goes on.
    fn begin(&self, date: NaiveDate) -> Minute {
        let midnight = date.and_time(NaiveTime::MIN);
        (0..24 * 4)
            .find_map(|quarter| {
                let time = midnight.checked_add_signed(TimeDelta::minutes(15 * quarter))?;
                self.zone.from_local_datetime(&time).earliest()
            })
            .map_or_else(|| Minute::of(midnight), |begin| Minute::from(begin.with_timezone(&Utc)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(text: &str) -> Minute {
        Minute::from(text.parse::<DateTime<Utc>>().unwrap())
    }

    #[test]
    fn days_are_local_and_23_to_25_hours_long() {
        let paris = Calendar::new(chrono_tz::Europe::Paris);
        let winter = paris.day(minute("2026-03-10T22:59:30Z"));
        assert_eq!(winter.start, minute("2026-03-09T23:00:00Z"));
        assert!(!winter.contains(minute("2026-03-10T23:00:00Z")));
        assert_eq!(paris.day(minute("2026-03-29T12:00:00Z")).minutes(), 23 * 60);
        assert_eq!(paris.day(minute("2026-10-25T12:00:00Z")).minutes(), 25 * 60);
    }

    #[test]
    fn a_day_without_midnight_begins_at_its_first_minute() {
        let santiago = Calendar::new(chrono_tz::America::Santiago);
        // On 6 September 2026 the clock goes from 24:00 to 01:00.
        let day = santiago.day(minute("2026-09-06T12:00:00Z"));
        assert_eq!(day.start, minute("2026-09-06T04:00:00Z"));
        assert_eq!(day.minutes(), 23 * 60);
    }
}
