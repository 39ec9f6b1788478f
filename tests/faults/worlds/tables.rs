//! Any command that finds no tables: it makes them.

use mysql::prelude::Queryable;

use crate::{case::Scene, servers::Servers, support::Tool, world::World};

/// The world.
pub struct Tables {
    servers: Servers,
    host: Tool,
}

impl Tables {
    pub fn new() -> Self {
        Self { servers: Servers::of(Scene::Tables), host: Tool::new("epn-ingest") }
    }
}

impl World for Tables {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    fn rewind(&mut self, _variant: u64) {
        let name = self.servers.database().name();
        let mut conn = self.servers.database().conn();
        conn.query_drop(format!("DROP DATABASE {name}")).unwrap();
        conn.query_drop(format!("CREATE DATABASE {name}")).unwrap();
    }

    fn tool(&self, variant: u64, _number: usize, _shift: i64, limits: &str) -> Tool {
        let tool = self.host.clone().config(limits);
        // Asked to, or because it needs them.
        if variant.is_multiple_of(2) { tool.arg("--init-db") } else { tool }
    }

    fn left(&mut self) -> String {
        let database = self.servers.database();
        let name = database.name();
        let list = |sql: &str| {
            database.query(sql).into_iter().map(|row| row[0].clone().unwrap()).collect::<Vec<_>>()
        };
        let tables = list(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
        );
        let mut left = String::new();
        for table in tables {
            let made = database.query(&format!("SHOW CREATE TABLE {table}"))[0][1].clone().unwrap();
            let made: Vec<_> = made.split(" AUTO_INCREMENT=").collect();
            left += made[0];
            left += "\n";
        }
        let triggers = format!(
            "SELECT CONCAT_WS(' ', trigger_name, action_timing, event_manipulation, action_statement) \
             FROM information_schema.triggers WHERE trigger_schema = '{name}' ORDER BY 1"
        );
        left += &list(&triggers).join("\n");
        left += &database.dump(&["SELECT version FROM sessionstat_schema"]);
        left
    }
}
