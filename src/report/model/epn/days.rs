//! Which local day a moment belongs to.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::epn::calendar::{Calendar, Minute};

/// Moments of so many seconds have a place for the day that was found last for one of them: less than half a day.
const PART: i64 = 1 << 15;
/// Places: for more than a year.
const PLACES: usize = 1 << 10;

/// Finds local days. Whoever asks, asks for the same days again and again: those that were found are remembered.
#[derive(Debug)]
pub struct LocalDays {
    calendar: Calendar,
    known: Vec<Day>,
}

#[derive(Clone, Copy, Debug)]
struct Day {
    date: NaiveDate,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl LocalDays {
    /// The days of `zone`.
    pub fn new(zone: Tz) -> Self {
        let never = DateTime::UNIX_EPOCH;
        let none = Day { date: never.date_naive(), begin: never, end: never };
        Self { calendar: Calendar::new(zone), known: vec![none; PLACES] }
    }

    /// The local day in which `at` lies, and the midnight at its end.
    pub fn at(&mut self, at: DateTime<Utc>) -> (NaiveDate, DateTime<Utc>) {
        let place = at.timestamp().div_euclid(PART).rem_euclid(PLACES as i64) as usize;
        let known = self.known.get(place).filter(|day| day.begin <= at && at < day.end);
        if let Some(Day { date, end, .. }) = known {
            return (*date, *end);
        }
        let mut date = self.calendar.date(Minute::from(at));
        let mut span = self.calendar.day_of(date);
        if span.end.instant() <= at {
            // The clock went back over midnight: the first one ended the day.
            date = date.checked_add_days(Days::new(1)).unwrap_or(date);
            span = self.calendar.day_of(date);
        }
        let day = Day { date, begin: span.start.instant(), end: span.end.instant() };
        if let Some(place) = self.known.get_mut(place) {
            *place = day;
        }
        (date, day.end)
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
