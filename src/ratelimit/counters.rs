//! Where the statistics are kept: in Redis database 1, beside the states of the rules, which are in the database of
//! `[redis] url`. A Cluster has only one database; there the hash tag keeps all of them in one place.
//!
//! | key, after the prefix | what it is |
//! |---|---|
//! | `{stats}:recent` | sorted set: the 100 users who logged in last, by the microsecond of their last login |
//! | `{stats}:logins:DAY` | hash: allowed logins by `USER` |
//! | `{stats}:calls:DAY` | hash: allowed calls by `SERVICE USER` |
//! | `{stats}:refused:DAY` | hash: refused tries by `RULE USER` |
//!
//! A `DAY` is one of UTC, as `2026-11-22`. Names are escaped as in [`user`](super::user). The field `""` of a hash counts
//! all for which there was no room any more (`[ratelimit] most_counted`). [`statistics`](super::statistics) reads them.

use chrono::NaiveDate;

use crate::config::{Ratelimit, Redis};

/// The database that they are in.
pub const DATABASE: &str = "1";

/// What the names of all their keys begin with.
pub fn prefix(settings: &Ratelimit) -> String {
    format!("{}{{stats}}:", settings.prefix)
}

/// The key of the users who logged in last.
pub fn recent(settings: &Ratelimit) -> String {
    prefix(settings) + "recent"
}

/// The key of what was counted on a day.
pub fn of_day(settings: &Ratelimit, kind: Kind, day: NaiveDate) -> String {
    let kind = match kind {
        Kind::Logins => "logins",
        Kind::Calls => "calls",
        Kind::Refused => "refused",
    };
    format!("{}{kind}:{}", prefix(settings), day.format("%Y-%m-%d"))
}

/// What is counted by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Allowed logins, by user.
    Logins,
    /// Allowed calls, by service and user.
    Calls,
    /// Refused tries, by rule and user.
    Refused,
}

/// The database as the script is told: `.` is the one that it runs in.
pub(super) fn database(redis: &Redis) -> &'static str {
    if redis.cluster { "." } else { DATABASE }
}
