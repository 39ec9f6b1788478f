//! An axis of time: days or hours, each as wide as the others, and which of them are written at it.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use crate::report::{language::Language, sheet::Cell};

/// The steps of a time axis, from one to the next.
#[derive(Clone, Copy, Debug)]
pub(in crate::report::render) enum Timeline {
    /// Days.
    Days { first: NaiveDate, count: i64 },
    /// Hours, the first of which begins then.
    Hours { first: DateTime<Utc>, count: i64, zone: Tz },
}

impl Timeline {
    /// From the first of these steps to the last; none: there is none, or they are no times.
    pub(in crate::report::render) fn of(first: &Cell, last: &Cell, zone: Tz) -> Option<Self> {
        match (first, last) {
            (Cell::Day(first), Cell::Day(last)) => {
                Some(Self::Days { first: *first, count: (*last - *first).num_days() + 1 })
            }
            (Cell::Time(first), Cell::Time(last)) => {
                Some(Self::Hours { first: *first, count: (*last - *first).num_hours() + 1, zone })
            }
            _ => None,
        }
    }

    /// How many steps there are, those of which nothing is known among them.
    pub(in crate::report::render) fn count(&self) -> f64 {
        let (Self::Days { count, .. } | Self::Hours { count, .. }) = self;
        (*count).max(1) as f64
    }

    /// Which step of them all this one is.
    pub(in crate::report::render) fn place(&self, step: &Cell) -> Option<f64> {
        match (self, step) {
            (Self::Days { first, .. }, Cell::Day(day)) => Some((*day - *first).num_days() as f64),
            (Self::Hours { first, .. }, Cell::Time(at)) => Some((*at - *first).num_hours() as f64),
            _ => None,
        }
    }

    /// At most `most` steps with what is written at them, all equally far apart by the calendar.
    pub(super) fn ticks(&self, most: usize, language: Language) -> Vec<(f64, String)> {
        match self {
            Self::Days { first, count } => days(*first, *count, most, language),
            Self::Hours { first, count, zone } => hours(*first, *count, *zone, most, language),
        }
    }
}

fn hours(first: DateTime<Utc>, count: i64, zone: Tz, most: usize, language: Language) -> Vec<(f64, String)> {
    let every = |step: u32| -> Vec<(f64, String)> {
        let local = |index: i64| (index, (first + TimeDelta::hours(index)).with_timezone(&zone));
        let written = (0..count).map(local).filter(|(_, at)| at.hour().is_multiple_of(step));
        written
            .map(|(index, at)| match at.hour() {
                0 => (index as f64, language.short_day(at.date_naive())),
                hour => (index as f64, language.hour(hour)),
            })
            .collect()
    };
    [1, 2, 3, 6, 12, 24].into_iter().map(every).find(|ticks| ticks.len() <= most).unwrap_or_default()
}

/// How far apart the days are that are written at an axis.
#[derive(Clone, Copy)]
enum Apart {
    Days(i64),
    Months(i32),
}

fn days(first: NaiveDate, count: i64, most: usize, language: Language) -> Vec<(f64, String)> {
    use Apart::{Days, Months};
    let apart = [Days(1), Days(2), Days(7), Days(14), Months(1), Months(2), Months(3), Months(6)];
    let years = [1, 2, 5, 10, 20, 50, 100, 200].map(|years| Months(12 * years));
    let fits = apart.into_iter().chain(years).find(|apart| {
        let days = match apart {
            Days(days) => *days,
            Months(months) => i64::from(*months) * 30,
        };
        count / days < most as i64
    });
    let is_written = |day: NaiveDate| match fits {
        // Weeks begin on Mondays, and every other one is the same in each report.
        Some(Days(days @ 7..)) => (i64::from(day.num_days_from_ce()) - 1).rem_euclid(days) == 0,
        Some(Days(days)) => (day - first).num_days() % days == 0,
        Some(Months(months)) => day.day() == 1 && (12 * day.year() + day.month0() as i32) % months == 0,
        None => false,
    };
    let label = |day: NaiveDate| match fits {
        Some(Months(12..)) => day.year().to_string(),
        Some(Months(_)) => language.month(day),
        _ => language.short_day(day),
    };
    let days = first.iter_days().take(usize::try_from(count).unwrap_or(0)).enumerate();
    days.filter(|(_, day)| is_written(*day)).map(|(index, day)| (index as f64, label(day))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARIS: Tz = chrono_tz::Europe::Paris;

    fn day(text: &str) -> Cell {
        Cell::Day(text.parse().unwrap())
    }

    fn time(text: &str) -> Cell {
        Cell::Time(text.parse().unwrap())
    }

    fn ticks(first: &Cell, last: &Cell, most: usize) -> String {
        let ticks = Timeline::of(first, last, PARIS).unwrap().ticks(most, Language::En);
        ticks.iter().map(|(place, label)| format!("{place}:{label}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn days_are_written_by_day_week_month_or_year() {
        assert_eq!(ticks(&day("2026-03-09"), &day("2026-03-11"), 8), "0:9 Mar 1:10 Mar 2:11 Mar");
        assert_eq!(
            ticks(&day("2026-03-01"), &day("2026-03-31"), 8),
            "1:2 Mar 8:9 Mar 15:16 Mar 22:23 Mar 29:30 Mar"
        );
        assert_eq!(
            ticks(&day("2025-12-15"), &day("2026-12-14"), 6),
            "17:Jan 2026 107:Apr 2026 198:Jul 2026 290:Oct 2026"
        );
        assert_eq!(ticks(&day("2020-02-01"), &day("2026-01-31"), 3), "1796:2025");
        assert_eq!(ticks(&day("2026-03-09"), &day("2026-03-09"), 8), "0:9 Mar");
    }

    #[test]
    fn hours_are_those_of_the_clock_on_the_wall_and_all_as_wide() {
        let (midnight, last) = (time("2026-03-28T23:00:00Z"), time("2026-03-29T21:00:00Z"));
        // The day has no third hour: 3 o'clock is one hour after 1 o'clock.
        assert_eq!(
            ticks(&midnight, &last, 8),
            "0:29 Mar 2:03:00 5:06:00 8:09:00 11:12:00 14:15:00 17:18:00 20:21:00"
        );
        let timeline = Timeline::of(&midnight, &last, PARIS).unwrap();
        assert_eq!((timeline.count(), timeline.place(&last)), (23.0, Some(22.0)));
        assert_eq!(timeline.place(&day("2026-03-29")), None);
        assert!(Timeline::of(&midnight, &day("2026-03-29"), PARIS).is_none());
    }
}
