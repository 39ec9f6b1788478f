//! The commands as somebody meets them who wants them to do something else: names that are statements, escape codes or
//! markup, files and links of strangers where ours should be, and ears for passwords everywhere. docs/security.md says
//! against whom what holds; the pages of web/ are attacked in tests/web.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod arguments;
mod children;
mod columns;
mod files;
mod inputs;
mod keys;
mod output;
mod passwords;
mod reports;
mod servers;
mod strings;
mod swaps;
