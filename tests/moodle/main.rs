//! The source moodle of session-aggregate against a real MariaDB: time online out of the log of a Moodle.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod golden;
mod kinds;
mod late;
mod log_table;
mod memory;
mod oracle;
mod properties;
mod purged;
mod settings;
mod site;
mod slots;
mod sources;
mod truth;
