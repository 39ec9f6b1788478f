//! The ranges of monitoring plugins: `10`, `10:`, `~:10`, `10:20`, `@10:20`. What they say of a value, and how.
//!
//! Their rules are those of the guidelines of the Monitoring Plugins: a value is a matter of alarm outside of a range,
//! whose ends belong to it; with `@` inside of it.

use std::fmt;

/// What a bound is given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// A length of time: `90`, `90s`, `30m`, `2h`, `1d`.
    Seconds,
}

/// A range of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// None: no lower end.
    start: Option<f64>,
    /// None: no upper end.
    end: Option<f64>,
    is_inside: bool,
}

impl Range {
    /// Reads a range whose bounds are in `unit`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, unit: Unit) -> Result<Self, String> {
        let (is_inside, bounds) = match text.strip_prefix('@') {
            Some(bounds) => (true, bounds),
            None => (false, text),
        };
        let (start, end) = match bounds.split_once(':') {
            Some((start, end)) => (start, end),
            None => ("0", bounds),
        };
        if bounds.is_empty() || bounds == ":" {
            return Err(format!("{text:?} is no range; write it as 10, 10:, ~:10, 10:20 or @10:20"));
        }
        let start = match start {
            "~" => None,
            "" => Some(0.0),
            start => Some(number(start, unit)?),
        };
        let end = if end.is_empty() { None } else { Some(number(end, unit)?) };
        if let (Some(first), Some(last)) = (start, end)
            && first > last
        {
            return Err(format!("{text:?} begins after its end"));
        }
        Ok(Self { start, end, is_inside })
    }

    /// The range, with its bounds told in this way.
    pub fn told(&self, bound: impl Fn(f64) -> String) -> String {
        let start = match self.start {
            Some(0.0) if self.end.is_some() => String::new(),
            Some(start) => bound(start) + ":",
            None => "~:".to_owned(),
        };
        let mark = if self.is_inside { "@" } else { "" };
        mark.to_owned() + &start + &self.end.map(bound).unwrap_or_default()
    }

    /// Whether a value is a matter of alarm.
    pub fn alarms(&self, value: f64) -> bool {
        let is_in = self.start.is_none_or(|start| value >= start) && self.end.is_none_or(|end| value <= end);
        is_in == self.is_inside
    }
}

/// As performance data have it, without units.
impl fmt::Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.told(|bound| bound.to_string()))
    }
}

fn number(text: &str, unit: Unit) -> Result<f64, String> {
    let (digits, factor) = match (unit, text.char_indices().last()) {
        (Unit::Seconds, Some((place, letter))) if letter.is_ascii_alphabetic() => {
            let factor = match letter {
                's' => 1.0,
                'm' => 60.0,
                'h' => 3_600.0,
                'd' => 86_400.0,
                _ => {
                    return Err(format!("{text:?} is no length of time; write it as 90, 90s, 30m, 2h or 1d"));
                }
            };
            (&text[..place], factor)
        }
        _ => (text, 1.0),
    };
    // The parser also knows exponents and infinities; nobody means them.
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    let value = digits.parse::<f64>().ok().filter(|_| is_plain && digits.len() <= 15);
    value.map(|value| value * factor).ok_or_else(|| match unit {
        Unit::Count => format!("{text:?} is no number"),
        Unit::Seconds => format!("{text:?} is no length of time; write it as 90, 90s, 30m, 2h or 1d"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these values are matters of alarm.
    fn alarms(text: &str) -> Vec<f64> {
        let range = Range::parse(text, Unit::Count).unwrap();
        [-1.0, 0.0, 9.0, 10.0, 10.5, 20.0, 21.0].into_iter().filter(|value| range.alarms(*value)).collect()
    }

    #[test]
    fn ranges_mean_what_the_guidelines_say() {
        assert_eq!(alarms("10"), [-1.0, 10.5, 20.0, 21.0]);
        assert_eq!(alarms("10:"), [-1.0, 0.0, 9.0]);
        assert_eq!(alarms("~:10"), [10.5, 20.0, 21.0]);
        assert_eq!(alarms("10:20"), [-1.0, 0.0, 9.0, 21.0]);
        assert_eq!(alarms("@10:20"), [10.0, 10.5, 20.0]);
        assert_eq!(alarms("@10"), [0.0, 9.0, 10.0]);
        assert_eq!(alarms("0"), [-1.0, 9.0, 10.0, 10.5, 20.0, 21.0]);
        assert_eq!(alarms(":10"), alarms("10"));
        assert_eq!(alarms("-1:20"), [21.0]);
    }

    #[test]
    fn they_are_told_as_they_are_meant() {
        let told = |text: &str, unit| Range::parse(text, unit).unwrap().to_string();
        for text in ["10", "10:", "~:10", "10:20", "@10:20", "@10", "0", "-5:3.5", "0:"] {
            assert_eq!(told(text, Unit::Count), text);
        }
        assert_eq!(told("30m", Unit::Seconds), "1800");
        assert_eq!(told("@1h:2d", Unit::Seconds), "@3600:172800");
        assert_eq!(told("1.5h:", Unit::Seconds), "5400:");
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "@", ":", "x", "1:x", "20:10", "1e3", "inf", "nan", "10m", "1:2:3", "--1", "1 "] {
            assert!(Range::parse(text, Unit::Count).is_err(), "{text:?}");
        }
        for text in ["10w", "m", "2hh", "1h30m", "~", "ü"] {
            assert!(Range::parse(text, Unit::Seconds).is_err(), "{text:?}");
        }
    }
}
