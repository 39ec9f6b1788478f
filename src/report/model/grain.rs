//! How fine the course of time is told: the longer the period, the coarser, so that its table stays one to be read.

use chrono::TimeDelta;

use crate::report::period::Period;

/// Two local days, one of which may have 25 hours.
const HOURLY: TimeDelta = TimeDelta::hours(49);
/// Three months.
const DAILY: TimeDelta = TimeDelta::days(93);

/// The steps in which time is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grain {
    /// Up to two days.
    #[default]
    Hours,
    /// Up to three months.
    Days,
    /// What is longer.
    Months,
}

impl Grain {
    /// That of a period.
    pub fn of(period: Period) -> Self {
        match period.to - period.from {
            length if length <= HOURLY => Self::Hours,
            length if length <= DAILY => Self::Days,
            _ => Self::Months,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_days_a_quarter_and_a_year_have_grains_of_their_own() {
        let grain =
            |from: &str, to: &str| Grain::of(Period { from: from.parse().unwrap(), to: to.parse().unwrap() });
        // The clock goes back in the first of two days, and in a quarter.
        assert_eq!(grain("2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z"), Grain::Hours);
        assert_eq!(grain("2026-10-24T22:00:00Z", "2026-10-26T23:00:01Z"), Grain::Days);
        assert_eq!(grain("2026-09-30T22:00:00Z", "2026-12-31T23:00:00Z"), Grain::Days);
        assert_eq!(grain("2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"), Grain::Months);
    }
}
