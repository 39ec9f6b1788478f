//! How a command ends: the one exit-status type, and the error that carries it.
//!
//! Owes its callers: every failure has a status that cron, a shell or PHP can act on, and reads as one line.

use std::fmt;

use crate::terminal::safe;

/// Exit status of a command (`sysexits.h` numbers where one fits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// All was done.
    Done = 0,
    /// The answer is "no".
    No = 1,
    /// The command line is wrong.
    Usage = 2,
    /// stats-report check: what a rule is about could not be measured.
    Unknown = 3,
    /// The input data are bad.
    BadData = 65,
    /// MySQL, Redis or smbstatus is out of reach.
    Unavailable = 69,
    /// An output cannot be created.
    CannotCreate = 73,
    /// Reading or writing failed.
    Io = 74,
    /// Another run holds the lock: try later.
    Busy = 75,
    /// The configuration, or a right that it needs, is wrong.
    Config = 78,
}

impl From<Status> for std::process::ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why a command could not do its work. Displays as one line: what failed, on what, and what to do.
#[derive(Debug)]
pub struct Failure {
    status: Status,
    passing: bool,
    error: anyhow::Error,
}

/// What most functions with I/O return.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that says `message`.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, passing: false, error: anyhow::Error::msg(message.into()) }
    }

    /// A failure that may be gone in a moment (deadlock, lost connection, failover): worth another try.
    pub fn passing(status: Status, message: impl Into<String>) -> Self {
        Self::new(status, message).that_passes()
    }

    /// The exit status that it leads to.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether another try may succeed.
    pub fn is_passing(&self) -> bool {
        self.passing
    }

    /// The same failure, as one that may be gone in a moment.
    #[must_use]
    pub fn that_passes(self) -> Self {
        Self { passing: true, ..self }
    }

    /// The same failure with `what` was being done put in front.
    #[must_use]
    pub fn context(self, what: impl Into<String>) -> Self {
        Self { error: self.error.context(what.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A server's message may hold line breaks or worse; cron mails and terminals get one clean line.
        formatter.write_str(&safe(&format!("{:#}", self.error), true))
    }
}

/// Turns the error of a library into a [`Failure`].
pub trait OrFail<T> {
    /// The value, or a failure of `status` that says what was being done, on what.
    ///
    /// # Errors
    /// The error itself, behind `what`.
    fn or_fail<S: Into<String>>(self, status: Status, what: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for std::result::Result<T, E> {
    fn or_fail<S: Into<String>>(self, status: Status, what: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| Failure { status, passing: false, error: error.into().context(what().into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_even_if_its_cause_is_not() {
        let failure = Failure::new(Status::Io, "two\nlines\u{1b}[31m").context("reading /etc/x");
        assert_eq!(failure.to_string(), "reading /etc/x: two\\nlines\\u{1b}[31m");
    }
}
