//! What smbstatus printed, and what we make of it.
//!
//! Owes its callers: [`Listing`] holds what was printed before any rule, [`Connection`] what holds after all of them.

use std::net::IpAddr;

use chrono::{DateTime, FixedOffset, Utc};
use serde::Serialize;

/// One session as it was printed, before any rule. What a form does not print is empty or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The login, with its domain in any of the ways of writing it.
    pub login: String,
    /// The numeric user id in digits (JSON only).
    pub uid: Option<String>,
    /// The client's name for itself, its address, or nothing.
    pub machine: String,
    /// The client's address, with prefix and port as printed.
    pub address: String,
    /// The smbd process that serves it, without node and task.
    pub pid: Option<u64>,
    /// The dialect of SMB.
    pub protocol: Option<String>,
    /// What the shares of this session carry too: its id (JSON), or its process with node and task (text).
    pub key: String,
    /// When it began. The offset may be wrong by a day (Normalisation rule 7).
    pub created: Option<DateTime<FixedOffset>>,
}

/// One use of a share, as it was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// [`Session::key`] of its session, which may be unknown: it can have begun between two looks.
    pub key: String,
    /// When it began. The offset may be wrong by a day (Normalisation rule 7).
    pub connected: DateTime<FixedOffset>,
}

/// All that one look at the server printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The sessions, in the order of printing.
    pub sessions: Vec<Session>,
    /// The shares in use, where they were printed and have a time.
    pub shares: Vec<Share>,
    /// The server's true offset at that moment (JSON only).
    pub offset: Option<FixedOffset>,
}

/// One user at one workstation: what all rules leave. Serializes with the keys that samba-snapshot(8) names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// The login without its domain, in its own case. Compared without case.
    pub user: String,
    /// The domain or realm in upper case.
    pub domain: Option<String>,
    /// The workstation's name in upper case, at most 15 characters.
    pub machine: Option<String>,
    /// The workstation's address.
    pub ip: Option<IpAddr>,
    /// The smbd process that serves it.
    pub pid: Option<u64>,
    /// The dialect of SMB.
    pub protocol: Option<String>,
    /// Since when, in whole seconds.
    pub connected: Option<DateTime<Utc>>,
}
