//! Transactions that are done as a whole, or not at all.
//!
//! A node of a Galera cluster undoes a transaction that somebody else's commit gets in the way of, and says so with the
//! next answer. But not always: MariaDB 10.11.19 was seen to swallow that news when it met a prepared SELECT, or the midst of
//! several statements sent together (`tests/galera/undone.rs` measures it), and what came later was then committed without
//! its beginning. So nothing commits by itself meanwhile, a savepoint that stands at the beginning must still be there at
//! the end, for it vanishes with what was undone, and COMMIT is the first statement of its packet.

use ::mysql::{Conn, Error, prelude::Queryable};

use crate::failure::{Failure, Result, Status};

const BEGIN: &str = "SET autocommit = 0; SAVEPOINT whole";
const STILL_WHOLE: &str = "RELEASE SAVEPOINT whole";
const COMMIT: &str = "COMMIT; SET autocommit = 1";
const ROLL_BACK: &str = "ROLLBACK; SET autocommit = 1";

/// MySQL's error number for a savepoint that is not there.
const NO_SAVEPOINT: u16 = 1305;

/// Does `work` and commits it. After an error the connection must not be used again.
///
/// # Errors
/// Those of `work` and of the server; a passing one if the server has undone a part.
pub fn committed<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    begin(conn)?;
    let done = work(conn)?;
    commit(conn)?;
    Ok(done)
}

/// Does `work` and takes it back. After an error the connection must not be used again.
///
/// # Errors
/// Those of `work` and of the server.
pub fn rolled_back<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    begin(conn)?;
    let done = work(conn)?;
    roll_back(conn)?;
    Ok(done)
}

/// Begins a transaction; [`roll_back`] has to end it.
///
/// # Errors
/// Those of the server.
pub fn begin(conn: &mut Conn) -> Result<()> {
    Ok(all(conn, BEGIN)?)
}

/// Takes back what was done since [`begin`].
///
/// # Errors
/// Those of the server.
pub fn roll_back(conn: &mut Conn) -> Result<()> {
    Ok(all(conn, ROLL_BACK)?)
}

fn commit(conn: &mut Conn) -> Result<()> {
    conn.query_drop(STILL_WHOLE).map_err(|error| match error {
        Error::MySqlError(cause) if cause.code == NO_SAVEPOINT => Failure::passing(
            Status::Unavailable,
            "the server has undone the beginning of a transaction, and the rest was not committed; try later",
        ),
        error => error.into(),
    })?;
    Ok(all(conn, COMMIT)?)
}

/// Several statements in one round trip, to the first error.
fn all(conn: &mut Conn, statements: &str) -> ::mysql::Result<()> {
    let mut result = conn.query_iter(statements)?;
    while let Some(mut set) = result.iter() {
        set.try_for_each(|row| row.map(drop))?;
    }
    Ok(())
}
