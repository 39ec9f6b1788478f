//! Open sessions that are over, although nobody closed their records, and records that are old enough to go.

use ::mysql::{Params, Value, prelude::Queryable};

use super::{Tables, progress::Progress};
use crate::{
    failure::Result,
    mysql::{bulk, rows},
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
        // In this order, so that no record is locked but those that are closed: others may be on their way.
        let sql = format!(
            "UPDATE {live} AS live STRAIGHT_JOIN usr_session_stats_raw AS record ON record.session_id = live.session_id \
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

/// Closes open records that are `age` seconds old, at that age, unless they are known to live, or follow another source:
/// their ids begin with one of `made`. At most [`ROWS`] of them; returns how many.
///
/// # Errors
/// Those of the server.
pub fn close_aged(
    conn: &mut impl Queryable,
    tables: &Tables,
    made: &[&str],
    age: i64,
    now: i64,
) -> Result<u64> {
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
    let others: String = made.iter().map(|prefix| format!(" AND session_id NOT LIKE '{prefix}%'")).collect();
    let sql = format!(
        "UPDATE usr_session_stats_raw SET end_time = start_time + ?, end_context = ? \
         WHERE end_time IS NULL AND start_time <= ?{others}{alive} LIMIT {ROWS}"
    );
    Ok(conn.exec_iter(sql, (age, Context::EXPIRE.0, now.saturating_sub(age)))?.affected_rows())
}

/// Records that are kept no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Old {
    compat: Compat,
    /// Records that were over (in ILIAS: that began) then or earlier.
    until: i64,
    /// The last record that was read, where records are numbered.
    seen: Option<u64>,
}

impl Old {
    /// At `now`, those that were over `retention` seconds ago and that the statistics hold, as `progress` says. ILIAS
    /// looks at beginnings alone, also of open sessions (defect 10).
    pub fn new(compat: Compat, now: i64, retention: i64, progress: &Progress) -> Option<Self> {
        let until = now.saturating_sub(retention);
        Some(match compat {
            Compat::Ilias => Self { compat, until, seen: None },
            Compat::Exact => {
                Self { compat, until: until.min(progress.right_until?), seen: progress.read.seen_seq }
            }
        })
    }

    fn condition(self) -> &'static str {
        match (self.compat, self.seen) {
            (Compat::Ilias, _) => "start_time <= ?",
            (Compat::Exact, None) => "end_time <= ? AND start_time <= ?",
            // What arrived or ended since it was looked for has not been counted yet.
            (Compat::Exact, Some(_)) => {
                "end_time <= ? AND start_time <= ? AND seq <= ? \
                 AND NOT EXISTS (SELECT * FROM session_open AS open WHERE open.seq = usr_session_stats_raw.seq)"
            }
        }
    }

    fn values(self) -> Params {
        let until: Value = self.until.into();
        Params::Positional(match (self.compat, self.seen) {
            (Compat::Ilias, _) => vec![until],
            (Compat::Exact, None) => vec![until.clone(), until],
            (Compat::Exact, Some(seen)) => vec![until.clone(), until, seen.into()],
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

    /// Deletes at most [`ROWS`] of them. Returns how many, and the first second after all that they say. Numbered ones
    /// only if `is_all_read` says, after they were looked up, that the statistics know them.
    ///
    /// # Errors
    /// Those of the server.
    pub fn delete<C: Queryable>(
        self,
        conn: &mut C,
        is_all_read: impl FnOnce(&mut C) -> Result<bool>,
    ) -> Result<(u64, Option<i64>)> {
        let order = match self.compat {
            Compat::Ilias => "start_time",
            Compat::Exact => "end_time",
        };
        let next = format!("WHERE {} ORDER BY {order} LIMIT {ROWS}", self.condition());
        if self.seen.is_some() {
            let found = format!("SELECT seq, GREATEST(start_time, end_time) + 1 FROM {RAW} {next}");
            let found: Vec<(u64, i64)> = rows(conn, RAW, found, self.values())?;
            if found.is_empty() || !is_all_read(conn)? {
                return Ok((0, None));
            }
            let seqs: Vec<_> = found.iter().map(|(seq, _)| *seq).collect();
            bulk::change_by_id(conn, "DELETE FROM usr_session_stats_raw WHERE seq IN ({ids})", &seqs)?;
            return Ok((found.len() as u64, found.iter().map(|(_, last)| *last).max()));
        }
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
