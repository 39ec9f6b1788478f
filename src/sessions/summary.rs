//! What a run did, or would do.

use std::fmt;

use chrono::{DateTime, SecondsFormat};

use super::{slot::Slots, window::Window};
use crate::mysql::run_record::Counts;

/// The sum of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records closed because their live session had expired.
    pub expired: u64,
    /// Records closed because of their age.
    pub aged: u64,
    /// Records of uses of machines that were opened, closed, rewritten or deleted.
    pub uses: u64,
    /// Rows of the log that say something, of the source moodle.
    pub traces: u64,
    /// Sessions of time online written, those of users who are still there included.
    pub online: u64,
    /// Slots written.
    pub slots: u64,
    /// First second of the first slot written, and first second after the last.
    pub period: Option<(i64, i64)>,
    /// Records read.
    pub sessions: u64,
    /// Old records deleted.
    pub deleted: u64,
}

impl Summary {
    /// What is kept of it in the record of runs.
    pub fn counts(&self) -> Counts {
        vec![
            ("expired", self.expired),
            ("aged", self.aged),
            ("uses", self.uses),
            ("traces", self.traces),
            ("online", self.online),
            ("slots", self.slots),
            ("sessions", self.sessions),
            ("deleted", self.deleted),
        ]
    }

    /// Adds a window.
    pub fn add(&mut self, window: &Window) {
        let Slots { begin, count } = window.slots;
        self.slots += count as u64;
        self.sessions += window.sessions;
        let end = window.slots.end();
        self.period = Some(self.period.map_or((begin, end), |(from, to)| (from.min(begin), to.max(end))));
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |second: i64| {
            DateTime::from_timestamp(second, 0)
                .map_or_else(|| second.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
        };
        let counted = [
            (self.expired, "sessions closed as expired"),
            (self.aged, "sessions closed as expired because of their age ([aggregate] max_session)"),
            (self.uses, "sessions brought up to date from uses of machines"),
            (self.traces, "rows of the log read"),
            (self.online, "sessions of time online written"),
        ];
        for (count, what) in counted.into_iter().filter(|(count, _)| *count > 0) {
            writeln!(formatter, "{count} {what}")?;
        }
        match self.period {
            Some((from, to)) => writeln!(
                formatter,
                "{} slots written, {} to {}, from {} session records",
                self.slots,
                time(from),
                time(to),
                self.sessions
            )?,
            None => writeln!(formatter, "no slot to write")?,
        }
        match self.deleted {
            0 => Ok(()),
            deleted => writeln!(formatter, "{deleted} old session records deleted"),
        }
    }
}
