//! The tables as they once were.

use mysql::prelude::Queryable;

use crate::{forms::TABLES, support::Database};

/// Copies of the tables.
pub struct Rewind {
    back: Vec<String>,
    tables: Vec<(String, String)>,
}

impl Rewind {
    /// Remembers the tables as they are.
    pub fn new(database: &Database) -> Self {
        let mut back = Vec::new();
        let mut tables = Vec::new();
        let mut conn = database.conn();
        for table in TABLES {
            let columns = "SELECT GROUP_CONCAT(column_name ORDER BY ordinal_position) \
                FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? \
                AND extra NOT LIKE '%GENERATED%'";
            let columns: Option<String> = conn.exec_first(columns, (table,)).unwrap().unwrap();
            // ILIAS 10 has no log.
            let Some(columns) = columns else { continue };
            conn.query_drop(format!("CREATE OR REPLACE TABLE once_{table} AS SELECT {columns} FROM {table}"))
                .unwrap();
            back.push(format!("DELETE FROM {table}"));
            back.push(format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM once_{table}"));
            tables.push((table.to_owned(), columns));
        }
        Self { back, tables }
    }

    /// Makes the tables what they were.
    pub fn back(&self, database: &Database) {
        let mut conn = database.conn();
        self.back.iter().for_each(|step| conn.query_drop(step).unwrap());
    }

    /// Everything that is in the tables, numbers of records included. Without the digest of the last records: it does
    /// not say whether they were deleted before or after it was taken.
    pub fn dump(&self, database: &Database) -> String {
        let entry = |(table, columns): &(String, String)| {
            format!("SELECT {} FROM {table}", columns.replace(",tail,", ","))
        };
        let entries: Vec<_> = self.tables.iter().map(entry).collect();
        database.dump(&entries.iter().map(String::as_str).collect::<Vec<_>>())
    }
}
