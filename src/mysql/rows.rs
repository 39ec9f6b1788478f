//! Rows read as values, with an error instead of a panic where a value is none.

use ::mysql::{
    FromRowError, Params, from_row_opt,
    prelude::{FromRow, Queryable},
};

use crate::failure::{Failure, Result, Status};

/// The rows of a query. Other software writes into the tables, too: a value that is none (a day 0000-00-00) is bad
/// data of `table`.
///
/// # Errors
/// The server's, or [`Status::BadData`] with the row.
pub fn rows<T: FromRow>(
    conn: &mut impl Queryable,
    table: &str,
    sql: impl AsRef<str>,
    values: impl Into<Params>,
) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    each_row(conn, table, sql, values, |row| rows.push(row))?;
    Ok(rows)
}

/// The same, one row after the other: they need no memory together.
///
/// # Errors
/// As of [`rows`].
pub fn each_row<T: FromRow>(
    conn: &mut impl Queryable,
    table: &str,
    sql: impl AsRef<str>,
    values: impl Into<Params>,
    mut take: impl FnMut(T),
) -> Result<()> {
    let unreadable = |FromRowError(row): FromRowError| {
        let values: Vec<_> =
            (0..row.len()).filter_map(|index| row.as_ref(index)).map(|value| value.as_sql(true)).collect();
        let values = values.join(", ");
        Failure::new(
            Status::BadData,
            format!("{table} holds a value that cannot be read: ({values}); mend that row"),
        )
    };
    for row in conn.exec_iter(sql.as_ref(), values)? {
        take(from_row_opt(row?).map_err(unreadable)?);
    }
    Ok(())
}
