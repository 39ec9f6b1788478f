//! Tables as they once were, for a story that is told again and again with another trouble in it.

use mysql::prelude::Queryable;

use super::Database;

/// Copies of tables, beside them in their database.
pub struct Rewind(Vec<Table>);

/// A table, and those of its columns that hold values: generated ones cannot be written.
struct Table {
    name: String,
    columns: Vec<String>,
}

impl Rewind {
    /// Remembers all tables as they are, but the record of the schema.
    #[track_caller]
    pub fn all(database: &Database) -> Self {
        Self::where_names(database, "table_name <> 'sessionstat_schema' AND table_name NOT LIKE 'once\\_%'")
    }

    /// Remembers these tables as they are.
    #[track_caller]
    pub fn of(database: &Database, tables: &[&str]) -> Self {
        let names: Vec<String> = tables.iter().map(|table| format!("'{table}'")).collect();
        let found = Self::where_names(database, &format!("table_name IN ({})", names.join(", ")));
        assert_eq!(found.0.len(), tables.len(), "some of {tables:?} are not in {}", database.name());
        found
    }

    #[track_caller]
    fn where_names(database: &Database, condition: &str) -> Self {
        let mut conn = database.conn();
        // The triggers of bookings write into the table of what is stale: that one is written back last.
        let columns = conn.query::<(String, String), _>(format!(
            "SELECT table_name, column_name FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND extra NOT LIKE '%GENERATED%' AND {condition} \
             ORDER BY table_name = 'epn_history_stale', table_name, ordinal_position"
        ));
        let mut tables: Vec<Table> = Vec::new();
        for (name, column) in columns.unwrap() {
            match tables.last_mut() {
                Some(table) if table.name == name => table.columns.push(column),
                _ => tables.push(Table { name, columns: vec![column] }),
            }
        }
        for table in &tables {
            let (name, columns) = (&table.name, table.columns_but(&[]));
            let copy = format!("CREATE OR REPLACE TABLE once_{name} AS SELECT {columns} FROM {name}");
            conn.query_drop(&copy).unwrap_or_else(|error| panic!("{error}: {copy}"));
        }
        Self(tables)
    }

    /// Makes the tables what they were. Waits for transactions of runs that were killed.
    #[track_caller]
    pub fn back(&self, database: &Database) {
        let mut conn = database.conn();
        for table in &self.0 {
            let (name, columns) = (&table.name, table.columns_but(&[]));
            for step in [
                format!("DELETE FROM {name}"),
                format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM once_{name}"),
            ] {
                conn.query_drop(&step).unwrap_or_else(|error| panic!("{error}: {step}"));
            }
        }
    }

    /// Everything that is in the tables now, numbers of records included, but for some columns (`table.column`).
    #[track_caller]
    pub fn dump_but(&self, database: &Database, left_out: &[&str]) -> String {
        let entry = |table: &Table| format!("SELECT {} FROM {}", table.columns_but(left_out), table.name);
        let entries: Vec<String> = self.0.iter().map(entry).collect();
        database.dump(&entries.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl Table {
    fn columns_but(&self, left_out: &[&str]) -> String {
        let is_wanted = |column: &&String| !left_out.contains(&format!("{}.{column}", self.name).as_str());
        let quoted = self.columns.iter().filter(is_wanted).map(|column| format!("`{column}`"));
        quoted.collect::<Vec<_>>().join(", ")
    }
}
