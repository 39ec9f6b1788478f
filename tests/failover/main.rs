//! The limits and the statistics while servers die, freeze, come back and change places under load: a Redis Cluster with
//! replicas, a server that Sentinels watch, and the same on Valkey.
//!
//! `SESSIONSTAT_FAILOVERS=200` kills so many masters instead of a few; `SESSIONSTAT_FAILOVER_SEED` repeats the one that
//! went wrong. docs/redis.md has the figures that came of it.

// All of this is test code, also the functions beside the tests. What it prints are figures for docs/redis.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../support/mod.rs"]
mod support;

mod account;
mod demotion;
mod killed;
mod load;
mod moving;
mod names;
mod planned;
mod remedies;
mod rights;
mod seed;
mod valkey;
mod watched;
