//! Sessions end, named one by one.

use ::mysql::Conn;
use chrono::{DateTime, Utc};

use super::{Desk, bad, say, server};
use crate::{
    cli,
    failure::{Result, Status},
    mysql::transaction,
    sessions::{
        placing::instant,
        record::{Context, Ending},
        store::records,
    },
};

/// Sessions in one transaction: nobody waits long for a row that it holds.
const SESSIONS: usize = 500;

/// Sessions that end.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Their ids.
    pub ids: Vec<String>,
    /// Why.
    pub context: Option<Context>,
    /// When; none: now.
    pub at: Option<DateTime<Utc>>,
}

/// Records that sessions end. An id without an open session is told; what is closed stays as it is.
///
/// # Errors
/// [`Status::BadData`] for an id or a time that the table cannot hold, before anything is changed; those of the server.
pub fn close(context: &cli::Context, closing: Closing, rehearsal: bool) -> Result<Status> {
    let end = closing.at.unwrap_or(context.clock()?.now).timestamp();
    let why = closing.context.and_then(Context::stored);
    let endings: Vec<_> = closing.ids.into_iter().map(|id| Ending { id, end, context: why }).collect();
    let server = server(context, rehearsal)?;
    let mut desk = Desk::of(&server)?;
    for ending in &endings {
        desk.bounds.check_ending(ending).map_err(bad)?;
    }
    for part in endings.chunks(SESSIONS) {
        let starts = desk.link.run(|conn| end_all(conn, part, rehearsal))?;
        for (ending, starts) in part.iter().zip(starts) {
            tell(ending, &starts);
            for start in starts.into_iter().filter(|_| rehearsal) {
                say(&format!(
                    "would end session {} of {} at {} ({})",
                    ending.id,
                    instant(start),
                    instant(end),
                    Context(why.unwrap_or(0))
                ))?;
            }
        }
    }
    Ok(Status::Done)
}

/// Closes sessions, or only looks. Returns when those that were open began, for each id.
fn end_all(conn: &mut Conn, endings: &[Ending], rehearsal: bool) -> Result<Vec<Vec<i64>>> {
    transaction::committed(conn, |conn| {
        let mut all = Vec::with_capacity(endings.len());
        for ending in endings {
            let starts = records::open_starts(conn, &ending.id)?;
            if !rehearsal && !starts.is_empty() {
                records::close(conn, ending)?;
            }
            all.push(starts);
        }
        Ok(all)
    })
}

/// What a person should know of the sessions that one id had.
fn tell(ending: &Ending, starts: &[i64]) {
    if starts.is_empty() {
        log::warn!("no session {} is open", ending.id);
    }
    for start in starts.iter().filter(|start| **start > ending.end) {
        log::warn!(
            "session {} of {} ends before it begins, at {}: was a clock set back?",
            ending.id,
            instant(*start),
            instant(ending.end)
        );
    }
}
