//! ratelimit-check against real Redis servers.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod batch;
mod desk;
mod distributed;
mod door;
mod edges;
mod encrypted;
mod faults;
mod keys;
mod model;
mod names;
mod race;
mod random;
mod recovery;
mod rules;
mod states;
mod strangers;
mod traces;
mod trust;
