//! The rows of `users_temp` that match no person or no machine, by the rules of epn-ingest.

use std::collections::BTreeMap;

use ::mysql::Conn;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    epn::{
        calendar::Minute,
        rows::{Occurrences, Unmatched, sort},
        store::{queue, read},
    },
    failure::Result,
};

/// Rows read at once: some megabytes.
const BATCH: usize = 20_000;

/// A row that waits is told however old it is: it is there until epn-ingest throws it away.
const FOR_EVER: u32 = u32::MAX;

/// Rows that match nothing, alike in login, machine and reason.
#[derive(Debug, Serialize)]
pub struct UnmatchedRows {
    /// What they say, and why they match nothing.
    #[serde(flatten)]
    pub rows: Unmatched,
    /// Time of the first.
    pub first_seen: DateTime<Utc>,
    /// Time of the last.
    pub last_seen: DateTime<Utc>,
    /// How many there are.
    pub count: u64,
}

/// Reads the queue as it is `now`, batch by batch: memory grows with the different names that match nothing, not with
/// the rows.
///
/// # Errors
/// The server's.
pub fn unmatched(conn: &mut Conn, now: Minute) -> Result<Vec<UnmatchedRows>> {
    let directory = read::directory(conn)?;
    let mut all: BTreeMap<Unmatched, Occurrences> = BTreeMap::new();
    let mut after = 0;
    loop {
        let rows = queue::rows(conn, after, now, BATCH)?;
        for (unmatched, more) in sort(&rows, &directory, now, FOR_EVER).unmatched {
            all.entry(unmatched).and_modify(|known| known.add(&more)).or_insert(more);
        }
        match rows.last() {
            Some(last) if rows.len() == BATCH => after = last.id,
            _ => break,
        }
    }
    let lines = all.into_iter().map(|(rows, Occurrences { first, last, count })| UnmatchedRows {
        rows,
        first_seen: first.instant(),
        last_seen: last.instant(),
        count,
    });
    Ok(lines.collect())
}
