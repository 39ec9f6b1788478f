//! Statistics of sessions: the tables in their forms, and what stands in them.

use std::{collections::BTreeMap, fs};

use crate::{
    space::{empty, report},
    support::{Database, MariaDb},
};

/// Whose tables they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Ours,
    Ilias9,
    Ilias10,
}

/// The columns that ILIAS 10 no longer has, but for the limit: it counts these ends as `closed_misc`.
pub const DROPPED: [&str; 3] = ["closed_idle", "closed_idle_first", "closed_limit"];

/// Makes statistics of ILIAS 9 those of ILIAS 10.
pub const TO_ILIAS_10: &str = "ALTER TABLE usr_session_stats DROP COLUMN max_sessions, DROP COLUMN closed_limit, \
    DROP COLUMN closed_idle, DROP COLUMN closed_idle_first";

/// A row of `usr_session_stats`.
pub type Row = BTreeMap<String, i64>;

/// The text of a file of the golden data.
#[track_caller]
pub fn golden(file: &str) -> String {
    let path = format!("{}/tests/golden/ilias/{file}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).unwrap()
}

/// The statistics of a case, as ILIAS wrote them.
#[track_caller]
pub fn golden_rows(case: &str) -> Vec<Row> {
    let text = golden(&format!("{case}/expected_stats.csv"));
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| -> Row {
        names
            .iter()
            .zip(line.split(','))
            .map(|(name, value)| ((*name).into(), value.parse().unwrap()))
            .collect()
    };
    lines.map(row).collect()
}

/// A database with the tables in a form, and nothing in them.
#[track_caller]
pub fn tables(form: Form) -> Database {
    if form == Form::Ours {
        return empty();
    }
    let database = MariaDb::shared().database();
    database.run(&golden("schema.sql"));
    if form == Form::Ilias10 {
        database.run(&format!("DROP TABLE usr_session_log; {TO_ILIAS_10}"));
    }
    report(&database).arg("--init-db").run().silent();
    database
}

/// Puts rows into the statistics as they are; those of ILIAS 9 become those of ILIAS 10 where the tables are its.
#[track_caller]
pub fn fill(database: &Database, form: Form, rows: &[Row]) {
    let rows: Vec<Row> = rows.iter().map(|row| in_form(row, form)).collect();
    let columns: Vec<&str> = rows[0].keys().map(String::as_str).collect();
    let values = |row: &Row| row.values().map(i64::to_string).collect::<Vec<_>>().join(",");
    let values: Vec<String> = rows.iter().map(|row| format!("({})", values(row))).collect();
    let (columns, values) = (columns.join(","), values.join(","));
    database.run(&format!("INSERT INTO usr_session_stats ({columns}) VALUES {values}"));
}

/// What a form knows of a row.
pub fn in_form(row: &Row, form: Form) -> Row {
    let mut row = row.clone();
    if form == Form::Ilias10 {
        row.remove("max_sessions");
        let moved: i64 = DROPPED.iter().filter_map(|name| row.remove(*name)).sum();
        *row.get_mut("closed_misc").unwrap() += moved;
    }
    row
}

/// Three slots of a Tuesday evening in Paris, 19:00 to 19:45, and two of the day before. The first of the evening was
/// at the limit for a minute, the second was left without figures, the third was written by an ILIAS.
pub const EVENING: &str = "INSERT INTO usr_session_stats (slot_begin, slot_end, active_min, active_max, active_avg, \
    active_end, opened, closed_manual, closed_expire, closed_idle, closed_idle_first, closed_limit, closed_login, \
    max_sessions, closed_misc) VALUES \
    (1773079200, 1773080099, 0, 9, 4.5000, 9, 12, 2, 1, 0, 0, 0, 0, 30, 0), \
    (1773080100, 1773080999, 2, 9, 3.2505, 2, 0, 3, 4, 0, 0, 0, 0, 30, 0), \
    (1773165600, 1773166499, 1, 12, 5.1234, 11, 1500, 700, 20, 3, 2, 1, 40, 12, 5), \
    (1773166500, 1773167399, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0), \
    (1773167400, 1773168299, 8, 12, 11.0000, 8, 3, 0, 6, 0, 0, 0, 0, 12, 0); \
    INSERT INTO session_at_limit (begins_at, ends_at, slot_begin) VALUES \
    (1773165700, 1773165720, 1773165600), (1773165800, 1773165840, 1773165600)";

/// A database of ours with that evening.
#[track_caller]
pub fn evening() -> Database {
    let database = empty();
    database.run(EVENING);
    database
}
