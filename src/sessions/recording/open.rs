//! A session begins.

use ::mysql::Conn;
use chrono::{DateTime, Utc};

use super::{Desk, bad, say, server};
use crate::{
    cli::Context,
    failure::{Result, Status},
    mysql::transaction,
    sessions::{
        Compat, placing,
        record::{COUNTED_TYPES, Record},
        store::records,
    },
};

/// A session that begins.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its id.
    pub id: String,
    /// Number of its user.
    pub user: i64,
    /// Its type.
    pub kind: i16,
    /// When; none: now.
    pub at: Option<DateTime<Utc>>,
}

/// Records that a session begins. As in ILIAS, only those of types 3 and 4 are recorded, and none of user 0. Without
/// ILIAS's rule (`compat`) an id that is used again ends the session that was open under it, and erases nothing.
///
/// # Errors
/// [`Status::BadData`] for an id or a number that the table cannot hold; those of the server.
pub fn open(context: &Context, opening: Opening, compat: Compat, rehearsal: bool) -> Result<Status> {
    let Opening { id, user, kind, at } = opening;
    if !COUNTED_TYPES.contains(&kind) || user == 0 {
        let told = format!("session {id} of type {kind} and user {user} is none of those that are recorded");
        log::info!("{told}");
        if rehearsal {
            say(&told)?;
        }
        return Ok(Status::Done);
    }
    let start = at.unwrap_or(context.clock()?.now).timestamp();
    let record = Record { id, kind, start, end: None, context: None, user };
    let server = server(context, rehearsal)?;
    let mut desk = Desk::of(&server)?;
    desk.bounds.check(&record).map_err(bad)?;
    let longest = desk.bounds.id.longest;
    let steps = desk.link.run(|conn| {
        let steps_of = |conn: &mut Conn| match compat {
            Compat::Exact => records::steps(conn, &desk.tables, longest, &record, !rehearsal),
            Compat::Ilias => Ok(placing::replacing(&record)),
        };
        if rehearsal {
            return transaction::rolled_back(conn, steps_of);
        }
        transaction::committed(conn, |conn| {
            let steps = steps_of(conn)?;
            records::take(conn, &steps)?;
            Ok(steps)
        })
    })?;
    if steps.is_empty() {
        log::info!("session {} was recorded already", record.id);
    }
    if rehearsal {
        steps.iter().try_for_each(|step| say(&format!("would {step}")))?;
    }
    Ok(Status::Done)
}
