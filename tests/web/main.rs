//! The web front end as its visitors meet it: the pages on a real PHP, with a real database, a real Redis and the real
//! ratelimit-check; and as an attacker meets it.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod attacks;
mod browser;
mod event_log;
mod files;
mod french;
mod heartbeat;
mod home;
mod hostile;
mod limits;
mod pages;
mod provider;
mod ratelimit;
mod record;
mod record_troubles;
mod services;
mod session_get;
mod session_get_sources;
mod session_records;
mod sessions;
mod site;
mod statistics;
mod traces;
mod troubles;
mod visitor;
