//! MySQL over the network: encryption, and lists of hosts. Private servers on 127.0.0.1, and what may stand between a
//! command and its server.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod authority;
mod encryption;
mod hosts;
mod network;
mod relay;
