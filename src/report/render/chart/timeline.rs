//! An axis of time: months, days or hours, each as wide as the others, and which of them are written at it.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use crate::report::{language::Language, sheet::Cell};

/// The steps of a time axis, from one to the next.
#[derive(Clone, Copy, Debug)]
pub(in crate::report::render) enum Timeline {
    /// Months, by their first days.
    Months { first: NaiveDate, count: i64 },
    /// Days.
    Days { first: NaiveDate, count: i64 },
    /// Hours, the first of which begins then.
    Hours { first: DateTime<Utc>, count: i64, zone: Tz },
}

impl Timeline {
    /// From the first of these steps to the last; none: there is none, or they are no times.
    pub(in crate::report::render) fn of(first: &Cell, last: &Cell, zone: Tz) -> Option<Self> {
        match (first, last) {
            (Cell::Month(first), Cell::Month(last)) => {
                Some(Self::Months { first: *first, count: months_between(*first, *last) + 1 })
            }
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
        let (Self::Months { count, .. } | Self::Days { count, .. } | Self::Hours { count, .. }) = self;
        (*count).max(1) as f64
    }

    /// Which step of them all this one is.
    pub(in crate::report::render) fn place(&self, step: &Cell) -> Option<f64> {
        match (self, step) {
            (Self::Months { first, .. }, Cell::Month(month)) => Some(months_between(*first, *month) as f64),
            (Self::Days { first, .. }, Cell::Day(day)) => Some((*day - *first).num_days() as f64),
            (Self::Hours { first, .. }, Cell::Time(at)) => Some((*at - *first).num_hours() as f64),
            _ => None,
        }
    }

    /// At most `most` steps with what is written at them, all equally far apart by the calendar.
    pub(super) fn ticks(&self, most: usize, language: Language) -> Vec<(f64, String)> {
        match self {
            Self::Months { first, count } => months(*first, *count, most, language),
            Self::Days { first, count } => days(*first, *count, most, language),
            Self::Hours { first, count, zone } => hours(*first, *count, *zone, most, language),
        }
    }
}

fn months_between(first: NaiveDate, last: NaiveDate) -> i64 {
    let number = |day: NaiveDate| 12 * i64::from(day.year()) + i64::from(day.month0());
    number(last) - number(first)
}

fn months(first: NaiveDate, count: i64, most: usize, language: Language) -> Vec<(f64, String)> {
    let years = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].map(|years| 12 * years);
    let apart = [1, 2, 3, 6].into_iter().chain(years).find(|apart| count / apart < most as i64);
    let Some(apart) = apart else { return Vec::new() };
    let all = std::iter::successors(Some(first), |month| month.checked_add_months(Months::new(1)));
    let all = all.take(usize::try_from(count).unwrap_or(0)).enumerate();
    let is_written =
        |month: NaiveDate| (12 * i64::from(month.year()) + i64::from(month.month0())) % apart == 0;
    all.filter(|(_, month)| is_written(*month))
        .map(|(index, month)| {
            let label = if apart < 12 { language.month(month) } else { month.year().to_string() };
            (index as f64, label)
        })
        .collect()
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
    fn months_are_all_as_wide_and_written_by_month_quarter_or_year() {
        let month = |text: &str| Cell::Month(text.parse().unwrap());
        let [first, last] = [month("2025-11-01"), month("2026-04-01")];
        assert_eq!(
            ticks(&first, &last, 9),
            "0:Nov 2025 1:Dec 2025 2:Jan 2026 3:Feb 2026 4:Mar 2026 5:Apr 2026"
        );
        assert_eq!(ticks(&first, &last, 3), "2:Jan 2026 5:Apr 2026");
        assert_eq!(ticks(&month("2020-02-01"), &last, 4), "23:2022 47:2024 71:2026");
        let timeline = Timeline::of(&first, &last, PARIS).unwrap();
        assert_eq!((timeline.count(), timeline.place(&last)), (6.0, Some(5.0)));
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
