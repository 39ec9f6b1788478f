//! epn-ingest against a real MariaDB.

#![allow(unreachable_pub)] // the modules of a test share what they have

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod memory;
mod properties;
mod scenarios;
mod space;
mod staff;
mod stores;
