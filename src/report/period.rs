//! The period of a report: `--from` and `--to`, and what they are when nothing is said.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::{
    clock::{Clock, YEARS, parse_instant},
    epn::calendar::{Calendar, Span},
    failure::{Failure, Result, Status},
};

/// Days before the end at which a period begins when nothing is said.
const USUAL_DAYS: u64 = 30;

/// A time on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A moment.
    Instant(DateTime<Utc>),
    /// A local day: it begins a period with its first minute and ends one with its last.
    Day(NaiveDate),
}

impl Moment {
    /// Reads a date, RFC 3339, or seconds since the epoch.
    ///
    /// # Errors
    /// A text that is none of them; the message shows them.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::Day(day));
        }
        // As seconds it would be a day of the first years after the epoch, which nobody means.
        let is_date = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(day) = NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| is_date) {
            return Err(format!("a date is written {day}"));
        }
        parse_instant(text).map(Self::Instant).map_err(|error| format!("no date (2026-03-10), {error}"))
    }
}

/// From a moment on, up to but not including another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The first moment after it.
    pub to: DateTime<Utc>,
}

impl Period {
    /// The period from `from` (default: the beginning of the local day 30 days before its end) to `to` (default: now).
    ///
    /// # Errors
    /// [`Status::Usage`] if it ends before it begins, or lies outside [`YEARS`].
    pub fn new(from: Option<Moment>, to: Option<Moment>, clock: &Clock) -> Result<Self> {
        let calendar = Calendar::new(clock.zone);
        let to = match to {
            None => clock.now,
            Some(Moment::Instant(instant)) => instant,
            Some(Moment::Day(date)) => day(&calendar, date)?.end.instant(),
        };
        let from = match from {
            None => {
                let last = in_years(to)?.with_timezone(&clock.zone).date_naive();
                let first = last.checked_sub_days(Days::new(USUAL_DAYS)).unwrap_or(last);
                day(&calendar, first)?.start.instant()
            }
            Some(Moment::Instant(instant)) => instant,
            Some(Moment::Day(date)) => day(&calendar, date)?.start.instant(),
        };
        in_years(clock.now)?;
        let period = Self { from: in_years(from)?, to: in_years(to)? };
        if period.from < period.to {
            return Ok(period);
        }
        let local = |instant: DateTime<Utc>| instant.with_timezone(&clock.zone).to_rfc3339();
        Err(Failure::new(
            Status::Usage,
            format!(
                "--from ({}) is not before --to ({}); give a period that has a length",
                local(period.from),
                local(period.to)
            ),
        ))
    }

    /// Whether something that happened at `at` belongs to it. Moments are whole seconds here: in a period that ends
    /// `now`, the second that has begun counts.
    pub fn holds(self, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.from <= at && (at < self.to || (self.to == now && at == now))
    }

    /// The days of UTC of which what was counted by day belongs to it: those whose noon lies in it. Of the day of `now`
    /// only a part is counted: the middle of that stands for its noon.
    pub fn days_of_utc(self, now: DateTime<Utc>) -> Vec<NaiveDate> {
        let belongs = |day: &NaiveDate| {
            let begin = day.and_time(NaiveTime::MIN).and_utc();
            let noon = begin + TimeDelta::hours(12);
            if *day == now.date_naive() {
                self.from <= begin + (now - begin) / 2 && begin + (now - begin) / 2 <= self.to
            } else {
                self.from <= noon && noon < self.to
            }
        };
        let last = self.to.date_naive();
        self.from.date_naive().iter_days().take_while(|day| *day <= last).filter(belongs).collect()
    }
}

fn day(calendar: &Calendar, date: NaiveDate) -> Result<Span> {
    if YEARS.contains(&date.year()) { Ok(calendar.day_of(date)) } else { Err(no_such_year(date.year())) }
}

fn in_years(instant: DateTime<Utc>) -> Result<DateTime<Utc>> {
    if YEARS.contains(&instant.year()) { Ok(instant) } else { Err(no_such_year(instant.year())) }
}

fn no_such_year(year: i32) -> Failure {
    Failure::new(
        Status::Usage,
        format!("a time in the year {year}: give one of the years {} to {}", YEARS.start(), YEARS.end()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(now: &str) -> Clock {
        Clock { now: now.parse().unwrap(), zone: chrono_tz::Europe::Paris }
    }

    fn period(from: Option<&str>, to: Option<&str>) -> Result<(String, String)> {
        let moment = |text: Option<&str>| text.map(|text| Moment::parse(text).unwrap());
        let period = Period::new(moment(from), moment(to), &clock("2026-04-02T10:30:00Z"))?;
        Ok((period.from.to_rfc3339(), period.to.to_rfc3339()))
    }

    fn expect(from: Option<&str>, to: Option<&str>, begin: &str, end: &str) {
        assert_eq!(period(from, to).unwrap(), (format!("{begin}+00:00"), format!("{end}+00:00")));
    }

    #[test]
    fn without_a_word_it_is_thirty_local_days_and_today_so_far() {
        // The clock changed on 29 March.
        expect(None, None, "2026-03-02T23:00:00", "2026-04-02T10:30:00");
        expect(None, Some("2026-02-10T12:00:00+01:00"), "2026-01-10T23:00:00", "2026-02-10T11:00:00");
    }

    #[test]
    fn a_date_is_a_whole_local_day() {
        expect(Some("2026-03-29"), Some("2026-03-29"), "2026-03-28T23:00:00", "2026-03-29T22:00:00");
        expect(Some("2026-03-01"), Some("1775001600"), "2026-02-28T23:00:00", "2026-04-01T00:00:00");
    }

    #[test]
    fn a_day_of_utc_belongs_to_the_period_in_which_its_noon_lies() {
        let days = |from: &str, to: &str, now: &str| -> Vec<String> {
            let period = Period { from: from.parse().unwrap(), to: to.parse().unwrap() };
            period.days_of_utc(now.parse().unwrap()).iter().map(NaiveDate::to_string).collect()
        };
        // A day of Paris, and one of Auckland, long ago.
        let later = "2026-05-01T00:00:00Z";
        assert_eq!(days("2026-03-09T23:00:00Z", "2026-03-10T23:00:00Z", later), ["2026-03-10"]);
        assert_eq!(days("2026-03-09T11:00:00Z", "2026-03-10T11:00:00Z", later), ["2026-03-09"]);
        assert_eq!(days("2026-03-09T12:00:00Z", "2026-03-10T12:00:00Z", later), ["2026-03-09"]);
        assert!(days("2026-03-10T12:00:01Z", "2026-03-11T12:00:00Z", later).is_empty());
        // Today, before its noon; at its very beginning; and a period that has only its last hour.
        let begin = "2026-03-08T23:00:00Z";
        let so_far = |now: &str| days(begin, now, now);
        assert_eq!(so_far("2026-03-10T06:00:00Z"), ["2026-03-09", "2026-03-10"]);
        assert_eq!(so_far("2026-03-10T00:00:00Z"), ["2026-03-09", "2026-03-10"]);
        let now = "2026-03-10T20:00:00Z";
        assert!(days("2026-03-10T19:00:00Z", now, now).is_empty());
        assert_eq!(days(begin, "2026-03-09T23:00:00Z", now), ["2026-03-09"]);
    }

    #[test]
    fn what_happens_in_the_second_of_the_report_belongs_to_it() {
        let moment = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
        let (from, to) = (moment("2026-03-10T00:00:00Z"), moment("2026-03-10T10:00:00Z"));
        let period = Period { from, to };
        assert!(period.holds(from, to) && period.holds(to, to));
        assert!(!period.holds(to, moment("2026-03-10T10:00:01Z")));
        assert!(!period.holds(moment("2026-03-09T23:59:59Z"), to));
        assert!(!period.holds(moment("2026-03-10T10:00:01Z"), to));
    }

    #[test]
    fn a_period_without_a_length_is_refused_with_its_ends() {
        let refused = period(Some("2026-03-10"), Some("2026-03-09")).unwrap_err();
        assert_eq!(refused.status(), Status::Usage);
        assert_eq!(
            refused.to_string(),
            "--from (2026-03-10T00:00:00+01:00) is not before --to (2026-03-10T00:00:00+01:00); give a period that has a length"
        );
        assert!(Moment::parse("10/03/2026").is_err());
    }

    #[test]
    fn years_of_no_report_are_refused() {
        for (from, to) in [("1969-12-31", "2026-01-01"), ("2026-01-01", "9999-01-01")] {
            assert_eq!(period(Some(from), Some(to)).unwrap_err().status(), Status::Usage, "{from} {to}");
        }
        assert!(Moment::parse("253500000000").is_err());
        let far = Period::new(None, Some(Moment::Instant(Utc::now())), &clock("+12000-01-01T00:00:00Z"));
        assert_eq!(far.unwrap_err().status(), Status::Usage);
    }
}
