//! When the space is open.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u32 = 24 * 60;

/// The hours of a week in which the space is open, by the clock on the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// Of each day from Monday on: begin and end in minutes since midnight, in order, apart from one another.
    days: [Vec<(u32, u32)>; 7],
}

impl Default for OpeningHours {
    /// Those of `cron.d/sessionstat`.
    fn default() -> Self {
        let open = || vec![(9 * 60, 21 * 60)];
        Self { days: [vec![], open(), open(), open(), open(), open(), vec![]] }
    }
}

impl OpeningHours {
    /// The minutes since midnight, begin and end, of a day of the week: 0 is Monday.
    pub fn of_day(&self, days_from_monday: u32) -> &[(u32, u32)] {
        self.days.get(days_from_monday as usize).map_or(&[], Vec::as_slice)
    }
}

impl FromStr for OpeningHours {
    type Err = String;

    /// Reads `tue-sat 9:00-21:00`, or several of them with commas between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut days: [Vec<(u32, u32)>; 7] = Default::default();
        for part in text.split(',') {
            let mut words = part.split_whitespace();
            let named = words.next().ok_or_else(|| complaint(text, "a part is empty"))?;
            let on = days_of(named).ok_or_else(|| complaint(text, &format!("{named:?} is no day")))?;
            let mut has_hours = false;
            for word in words {
                let hours =
                    hours_of(word).ok_or_else(|| complaint(text, &format!("{word:?} are no hours")))?;
                for (day, open) in days.iter_mut().enumerate() {
                    if on.contains(&day) {
                        open.push(hours);
                    }
                }
                has_hours = true;
            }
            if !has_hours {
                return Err(complaint(text, &format!("{named:?} has no hours")));
            }
        }
        for open in &mut days {
            open.sort_unstable();
            if open.windows(2).any(|pair| matches!(pair, [first, second] if first.1 > second.0)) {
                return Err(complaint(text, "hours of one day overlap"));
            }
        }
        Ok(Self { days })
    }
}

fn complaint(text: &str, what: &str) -> String {
    format!("{text:?}: {what}; write it as \"tue-fri 9:00-12:00 14:00-19:00, sat 9:00-12:00\"")
}

/// The days of `tue-sat`, `fri-mon` or `sun`.
fn days_of(word: &str) -> Option<Vec<usize>> {
    let day = |name: &str| DAYS.iter().position(|known| *known == name);
    let (first, last) = match word.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(word)?, day(word)?),
    };
    let count = (last + 7 - first) % 7 + 1;
    Some((first..first + count).map(|day| day % 7).collect())
}

fn hours_of(word: &str) -> Option<(u32, u32)> {
    let (begin, end) = word.split_once('-')?;
    let (begin, end) = (minutes_of(begin)?, minutes_of(end)?);
    (begin < end).then_some((begin, end))
}

/// `9:00` to `24:00`.
fn minutes_of(time: &str) -> Option<u32> {
    let digits = |text: &str, most: usize| {
        let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (hours, minutes) = time.split_once(':')?;
    if minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY).then_some(all)
}

impl<'de> Deserialize<'de> for OpeningHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> OpeningHours {
        text.parse().unwrap()
    }

    #[test]
    fn hours_are_those_of_each_day() {
        assert_eq!(hours("tue-sat 9:00-21:00"), OpeningHours::default());
        let split = hours("tue-fri 14:00-19:00 9:00-12:00, sun-mon 0:00-24:00");
        assert_eq!(split.of_day(1), [(540, 720), (840, 1140)]);
        assert_eq!([split.of_day(6), split.of_day(0)], [&[(0, 1440)][..]; 2]);
        assert!(split.of_day(5).is_empty() && split.of_day(9).is_empty());
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, what) in [
            ("", "a part is empty"),
            ("mon", "has no hours"),
            ("lun 9:00-12:00", "\"lun\" is no day"),
            ("mon 9-12", "\"9-12\" are no hours"),
            ("mon 12:00-9:00", "are no hours"),
            ("mon 9:00-24:01", "are no hours"),
            ("mon 9:60-12:00", "are no hours"),
            ("mon +9:00-12:00", "are no hours"),
            ("mon 9:00-12:00 11:00-13:00", "overlap"),
        ] {
            let said = text.parse::<OpeningHours>().unwrap_err();
            assert!(said.contains(what) && said.contains("tue-fri 9:00-12:00"), "{text}: {said}");
        }
    }
}
