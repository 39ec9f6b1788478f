//! Session records, written as sessions begin and end: `open`, `close`, `limit` and `import` of session-aggregate.
//!
//! | file | what it does |
//! |---|---|
//! | [`open`](open()) | a session begins |
//! | [`close`](close()) | sessions end, named on the command line |
//! | [`batch`] | sessions end, any number, read from a file |
//! | [`limit`](limit()) | a limit of sessions at once |
//! | [`import`] | whole records from a file, all or none |
//! | `lines`, `csv` | lines of any file in little memory; the records in them |
//!
//! Each can be repeated: what is recorded already stays as it is. The rules are ILIAS's; where a record goes whose id
//! was used before is said in [`placing`](super::placing), the SQL stands in [`store`](super::store).

pub mod batch;
mod close;
pub mod csv;
pub mod import;
mod limit;
pub mod lines;
mod open;

pub use close::{Closing, close};
pub use limit::{NewLimit, limit};
pub use open::{Opening, open};

use super::store::{Bounds, Tables};
use crate::{
    cli::{self, Context},
    failure::{Failure, Result, Status},
    mysql::{Link, Server, schema},
    terminal::safe,
};

/// The server, with its tables; a rehearsal does not make them.
fn server(context: &Context, rehearsal: bool) -> Result<Server> {
    let server = Server::new(&context.config.mysql)?;
    if rehearsal {
        schema::require(&server)?;
    } else {
        schema::ensure(&server, &context.config.lock_dir)?;
    }
    Ok(server)
}

/// A connection, and what is known of the tables behind it.
struct Desk<'server> {
    link: Link<'server>,
    tables: Tables,
    bounds: Bounds,
}

impl<'server> Desk<'server> {
    fn of(server: &'server Server) -> Result<Self> {
        let mut link = Link::new(server);
        let (tables, bounds) = link.run(|conn| Ok((Tables::read(conn)?, Bounds::read(conn)?)))?;
        Ok(Self { link, tables, bounds })
    }
}

/// What does not fit, as the end of the run.
fn bad(what: String) -> Failure {
    Failure::new(Status::BadData, what)
}

/// A line of a rehearsal.
fn say(what: &str) -> Result<()> {
    cli::print(format!("{}\n", safe(what, true)))
}
