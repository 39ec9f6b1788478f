//! The log: `logstore_standard_log` of a Moodle, or `event_log`, read in snapshots that change and lock nothing.

use ::mysql::{Conn, Params, Value, prelude::Queryable};

use super::trace::{Kind, Trace};
use crate::{
    config::Config,
    failure::{Failure, Result, Status},
    mysql::{Server, bulk, rows},
};

/// Not through the driver's own transaction, which panics where the connection is lost at its beginning.
const BEGIN: [&str; 2] = [
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
];

/// What a row is (rule 1). Case and collation are those of the log.
const COLUMNS: &str = "id, userid, timecreated, CASE \
    WHEN component = 'block_use_stats' AND action = 'keepalive' THEN 3 \
    WHEN IFNULL(courseid, 0) = 0 AND action = 'loggedin' THEN 1 \
    WHEN IFNULL(courseid, 0) = 0 AND action = 'loggedout' THEN 2 \
    ELSE 0 END, IFNULL(courseid, 0)";

/// Rows that say nothing (rule 1).
const COUNTED: &str = "userid > 0 AND IFNULL(realuserid, 0) = 0 AND action <> 'failed' \
    AND (origin IS NULL OR origin NOT IN ('cli', 'restore')) AND NOT (action = 'graded' AND target = 'user') \
    AND (courseid > 0 OR (component = 'block_use_stats' AND action = 'keepalive') \
    OR (IFNULL(courseid, 0) = 0 AND (? OR action IN ('loggedin', 'loggedout'))))";

/// A log.
#[derive(Clone, Debug)]
pub struct Log {
    table: String,
    site_events: bool,
}

/// Some rows of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// What they say, in the order of their numbers.
    pub traces: Vec<Trace>,
    /// The greatest number that was looked at.
    pub until: u64,
    /// Whether there was no more to read.
    pub is_last: bool,
}

/// The server of the log: that of `[moodle] url`, or the main one.
///
/// # Errors
/// As of [`Server::new`].
pub fn server(config: &Config) -> Result<Server> {
    match &config.moodle_server() {
        Some(settings) => Ok(Server::of_section("moodle", settings)?.only_read()),
        None => Server::new(&config.mysql),
    }
}

/// Does `read` in a snapshot of the log's database.
///
/// # Errors
/// Those of `read` and of the server.
pub fn in_snapshot<T>(conn: &mut Conn, read: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    for statement in BEGIN {
        conn.query_drop(statement)?;
    }
    // If something fails in between, the link throws the connection away, and the transaction with it.
    let done = read(conn)?;
    conn.query_drop("COMMIT")?;
    Ok(done)
}

impl Log {
    /// The log of the configuration; none where there is no Moodle, which is no mistake unless one is configured.
    ///
    /// # Errors
    /// [`Status::Config`] if the log that is configured is not there, those of the server.
    pub fn find(conn: &mut impl Queryable, config: &Config) -> Result<Option<Self>> {
        let settings = &config.moodle;
        let of_moodle = format!("{}logstore_standard_log", settings.prefix);
        let candidates = match &settings.log {
            Some(log) => vec![log.clone()],
            None if settings.url.is_some() => vec![of_moodle],
            None => vec![of_moodle, "event_log".to_owned()],
        };
        for table in &candidates {
            let sql = "SELECT COUNT(*) FROM information_schema.tables \
                WHERE table_schema = DATABASE() AND table_name = ?";
            let found: Vec<u64> = rows(conn, "information_schema.tables", sql, (table,))?;
            if found.first().is_some_and(|count| *count > 0) {
                return Ok(Some(Self { table: table.clone(), site_events: settings.site_events }));
            }
        }
        if settings.url.is_none() && settings.log.is_none() {
            return Ok(None);
        }
        Err(Failure::new(
            Status::Config,
            format!(
                "there is no table {} for this account; check [moodle] url, prefix and log",
                candidates.join(", ")
            ),
        ))
    }

    /// The table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Whether rows can be found by their time.
    ///
    /// # Errors
    /// Those of the server.
    pub fn has_index_on_time(&self, conn: &mut impl Queryable) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() \
            AND table_name = ? AND column_name = 'timecreated' AND seq_in_index = 1";
        let found: Vec<u64> = rows(conn, "information_schema.statistics", sql, (&self.table,))?;
        Ok(found.first().is_some_and(|count| *count > 0))
    }

    /// At most `most` rows that say something, after number `after`.
    ///
    /// # Errors
    /// Those of the server.
    pub fn after(&self, conn: &mut impl Queryable, after: u64, most: usize) -> Result<Rows> {
        let last = self.last(conn)?.unwrap_or(0).max(after);
        let sql =
            format!("SELECT {COLUMNS} FROM `{}` WHERE id > ? AND {COUNTED} ORDER BY id LIMIT ?", self.table);
        let traces = self.traces(conn, &sql, vec![after.into(), self.site_events.into(), most.into()])?;
        let is_last = traces.len() < most;
        let until = if is_last { last } else { traces.last().map_or(last, |trace| trace.id) };
        Ok(Rows { traces, until, is_last })
    }

    /// The numbers of all rows after `after` up to `until`.
    ///
    /// # Errors
    /// Those of the server.
    pub fn numbers(&self, conn: &mut impl Queryable, after: u64, until: u64) -> Result<Vec<u64>> {
        let sql = format!("SELECT id FROM `{}` WHERE id > ? AND id <= ?", self.table);
        rows(conn, &self.table, sql, (after, until))
    }

    /// How many rows there are after `after` up to `until`, and the sum of their numbers.
    ///
    /// # Errors
    /// Those of the server.
    pub fn digest(&self, conn: &mut impl Queryable, after: u64, until: u64) -> Result<(u64, u128)> {
        let sql = format!(
            "SELECT COUNT(*), CAST(IFNULL(SUM(id), 0) AS CHAR) FROM `{}` WHERE id > ? AND id <= ?",
            self.table
        );
        let found: Vec<(u64, String)> = rows(conn, &self.table, sql, (after, until))?;
        let digest = found.into_iter().next().and_then(|(count, sum)| Some((count, sum.parse().ok()?)));
        Ok(digest.unwrap_or_default())
    }

    /// What the rows with these numbers say.
    ///
    /// # Errors
    /// Those of the server.
    pub fn numbered(&self, conn: &mut impl Queryable, numbers: &[u64]) -> Result<Vec<Trace>> {
        let mut found = Vec::new();
        for part in numbers.chunks(bulk::ROWS) {
            let marks = vec!["?"; part.len()].join(", ");
            let sql = format!("SELECT {COLUMNS} FROM `{}` WHERE id IN ({marks}) AND {COUNTED}", self.table);
            let values = part.iter().map(Value::from).chain([self.site_events.into()]).collect();
            found.extend(self.traces(conn, &sql, values)?);
        }
        Ok(found)
    }

    /// Hands what the rows of a user say, from a moment on and up to a number, to `take`, in their order.
    ///
    /// # Errors
    /// Those of the server.
    pub fn of_user(
        &self,
        conn: &mut impl Queryable,
        user: i64,
        from: i64,
        until: u64,
        mut take: impl FnMut(&Trace),
    ) -> Result<()> {
        let sql = format!(
            "SELECT {COLUMNS} FROM `{}` WHERE userid = ? AND timecreated >= ? AND id <= ? AND {COUNTED} \
             ORDER BY timecreated, id",
            self.table
        );
        let values = vec![user.into(), from.into(), until.into(), self.site_events.into()];
        for row in conn.exec_iter(sql, Params::Positional(values))? {
            take(&self.trace(row?)?);
        }
        Ok(())
    }

    /// The greatest number; none: the log is empty.
    ///
    /// # Errors
    /// Those of the server.
    pub fn last(&self, conn: &mut impl Queryable) -> Result<Option<u64>> {
        let sql = format!("SELECT MAX(id) FROM `{}`", self.table);
        Ok(conn.query_first::<Option<u64>, _>(sql)?.flatten())
    }

    /// The time of the oldest row; none: the log is empty.
    ///
    /// # Errors
    /// Those of the server.
    pub fn oldest(&self, conn: &mut impl Queryable) -> Result<Option<i64>> {
        let sql = format!("SELECT MIN(timecreated) FROM `{}`", self.table);
        Ok(conn.query_first::<Option<i64>, _>(sql)?.flatten())
    }

    fn traces(&self, conn: &mut impl Queryable, sql: &str, values: Vec<Value>) -> Result<Vec<Trace>> {
        conn.exec_iter(sql, Params::Positional(values))?.map(|row| self.trace(row?)).collect()
    }

    fn trace(&self, row: ::mysql::Row) -> Result<Trace> {
        type Row = (u64, i64, i64, u8, i64);
        let (id, user, at, kind, course): Row = ::mysql::from_row_opt(row).map_err(|_| {
            Failure::new(
                Status::BadData,
                format!(
                    "{} holds an id, userid, timecreated or courseid that is no number; mend that row",
                    self.table
                ),
            )
        })?;
        let kind = match kind {
            1 => Kind::Login,
            2 => Kind::Logout,
            3 => Kind::Heartbeat,
            _ => Kind::Explicit(course),
        };
        Ok(Trace { at, id, user, kind })
    }
}
