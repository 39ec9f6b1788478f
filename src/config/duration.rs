//! Durations in the configuration: `"20s"`, `"15m"`, `"1h 30m"`, `"365d"`.
//!
//! Used as `#[serde(with = "crate::config::duration")]` on a [`std::time::Duration`].

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// Reads a duration written as text.
///
/// # Errors
/// A bare number (its unit would be a guess) or a text that is not a duration.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|error| {
        D::Error::custom(format!(
            "{text:?} is not a duration ({error}); write it as \"20s\", \"15m\" or \"7d\""
        ))
    })
}
