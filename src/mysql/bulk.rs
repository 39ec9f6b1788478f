//! Many rows in one statement, values bound.

use ::mysql::{
    Params, Value,
    prelude::{FromRow, Queryable},
};

use super::rows;
use crate::failure::Result;

/// Rows in one statement: far below the 65,535 placeholders of the protocol for all our tables.
pub const ROWS: usize = 1_000;

/// Runs `head VALUES (?, ...), (?, ...) tail` for `rows`, in as few statements as fit. All rows have the same length.
/// Returns the number of rows that the server says it changed.
///
/// # Errors
/// Those of the server.
pub fn insert(conn: &mut impl Queryable, head: &str, tail: &str, rows: &[Vec<Value>]) -> Result<u64> {
    let mut changed = 0;
    for part in rows.chunks(ROWS) {
        let width = part.first().map_or(0, Vec::len);
        let sql = format!("{head} VALUES {} {tail}", tuples(part.len(), width));
        let values = part.iter().flatten().cloned().collect();
        changed += conn.exec_iter(sql, Params::Positional(values))?.affected_rows();
    }
    Ok(changed)
}

/// Runs `sql`, in which `{ids}` stands for a list of placeholders, once for each part of `ids` that fits, with `more`
/// bound behind the ids. Returns all rows.
///
/// # Errors
/// Those of [`rows`].
pub fn select_by_id<T: FromRow>(
    conn: &mut impl Queryable,
    table: &str,
    sql: &str,
    ids: &[u64],
    more: &[Value],
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for part in ids.chunks(ROWS) {
        let sql = sql.replace("{ids}", &placeholders(part.len()));
        let values = part.iter().map(Value::from).chain(more.iter().cloned()).collect();
        found.extend(rows(conn, table, sql, Params::Positional(values))?);
    }
    Ok(found)
}

/// Runs `sql`, in which `{ids}` stands for a list of placeholders, once for each part of `ids` that fits.
///
/// # Errors
/// Those of the server.
pub fn change_by_id(conn: &mut impl Queryable, sql: &str, ids: &[u64]) -> Result<()> {
    for part in ids.chunks(ROWS) {
        let sql = sql.replace("{ids}", &placeholders(part.len()));
        conn.exec_drop(sql, Params::Positional(part.iter().map(Value::from).collect()))?;
    }
    Ok(())
}

/// `(?, ?), (?, ?)`: `count` tuples of `width` placeholders.
fn tuples(count: usize, width: usize) -> String {
    let tuple = format!("({})", placeholders(width));
    vec![tuple; count].join(", ")
}

/// `?, ?, ?`
fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_hold_one_placeholder_a_value() {
        assert_eq!(tuples(2, 3), "(?, ?, ?), (?, ?, ?)");
    }
}
