//! Session records and limits: written as they happen.

use std::collections::HashSet;

use ::mysql::{Params, Value, prelude::Queryable};

use super::Tables;
use crate::{
    failure::{Failure, Result, Status},
    mysql::{bulk, rows},
    sessions::{
        placing::{self, Present, Step},
        record::{Ending, Record},
    },
};

const TABLE: &str = "usr_session_stats_raw";

const OF_ID: &str =
    "SELECT session_id, start_time, end_time IS NULL FROM usr_session_stats_raw WHERE session_id = ?";
const OPEN_STARTS: &str = "SELECT start_time FROM usr_session_stats_raw WHERE session_id = ? AND end_time IS NULL ORDER BY start_time";

const ERASE: &str = "DELETE FROM usr_session_stats_raw WHERE session_id = ?";
const END: &str = "UPDATE usr_session_stats_raw SET end_time = ?, end_context = ? \
    WHERE session_id = ? AND start_time = ? AND end_time IS NULL";
const MOVE: &str = "UPDATE usr_session_stats_raw SET session_id = ? WHERE session_id = ? AND start_time = ?";
const CLOSE: &str = "UPDATE usr_session_stats_raw SET end_time = ?, end_context = ? \
    WHERE session_id = ? AND end_time IS NULL";

/// The tail tells whether a row was there: `INSERT IGNORE` would bend values, too.
const WRITE: &str = "INSERT INTO usr_session_stats_raw \
    (session_id, type, start_time, end_time, end_context, user_id)";
const UNLESS_THERE: &str = "ON DUPLICATE KEY UPDATE end_time = end_time";
/// The same record again brings the end that it lacks. Another one with the same id, where an id has one record, is
/// left alone. (The context comes first: it looks at the end from before.)
const OR_END: &str = "ON DUPLICATE KEY UPDATE \
    end_context = IF(start_time = VALUES(start_time) AND end_time IS NULL AND VALUES(end_time) IS NOT NULL, \
                     VALUES(end_context), end_context), \
    end_time = IF(start_time = VALUES(start_time), IFNULL(end_time, VALUES(end_time)), end_time)";

const LIMIT: &str = "INSERT IGNORE INTO usr_session_log (tstamp, maxval, user_id) VALUES (?, ?, ?)";

/// Sessions that one statement closes: it looks each up in a list.
const ENDINGS: usize = 200;

/// What recording `record` would do; as a part of a transaction that is to do it (`lock`), nobody else changes the
/// records of its id meanwhile. `longest`: characters of an id.
///
/// # Errors
/// Those of the server.
pub fn steps(
    conn: &mut impl Queryable,
    tables: &Tables,
    longest: usize,
    record: &Record,
    lock: bool,
) -> Result<Vec<Step>> {
    let present = of_id(conn, &record.id, lock)?;
    if tables.are_numbered {
        return Ok(placing::beside(record, &present));
    }
    let Some(holder) = present.first() else {
        return Ok(placing::in_place(record, None, Err("")));
    };
    let own = aside(conn, &record.id, record.start, longest, |there| there.start == record.start)?;
    let holder_aside = aside(conn, &holder.id, holder.start, longest, |_| false)?;
    let holder_name = holder_aside.as_ref().map_or_else(|there| there.id.as_str(), String::as_str);
    let own = match &own {
        Ok(free) => Err(free.as_str()),
        Err(there) => Ok(there),
    };
    Ok(placing::in_place(record, Some((holder, holder_name)), own))
}

/// The first name for a record that cannot have its id: one that nobody has, or the record under it that is `wanted`.
fn aside(
    conn: &mut impl Queryable,
    id: &str,
    start: i64,
    longest: usize,
    wanted: impl Fn(&Present) -> bool,
) -> Result<std::result::Result<String, Present>> {
    for attempt in 1.. {
        let name = placing::aside(id, start, attempt, longest);
        match of_id(conn, &name, false)?.into_iter().next() {
            None => return Ok(Ok(name)),
            Some(there) if wanted(&there) => return Ok(Err(there)),
            Some(_) => {}
        }
    }
    Err(Failure::new(Status::BadData, format!("{TABLE} has no id left for an earlier session {id}")))
}

fn of_id(conn: &mut impl Queryable, id: &str, lock: bool) -> Result<Vec<Present>> {
    let lock = if lock { " FOR UPDATE" } else { "" };
    let found: Vec<(String, i64, bool)> = rows(conn, TABLE, format!("{OF_ID}{lock}"), (id,))?;
    Ok(found.into_iter().map(|(id, start, is_open)| Present { id, start, is_open }).collect())
}

/// Takes the steps. To be called in the transaction that planned them.
///
/// # Errors
/// Those of the server; one that passes if somebody else recorded the same id meanwhile.
pub fn take(conn: &mut impl Queryable, steps: &[Step]) -> Result<()> {
    for step in steps {
        match step {
            Step::Erase { id } => conn.exec_drop(ERASE, (id,))?,
            Step::End { id, start, end, context } => conn.exec_drop(END, (end, context, id, start))?,
            Step::Move { id, start, to } => conn.exec_drop(MOVE, (to, id, start))?,
            Step::Write(record) => {
                let row = [values(record)];
                if bulk::insert(conn, WRITE, UNLESS_THERE, &row)? == 0 {
                    return Err(Failure::passing(
                        Status::Unavailable,
                        format!("session {} was recorded by somebody else at the same moment", record.id),
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Writes many records, each in its place if its id is free. Those that are there get the end that they lack. Returns
/// those that, where an id has one record, are not there afterwards: another record has the id, or the id is there in
/// other letters that the server takes for the same.
///
/// # Errors
/// Those of the server.
pub fn write_all<'a>(
    conn: &mut impl Queryable,
    tables: &Tables,
    records: &'a [Record],
) -> Result<Vec<&'a Record>> {
    let all: Vec<_> = records.iter().map(values).collect();
    bulk::insert(conn, WRITE, OR_END, &all)?;
    if tables.are_numbered {
        return Ok(Vec::new());
    }
    let mut there = HashSet::with_capacity(records.len());
    for part in records.chunks(bulk::ROWS) {
        let list = vec!["?"; part.len()].join(", ");
        let sql = format!("SELECT session_id, start_time FROM {TABLE} WHERE session_id IN ({list})");
        let ids = part.iter().map(|record| record.id.as_str().into()).collect();
        there.extend(rows::<(String, i64)>(conn, TABLE, sql, Params::Positional(ids))?);
    }
    let is_there = |record: &Record| there.contains(&(record.id.clone(), record.start));
    Ok(records.iter().filter(|record| !is_there(record)).collect())
}

fn values(record: &Record) -> Vec<Value> {
    let Record { id, kind, start, end, context, user } = record;
    vec![id.as_str().into(), kind.into(), start.into(), end.into(), context.into(), user.into()]
}

/// When the open sessions of an id began.
///
/// # Errors
/// Those of the server.
pub fn open_starts(conn: &mut impl Queryable, id: &str) -> Result<Vec<i64>> {
    rows(conn, TABLE, OPEN_STARTS, (id,))
}

/// Closes the open sessions of an id.
///
/// # Errors
/// Those of the server.
pub fn close(conn: &mut impl Queryable, ending: &Ending) -> Result<()> {
    Ok(conn.exec_drop(CLOSE, (ending.end, ending.context, &ending.id))?)
}

/// What endings meet: open sessions, and how many of them would end before they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Open sessions.
    pub open: u64,
    /// Those that began after their end.
    pub backwards: u64,
}

impl std::ops::AddAssign for Met {
    fn add_assign(&mut self, other: Self) {
        self.open += other.open;
        self.backwards += other.backwards;
    }
}

/// What these endings meet; closes it, unless it is a `rehearsal`. Of several endings of an id, the first counts.
///
/// # Errors
/// Those of the server.
pub fn close_all(
    conn: &mut impl Queryable,
    tables: &Tables,
    endings: &[Ending],
    rehearsal: bool,
) -> Result<Met> {
    // The server must not look for these few among all that are open.
    let key = if tables.are_numbered { "session" } else { "PRIMARY" };
    let mut met = Met::default();
    for part in endings.chunks(ENDINGS) {
        let list = vec!["?"; part.len()].join(", ");
        let case = format!("CASE session_id {} END", vec!["WHEN ? THEN ?"; part.len()].join(" "));
        let those = format!("session_id IN ({list}) AND end_time IS NULL");
        let ids = || part.iter().map(|ending| Value::from(&ending.id));
        let ends = || part.iter().flat_map(|ending| [Value::from(&ending.id), Value::from(ending.end)]);
        let sql = format!(
            "SELECT COUNT(*), CAST(IFNULL(SUM(start_time > {case}), 0) AS SIGNED) FROM {TABLE} FORCE INDEX ({key}) \
             WHERE {those}"
        );
        let values = ends().chain(ids()).collect();
        for (open, backwards) in rows::<(u64, u64)>(conn, TABLE, sql, Params::Positional(values))? {
            met += Met { open, backwards };
        }
        if rehearsal {
            continue;
        }
        let mut values: Vec<Value> = ends().collect();
        let first = part.first().and_then(|ending| ending.context);
        let context = if part.iter().all(|ending| ending.context == first) {
            values.push(first.into());
            "?"
        } else {
            values.extend(part.iter().flat_map(|ending| [Value::from(&ending.id), ending.context.into()]));
            &case
        };
        values.extend(ids());
        let sql = format!(
            "UPDATE {TABLE} FORCE INDEX ({key}) SET end_time = {case}, end_context = {context} WHERE {those}"
        );
        conn.exec_drop(sql, Params::Positional(values))?;
    }
    Ok(met)
}

/// Notes a limit of sessions at once, from `at` on. Returns whether it was not noted before.
///
/// # Errors
/// Those of the server.
pub fn note_limit(conn: &mut impl Queryable, at: i64, limit: i64, user: i64) -> Result<bool> {
    Ok(conn.exec_iter(LIMIT, (at, limit, user))?.affected_rows() > 0)
}
