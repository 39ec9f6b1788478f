//! What all commands share at their edge: configuration, exit statuses, one line of error, the schema.

#[path = "../support/mod.rs"]
mod support;

mod configuration;
mod database;
mod terminal;
