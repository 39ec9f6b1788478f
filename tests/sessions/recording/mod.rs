//! Sessions are recorded as they begin and end.

mod batch;
mod closing;
mod importing;
mod limits;
mod opening;
mod tables;

use crate::support::{Database, Output, Tool};

/// session-aggregate on this database.
fn aggregate(database: &Database) -> Tool {
    Tool::new("session-aggregate").url(database)
}

/// Runs it with these arguments, blanks between them.
#[track_caller]
fn run(database: &Database, arguments: &str) -> Output {
    aggregate(database).args(arguments.split(' ')).run()
}
