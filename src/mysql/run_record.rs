//! What is known of the runs of each command: one row a command and host, brought up to date when a run ends.
//!
//! Owes its callers: one statement a run, and none of them fails because of it. A run that is killed leaves the row as
//! it was: its age tells.

use std::time::Instant;

use ::mysql::{params, prelude::Queryable};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::Link;
use crate::{
    failure::{Result, Status},
    lock::host_name,
};

/// What a run did: how many of what.
pub type Counts = Vec<(&'static str, u64)>;

/// After a failure, the last success stays what it was.
const WRITE: &str = "INSERT INTO sessionstat_run \
        (command, host, started_at, duration_ms, status, succeeded_at, runs, failures, counts) \
    VALUES (:command, :host, :started_at, :duration_ms, :status, :succeeded_at, 1, :failures, :counts) \
    ON DUPLICATE KEY UPDATE started_at = :started_at, duration_ms = :duration_ms, status = :status, \
        succeeded_at = COALESCE(:succeeded_at, succeeded_at), runs = runs + 1, failures = failures + :failures, \
        counts = :counts";

/// A run that has begun.
#[derive(Debug)]
pub struct RunRecord {
    command: &'static str,
    host: String,
    started_at: DateTime<Utc>,
    began: Instant,
    may_only_read: bool,
}

impl RunRecord {
    /// The run of `command` on this host that begins now, which it takes to be `started_at`.
    pub fn begin(command: &'static str, started_at: DateTime<Utc>) -> Self {
        Self { command, host: host_name(), started_at, began: Instant::now(), may_only_read: false }
    }

    /// The same run, told apart by another name than this host's.
    #[must_use]
    pub fn named(self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self }
    }

    /// The same run, of a command whose account need not have the right to write: without it, nothing is written.
    #[must_use]
    pub fn if_allowed(self) -> Self {
        Self { may_only_read: true, ..self }
    }

    /// Does `work`, then writes down how it ended, with what `counts` says of it.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn keep<T>(
        &self,
        link: &mut Link<'_>,
        counts: impl FnOnce(&T) -> Counts,
        work: impl FnOnce(&mut Link<'_>) -> Result<T>,
    ) -> Result<T> {
        let done = work(link);
        self.write(link, done.as_ref().map(counts).map_err(|failure| failure.status()));
        done
    }

    /// Writes down how the run ended. One that found another one at work leaves the record to that.
    pub fn write(&self, link: &mut Link<'_>, ended: std::result::Result<Counts, Status>) {
        let (status, counts) = match ended {
            Ok(counts) => (Status::Done, counts),
            Err(Status::Busy) => return,
            Err(status) => (status, Counts::new()),
        };
        let is_success = status == Status::Done;
        let counts: Map<String, Value> =
            counts.into_iter().map(|(what, count)| (what.to_owned(), count.into())).collect();
        let started_at = self.started_at.naive_utc();
        let values = params! {
            "command" => self.command,
            "host" => &self.host,
            "started_at" => started_at,
            "duration_ms" => u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX),
            "status" => status as u8,
            "succeeded_at" => is_success.then_some(started_at),
            "failures" => u8::from(!is_success),
            "counts" => Value::Object(counts).to_string(),
        };
        let written = link.once(|conn| Ok(conn.exec_drop(WRITE, values)?));
        if let Err(failure) = written {
            let message = format!("this run is not recorded in sessionstat_run: {failure}");
            // A run that failed has something more important to say.
            if is_success && failure.status() == Status::Config && !self.may_only_read {
                log::warn!("{message}");
            } else {
                log::info!("{message}");
            }
        }
    }
}
