//! Who is connected to this Samba server, from which workstation.
//!
//! A snapshot passes through these rooms, top to bottom:
//! [`smbstatus`] runs Samba's programs through [`program`], [`judge`] tells a list from a [`failure`],
//! [`forms`] reads it, in any form and version, into [`session::Listing`],
//! [`normalise`] makes [`session::Connection`]s of it, [`workstation`] finds the names that it could not know,
//! [`store`] keeps the [`snapshot`] in MySQL or in the [`spool`]. [`command`] leads it through.

pub mod command;
pub mod failure;
pub mod forms;
pub mod judge;
pub mod normalise;
pub mod program;
pub mod session;
pub mod smbstatus;
pub mod snapshot;
pub mod spool;
pub mod store;
mod table;
pub mod workstation;
