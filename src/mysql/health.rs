//! Whether a server may be used now: what it says of itself, and what follows from that.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use ::mysql::{Conn, DriverError, Error, Row, prelude::Queryable};

use crate::failure::{Failure, Result, Status};

/// What every connection begins with, whatever the server's configuration or its `init_connect` makes the default. Times
/// are UTC; a strict mode, so that nothing is cut or bent silently; rows are locked one by one (no gaps), so that the
/// management software can work beside us. Each statement commits by itself unless it is in a transaction of ours, and
/// no commit ends the connection; nothing is left out of an answer, nor refused for its size; text is UTF-8.
const SESSION: &str = "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci; \
     SET SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = 10, \
     SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', \
     SESSION autocommit = 1, SESSION completion_type = 0, SESSION sql_select_limit = 18446744073709551615, \
     SESSION sql_big_selects = 1, SESSION sql_safe_updates = 0, SESSION div_precision_increment = 4; \
     SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE";

/// Servers of all kinds take these, also nodes that answer nothing else.
const QUESTION: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_provider'); \
     SHOW GLOBAL STATUS LIKE 'wsrep%'";

/// On a Galera node: what is read (1), changed and deleted (2) and inserted (4) outside of a transaction, and each
/// transaction, waits until the node has what the cluster had committed when it was asked. Else a run would not see the
/// lease and the rows of one that ended on another node a moment ago.
const WAIT_FOR_CLUSTER: &str = "SET SESSION wsrep_sync_wait = 7";

/// `wsrep_local_state` of a node that has all that the cluster has.
const SYNCED: &str = "4";

/// What a server says of itself.
#[derive(Debug, Default)]
pub(super) struct Health {
    is_read_only: bool,
    /// Those of Galera, as far as the server knows of it.
    wsrep: HashMap<String, String>,
}

impl Health {
    /// Begins a session, in one round trip; two where the server is a node of a cluster.
    ///
    /// The answer has to repeat a word that nobody could know before: what somebody in between sent before encryption
    /// began waits in the driver's memory, and would be taken for the answers of the server.
    ///
    /// # Errors
    /// The server's, and an answer that belongs to another question.
    pub(super) fn begin_session(conn: &mut Conn) -> std::result::Result<Self, Error> {
        let word = format!("{:016x}", RandomState::new().hash_one(0));
        let question = format!("SELECT '{word}', @@global.read_only; {SESSION}; {QUESTION}");
        let mut health = Self::default();
        let mut result = conn.query_iter(question)?;
        let mut is_ours = false;
        while let Some(set) = result.iter() {
            for row in set {
                let (name, value) = text_pair(row?);
                if is_ours {
                    health.wsrep.insert(name, value);
                } else if name == word {
                    is_ours = true;
                    health.is_read_only = !matches!(value.as_str(), "0" | "OFF");
                } else {
                    return Err(Error::DriverError(DriverError::UnexpectedPacket));
                }
            }
        }
        drop(result);
        if !is_ours {
            return Err(Error::DriverError(DriverError::UnexpectedPacket));
        }
        if health.is_node() {
            conn.query_drop(WAIT_FOR_CLUSTER)?;
        }
        Ok(health)
    }

    /// Whether the server is a node of a Galera cluster.
    fn is_node(&self) -> bool {
        // Switched on, but without the library that does it, a MariaDB is one like any other.
        self.is("wsrep_on", "ON") && !self.is("wsrep_provider", "none")
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.wsrep.get(name).is_some_and(|said| said.eq_ignore_ascii_case(value))
    }

    fn said(&self, name: &str) -> &str {
        self.wsrep.get(name).map_or("unknown", String::as_str)
    }

    /// Why the server must not be used, if it must not: a node that has not all that the cluster has, or, for commands
    /// that write, a server that only reads.
    pub(super) fn objection(&self, only_reads: bool) -> Option<String> {
        if self.is_node() {
            if !self.is("wsrep_cluster_status", "Primary") {
                return Some(format!(
                    "Galera node outside of the cluster ({})",
                    self.said("wsrep_cluster_status")
                ));
            }
            if !self.is("wsrep_local_state", SYNCED) {
                return Some(format!("Galera node not synced ({})", self.said("wsrep_local_state_comment")));
            }
            if !self.is("wsrep_ready", "ON") {
                return Some("Galera node not ready".to_owned());
            }
        }
        (self.is_read_only && !only_reads).then(|| "read-only (a replica?)".to_owned())
    }

    /// The same, as a failure that passes; `section` of the configuration holds the address.
    ///
    /// # Errors
    /// [`Status::Unavailable`]
    pub(super) fn permit(&self, only_reads: bool, section: &str) -> Result<()> {
        let Some(why) = self.objection(only_reads) else { return Ok(()) };
        let cure = match self.is_node() {
            true => "wait until it is back, or name more nodes in",
            false => "name the server that is written to in",
        };
        Err(Failure::passing(Status::Unavailable, format!("{why}; {cure} [{section}] url")))
    }

    /// In a word or two.
    pub(super) fn told(&self) -> &'static str {
        match (self.is_node(), self.is_read_only) {
            (true, false) => "synced",
            (true, true) => "synced, read-only",
            (false, true) => "read-only",
            (false, false) => "writable",
        }
    }
}

/// The first two columns; what is none is empty.
fn text_pair(row: Row) -> (String, String) {
    let text = |index| row.get_opt::<String, usize>(index).and_then(|read| read.ok()).unwrap_or_default();
    (text(0), text(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(is_read_only: bool, wsrep: &[(&str, &str)]) -> Health {
        let wsrep = wsrep.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Health { is_read_only, wsrep }
    }

    fn node(cluster: &str, state: &str, comment: &str, ready: &str) -> Health {
        health(
            false,
            &[
                ("wsrep_on", "ON"),
                ("wsrep_cluster_status", cluster),
                ("wsrep_local_state", state),
                ("wsrep_local_state_comment", comment),
                ("wsrep_ready", ready),
            ],
        )
    }

    #[test]
    fn only_a_node_that_has_what_the_cluster_has_is_used() {
        let why = |health: Health| health.objection(false).unwrap_or_default();
        assert_eq!(why(node("Primary", "4", "Synced", "ON")), "");
        assert_eq!(
            why(node("Primary", "2", "Donor/Desynced", "ON")),
            "Galera node not synced (Donor/Desynced)"
        );
        assert_eq!(why(node("Primary", "1", "Joining", "OFF")), "Galera node not synced (Joining)");
        assert_eq!(
            why(node("non-Primary", "0", "Initialized", "OFF")),
            "Galera node outside of the cluster (non-Primary)"
        );
        assert_eq!(why(node("Primary", "4", "Synced", "OFF")), "Galera node not ready");
        // One that says nothing of its state is not trusted either.
        assert!(!why(health(false, &[("wsrep_on", "ON")])).is_empty());
    }

    #[test]
    fn a_server_without_galera_has_to_be_writable_for_those_who_write() {
        // MariaDB knows the names, and has them all off.
        let alone = [("wsrep_on", "OFF"), ("wsrep_cluster_status", "Disconnected"), ("wsrep_ready", "OFF")];
        assert_eq!(health(false, &alone).objection(false), None);
        let without_library = [("wsrep_on", "ON"), ("wsrep_provider", "none"), ("wsrep_ready", "OFF")];
        assert_eq!(health(false, &without_library).objection(false), None);
        assert_eq!(health(false, &[]).objection(false), None);
        assert_eq!(health(true, &[]).objection(false).as_deref(), Some("read-only (a replica?)"));
        assert_eq!(health(true, &[]).objection(true), None);
    }
}
