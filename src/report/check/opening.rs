//! Time in which the space is open: nobody misses a snapshot at night.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::config::report::OpeningHours;

/// Days that are looked at: nobody needs to know more exactly how old something older is.
const MOST_DAYS: i64 = 400;

/// The seconds between two moments in which the space was open, which it is on no day of `closed`; 0 if `until` is not
/// after `since`.
pub fn open_seconds(
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    hours: &OpeningHours,
    closed: &HashSet<NaiveDate>,
    zone: Tz,
) -> i64 {
    let last = until.with_timezone(&zone).date_naive();
    let first = since.with_timezone(&zone).date_naive();
    let first = first.max(last.checked_sub_signed(TimeDelta::days(MOST_DAYS)).unwrap_or(first));
    let days = first.iter_days().take_while(|day| *day <= last).filter(|day| !closed.contains(day));
    days.flat_map(|day| {
        let open = hours.of_day(day.weekday().num_days_from_monday());
        open.iter().map(move |(begin, end)| (moment(day, *begin, zone), moment(day, *end, zone)))
    })
    .map(|(begin, end)| (end.min(until) - begin.max(since)).num_seconds().max(0))
    .sum()
}

/// When a clock on the wall shows so many minutes after midnight. Where it skips them, the moment at which it goes on.
fn moment(day: NaiveDate, minutes: u32, zone: Tz) -> DateTime<Utc> {
    let (day, minutes) = if minutes < 24 * 60 {
        (day, minutes)
    } else {
        (day.checked_add_days(Days::new(1)).unwrap_or(day), 0)
    };
    let time = day.and_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or_default();
    (0..24 * 4)
        .find_map(|quarter| {
            let time = time.checked_add_signed(TimeDelta::minutes(15 * quarter))?;
            zone.from_local_datetime(&time).earliest()
        })
        .map_or_else(|| time.and_utc(), |moment| moment.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(since: &str, until: &str, hours: &str) -> i64 {
        let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let closed = HashSet::from(["2026-05-01".parse().unwrap()]);
        open_seconds(moment(since), moment(until), &hours.parse().unwrap(), &closed, chrono_tz::Europe::Paris)
    }

    #[test]
    fn on_a_closed_day_it_is_not_open() {
        // 1 May is a Friday.
        let days = seconds("2026-04-30T08:00:00Z", "2026-05-02T08:00:00Z", "thu-sat 9:00-12:00");
        assert_eq!(days, (2 + 1) * 3_600);
    }

    #[test]
    fn only_hours_in_which_it_is_open_count() {
        let usual = "tue-sat 9:00-21:00";
        // From 20:55 in Paris over the night to 9:03.
        assert_eq!(seconds("2026-03-10T19:55:00Z", "2026-03-11T08:03:00Z", usual), 8 * 60);
        // From Saturday evening over Sunday and Monday.
        assert_eq!(seconds("2026-03-14T19:55:00Z", "2026-03-17T08:00:00Z", usual), 5 * 60);
        assert_eq!(seconds("2026-03-10T20:30:00Z", "2026-03-11T07:00:00Z", usual), 0);
        assert_eq!(seconds("2026-03-10T12:00:00Z", "2026-03-10T12:00:30Z", usual), 30);
        assert_eq!(seconds("2026-03-10T12:00:00Z", "2026-03-10T11:00:00Z", usual), 0);
        assert_eq!(
            seconds("2026-03-10T08:00:00Z", "2026-03-10T20:00:00Z", "tue 9:00-12:00 14:00-15:00"),
            4 * 3600
        );
    }

    #[test]
    fn the_clock_on_the_wall_decides() {
        // 23 and 25 hours.
        assert_eq!(seconds("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "sun 0:00-24:00"), 23 * 3600);
        assert_eq!(seconds("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "sun 0:00-24:00"), 25 * 3600);
        assert_eq!(seconds("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "sun 2:00-3:30"), 1800);
    }

    #[test]
    fn what_is_very_old_is_old() {
        let years = seconds("1970-01-02T00:00:00Z", "2026-03-11T00:00:00Z", "mon-sun 0:00-24:00");
        assert!(years >= 400 * 86_400 - 3_600, "{years}");
    }
}
