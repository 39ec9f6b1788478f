//! The tables of session records in their three forms: ours, ILIAS 8 and 9, ILIAS 10.

// Each module uses its part of this.
#![allow(dead_code)]

use mysql::{Value, prelude::Queryable};

use crate::support::{Database, MariaDb, Tool};

const ILIAS_9: &str = include_str!("../golden/ilias/schema.sql");
/// What ILIAS 10 dropped.
const ILIAS_10: &str = "DROP TABLE usr_session_log; ALTER TABLE usr_session_stats \
    DROP COLUMN max_sessions, DROP COLUMN closed_limit, DROP COLUMN closed_idle, DROP COLUMN closed_idle_first";

/// Which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Ours,
    Ilias9,
    Ilias10,
}

impl Form {
    pub const ALL: [Self; 3] = [Self::Ours, Self::Ilias9, Self::Ilias10];
    pub const ILIAS: [Self; 2] = [Self::Ilias9, Self::Ilias10];

    /// A database in this form, on the server that the tests share, with the tool's own tables beside.
    #[track_caller]
    pub fn database(self) -> Database {
        self.database_on(MariaDb::shared())
    }

    /// The same on another server.
    #[track_caller]
    pub fn database_on(self, server: &MariaDb) -> Database {
        let database = self.bare(server);
        Tool::new("session-aggregate").url(&database).arg("--init-db").run().silent();
        database
    }

    /// What is there before the tool was ever run.
    #[track_caller]
    pub fn bare(self, server: &MariaDb) -> Database {
        let database = server.database();
        if self != Self::Ours {
            database.run(ILIAS_9);
        }
        if self == Self::Ilias10 {
            database.run(ILIAS_10);
        }
        database
    }

    /// Whether an id has one record, and seconds end in 2038.
    pub fn is_ilias(self) -> bool {
        self != Self::Ours
    }
}

/// A row of `usr_session_stats_raw`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    pub id: String,
    pub kind: i16,
    pub start: i64,
    pub end: Option<i64>,
    pub context: Option<i16>,
    pub user: i64,
}

impl Raw {
    /// A session of a user.
    pub fn new(id: impl Into<String>, start: i64, end: Option<i64>, context: Option<i16>) -> Self {
        Self { id: id.into(), kind: 3, start, end, context, user: 7 }
    }
}

/// Puts rows into the table as they are.
#[track_caller]
pub fn insert(database: &Database, rows: &[Raw]) {
    let mut conn = database.conn();
    for part in rows.chunks(1_000) {
        let tuples = vec!["(?, ?, ?, ?, ?, ?)"; part.len()].join(", ");
        let sql = format!(
            "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
             VALUES {tuples}"
        );
        let values: Vec<Value> = part
            .iter()
            .flat_map(|row| -> [Value; 6] {
                [
                    row.id.as_str().into(),
                    row.kind.into(),
                    row.start.into(),
                    row.end.into(),
                    row.context.into(),
                    row.user.into(),
                ]
            })
            .collect();
        conn.exec_drop(sql, values).expect("rows for usr_session_stats_raw");
    }
}

/// The rows of the table: `id type start end context user`, NULL as `-`, by start and id.
#[track_caller]
pub fn records(database: &Database) -> Vec<String> {
    let sql = "SELECT session_id, type, start_time, end_time, end_context, user_id FROM usr_session_stats_raw \
        ORDER BY start_time, session_id";
    let text =
        |row: Vec<Option<String>>| row.into_iter().map(|cell| cell.unwrap_or("-".into())).collect::<Vec<_>>();
    database.query(sql).into_iter().map(|row| text(row).join(" ")).collect()
}
