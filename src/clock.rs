//! The moment and the place of a run, taken once at the edge and passed in.
//!
//! Owes its callers: nothing deeper asks for "now" or for the system's time zone.

use chrono::{DateTime, Datelike, TimeZone, Utc};
use chrono_tz::Tz;

/// The years in which runs and reports may lie: what a database's `datetime` holds, with room before and behind.
pub const YEARS: std::ops::RangeInclusive<i32> = 1970..=9998;

/// The time of a run and the zone in which its days begin.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The moment of the run.
    pub now: DateTime<Utc>,
    /// Decides local days, opening hours and display.
    pub zone: Tz,
}

/// Reads the value of `--now`: RFC 3339, or seconds since the epoch.
///
/// # Errors
/// A text that is neither (the message shows both forms), or a time outside [`YEARS`].
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, String> {
    let written = DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc()).ok();
    let counted = || Utc.timestamp_opt(text.parse().ok()?, 0).single();
    let instant = written.or_else(counted).ok_or_else(|| {
        "neither RFC 3339 (2026-03-10T14:00:00+01:00) nor seconds since the epoch".to_owned()
    })?;
    if YEARS.contains(&instant.year()) {
        Ok(instant)
    } else {
        Err("not in the years 1970 to 9998".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_time_mean_the_same_moment() {
        let written = parse_instant("2026-03-10T14:00:00+01:00").unwrap();
        assert_eq!(written, parse_instant("1773147600").unwrap());
        assert!(parse_instant("yesterday").is_err());
        assert!(parse_instant("99999999999999999").is_err());
        assert_eq!(parse_instant("999999999999").unwrap_err(), "not in the years 1970 to 9998");
    }
}
