//! What was looked at, what was found, and what to do about it.

use std::fmt;

use crate::{failure::Failure, report::check::rule::State};

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub state: State,
    /// What was looked at.
    pub subject: &'static str,
    /// What was found there.
    pub found: String,
    /// What to do about it; empty: nothing.
    pub cure: String,
}

impl Finding {
    /// All is well.
    pub fn ok(subject: &'static str, found: impl Into<String>) -> Self {
        Self { state: State::Ok, subject, found: found.into(), cure: String::new() }
    }

    /// Something to look at, and what to do about it.
    pub fn bad(
        state: State,
        subject: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self { state, subject, found: found.into(), cure: cure.into() }
    }

    /// What failed. Behind its last semicolon a failure says what to do; one that does not leaves it to `cure`.
    pub fn of_failure(state: State, subject: &'static str, failure: &Failure, cure: &str) -> Self {
        let said = failure.to_string();
        let (found, cure) = said.rsplit_once("; ").unwrap_or((&said, cure));
        Self::bad(state, subject, found, cure)
    }
}

/// `WARNING spool: 3 snapshots wait; run samba-snapshot -v`
impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, subject, found, cure } = self;
        write!(out, "{state} {subject}: {found}")?;
        if cure.is_empty() { Ok(()) } else { write!(out, "; {cure}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Status;

    #[test]
    fn what_a_failure_says_to_do_is_the_cure() {
        let told = |message: &str| {
            Finding::of_failure(State::Critical, "mysql", &Failure::new(Status::Config, message), "ask")
        };
        let finding = told("no; not today; start it");
        assert_eq!((finding.found.as_str(), finding.cure.as_str()), ("no; not today", "start it"));
        assert_eq!(told("no").to_string(), "CRITICAL mysql: no; ask");
        assert_eq!(Finding::ok("mysql", "here").to_string(), "OK mysql: here");
    }
}
