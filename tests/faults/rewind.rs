//! All tables as they once were.

use mysql::prelude::Queryable;

use crate::support::Database;

/// Copies of the tables.
pub struct Rewind(Vec<String>);

impl Rewind {
    /// Remembers the tables as they are.
    pub fn new(database: &Database) -> Self {
        let mut conn = database.conn();
        // The triggers of bookings write into the table of what is stale: that one comes last.
        let tables: Vec<(String, String)> = conn
            .query(
                "SELECT table_name, GROUP_CONCAT(CONCAT('`', column_name, '`') ORDER BY ordinal_position) \
                 FROM information_schema.columns WHERE table_schema = DATABASE() AND extra NOT LIKE '%GENERATED%' \
                 AND table_name NOT LIKE 'once\\_%' AND table_name <> 'sessionstat_schema' \
                 GROUP BY table_name ORDER BY table_name = 'epn_history_stale', table_name",
            )
            .unwrap();
        let mut back = Vec::new();
        for (table, columns) in tables {
            conn.query_drop(format!("CREATE OR REPLACE TABLE once_{table} AS SELECT {columns} FROM {table}"))
                .unwrap();
            back.push(format!("DELETE FROM {table}"));
            let count: u64 = conn.query_first(format!("SELECT COUNT(*) FROM {table}")).unwrap().unwrap();
            if count > 0 {
                back.push(format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM once_{table}"));
            }
        }
        // What the triggers have noted meanwhile.
        let stale =
            back.iter().filter(|step| step.contains("epn_history_stale")).cloned().collect::<Vec<_>>();
        Self(back.into_iter().chain(stale).collect())
    }

    /// Makes the tables what they were. Waits for transactions of runs that were killed.
    pub fn back(&self, database: &Database) {
        let mut conn = database.conn();
        self.0
            .iter()
            .for_each(|step| conn.query_drop(step).unwrap_or_else(|error| panic!("{error}: {step}")));
    }
}
