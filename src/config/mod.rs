//! The configuration.
pub mod duration;
pub mod samba;
