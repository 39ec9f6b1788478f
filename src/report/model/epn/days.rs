//! Which local day a moment belongs to.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::epn::calendar::{Calendar, Minute};

/// Finds local days. Whoever asks, asks for the same days again and again: those that were found are remembered.
#[derive(Debug)]
pub struct LocalDays {
    calendar: Calendar,
    /// By their ends: their beginnings and dates.
    known: BTreeMap<DateTime<Utc>, (DateTime<Utc>, NaiveDate)>,
}

impl LocalDays {
    /// The days of `zone`.
    pub fn new(zone: Tz) -> Self {
        Self { calendar: Calendar::new(zone), known: BTreeMap::new() }
    }

    /// The local day in which `at` lies, and the midnight at its end.
    pub fn at(&mut self, at: DateTime<Utc>) -> (NaiveDate, DateTime<Utc>) {
        if let Some((end, (begin, date))) = self.known.range((Excluded(at), Unbounded)).next()
            && *begin <= at
        {
            return (*date, *end);
        }
        let mut date = self.calendar.date(Minute::from(at));
        let mut span = self.calendar.day_of(date);
        if span.end.instant() <= at {
            // The clock went back over midnight: the first one ended the day.
            date = date.checked_add_days(Days::new(1)).unwrap_or(date);
            span = self.calendar.day_of(date);
        }
        self.known.insert(span.end.instant(), (span.start.instant(), date));
        (date, span.end.instant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_belongs_to_its_local_day_in_whatever_order_they_come() {
        let mut days = LocalDays::new(chrono_tz::Europe::Paris);
        let mut day = |text: &str| {
            let (day, end) = days.at(text.parse().unwrap());
            (day.to_string(), end.to_rfc3339())
        };
        let last = ("2026-03-29".to_owned(), "2026-03-29T22:00:00+00:00".to_owned());
        assert_eq!(day("2026-03-28T23:00:00Z"), last);
        assert_eq!(day("2026-03-29T21:59:59Z"), last);
        assert_eq!(day("2026-03-29T22:00:00Z").0, "2026-03-30");
        assert_eq!(day("2026-03-28T22:59:59Z").0, "2026-03-28");
    }
}
