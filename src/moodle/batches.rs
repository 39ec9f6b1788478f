//! The new rows of the log, batch by batch, each read in one snapshot of its database.

use std::sync::mpsc::SyncSender;

use ::mysql::Conn;

use super::{
    log::{Log, Rows, in_snapshot},
    recent::Recent,
    store::Progress,
    trace::Trace,
};
use crate::{
    failure::Result,
    mysql::{Link, Server},
};

/// Rows in a batch: what is held in memory at once, and how long a snapshot lasts.
pub const ROWS: usize = 100_000;

/// A part of the log, as it was at one moment.
pub struct Batch {
    /// What its rows say.
    pub traces: Vec<Trace>,
    /// The greatest number that was looked at.
    pub until: u64,
    /// The last numbers that were there.
    pub recent: Recent,
}

/// Reads all that is new since `before`, `rows` at a time, and the rows with the numbers `missed` and those that were
/// committed late. Hands on batch after batch, until all is read, reading fails, or nobody listens any more.
pub fn fetch(
    server: &Server,
    log: &Log,
    before: &Progress,
    rows: usize,
    mut missed: Vec<u64>,
    to: &SyncSender<Result<Batch>>,
) {
    let mut link = Link::new(server);
    let mut after = before.last_id;
    let mut recent = Some(before.recent.clone()).filter(|_| after > 0);
    loop {
        let read = link
            .run(|conn| in_snapshot(conn, |conn| batch(conn, log, after, rows, recent.as_ref(), &missed)));
        let (read, is_last) = match read {
            Ok((read, is_last)) => (Ok(read), is_last),
            Err(failure) => (Err(failure), true),
        };
        if let Ok(read) = &read {
            // What was committed since this snapshot is late to the next one.
            (after, recent) = (read.until, Some(read.recent.clone()));
        }
        if to.send(read).is_err() || is_last {
            return;
        }
        missed.clear();
    }
}

/// The next `rows` rows after number `after`; those numbered `missed`; and those that `recent` lacks. Also whether there
/// are no more.
fn batch(
    conn: &mut Conn,
    log: &Log,
    after: u64,
    rows: usize,
    recent: Option<&Recent>,
    missed: &[u64],
) -> Result<(Batch, bool)> {
    let Rows { mut traces, until, is_last } = log.after(conn, after, rows)?;
    let mut missed = missed.to_vec();
    let mut known = recent.cloned().unwrap_or_default();
    let begin = Recent::before(after);
    if recent.is_some() && log.digest(conn, begin, after)? != known.digest() {
        let numbers = log.numbers(conn, begin, after)?;
        missed.extend(numbers.iter().filter(|number| known.lacks(**number)));
        known = Recent::new(after, &numbers);
    }
    traces.extend(log.numbered(conn, &missed)?);
    let new = log.numbers(conn, Recent::before(until).max(after), until)?;
    let recent = known.moved(until, &new);
    Ok((Batch { traces, until, recent }, is_last))
}
