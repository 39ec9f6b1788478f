//! The queue `users_temp`, and its way into the connection record `users_log`.

use ::mysql::{Params, Value, prelude::Queryable};
use chrono::NaiveDateTime;

use super::minute;
use crate::{
    epn::{calendar::Minute, rows::Row},
    failure::Result,
    mysql::{self, bulk},
};

/// Rows up to a time, in the order of their ids, from one id on.
const ROWS: &str = "SELECT id, seen_at, login, machine, ip FROM users_temp \
    WHERE id > ? AND seen_at < ? ORDER BY id LIMIT ?";

/// A row that was moved before and came again (a replayed dump) is in the record once.
const MOVE: &str = "INSERT IGNORE INTO users_log (seen_at, server, login, machine, ip, ingested_at) \
    SELECT seen_at, server, login, machine, ip, ? FROM users_temp WHERE ";

const DELETE: &str = "DELETE FROM users_temp WHERE ";

const DELETE_IDS: &str = "DELETE FROM users_temp WHERE id IN ({ids})";

/// Ranges of ids in one statement.
const RANGES: usize = 500;

/// Reads at most `most` rows with ids above `after` that are not later than the minute `now` (rule 6).
///
/// # Errors
/// The server's.
pub fn rows(conn: &mut impl Queryable, after: u64, now: Minute, most: usize) -> Result<Vec<Row>> {
    type Columns = (u64, NaiveDateTime, String, String, Option<String>);
    let found: Vec<Columns> = mysql::rows(conn, "users_temp", ROWS, (after, (now + 1).time(), most))?;
    found
        .into_iter()
        .map(|(id, seen_at, login, machine, ip)| {
            let at = minute("users_temp", seen_at)?;
            Ok(Row { id, at, login, machine, ip })
        })
        .collect()
}

/// Moves rows to the connection record. Only these: a row that another transaction adds in the middle of them stays.
///
/// # Errors
/// The server's.
pub fn move_to_log(conn: &mut impl Queryable, ids: &[u64], now: NaiveDateTime) -> Result<()> {
    for part in ranges(ids).chunks(RANGES) {
        let condition = vec!["id BETWEEN ? AND ?"; part.len()].join(" OR ");
        let bounds = || part.iter().flat_map(|(first, last)| [Value::from(first), Value::from(last)]);
        let with_time = std::iter::once(Value::from(now)).chain(bounds()).collect();
        conn.exec_drop(format!("{MOVE}{condition}"), Params::Positional(with_time))?;
        conn.exec_drop(format!("{DELETE}{condition}"), Params::Positional(bounds().collect()))?;
    }
    Ok(())
}

/// Throws rows away (rule 4).
///
/// # Errors
/// The server's.
pub fn throw_away(conn: &mut impl Queryable, ids: &[u64]) -> Result<()> {
    bulk::change_by_id(conn, DELETE_IDS, ids)
}

/// Ascending ids as ranges without a hole.
fn ranges(ids: &[u64]) -> Vec<(u64, u64)> {
    ids.chunk_by(|a, b| *b == a + 1).filter_map(|run| Some((*run.first()?, *run.last()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_the_ids_and_no_other() {
        assert_eq!(ranges(&[1, 2, 3, 5, 8, 9]), [(1, 3), (5, 5), (8, 9)]);
        assert!(ranges(&[]).is_empty());
    }
}
