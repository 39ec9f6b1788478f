//! What is known of the log and its users, in MySQL.

pub mod sessions;
pub mod users;

use ::mysql::{Value, prelude::Queryable};

use super::recent::Recent;
use crate::{
    failure::Result,
    mysql::{bulk, rows},
    sessions::{record::Context, store::progress},
};

/// How far the log has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which log.
    pub log: String,
    /// The settings that made the figures, as JSON.
    pub parameters: String,
    /// Rows until here have been read.
    pub last_id: u64,
    /// The last numbers that were there.
    pub recent: Recent,
}

impl Progress {
    /// What the last run left; none: there was none.
    ///
    /// # Errors
    /// Those of the server.
    pub fn load(conn: &mut impl Queryable) -> Result<Option<Self>> {
        let sql = "SELECT log, parameters, last_id, recent FROM moodle_progress WHERE job = 1";
        let found: Vec<(String, String, u64, Vec<u8>)> = rows(conn, "moodle_progress", sql, ())?;
        Ok(found.into_iter().next().map(|(log, parameters, last_id, recent)| Self {
            log,
            parameters,
            last_id,
            recent: Recent::from_bytes(last_id, recent),
        }))
    }

    /// Keeps it for the next run.
    ///
    /// # Errors
    /// Those of the server.
    pub fn save(&self, conn: &mut impl Queryable) -> Result<()> {
        let sql = "INSERT INTO moodle_progress (job, log, parameters, last_id, recent) VALUES (1, ?, ?, ?, ?) \
            ON DUPLICATE KEY UPDATE log = VALUES(log), parameters = VALUES(parameters), \
            last_id = VALUES(last_id), recent = VALUES(recent)";
        let values = (&self.log, &self.parameters, self.last_id, self.recent.to_bytes());
        Ok(conn.exec_drop(sql, values)?)
    }
}

/// Forgets all but the sessions that began before `oldest`, of which the log no longer tells.
///
/// # Errors
/// Those of the server.
pub fn reset(conn: &mut impl Queryable, oldest: i64) -> Result<()> {
    let records = "DELETE FROM usr_session_stats_raw WHERE session_id LIKE 'moodle:%' AND start_time >= ?";
    conn.exec_drop(records, (oldest,))?;
    progress::doubt(conn, oldest)?;
    for table in ["moodle_session", "moodle_session_course"] {
        conn.exec_drop(format!("DELETE FROM {table} WHERE session_start >= ?"), (oldest,))?;
    }
    // Nothing more will be heard of those that are open.
    let open = "SELECT user_id, session_start, session_end FROM moodle_session WHERE end_reason = 'open'";
    for (user, start, end) in rows::<(i64, i64, i64)>(conn, "moodle_session", open, ())? {
        let gap = "UPDATE moodle_session SET end_reason = 'gap' WHERE user_id = ? AND session_start = ?";
        conn.exec_drop(gap, (user, start))?;
        let closed = "UPDATE usr_session_stats_raw SET end_time = ?, end_context = ? \
            WHERE session_id = ? AND end_time IS NULL";
        conn.exec_drop(closed, (end, Context::IDLE.stored(), sessions::id(user, start)))?;
    }
    for table in ["moodle_user", "moodle_later", "moodle_progress"] {
        conn.query_drop(format!("DELETE FROM {table}"))?;
    }
    Ok(())
}

/// The numbers of rows whose time has come.
///
/// # Errors
/// Those of the server.
pub fn due(conn: &mut impl Queryable, now: i64) -> Result<Vec<u64>> {
    rows(conn, "moodle_later", "SELECT log_id FROM moodle_later WHERE at <= ?", (now,))
}

/// Remembers rows, with their times, whose time has not come, and forgets those that were read.
///
/// # Errors
/// Those of the server.
pub fn put_off(conn: &mut impl Queryable, later: &[(u64, i64)], read: &[u64]) -> Result<()> {
    bulk::change_by_id(conn, "DELETE FROM moodle_later WHERE log_id IN ({ids})", read)?;
    let values: Vec<Vec<Value>> = later.iter().map(|(id, at)| vec![id.into(), at.into()]).collect();
    bulk::insert(
        conn,
        "INSERT INTO moodle_later (log_id, at)",
        "ON DUPLICATE KEY UPDATE at = VALUES(at)",
        &values,
    )?;
    Ok(())
}
