//! Open sessions that are over, although nobody closed their records, and records that are old enough to go.

use ::mysql::{Params, prelude::Queryable};

use super::Tables;
use crate::{
    failure::Result,
    mysql::rows,
    sessions::{compat::Compat, record::Context},
};

const RAW: &str = "usr_session_stats_raw";

/// Records in one transaction: short enough to disturb nobody.
pub const ROWS: u64 = 5_000;

/// Closes the records of live sessions that have expired, as ILIAS does: at the moment of their expiry.
///
/// # Errors
/// Those of the server.
pub fn close_expired(conn: &mut impl Queryable, tables: &Tables, now: i64) -> Result<u64> {
    let mut closed = 0;
    for live in &tables.live {
        let sql = format!(
            "UPDATE usr_session_stats_raw AS record JOIN {live} AS live ON live.session_id = record.session_id \
             SET record.end_time = live.expires, record.end_context = ? \
             WHERE live.expires < ? AND record.end_time IS NULL AND record.start_time <= live.expires"
        );
        closed += conn.exec_iter(sql, (Context::EXPIRE.0, now))?.affected_rows();
        // ILIAS clears its own table itself.
        if *live == "session_expiry" {
            conn.exec_drop("DELETE FROM session_expiry WHERE expires < ?", (now,))?;
        }
    }
    Ok(closed)
}

/// Closes open records that are `age` seconds old, at that age, unless they are known to live. At most [`ROWS`] of them;
/// returns how many.
///
/// # Errors
/// Those of the server.
pub fn close_aged(conn: &mut impl Queryable, tables: &Tables, age: i64, now: i64) -> Result<u64> {
    let alive: String = tables
        .live
        .iter()
        .map(|live| {
            format!(
                " AND NOT EXISTS (SELECT * FROM {live} AS live \
                 WHERE live.session_id = usr_session_stats_raw.session_id AND live.expires >= {now})"
            )
        })
        .collect();
    let sql = format!(
        "UPDATE usr_session_stats_raw SET end_time = start_time + ?, end_context = ? \
         WHERE end_time IS NULL AND start_time <= ?{alive} LIMIT {ROWS}"
    );
    Ok(conn.exec_iter(sql, (age, Context::EXPIRE.0, now.saturating_sub(age)))?.affected_rows())
}

/// Records that are kept no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Old {
    compat: Compat,
    /// Records that were over (in ILIAS: that began) then or earlier.
    until: i64,
}

impl Old {
    /// At `now`, those that were over `retention` seconds ago, which the statistics that are right until `right_until`
    /// hold. ILIAS looks at beginnings alone, also of open sessions (defect 10).
    pub fn new(compat: Compat, now: i64, retention: i64, right_until: Option<i64>) -> Option<Self> {
        let until = now.saturating_sub(retention);
        let until = match compat {
            Compat::Ilias => until,
            Compat::Exact => until.min(right_until?),
        };
        Some(Self { compat, until })
    }

    fn condition(self) -> &'static str {
        match self.compat {
            Compat::Ilias => "start_time <= ?",
            Compat::Exact => "end_time <= ? AND start_time <= ?",
        }
    }

    fn values(self) -> Params {
        Params::Positional(match self.compat {
            Compat::Ilias => vec![self.until.into()],
            Compat::Exact => vec![self.until.into(), self.until.into()],
        })
    }

    /// How many there are.
    ///
    /// # Errors
    /// Those of the server.
    pub fn count(self, conn: &mut impl Queryable) -> Result<u64> {
        let sql = format!("SELECT COUNT(*) FROM usr_session_stats_raw WHERE {}", self.condition());
        let found: Vec<u64> = rows(conn, RAW, sql, self.values())?;
        Ok(found.into_iter().sum())
    }

    /// Deletes at most [`ROWS`] of them. Returns how many, and the first second after all that they say.
    ///
    /// # Errors
    /// Those of the server.
    pub fn delete(self, conn: &mut impl Queryable) -> Result<(u64, Option<i64>)> {
        let order = match self.compat {
            Compat::Ilias => "start_time",
            Compat::Exact => "end_time",
        };
        let next = format!("WHERE {} ORDER BY {order} LIMIT {ROWS}", self.condition());
        let last = format!(
            "SELECT MAX(GREATEST(start_time, IFNULL(end_time, start_time))) + 1 \
             FROM (SELECT start_time, end_time FROM usr_session_stats_raw {next}) AS old"
        );
        let last: Vec<Option<i64>> = rows(conn, RAW, last, self.values())?;
        let sql = format!("DELETE FROM usr_session_stats_raw {next}");
        let deleted = conn.exec_iter(sql, self.values())?.affected_rows();
        Ok((deleted, last.into_iter().flatten().next()))
    }
}
