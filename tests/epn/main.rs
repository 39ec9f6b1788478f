//! epn-ingest against a real MariaDB.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod erase;
mod faults;
mod memory;
mod properties;
mod scenarios;
mod space;
mod staff;
mod stores;
