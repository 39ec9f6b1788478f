//! `[redis]`: the counters.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Secret, address, certificates::Certificates, duration};

/// `[redis]`: one server, a Redis Cluster, or a server that Sentinels watch.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// `redis://user:password@host:port/database`, `rediss://` where the connection is encrypted, or
    /// `redis+unix:///PATH?db=N`.
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
    /// The authorities that may have issued the servers' certificates (PEM); none: those that the system trusts.
    pub tls_ca_file: Option<PathBuf>,
    /// Our own certificate (PEM), for servers that demand one.
    pub tls_cert_file: Option<PathBuf>,
    /// Its key (PEM), kept from others.
    pub tls_key_file: Option<PathBuf>,
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
            tls_ca_file: None,
            tls_cert_file: None,
            tls_key_file: None,
            sentinel: String::new(),
        }
    }
}

impl Redis {
    /// What encrypted connections need.
    pub fn certificates(&self) -> Certificates<'_> {
        Certificates::new(
            "redis",
            self.tls_ca_file.as_deref(),
            self.tls_cert_file.as_deref(),
            self.tls_key_file.as_deref(),
        )
    }

    /// Whether connections are encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        address::is_encrypted(&self.url)
    }

    /// A key that says how to encrypt, where nothing is.
    pub(super) fn unused_key(&self) -> Option<&'static str> {
        let keys = [
            ("redis.tls_ca_file", &self.tls_ca_file),
            ("redis.tls_cert_file", &self.tls_cert_file),
            ("redis.tls_key_file", &self.tls_key_file),
        ];
        let set = keys.into_iter().find(|(_, file)| file.is_some());
        set.filter(|_| !self.is_encrypted()).map(|(key, _)| key)
    }

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
        if self.tls_cert_file.is_some() != self.tls_key_file.is_some() {
            let key = if self.tls_cert_file.is_some() { "redis.tls_cert_file" } else { "redis.tls_key_file" };
            return Some((key, "tls_cert_file and tls_key_file go together; give both or none"));
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
