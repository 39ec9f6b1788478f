//! `[aggregate]`: how session records become statistics.

use std::time::Duration;

use serde::Deserialize;

use super::duration;

/// `[aggregate]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Aggregate {
    /// What `session-aggregate run` reads.
    pub sources: Vec<Source>,
    /// The limit of sessions at once where no entry of `usr_session_log` gives one; 0: none.
    pub max_sessions: u32,
    /// How long a session record is kept after its end; zero: for ever.
    #[serde(with = "duration")]
    pub retention: Duration,
    /// Age at which an open session is closed as expired; zero: never.
    #[serde(with = "duration")]
    pub max_session: Duration,
}

/// Where sessions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The session records of `usr_session_stats_raw`.
    Raw,
    /// The uses of machines that epn-ingest keeps.
    Epn,
    /// The log of a Moodle.
    Moodle,
}

impl Default for Aggregate {
    fn default() -> Self {
        Self {
            sources: vec![Source::Raw, Source::Epn, Source::Moodle],
            max_sessions: 0,
            retention: Duration::from_secs(7 * 86_400),
            max_session: Duration::from_secs(86_400),
        }
    }
}

impl Aggregate {
    /// What is wrong with the values of a section that could be read: key and message.
    pub(super) fn complaint(&self) -> Option<(&'static str, &'static str)> {
        const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);
        const DAY: Duration = Duration::from_secs(86_400);
        if i32::try_from(self.max_sessions).is_err() {
            return Some(("aggregate.max_sessions", "more than 2147483647"));
        }
        if !self.retention.is_zero() && !(DAY..=LONGEST).contains(&self.retention) {
            return Some((
                "aggregate.retention",
                "neither \"0s\" (for ever) nor between a day and a hundred years",
            ));
        }
        if !self.max_session.is_zero() && !(Duration::from_secs(60)..=LONGEST).contains(&self.max_session) {
            return Some((
                "aggregate.max_session",
                "neither \"0s\" (never) nor between a minute and a hundred years",
            ));
        }
        None
    }
}
