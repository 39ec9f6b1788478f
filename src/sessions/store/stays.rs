//! The session records of a window of time, read one by one.

use ::mysql::{Params, Row, from_row_opt, prelude::Queryable};

use super::Tables;
use crate::{
    config::aggregate::Source,
    failure::{Failure, Result, Status},
    sessions::{compat::Compat, record::Stay, slot::Slots},
};

/// Records between two reports of progress.
const PART: u64 = 10_000;

/// Which records count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// All of users and anonymous visitors.
    All,
    /// Only those that session-aggregate itself made of other sources: `raw` is not among them.
    Made,
}

impl Counted {
    /// Those of the configured sources.
    pub fn of(sources: &[Source]) -> Self {
        if sources.contains(&Source::Raw) { Self::All } else { Self::Made }
    }

    /// The condition in SQL.
    pub fn condition(self) -> &'static str {
        match self {
            Self::All => "type IN (3, 4)",
            Self::Made => "type = 3 AND (session_id LIKE 'epn:%' OR session_id LIKE 'moodle:%')",
        }
    }
}

/// Hands every record that touches `slots` to `take`, in no order, and tells `progress` how many there were so far.
///
/// # Errors
/// Those of the server; [`Status::BadData`] for a value that is no number.
pub fn touching(
    conn: &mut impl Queryable,
    tables: &Tables,
    counted: Counted,
    compat: Compat,
    slots: Slots,
    mut take: impl FnMut(&Stay),
    progress: &dyn Fn(u64),
) -> Result<u64> {
    let (sql, values) = question(tables, counted, compat, slots, reaches_back(conn, tables, slots)?);
    let mut read = 0;
    for row in conn.exec_iter(sql, Params::Positional(values))? {
        take(&stay(row?)?);
        read += 1;
        if read % PART == 0 {
            progress(read);
        }
    }
    Ok(read)
}

/// Whether records begin before the slots.
fn reaches_back(conn: &mut impl Queryable, tables: &Tables, slots: Slots) -> Result<bool> {
    if !tables.are_numbered {
        // Perhaps there is no index that would make it worth asking.
        return Ok(true);
    }
    let oldest: Option<Option<i64>> =
        conn.query_first("SELECT MIN(start_time) FROM usr_session_stats_raw")?;
    Ok(oldest.flatten().is_some_and(|oldest| oldest < slots.begin))
}

/// The question that reads as little as the indexes allow. One statement, because all of it has to be of one moment.
fn question(
    tables: &Tables,
    counted: Counted,
    compat: Compat,
    slots: Slots,
    reaches_back: bool,
) -> (String, Vec<::mysql::Value>) {
    const COLUMNS: &str = "SELECT start_time, end_time, end_context FROM usr_session_stats_raw WHERE";
    let counted = counted.condition();
    let (begin, end) = (slots.begin, slots.end());
    // ILIAS counts what ended in the second before a slot as active in it (step 4 of the golden README).
    let ending = if compat == Compat::Ilias { begin - 1 } else { begin };
    // What ends in the slots although it begins after them: likewise.
    let ahead = "start_time >= ? AND end_time >= ? AND end_time < ?";
    if !reaches_back {
        let sql = format!("{COLUMNS} {counted} AND start_time < ? UNION ALL {COLUMNS} {counted} AND {ahead}");
        return (sql, [end, end, begin, end].map(Into::into).into());
    }
    // What begins in the slots although it ended before them: a clock was set back.
    let backwards = "start_time >= ? AND start_time < ? AND end_time < ?";
    if tables.are_numbered {
        let sql = format!(
            "{COLUMNS} {counted} AND end_time >= ? AND start_time < ? \
             UNION ALL {COLUMNS} {counted} AND end_time IS NULL AND start_time < ? \
             UNION ALL {COLUMNS} {counted} AND {backwards} UNION ALL {COLUMNS} {counted} AND {ahead}"
        );
        return (sql, [ending, end, end, begin, end, ending, end, begin, end].map(Into::into).into());
    }
    let sql = format!(
        "{COLUMNS} {counted} AND (start_time < ? AND (end_time >= ? OR end_time IS NULL OR ({backwards})) OR {ahead})"
    );
    (sql, [end, ending, begin, end, ending, end, begin, end].map(Into::into).into())
}

/// The beginning of the oldest record that counts; none: there is none. Records that lie more than a year before all
/// others, or before 1998, were written by a clock that was not set: they do not decide.
///
/// # Errors
/// Those of the server.
pub fn oldest(conn: &mut impl Queryable, counted: Counted, now: i64) -> Result<Option<i64>> {
    const YEAR: i64 = 366 * 86_400;
    // 1998, before the first ILIAS.
    const ERA: i64 = 883_612_800;
    let from = if now > ERA + YEAR { ERA } else { i64::MIN };
    let Some(mut oldest) = next_start(conn, counted, ">", from)? else { return Ok(None) };
    let mut seen = oldest;
    while seen < now - YEAR {
        let Some(last) = next_start(conn, counted, "<=", seen + YEAR)? else { break };
        let Some(next) = next_start(conn, counted, ">", last)?.filter(|next| *next <= now) else { break };
        seen = last;
        if next - last > YEAR {
            (oldest, seen) = (next, next);
        }
    }
    Ok(Some(oldest))
}

/// The first beginning after a moment, or the last one up to it.
fn next_start(
    conn: &mut impl Queryable,
    counted: Counted,
    relation: &str,
    moment: i64,
) -> Result<Option<i64>> {
    let order = if relation == ">" { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT start_time FROM usr_session_stats_raw WHERE {} AND start_time {relation} ? \
         ORDER BY start_time {order} LIMIT 1",
        counted.condition()
    );
    Ok(conn.exec_first(sql, (moment,))?)
}

fn stay(row: Row) -> Result<Stay> {
    let (start, end, context) = from_row_opt(row).map_err(|_| {
        Failure::new(
            Status::BadData,
            "usr_session_stats_raw holds a start_time, end_time or end_context that is no number; mend that row",
        )
    })?;
    Ok(Stay { start, end, context })
}
