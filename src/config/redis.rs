//! `[redis]`: the counters.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Secret, address, duration};

/// `[redis]`: one server, a Redis Cluster, or a server that Sentinels watch.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// `redis://user:password@host:port/database` or `redis+unix:///PATH?db=N`.
    #[serde(deserialize_with = "address::of_redis")]
    pub url: Secret,
    /// A file with the password alone, kept from others.
    pub password_file: Option<PathBuf>,
    /// Limit for connecting and for one answer.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// Further nodes of the Cluster, or further Sentinels: `host:port`, with the account of `url`.
    pub nodes: Vec<String>,
    /// Whether `url` and `nodes` belong to a Redis Cluster.
    pub cluster: bool,
    /// A file with the password of the Sentinels, where they have one. That of `url` is the server's.
    pub sentinel_password_file: Option<PathBuf>,
    /// What the Sentinels at `url` and `nodes` call the server that they watch; empty: `url` is a server.
    pub sentinel: String,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            url: Secret::new("redis://127.0.0.1:6379/"),
            password_file: None,
            timeout: Duration::from_millis(250),
            nodes: Vec::new(),
            cluster: false,
            sentinel_password_file: None,
            sentinel: String::new(),
        }
    }
}

impl Redis {
    /// What is wrong with the values of a section that could be read: key and message.
    pub(super) fn complaint(&self) -> Option<(&'static str, &'static str)> {
        if self.timeout.is_zero() {
            return Some(("redis.timeout", "a limit of no time at all leaves none for an answer"));
        }
        if self.cluster && !self.sentinel.is_empty() {
            return Some((
                "redis.sentinel",
                "a Redis Cluster looks after itself; leave out cluster or sentinel",
            ));
        }
        if !self.nodes.is_empty() && !self.cluster && self.sentinel.is_empty() {
            return Some((
                "redis.nodes",
                "several addresses need cluster = true or the name of a sentinel's server",
            ));
        }
        let is_address = |node: &String| {
            node.rsplit_once(':').is_some_and(|(host, port)| {
                let is_host = !host.is_empty() && !host.contains(['/', '@', '?', ' ']);
                is_host && port.parse::<u16>().is_ok()
            })
        };
        if !self.nodes.iter().all(is_address) {
            return Some(("redis.nodes", "an address here is written as host:port"));
        }
        None
    }
}
