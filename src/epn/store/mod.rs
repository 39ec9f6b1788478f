//! The EPN tables in MySQL, as `etc/schema/002-epn.sql`, `003-epn-ingest.sql` and
//! `010-epn-history.sql` make them.
//!
//! Owes its callers: it reads what the rules ask for and writes what they answer, inside the caller's transaction. It
//! knows no rule.

pub mod erase;
pub mod history;
pub mod purge;
pub mod queue;
pub mod read;
pub mod write;

use chrono::{Datelike, NaiveDateTime};

use super::calendar::Minute;
use crate::{
    clock::YEARS,
    failure::{Failure, Result, Status},
};

/// The minute of a time that `table` holds.
///
/// # Errors
/// [`Status::BadData`] for a time in a year of no run: MySQL keeps years that nothing can be reckoned with.
fn minute(table: &str, time: NaiveDateTime) -> Result<Minute> {
    if YEARS.contains(&time.year()) {
        return Ok(Minute::of(time));
    }
    Err(Failure::new(
        Status::BadData,
        format!("{table} holds the time {time}, which cannot be right; mend that row"),
    ))
}
