//! A trace: one row of the log that says something about when a user was there.

/// What a row of the log is to the rules (rule 1 of `docs/time-online.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The user logged in.
    Login,
    /// The user logged out.
    Logout,
    /// The page was still open.
    Heartbeat,
    /// The user did something: the course, or 0 outside of all courses.
    Explicit(i64),
}

/// A row of the log. Rows are ordered by time, then by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Seconds since 1970.
    pub at: i64,
    /// Number of the row.
    pub id: u64,
    /// Whose.
    pub user: i64,
    /// What.
    pub kind: Kind,
}
