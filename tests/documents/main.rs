//! What an administrator reads and installs is true: manual pages, sample configuration, cron file, grants, README.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod command;
mod configuration;
mod contributing;
mod cron;
mod examples;
mod grants;
mod installation;
mod macrosession;
mod manual;
mod overview;
mod page;
mod ratelimit;
mod readme;
mod redis_acl;
mod session_figures;
mod session_grants;
mod units;

use std::fs;

/// A file of the package.
#[track_caller]
fn read(path: &str) -> String {
    let whole = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{whole}: {error}"))
}
