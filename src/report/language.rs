//! The languages of a report for people: which one, and how it writes numbers and times.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::ValueEnum;

use super::screen::{Lookup, locale, variable};

/// A language. Formats for machines know none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English
    En,
    /// French
    Fr,
}

impl Language {
    /// The language of the locale: French where it says so, else English.
    pub fn of_environment() -> Self {
        Self::of_locale(&variable)
    }

    fn of_locale(variable: &Lookup<'_>) -> Self {
        let locale = locale(variable, "LC_MESSAGES");
        match locale.split(['_', '.', '@', '-']).next() {
            Some("fr") => Self::Fr,
            _ => Self::En,
        }
    }

    /// A whole number.
    pub fn whole(self, number: i64, unicode: bool) -> String {
        sign(number).to_owned() + &self.grouped(number.unsigned_abs(), unicode)
    }

    /// Hundredths of something that may be negative, as a number with two decimals.
    pub fn signed_hundredths(self, hundredths: i64, unicode: bool) -> String {
        sign(hundredths).to_owned() + &self.hundredths(hundredths.unsigned_abs(), unicode)
    }

    /// Hundredths of something, as a number with two decimals.
    pub fn hundredths(self, hundredths: u64, unicode: bool) -> String {
        let point = match self {
            Self::En => '.',
            Self::Fr => ',',
        };
        format!("{}{point}{:02}", self.grouped(hundredths / 100, unicode), hundredths % 100)
    }

    /// Digits in groups of three: `1,234`, in French `1 234` with a narrow space that does not break.
    fn grouped(self, number: u64, unicode: bool) -> String {
        let separator = match self {
            Self::En => ',',
            Self::Fr if unicode => '\u{202f}',
            Self::Fr => ' ',
        };
        let digits = number.to_string();
        let mut grouped = String::with_capacity(digits.len() * 2);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(separator);
            }
            grouped.push(digit);
        }
        grouped
    }

    /// A length of time: `1 h 30 min`. Both languages have the symbols of the units in common.
    pub fn length(self, seconds: i64) -> String {
        let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
        let said: Vec<_> = parts
            .iter()
            .filter(|(number, _)| *number != 0)
            .map(|(number, unit)| format!("{number} {unit}"))
            .collect();
        if said.is_empty() { "0 s".to_owned() } else { said.join(" ") }
    }

    /// A local time to the minute, with its year.
    pub fn time(self, instant: DateTime<Utc>, zone: Tz) -> String {
        let format = match self {
            Self::En => "%-d %b %Y %H:%M",
            Self::Fr => "%d/%m/%Y %H:%M",
        };
        instant.with_timezone(&zone).format(format).to_string()
    }

    /// A day, with its year.
    pub fn day(self, day: NaiveDate) -> String {
        let format = match self {
            Self::En => "%-d %b %Y",
            Self::Fr => "%d/%m/%Y",
        };
        day.format(format).to_string()
    }

    /// An hour of the day.
    pub fn hour(self, hour: u32) -> String {
        match self {
            Self::En => format!("{hour:02}:00"),
            Self::Fr => format!("{hour} h"),
        }
    }

    /// A day without its year, as short as it can be understood.
    pub fn short_day(self, day: NaiveDate) -> String {
        match self {
            Self::En => day.format("%-d %b").to_string(),
            Self::Fr => format!("{} {}", day.day(), of_month(&FRENCH_SHORT, day)),
        }
    }

    /// A month with its year, as short as it can be understood.
    pub fn month(self, day: NaiveDate) -> String {
        match self {
            Self::En => day.format("%b %Y").to_string(),
            Self::Fr => format!("{} {}", of_month(&FRENCH_SHORT, day), day.year()),
        }
    }

    /// A day in full.
    pub fn long_day(self, day: NaiveDate) -> String {
        match (self, day.day()) {
            (Self::En, _) => day.format("%-d %B %Y").to_string(),
            (Self::Fr, 1) => format!("1er {} {}", of_month(&FRENCH, day), day.year()),
            (Self::Fr, other) => format!("{other} {} {}", of_month(&FRENCH, day), day.year()),
        }
    }

    /// The code of the language, as HTML and mail have it.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// A local time to the minute, or in another year than that of `now` its date: both are as wide.
    pub fn short_time(self, instant: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
        let local = instant.with_timezone(&zone);
        let this_year = local.year() == now.with_timezone(&zone).year();
        let format = match (self, this_year) {
            (Self::En, true) => "%-d %b %H:%M",
            (Self::En, false) => "%-d %b %Y",
            (Self::Fr, true) => "%d/%m %H:%M",
            (Self::Fr, false) => "%d/%m/%Y",
        };
        local.format(format).to_string()
    }
}

const FRENCH: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

const FRENCH_SHORT: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];

fn of_month(names: &[&'static str; 12], day: NaiveDate) -> &'static str {
    names.get(day.month0() as usize).copied().unwrap_or_default()
}

fn sign(number: i64) -> &'static str {
    if number < 0 { "-" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_in_the_order_of_posix() {
        let language = |environment: &[(&str, &str)]| {
            Language::of_locale(&|name| {
                environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(language(&[("LANG", "fr_FR.UTF-8")]), Language::Fr);
        assert_eq!(language(&[("LANG", "fr_FR"), ("LC_MESSAGES", "en_GB")]), Language::En);
        assert_eq!(language(&[("LANG", "de_DE"), ("LC_ALL", "fr")]), Language::Fr);
        assert_eq!(language(&[("LANG", "fry_NL")]), Language::En);
        assert_eq!(language(&[]), Language::En);
    }

    #[test]
    fn numbers_look_as_the_language_writes_them() {
        assert_eq!(Language::En.whole(1_234_567, true), "1,234,567");
        assert_eq!(Language::Fr.whole(-1_234, true), "-1\u{202f}234");
        assert_eq!(Language::Fr.whole(-123, true), "-123");
        assert_eq!(Language::Fr.whole(1_234, false), "1 234");
        assert_eq!(Language::En.hundredths(123_405, true), "1,234.05");
        assert_eq!(Language::Fr.hundredths(5, true), "0,05");
        assert_eq!(Language::Fr.signed_hundredths(-123_405, false), "-1 234,05");
        assert_eq!(Language::En.signed_hundredths(-5, true), "-0.05");
    }

    #[test]
    fn lengths_of_time_leave_out_what_is_zero() {
        for (seconds, said) in
            [(0, "0 s"), (45, "45 s"), (1200, "20 min"), (3600, "1 h"), (90_061, "25 h 1 min 1 s")]
        {
            assert_eq!([Language::En.length(seconds), Language::Fr.length(seconds)], [said, said]);
        }
    }

    #[test]
    fn times_are_local_and_those_of_another_year_tell_it() {
        let zone = chrono_tz::Europe::Paris;
        let instant: DateTime<Utc> = "2026-03-09T23:05:00Z".parse().unwrap();
        let now: DateTime<Utc> = "2026-03-11T12:00:00Z".parse().unwrap();
        assert_eq!(Language::En.short_time(instant, zone, now), "10 Mar 00:05");
        assert_eq!(Language::Fr.short_time(instant, zone, now), "10/03 00:05");
        let earlier: DateTime<Utc> = "2025-12-31T22:59:00Z".parse().unwrap();
        assert_eq!(Language::Fr.short_time(earlier, zone, now), "31/12/2025");
        assert_eq!(Language::En.short_time(earlier, zone, now), "31 Dec 2025");
        assert_eq!(Language::En.time(earlier, zone), "31 Dec 2025 23:59");
        let day = earlier.date_naive();
        assert_eq!(
            (Language::En.day(day), Language::Fr.day(day)),
            ("31 Dec 2025".into(), "31/12/2025".into())
        );
        let months = (Language::En.month(day), Language::Fr.month(day));
        assert_eq!(months, ("Dec 2025".into(), "déc. 2025".into()));
    }
}
