//! What the integration tests stand on: private servers, one database per test, and the commands
//! run as cron would run them.
//!
//! ```ignore
//! mod support;
//! use support::{MariaDb, Tool};
//!
//! let database = MariaDb::shared().database();
//! let run = Tool::new("epn-ingest").url(&database).arg("--now=2026-03-10T09:00:00+01:00").run();
//! assert_eq!(run.status, 0, "{run:?}");
//! ```
//!
//! A test that cannot have its server fails; none is skipped.

// Each test file uses its part of this, and all of it is test code.
#![allow(dead_code, unused_imports, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod accounts;
mod browser;
mod certificates;
mod cluster;
mod dialogue;
mod galera;
mod mariadb;
mod network;
mod php;
pub mod proxy;
pub mod redis;
mod rewind;
mod sentinels;
mod server;
mod tool;

use std::time::{Duration, Instant};

pub use self::redis::{Redis, free_port};
pub use browser::Browser;
pub use certificates::{Authority, Certificate};
pub use cluster::{Cluster, NODE_TIMEOUT};
pub use dialogue::Dialogue;
pub use galera::{Galera, NODES};
pub use mariadb::{Database, MariaDb, Place, template};
pub use network::Network;
pub use php::Php;
pub use rewind::Rewind;
pub use sentinels::{NAME as SENTINELS_NAME, Sentinels};
pub use server::find_program;
pub use tool::{Output, Running, Tool};

/// The longest that any test waits for something.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Waits until `condition` holds; panics with `what` after [`LIMIT`].
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
