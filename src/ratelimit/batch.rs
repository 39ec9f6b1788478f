//! A user a line, an answer a line.
//!
//! Whoever writes a line and waits gets its answer at once; whoever writes many keeps Redis busy while the answers to
//! those before are read.

use std::{
    io::{self, Read},
    time::Instant,
};

use super::check::Checks;
use crate::{
    cli,
    failure::{Failure, OrFail, Result, Status},
};

/// How much is read at once.
const CHUNK: usize = 1 << 16;

/// The longest line. A user's name is far shorter: what goes on without a line break is no list of users.
const LONGEST_LINE: usize = 1 << 20;

/// Answers about all users on standard input.
///
/// # Errors
/// [`Status::Io`] if the users cannot be read or the answers not be written, [`Status::BadData`] for input without
/// line breaks.
pub(super) fn run(mut checks: Checks<'_>) -> Result<Status> {
    let mut input = io::stdin().lock();
    let mut read = Vec::with_capacity(CHUNK);
    let mut lines = Vec::new();
    loop {
        let ended = fill(&mut input, &mut read)?;
        if ended && read.last().is_some_and(|last| *last != b'\n') {
            read.push(b'\n');
        }
        // The last line may still go on.
        let whole = read.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let users: Vec<&[u8]> = read[..whole].split_inclusive(|byte| *byte == b'\n').collect();
        for group in users.chunks(checks.largest_group()) {
            checks.begin(group.iter().copied(), Instant::now());
            if checks.is_full() {
                checks.finish(&mut lines);
            }
            if lines.len() > CHUNK {
                if !cli::write(&lines)? {
                    return Ok(checks.status());
                }
                lines.clear();
            }
        }
        while !checks.is_idle() {
            checks.finish(&mut lines);
        }
        // Nobody is charged for an answer that nobody reads.
        if !cli::write(&lines)? {
            return Ok(checks.status());
        }
        lines.clear();
        read.drain(..whole);
        if ended {
            return Ok(checks.status());
        }
    }
}

/// Reads what there is, at least a line; says whether that was all.
fn fill(input: &mut impl Read, read: &mut Vec<u8>) -> Result<bool> {
    loop {
        let known = read.len();
        read.resize(known + CHUNK, 0);
        let count = match input.read(&mut read[known..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            count => {
                let count = count.or_fail(Status::Io, || "cannot read the users from standard input")?;
                if count == 0 {
                    read.truncate(known);
                    return Ok(true);
                }
                count
            }
        };
        read.truncate(known + count);
        if read[known..].contains(&b'\n') {
            return Ok(false);
        }
        if read.len() > LONGEST_LINE {
            let message = "standard input has a line of more than 1 MiB; give one user a line";
            return Err(Failure::new(Status::BadData, message));
        }
    }
}
