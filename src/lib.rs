//! sessionstat
pub mod cli;
pub mod clock;
pub mod config;
pub mod epn;
pub mod failure;
pub mod lock;
pub mod mysql;
pub mod redis;
pub mod report;
pub mod samba;
pub mod terminal;
