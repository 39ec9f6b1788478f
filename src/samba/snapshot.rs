//! What is stored of one look at the server.

use std::collections::BTreeSet;

use chrono::{DateTime, Timelike, Utc};
use serde::{Deserialize, Serialize};

use super::session::Connection;

/// Characters that the columns of `users_temp` hold.
const LONGEST_LOGIN: usize = 191;
const LONGEST_SERVER: usize = 64;

/// Who was connected at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The time of the run, seconds dropped, UTC.
    pub seen_at: DateTime<Utc>,
    /// The Samba server, at most 64 characters.
    pub server: String,
    /// One row a user and workstation.
    pub rows: BTreeSet<SnapshotRow>,
}

/// Somebody at a workstation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SnapshotRow {
    /// The login without its domain, at most 191 characters.
    pub login: String,
    /// The workstation's name; empty if only its address is known.
    pub machine: String,
    /// Its address.
    pub ip: Option<String>,
}

impl Snapshot {
    /// The snapshot of `server` that a run at `now` stores.
    pub fn new(connections: &[Connection], server: &str, now: DateTime<Utc>) -> Self {
        let row = |connection: &Connection| SnapshotRow {
            login: fitting(&connection.user, LONGEST_LOGIN),
            machine: connection.machine.clone().unwrap_or_default(),
            ip: connection.ip.map(|ip| ip.to_string()),
        };
        Self {
            seen_at: now.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(now),
            server: fitting(server, LONGEST_SERVER),
            rows: connections.iter().map(row).collect(),
        }
    }
}

/// Cuts a name that no column holds. It is nobody's whom the space knows, but the sighting is not lost.
fn fitting(name: &str, longest: usize) -> String {
    let cut: String = name.chars().take(longest).collect();
    if cut.len() < name.len() {
        log::warn!("a name of {} characters was cut to {longest}: {cut}", name.chars().count());
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_dropped_and_names_fit_their_columns() {
        let connection = Connection {
            user: "é".repeat(300),
            domain: None,
            machine: None,
            ip: Some([10, 0, 0, 1].into()),
            pid: None,
            protocol: None,
            connected: None,
        };
        let now = "2026-03-10T10:05:59.9Z".parse().unwrap();
        let snapshot = Snapshot::new(&[connection.clone(), connection], "nas", now);
        assert_eq!(snapshot.seen_at, "2026-03-10T10:05:00Z".parse::<DateTime<Utc>>().unwrap());
        let row =
            SnapshotRow { login: "é".repeat(191), machine: String::new(), ip: Some("10.0.0.1".into()) };
        assert_eq!(snapshot.rows, BTreeSet::from([row]));
    }
}
