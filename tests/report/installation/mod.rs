//! `stats-report check --all`: a healthy installation, and each thing broken in turn.

mod command;
mod host;
mod servers;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::{Duration, Instant},
};

use chrono::Utc;
use sessionstat::{
    clock::Clock,
    config::{Config, Secret},
    report::check::{
        installation::{Finding, Host, findings},
        rule::State,
    },
};
use tempfile::TempDir;

use crate::{
    space::empty,
    support::{Database, LIMIT, Redis},
};

/// 20:00 in Paris on a Tuesday: it is open since 9:00.
const NOW: &str = "2026-03-10T19:00:00Z";
const RUNS: &str = "INSERT INTO sessionstat_run VALUES
    ('samba-snapshot', 'nas', '2026-03-10 18:55', 20, 0, '2026-03-10 18:55', 12, 0, '{}'),
    ('epn-ingest', 'db', '2026-03-10 18:50', 20, 0, '2026-03-10 18:50', 12, 0, '{}'),
    ('session-aggregate', 'db', '2026-03-10 18:47', 20, 0, '2026-03-10 18:47', 12, 0, '{}')";

/// An installation on a host of its own: nothing of the host on which the test runs is looked at.
struct Installation {
    folder: TempDir,
    config: Config,
    host: Host,
}

impl Installation {
    /// Folders, and these servers.
    fn new(mysql: &str, redis: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lock", "spool"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o700)).unwrap();
        }
        let mut config = Config {
            lock_dir: folder.path().join("lock"),
            spool_dir: folder.path().join("spool"),
            ..Config::default()
        };
        config.mysql.url = Secret::new(mysql);
        config.mysql.retry_for = Duration::ZERO;
        config.redis.url = Secret::new(redis);
        let host = Host { root: folder.path().to_owned(), wall_clock: Utc::now };
        Self { folder, config, host }
    }

    fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn findings(&self) -> Vec<Finding> {
        let clock = Clock { now: NOW.parse().unwrap(), zone: chrono_tz::Europe::Paris };
        let deadline = Instant::now() + LIMIT;
        findings(&self.config, &clock, &self.host, Duration::ZERO, deadline)
    }

    /// Nothing is wrong. Returns what was looked at.
    #[track_caller]
    fn assert_well(&self) -> Vec<Finding> {
        let found = self.findings();
        assert!(found.iter().all(|finding| finding.state == State::Ok), "{found:#?}");
        found
    }

    /// One thing is wrong, with this state and subject; what was found and the cure have these words in them.
    #[track_caller]
    fn assert_one(&self, state: State, subject: &str, found: &str, cure: &str) {
        let all = self.findings();
        let bad: Vec<&Finding> = all.iter().filter(|finding| finding.state != State::Ok).collect();
        assert_eq!(bad.len(), 1, "{bad:#?}");
        let finding = bad[0];
        assert_eq!((finding.state, finding.subject), (state, subject), "{finding:#?}");
        assert!(finding.found.contains(found) && finding.cure.contains(cure), "{finding:#?}");
    }
}

/// Tables, and commands that ran a moment ago.
fn database() -> Database {
    let database = empty();
    database.run(RUNS);
    database
}

fn with(database: &Database) -> Installation {
    Installation::new(&database.url(), &Redis::shared().url())
}
