//! sessionstat
pub mod config;
pub mod samba;
