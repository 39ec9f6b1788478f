//! Runs one of Samba's programs as its output is read: in UTC and in English.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crate::program;
pub use crate::program::{End, MOST_OUTPUT, Run};

/// Runs `program` with nothing to read, and waits for it at most `limit`.
///
/// # Errors
/// It cannot be started.
pub fn run(program: &Path, arguments: &[&str], limit: Duration) -> io::Result<Run> {
    let mut command = Command::new(program);
    command.args(arguments).env("TZ", "UTC").env("LC_ALL", "C").stdin(Stdio::null());
    program::run(command, limit)
}
