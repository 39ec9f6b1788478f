//! samba-snapshot: what it makes of Samba's output, and how it keeps it.

#[path = "../support/mod.rs"]
mod support;

mod golden;
mod storing;
