//! What all commands share at their edge: configuration, exit statuses, one line of error, the schema.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod configuration;
mod database;
mod terminal;
