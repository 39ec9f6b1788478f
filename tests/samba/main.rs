//! samba-snapshot: what it makes of Samba's output, and how it keeps it.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod golden;
mod storing;
