//! session-aggregate against a real MariaDB, on the tables in all their forms.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod beside;
mod commands;
mod edges;
mod endings;
mod epn;
mod faults;
mod forms;
mod golden;
mod model;
mod oracle;
mod properties;
mod recording;
