//! A new limit of sessions at once.

use chrono::{DateTime, Utc};

use super::{Desk, bad, say, server};
use crate::{
    cli::Context,
    failure::{Failure, Result, Status},
    sessions::{placing::instant, store::records},
};

/// A limit of sessions at once.
#[derive(Clone, Copy, Debug)]
pub struct NewLimit {
    /// Most sessions; 0: no limit.
    pub most: u32,
    /// Number of the user who sets it.
    pub user: i64,
    /// From when on; none: now.
    pub at: Option<DateTime<Utc>>,
}

/// Notes a limit in `usr_session_log`.
///
/// # Errors
/// [`Status::Config`] where there is no such table, [`Status::BadData`] for a number that it cannot hold; those of the
/// server.
pub fn limit(context: &Context, limit: NewLimit, rehearsal: bool) -> Result<Status> {
    let at = limit.at.unwrap_or(context.clock()?.now).timestamp();
    let server = server(context, rehearsal)?;
    let mut desk = Desk::of(&server)?;
    if !desk.tables.have_log {
        return Err(Failure::new(
            Status::Config,
            format!(
                "{} has no table usr_session_log (ILIAS 10 dropped it): set [aggregate] max_sessions instead",
                server.label()
            ),
        ));
    }
    desk.bounds.limit_at.check(at).map_err(bad)?;
    desk.bounds.limit.check(limit.most.into()).map_err(bad)?;
    desk.bounds.limit_user.check(limit.user).map_err(bad)?;
    if rehearsal {
        say(&format!("would record a limit of {} sessions from {} on", limit.most, instant(at)))?;
        return Ok(Status::Done);
    }
    if !desk.link.run(|conn| records::note_limit(conn, at, limit.most.into(), limit.user))? {
        log::info!("this limit was recorded already");
    }
    Ok(Status::Done)
}
