//! The records that session-aggregate makes itself.

use std::collections::HashMap;

use ::mysql::{Params, Value, prelude::Queryable};

use crate::{
    failure::Result,
    mysql::{bulk, rows},
    sessions::{
        made::{Change, change},
        record::Record,
    },
};

const RAW: &str = "usr_session_stats_raw";

const RECORDS: &str = "SELECT session_id, type, start_time, end_time, end_context, user_id \
    FROM usr_session_stats_raw WHERE session_id IN ({ids})";

const ADD: &str =
    "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id)";

const CLOSE: &str = "UPDATE usr_session_stats_raw SET end_time = ?, end_context = ? WHERE session_id = ?";

const DELETE: &str = "DELETE FROM usr_session_stats_raw WHERE session_id = ?";

/// What bringing records up to date did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Records that were opened, closed, rewritten or deleted.
    pub changed: u64,
    /// The first second that a change touched which nobody would notice otherwise.
    pub since: Option<i64>,
}

impl Followed {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { changed: self.changed + other.changed, since: self.since.into_iter().chain(other.since).min() }
    }
}

/// Makes records what they have to be.
///
/// # Errors
/// Those of the server.
pub fn follow(conn: &mut impl Queryable, wanted: &[Record]) -> Result<Followed> {
    let mut followed = Followed::default();
    for part in wanted.chunks(bulk::ROWS) {
        let known = records(conn, part)?;
        let mut added = Vec::new();
        for record in part {
            let Some(change) = change(known.get(&record.id), record) else { continue };
            followed.changed += 1;
            match change {
                Change::Open => added.push(row(record)),
                Change::Close(end, context) => conn.exec_drop(CLOSE, (end, context, &record.id))?,
                Change::Rewrite(since) => {
                    // A new row is news to the statistics; what the old one said has to be told.
                    conn.exec_drop(DELETE, (&record.id,))?;
                    added.push(row(record));
                    followed = followed.and(Followed { changed: 0, since: Some(since) });
                }
            }
        }
        bulk::insert(conn, ADD, "", &added)?;
    }
    Ok(followed)
}

/// Deletes records: their ids, and when they began.
///
/// # Errors
/// Those of the server.
pub fn delete(conn: &mut impl Queryable, records: &[(String, i64)]) -> Result<Followed> {
    let mut followed = Followed::default();
    for (id, start) in records {
        conn.exec_drop(DELETE, (id,))?;
        followed = followed.and(Followed { changed: 1, since: Some(*start) });
    }
    Ok(followed)
}

fn records(conn: &mut impl Queryable, wanted: &[Record]) -> Result<HashMap<String, Record>> {
    type Row = (String, i16, i64, Option<i64>, Option<i16>, i64);
    let sql = RECORDS.replace("{ids}", &vec!["?"; wanted.len()].join(", "));
    let ids = wanted.iter().map(|record| (&record.id).into()).collect();
    let found: Vec<Row> = rows(conn, RAW, sql, Params::Positional(ids))?;
    let record = |(id, kind, start, end, context, user): Row| {
        (id.clone(), Record { id, kind, start, end, context, user })
    };
    Ok(found.into_iter().map(record).collect())
}

fn row(record: &Record) -> Vec<Value> {
    let Record { id, kind, start, end, context, user } = record;
    vec![id.into(), kind.into(), start.into(), end.into(), context.into(), user.into()]
}
