//! The commands on a Galera cluster: three nodes that may die, be cut off, freeze or lag behind.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod at_once;
mod behind;
mod chance;
mod conflicts;
mod hosts;
mod lease;
mod loss;
mod machines;
mod schema;
mod site;
mod snapshots;
mod space;
mod undone;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use support::Galera;

/// The cluster, for one test at a time, whole and quiet.
#[track_caller]
fn cluster() -> MutexGuard<'static, Galera> {
    static CLUSTER: OnceLock<Mutex<Galera>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| Mutex::new(Galera::start()));
    // A test that failed may have left nodes dead or alone.
    let mut cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
    cluster.heal();
    cluster
}
