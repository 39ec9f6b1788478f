//! The three forms of the tables (ours, ILIAS 8 and 9, ILIAS 10), with what a test puts into them and reads out of them.

use mysql::{Conn, Params, Value, prelude::Queryable};

use crate::support::{Database, MariaDb, Tool};

const ILIAS_9: &str = include_str!("../golden/ilias/schema.sql");
/// What ILIAS 10 dropped.
const ILIAS_10: &str = "DROP TABLE usr_session_log; ALTER TABLE usr_session_stats \
    DROP COLUMN max_sessions, DROP COLUMN closed_limit, DROP COLUMN closed_idle, DROP COLUMN closed_idle_first";

const COLUMNS: [&str; 15] = [
    "slot_begin",
    "slot_end",
    "active_min",
    "active_max",
    "active_avg",
    "active_end",
    "opened",
    "closed_manual",
    "closed_expire",
    "closed_idle",
    "closed_idle_first",
    "closed_limit",
    "closed_login",
    "max_sessions",
    "closed_misc",
];

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

    /// The columns of the statistics.
    pub fn columns(self) -> Vec<&'static str> {
        let dropped = ["closed_idle", "closed_idle_first", "closed_limit", "max_sessions"];
        let is_there = |column: &&str| self != Self::Ilias10 || !dropped.contains(column);
        COLUMNS.into_iter().filter(is_there).collect()
    }

    /// Whether an id has one record, and seconds end in 2038.
    pub fn is_ilias(self) -> bool {
        self != Self::Ours
    }
}

/// What a run reads, writes and remembers.
const TABLES: [&str; 7] = [
    "usr_session_stats_raw",
    "usr_session_log",
    "usr_session_stats",
    "session_at_limit",
    "session_progress",
    "session_open",
    "session_expiry",
];

/// Those of these tables that are there: ILIAS 10 has no log.
pub fn tables(database: &Database) -> Vec<&'static str> {
    let has_log = "SELECT COUNT(*) FROM information_schema.tables \
        WHERE table_schema = DATABASE() AND table_name = 'usr_session_log'";
    let has_log = database.value(has_log) == "1";
    TABLES.into_iter().filter(|table| has_log || *table != "usr_session_log").collect()
}

/// Empties the tables.
pub fn clear(database: &Database) {
    tables(database).into_iter().for_each(|table| database.run(&format!("DELETE FROM {table}")));
}

/// A session record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    pub kind: i16,
    pub start: i64,
    pub end: Option<i64>,
    pub context: Option<i16>,
    pub user: i64,
}

impl Record {
    /// A session of a user.
    pub fn new(id: impl Into<String>, start: i64, end: Option<i64>, context: Option<i16>) -> Self {
        Self { id: id.into(), kind: 3, start, end, context, user: 7 }
    }
}

/// Adds session records.
#[track_caller]
pub fn insert(database: &Database, records: &[Record]) {
    add(&mut database.conn(), records);
}

/// Adds session records; one with the key of another takes its place.
pub fn add(conn: &mut Conn, records: &[Record]) {
    for part in records.chunks(5_000) {
        let tuples = vec!["(?, ?, ?, ?, ?, ?)"; part.len()].join(", ");
        let values: Vec<Value> = part.iter().flat_map(values).collect();
        conn.exec_drop(
            format!(
                "REPLACE INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
                 VALUES {tuples}"
            ),
            Params::Positional(values),
        )
        .unwrap();
    }
}

fn values(record: &Record) -> [Value; 6] {
    let Record { id, kind, start, end, context, user } = record;
    [id.into(), kind.into(), start.into(), end.into(), context.into(), user.into()]
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

/// Adds entries of the log of limits: moments and limits.
pub fn add_limits(conn: &mut Conn, entries: &[(i64, i64)]) {
    conn.exec_batch("INSERT IGNORE INTO usr_session_log (tstamp, maxval, user_id) VALUES (?, ?, 6)", entries)
        .unwrap();
}

/// The statistics as they stand, a line for each slot: its columns, with commas between them.
pub fn statistics(database: &Database, form: Form) -> Vec<String> {
    let sql = format!("SELECT {} FROM usr_session_stats ORDER BY slot_begin", form.columns().join(", "));
    let line = |row: Vec<Option<String>>| {
        let values: Vec<_> =
            row.into_iter().map(|value| value.unwrap_or_else(|| "NULL".to_owned())).collect();
        values.join(",")
    };
    database.query(&sql).into_iter().map(line).collect()
}

/// The lines of golden statistics (their header first, all columns) as `form` holds them.
pub fn as_held(csv: &str, form: Form) -> Vec<String> {
    let mut lines = csv.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|other| other == name).unwrap();
    lines
        .map(|mut values| {
            let average = &mut values[column("active_avg")];
            *average = average_as_held(average, form);
            if form == Form::Ilias10 {
                // What ILIAS 10 has no columns for counts as miscellaneous.
                let counted = ["closed_misc", "closed_idle", "closed_idle_first", "closed_limit"];
                let sum: i64 = counted.iter().map(|name| values[column(name)].parse::<i64>().unwrap()).sum();
                values[column("closed_misc")] = sum.to_string();
            }
            let kept: Vec<_> = form.columns().iter().map(|name| values[column(name)].clone()).collect();
            kept.join(",")
        })
        .collect()
}

/// ILIAS's column holds whole numbers, ours four digits more.
fn average_as_held(average: &str, form: Form) -> String {
    let (whole, digits) = average.split_once('.').unwrap_or((average, ""));
    if form == Form::Ours {
        return format!("{whole}.{digits:0<4}");
    }
    assert!(!whole.starts_with('-') || digits.is_empty(), "{average}");
    let up = i64::from(digits.as_bytes().first().is_some_and(|digit| *digit >= b'5'));
    (whole.parse::<i64>().unwrap() + up).to_string()
}
