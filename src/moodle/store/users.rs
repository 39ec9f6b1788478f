//! Where each user of the log stands.

use std::collections::HashMap;

use ::mysql::{Params, Value, prelude::Queryable};

use crate::{
    failure::{OrFail, Result, Status},
    moodle::rules::{Live, Machine},
    mysql::{bulk, rows},
};

const USERS: &str = "INSERT INTO moodle_user (user_id, last_at, last_id, live, unsettled)";
const USER_AGAIN: &str = "ON DUPLICATE KEY UPDATE last_at = VALUES(last_at), last_id = VALUES(last_id), \
    live = VALUES(live), unsettled = VALUES(unsettled)";

/// Where a user of the log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Time and number of the last row that was read.
    pub last: (i64, u64),
    /// Time of the last row that an earlier run read: what came of the rows until then has been written.
    pub written_until: i64,
    /// End of the last session of which the log no longer tells: rows before it have had their turn.
    pub kept_until: i64,
    /// What the rows said so far.
    pub machine: Machine,
}

impl User {
    /// Nothing was read, of this log or since all was forgotten.
    pub fn unknown(user: i64, kept_until: Option<i64>) -> Self {
        Self {
            last: (i64::MIN, 0),
            written_until: i64::MIN,
            kept_until: kept_until.unwrap_or(i64::MIN),
            machine: Machine::new(user, None),
        }
    }
}

/// What of these users is known.
///
/// # Errors
/// Those of the server.
pub fn known(conn: &mut impl Queryable, users: &[i64]) -> Result<HashMap<i64, User>> {
    let mut found = HashMap::new();
    for part in users.chunks(bulk::ROWS) {
        let marks = vec!["?"; part.len()].join(", ");
        let sql =
            format!("SELECT user_id, last_at, last_id, live FROM moodle_user WHERE user_id IN ({marks})");
        let ids = part.iter().map(Value::from).collect();
        found.extend(read_users(conn, &sql, ids)?);
    }
    Ok(found)
}

/// The end of the last session of each of these users, of whom no row was read: sessions that were kept when all was
/// forgotten.
///
/// # Errors
/// Those of the server.
pub fn kept(conn: &mut impl Queryable, users: &[i64]) -> Result<HashMap<i64, i64>> {
    let mut found = HashMap::new();
    for part in users.chunks(bulk::ROWS) {
        let marks = vec!["?"; part.len()].join(", ");
        let sql = format!(
            "SELECT user_id, MAX(session_end) FROM moodle_session WHERE user_id IN ({marks}) GROUP BY user_id"
        );
        let ids = Params::Positional(part.iter().map(Value::from).collect());
        found.extend(rows::<(i64, i64)>(conn, "moodle_session", sql, ids)?);
    }
    Ok(found)
}

/// At most `most` users after number `after` whose session may have to be written again, in the order of their numbers.
///
/// # Errors
/// Those of the server.
pub fn unsettled(conn: &mut impl Queryable, after: i64, most: usize) -> Result<Vec<(i64, User)>> {
    let sql = "SELECT user_id, last_at, last_id, live FROM moodle_user \
        WHERE unsettled = 1 AND user_id > ? ORDER BY user_id LIMIT ?";
    read_users(conn, sql, vec![after.into(), most.into()])
}

fn read_users(conn: &mut impl Queryable, sql: &str, values: Vec<Value>) -> Result<Vec<(i64, User)>> {
    let found: Vec<(i64, i64, u64, Option<String>)> =
        rows(conn, "moodle_user", sql, Params::Positional(values))?;
    let read = |(user, at, id, live): (i64, i64, u64, Option<String>)| {
        let live: Option<Live> = live.as_deref().map(serde_json::from_str).transpose().or_fail(
            Status::BadData,
            || format!("moodle_user holds a session of user {user} that cannot be read; run session-aggregate rebuild --source moodle"),
        )?;
        Ok((
            user,
            User {
                last: (at, id),
                written_until: at,
                kept_until: i64::MIN,
                machine: Machine::new(user, live),
            },
        ))
    };
    found.into_iter().map(read).collect()
}

/// Keeps where users stand. Whose session may go on is not settled.
///
/// # Errors
/// Those of the server.
pub fn save<'a>(conn: &mut impl Queryable, users: impl Iterator<Item = (i64, &'a User)>) -> Result<()> {
    let row = |(user, state): (i64, &User)| {
        let live = state.machine.live().map(serde_json::to_string).transpose();
        let live = live.or_fail(Status::Io, || "writing a session")?;
        Ok(vec![
            user.into(),
            state.last.0.into(),
            state.last.1.into(),
            live.clone().into(),
            live.is_some().into(),
        ])
    };
    let values: Vec<_> = users.map(row).collect::<Result<_>>()?;
    bulk::insert(conn, USERS, USER_AGAIN, &values)?;
    Ok(())
}

/// The sessions of these users need not be written again without another row.
///
/// # Errors
/// Those of the server.
pub fn settle(conn: &mut impl Queryable, users: &[i64]) -> Result<()> {
    for part in users.chunks(bulk::ROWS) {
        let marks = vec!["?"; part.len()].join(", ");
        let sql = format!("UPDATE moodle_user SET unsettled = 0 WHERE user_id IN ({marks})");
        conn.exec_drop(sql, Params::Positional(part.iter().map(Value::from).collect()))?;
    }
    Ok(())
}
