//! Why there is no list of sessions.
//!
//! Owes its callers: a word for programs ([`Kind`]) and one line for people ([`Failure`]).

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap};

/// The kinds of failure, as programs read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Only root sees the sessions.
    NotRoot,
    /// The program is missing, crashed, or gave no list.
    SmbstatusFailed,
    /// The program gave no answer in time.
    Timeout,
    /// The output begins like JSON and is none.
    BadJson,
    /// Samba left sessions out of its JSON.
    JsonTruncated,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotRoot => "not_root",
            Self::SmbstatusFailed => "smbstatus_failed",
            Self::Timeout => "timeout",
            Self::BadJson => "bad_json",
            Self::JsonTruncated => "json_truncated",
        })
    }
}

/// Why there is no list. Displays as one line: what failed, on what, what to do.
/// Serializes as `{"error": KIND}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind, for programs.
    pub kind: Kind,
    /// The line, for people.
    pub detail: String,
}

impl Failure {
    /// A failure of `kind` where `seen` says what failed on what, and `advice` what to do next.
    pub fn new(kind: Kind, seen: impl fmt::Display, advice: &str) -> Self {
        Self { kind, detail: format!("{seen}: {advice}") }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for Failure {}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("error", &self.kind)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_for_programs_is_the_same_in_text_and_json() {
        for kind in [Kind::NotRoot, Kind::SmbstatusFailed, Kind::Timeout, Kind::BadJson, Kind::JsonTruncated]
        {
            let failure = Failure::new(kind, "x", "y");
            assert_eq!(serde_json::to_string(&failure).unwrap(), format!("{{\"error\":\"{kind}\"}}"));
        }
    }
}
