//! Which local day a moment belongs to.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::epn::calendar::{Calendar, Minute};

/// Finds local days. One day's uses come one after the other: the last day is remembered.
#[derive(Debug)]
pub struct LocalDays {
    calendar: Calendar,
    date: NaiveDate,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl LocalDays {
    /// The days of `zone`.
    pub fn new(zone: Tz) -> Self {
        let never = DateTime::UNIX_EPOCH;
        Self { calendar: Calendar::new(zone), date: never.date_naive(), begin: never, end: never }
    }

    /// The local day in which `at` lies, and the midnight at its end.
    pub fn at(&mut self, at: DateTime<Utc>) -> (NaiveDate, DateTime<Utc>) {
        if !(self.begin..self.end).contains(&at) {
            self.date = self.calendar.date(Minute::from(at));
            let mut span = self.calendar.day_of(self.date);
            if span.end.instant() <= at {
                // The clock went back over midnight: the first one ended the day.
                self.date = self.date.checked_add_days(Days::new(1)).unwrap_or(self.date);
                span = self.calendar.day_of(self.date);
            }
            (self.begin, self.end) = (span.start.instant(), span.end.instant());
        }
        (self.date, self.end)
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
