//! A database and a Redis with something in both that nobody may touch.

use std::collections::BTreeSet;

use crate::support::{Database, MariaDb, Redis, Tool, redis::ask};

/// The commands.
pub const COMMANDS: [&str; 6] = [
    "samba-snapshot",
    "epn-ingest",
    "ratelimit-check",
    "session-aggregate",
    "stats-report",
    "macrosession-compile",
];

/// What Redis holds besides what commands write.
const BYSTANDER: &str = "bystander";

/// Both, with the tables made.
pub struct Servers {
    /// The tables.
    pub database: Database,
    /// Of this test alone.
    pub redis: Redis,
    tables: BTreeSet<String>,
}

impl Servers {
    /// Starts them.
    #[track_caller]
    pub fn start() -> Self {
        let database = MariaDb::shared().database();
        Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
        let redis = Redis::start();
        let () = ask(&mut redis.connect(0), &["SET", BYSTANDER, "there"]);
        let tables = tables(&database);
        assert!(tables.len() > 25, "{tables:?}");
        Self { database, redis, tables }
    }

    /// A command that uses them, with its own accounts.
    #[track_caller]
    pub fn tool(&self, command: &str) -> Tool {
        Tool::new(command).url(&self.database).redis(&self.redis)
    }

    /// That all tables and the bystander are there, and that Redis holds no key but those of the limits.
    #[track_caller]
    pub fn assert_whole(&self, after: &str) {
        assert_eq!(tables(&self.database), self.tables, "{after}");
        for database in 0..16 {
            let mut keys: Vec<Vec<u8>> = ask(&mut self.redis.connect(database), &["KEYS", "*"]);
            keys.retain(|key| database != 0 || key != BYSTANDER.as_bytes());
            let begin: &[u8] = match database {
                0 => b"sessionstat:rl:{",
                1 => b"sessionstat:{stats}:",
                _ => b"no key at all",
            };
            let strange = keys.iter().find(|key| !key.starts_with(begin));
            assert_eq!(strange.map(|key| String::from_utf8_lossy(key)), None, "{database} {after}");
        }
        let kept: Option<String> = ask(&mut self.redis.connect(0), &["GET", BYSTANDER]);
        assert_eq!(kept.as_deref(), Some("there"), "{after}");
    }
}

fn tables(database: &Database) -> BTreeSet<String> {
    let rows = database.query("SHOW TABLES");
    rows.into_iter().map(|mut row| row.remove(0).unwrap()).collect()
}
