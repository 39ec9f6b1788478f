//! Which form the tables have: ours, that of ILIAS 8 and 9, or that of ILIAS 10.

use std::collections::HashMap;

use ::mysql::prelude::Queryable;

use crate::{
    failure::{Failure, Result, Status},
    mysql::rows,
};

const COLUMNS: &str = "SELECT table_name, column_name, data_type, IFNULL(numeric_scale, 0) \
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN \
    ('usr_session_stats_raw', 'usr_session_stats', 'usr_session_log', 'usr_session', 'session_expiry')";

const RAW: &str = "usr_session_stats_raw";
const STATS: &str = "usr_session_stats";
const LOG: &str = "usr_session_log";

const RAW_COLUMNS: [&str; 6] = ["session_id", "type", "start_time", "end_time", "end_context", "user_id"];
const STATS_COLUMNS: [&str; 11] = [
    "slot_begin",
    "slot_end",
    "active_min",
    "active_max",
    "active_avg",
    "active_end",
    "opened",
    "closed_manual",
    "closed_expire",
    "closed_login",
    "closed_misc",
];
/// Those that ILIAS 10 has dropped, all or none.
const DROPPED_COLUMNS: [&str; 4] = ["max_sessions", "closed_limit", "closed_idle", "closed_idle_first"];
const LOG_COLUMNS: [&str; 3] = ["tstamp", "maxval", "user_id"];

const EXPIRY: &str = "session_expiry";

/// Tables with the moments at which live sessions expire.
const LIVE: [&str; 2] = ["usr_session", EXPIRY];
const LIVE_COLUMNS: [&str; 2] = ["session_id", "expires"];

/// The form of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Whether the records are numbered in the order of their arrival (`seq`), as in ours. In those of ILIAS, an id
    /// has one record.
    pub are_numbered: bool,
    /// Whether the statistics have columns for the limit and the reasons that ILIAS 10 no longer knows.
    pub have_limits: bool,
    /// Digits behind the point that `active_avg` holds.
    pub average_digits: u32,
    /// Whether there is a `usr_session_log`.
    pub have_log: bool,
    /// The tables with the moments at which live sessions expire: ILIAS's, ours, both or none.
    pub live: Vec<&'static str>,
    /// The last second that `usr_session_stats` can hold.
    pub last_second: i64,
}

impl Tables {
    /// Looks at the tables of the database.
    ///
    /// # Errors
    /// [`Status::Config`] if a table lacks a column: the message names both. Those of the server.
    pub fn read(conn: &mut impl Queryable) -> Result<Self> {
        let columns = Columns::read(conn)?;
        columns.require(RAW, &RAW_COLUMNS)?;
        // Ours, and always there: one that the account cannot see would have every session take its whole length.
        columns.require(EXPIRY, &LIVE_COLUMNS)?;
        let have_limits = columns.have_limits()?;
        let have_log = LOG_COLUMNS.iter().any(|name| columns.has(LOG, name));
        if have_log {
            columns.require(LOG, &LOG_COLUMNS)?;
        }
        let is_live = |table: &&str| LIVE_COLUMNS.iter().all(|name| columns.has(table, name));
        let kind = |column: &str| columns.kinds.get(&(STATS.to_owned(), column.to_owned()));
        Ok(Self {
            are_numbered: columns.has(RAW, "seq"),
            have_limits,
            average_digits: kind("active_avg").map_or(0, |(_, scale)| *scale).min(4),
            have_log,
            live: LIVE.into_iter().filter(is_live).collect(),
            last_second: match kind("slot_end") {
                Some((kind, _)) if kind == "bigint" => i64::MAX,
                _ => i32::MAX.into(),
            },
        })
    }
}

/// What the statistics of sessions hold, for who reads only those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatisticsForm {
    /// Whether each slot has its limit. ILIAS 10 has dropped that.
    pub have_limits: bool,
    /// Whether slots at the limit have a key of their own (`at_limit_until`), as in our own tables.
    pub are_marked: bool,
}

impl StatisticsForm {
    /// Looks at the columns of `usr_session_stats`.
    ///
    /// # Errors
    /// The server's, and [`Status::Config`] for a column that is missing.
    pub fn read(conn: &mut impl Queryable) -> Result<Self> {
        let columns = Columns::read(conn)?;
        Ok(Self { have_limits: columns.have_limits()?, are_marked: columns.has(STATS, "at_limit_until") })
    }
}

/// The columns of the tables that this account may see.
struct Columns {
    /// Type and digits behind the point of each column, by table and name.
    kinds: HashMap<(String, String), (String, u32)>,
}

impl Columns {
    fn read(conn: &mut impl Queryable) -> Result<Self> {
        let found: Vec<(String, String, String, u32)> =
            rows(conn, "information_schema.columns", COLUMNS, ())?;
        let kinds =
            found.into_iter().map(|(table, column, kind, scale)| ((table, column), (kind, scale))).collect();
        Ok(Self { kinds })
    }

    fn has(&self, table: &str, column: &str) -> bool {
        self.kinds.contains_key(&(table.to_owned(), column.to_owned()))
    }

    fn require(&self, table: &str, names: &[&str]) -> Result<()> {
        match names.iter().find(|name| !self.has(table, name)) {
            Some(missing) => Err(lacks(table, missing)),
            None => Ok(()),
        }
    }

    fn have_limits(&self) -> Result<bool> {
        self.require(STATS, &STATS_COLUMNS)?;
        let have_limits = DROPPED_COLUMNS.iter().any(|name| self.has(STATS, name));
        if have_limits {
            self.require(STATS, &DROPPED_COLUMNS)?;
        }
        Ok(have_limits)
    }
}

fn lacks(table: &str, column: &str) -> Failure {
    Failure::new(
        Status::Config,
        format!(
            "the table {table} lacks the column {column}, or this account has no right to it: see etc/schema/005-sessions.sql and etc/grants.sql"
        ),
    )
}
