//! How far session-aggregate is: what `session_progress` and `session_open` remember between two runs.

use ::mysql::{Params, Value, prelude::Queryable};
use chrono::NaiveDate;

use super::{Tables, stays::Counted};
use crate::{
    failure::Result,
    mysql::{bulk, rows},
};

/// Records that are looked at again because another may still arrive among them: some of our own longest transactions.
const TAIL: u64 = 1_500;

/// The row of `session_progress`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Slots that end until then (inclusive) hold what was known at the last run; none: no run was there yet.
    pub right_until: Option<i64>,
    /// Of sessions that were active before, records have been deleted; none: none have.
    pub complete_from: Option<i64>,
    /// Whether the statistics begin with the oldest record, not where ILIAS began.
    pub from_oldest: bool,
    /// The day (UTC) on which all that can be was computed anew.
    pub verified_on: Option<NaiveDate>,
    /// What had been read.
    pub read: Read,
}

/// What tells that something was read that the statistics know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Number of the last record; none: records are not numbered, or none was read.
    pub seen_seq: Option<u64>,
    /// Digest of the last records.
    pub tail: Option<String>,
    /// Digest of the limits.
    pub limits: Option<String>,
}

const SELECT: &str = "SELECT right_until, complete_from, from_oldest, verified_on, seen_seq, tail, limits \
    FROM session_progress WHERE job = 1";

const REPLACE: &str = "INSERT INTO session_progress \
    (job, right_until, complete_from, from_oldest, verified_on, seen_seq, tail, limits) \
    VALUES (1, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE right_until = VALUES(right_until), \
    complete_from = VALUES(complete_from), from_oldest = VALUES(from_oldest), verified_on = VALUES(verified_on), \
    seen_seq = VALUES(seen_seq), tail = VALUES(tail), limits = VALUES(limits)";

impl Progress {
    /// What the last run left.
    ///
    /// # Errors
    /// Those of the server.
    pub fn load(conn: &mut impl Queryable) -> Result<Self> {
        type Row =
            (Option<i64>, Option<i64>, bool, Option<NaiveDate>, Option<u64>, Option<String>, Option<String>);
        let found: Vec<Row> = rows(conn, "session_progress", SELECT, ())?;
        let row = found.into_iter().next();
        Ok(row.map_or_else(
            Self::default,
            |(right_until, complete_from, from_oldest, verified_on, seen_seq, tail, limits)| Self {
                right_until,
                complete_from,
                from_oldest,
                verified_on,
                read: Read { seen_seq, tail, limits },
            },
        ))
    }

    /// Keeps it for the next run.
    ///
    /// # Errors
    /// Those of the server.
    pub fn save(&self, conn: &mut impl Queryable) -> Result<()> {
        let Read { seen_seq, tail, limits } = &self.read;
        let values: [Value; 7] = [
            self.right_until.into(),
            self.complete_from.into(),
            self.from_oldest.into(),
            self.verified_on.into(),
            seen_seq.into(),
            tail.into(),
            limits.into(),
        ];
        Ok(conn.exec_drop(REPLACE, Params::Positional(values.into()))?)
    }
}

/// Slots from the one that holds `second` on are right no longer.
///
/// # Errors
/// Those of the server.
pub fn doubt(conn: &mut impl Queryable, second: i64) -> Result<()> {
    let sql = "UPDATE session_progress SET right_until = LEAST(right_until, ?) WHERE job = 1";
    Ok(conn.exec_drop(sql, (second.saturating_sub(1),))?)
}

/// Remembers that of sessions that were active before `second`, records have been deleted.
///
/// # Errors
/// Those of the server.
pub fn complete_from(conn: &mut impl Queryable, second: i64) -> Result<()> {
    let sql = "INSERT INTO session_progress (job, complete_from) VALUES (1, ?) \
        ON DUPLICATE KEY UPDATE complete_from = GREATEST(IFNULL(complete_from, ?), ?)";
    Ok(conn.exec_drop(sql, (second, second, second))?)
}

/// Remembers that the statistics begin with the oldest record, wherever their first slot is now.
///
/// # Errors
/// Those of the server.
pub fn begin_with_oldest(conn: &mut impl Queryable) -> Result<()> {
    let sql = "INSERT INTO session_progress (job, from_oldest) VALUES (1, 1) ON DUPLICATE KEY UPDATE from_oldest = 1";
    Ok(conn.query_drop(sql)?)
}

/// What is new since `before`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The first second whose figures may have changed; none: nothing has. The smallest number: it is not known.
    pub since: Option<i64>,
    /// What has been read now. Whatever arrives or changes afterwards is news again.
    pub read: Read,
}

/// Looks for what arrived or ended since `before`, and remembers which sessions are open now. Records that are not
/// numbered are always news, as all are if `everything` is to be looked at.
///
/// # Errors
/// Those of the server.
pub fn news(
    conn: &mut impl Queryable,
    tables: &Tables,
    counted: Counted,
    before: &Read,
    everything: bool,
) -> Result<News> {
    let limits = limits(conn, tables)?;
    if !tables.are_numbered {
        return Ok(News { since: Some(i64::MIN), read: Read { limits, ..Read::default() } });
    }
    // What arrives after this question has a greater number, and is news to the next run, too.
    let last: Option<u64> =
        conn.query_first::<Option<u64>, _>("SELECT MAX(seq) FROM usr_session_stats_raw")?.flatten();
    let last = last.max(before.seen_seq);
    // Before anything is looked for: what is committed from now on changes it.
    let new_tail = tail(conn, last)?;
    let is_known = !everything && before.limits == limits && tail(conn, before.seen_seq)? == before.tail;
    let (since, open_from) = if is_known {
        let new = first_new(conn, counted, before.seen_seq)?;
        let ended = first_ended(conn)?;
        (new.into_iter().chain(ended).min(), before.seen_seq.unwrap_or(0))
    } else {
        conn.query_drop("DELETE FROM session_open")?;
        (Some(i64::MIN), 0)
    };
    let opened = format!(
        "INSERT INTO session_open (seq, start_time) \
         SELECT seq, start_time FROM usr_session_stats_raw WHERE end_time IS NULL AND seq > ? AND {} \
         ON DUPLICATE KEY UPDATE start_time = VALUES(start_time)",
        counted.condition()
    );
    conn.exec_drop(opened, (open_from,))?;
    Ok(News { since, read: Read { seen_seq: last, tail: new_tail, limits } })
}

/// Whether no record has arrived among those that were read, out of a transaction that took its numbers earlier.
///
/// # Errors
/// Those of the server.
pub fn is_all_read(conn: &mut impl Queryable, tables: &Tables, read: &Read) -> Result<bool> {
    Ok(!tables.are_numbered || (read.seen_seq.is_some() && tail(conn, read.seen_seq)? == read.tail))
}

fn limits(conn: &mut impl Queryable, tables: &Tables) -> Result<Option<String>> {
    const DIGEST: &str = "SELECT CONCAT_WS('/', COUNT(*), SUM(CRC32(CONCAT_WS('/', tstamp, maxval)))) \
        FROM usr_session_log";
    if !tables.have_log {
        return Ok(None);
    }
    Ok(conn.query_first::<Option<String>, _>(DIGEST)?.flatten())
}

/// A digest of the records numbered at most `last`, the last numbers of them. A transaction that took its
/// numbers before a run and ended after it changes it.
fn tail(conn: &mut impl Queryable, last: Option<u64>) -> Result<Option<String>> {
    const DIGEST: &str = "SELECT CONCAT_WS('/', COUNT(*), SUM(seq)) FROM usr_session_stats_raw \
        WHERE seq > ? AND seq <= ?";
    let Some(last) = last else { return Ok(None) };
    Ok(conn.exec_first::<Option<String>, _, _>(DIGEST, (last.saturating_sub(TAIL), last))?.flatten())
}

/// The first second that records after number `seen` touch.
fn first_new(conn: &mut impl Queryable, counted: Counted, seen: Option<u64>) -> Result<Option<i64>> {
    let sql = format!(
        "SELECT MIN(LEAST(start_time, IFNULL(end_time, start_time))) FROM usr_session_stats_raw \
         WHERE seq > ? AND {}",
        counted.condition()
    );
    Ok(conn.exec_first::<Option<i64>, _, _>(sql, (seen.unwrap_or(0),))?.flatten())
}

/// The first end of those that were open, which they are no longer. One that vanished was deleted by hand, or
/// replaced by another.
fn first_ended(conn: &mut impl Queryable) -> Result<Option<i64>> {
    const ENDED: &str = "SELECT open.seq, IFNULL(record.end_time, open.start_time) FROM session_open AS open \
        LEFT JOIN usr_session_stats_raw AS record ON record.seq = open.seq \
        WHERE record.seq IS NULL OR record.end_time IS NOT NULL";
    let ended: Vec<(u64, i64)> = rows(conn, "session_open", ENDED, ())?;
    let seqs: Vec<_> = ended.iter().map(|(seq, _)| *seq).collect();
    bulk::change_by_id(conn, "DELETE FROM session_open WHERE seq IN ({ids})", &seqs)?;
    Ok(ended.into_iter().map(|(_, end)| end).min())
}
