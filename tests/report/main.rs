//! stats-report against a real MariaDB and a real Redis.

#![allow(unreachable_pub)] // the modules of a test share what they have
#![allow(clippy::unwrap_used, clippy::panic)] // all of it is test code

#[path = "../support/mod.rs"]
mod support;

mod anonymous;
mod by_the_minute;
mod check;
mod colours;
mod counters;
mod counters_table;
mod csv;
mod database;
mod edges;
mod figures;
mod fixture;
mod gaps;
mod golden;
mod history;
mod html;
mod installation;
mod json;
mod mail;
mod manual;
mod names;
mod prometheus;
mod readers;
mod runs;
mod sessions;
mod sessions_table;
mod site;
mod slots;
mod space;
mod table;
mod time;
mod time_table;
