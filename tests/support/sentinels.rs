//! A server with replicas, and Sentinels that watch it.

use std::path::Path;

use super::accounts::PASSWORD;
use super::redis::{Redis, has_copy};
use super::until;

/// What the Sentinels call their server.
pub const NAME: &str = "main";

/// Three servers of which one is the master, and three Sentinels, of which two have to agree that it is dead.
pub struct Sentinels {
    /// First the one that begins as the master.
    pub servers: Vec<Redis>,
    /// Those who watch.
    pub sentinels: Vec<Redis>,
}

impl Sentinels {
    /// Starts all, and waits until each Sentinel knows the others and both replicas.
    #[track_caller]
    pub fn start(program: Option<&Path>, settings: &[&str]) -> Self {
        let own = [&["--repl-diskless-sync", "no"][..], settings].concat();
        let mut servers = vec![Redis::on_tcp_by(program, &own)];
        let port = servers[0].port().to_string();
        for _ in 0..2 {
            let replica = [&own[..], &["--replicaof", "127.0.0.1", &port]].concat();
            servers.push(Redis::on_tcp_by(program, &replica));
        }
        until("two copies", || {
            let info: String = servers[0].ask(&["INFO", "replication"]);
            info.lines().filter(|line| has_copy(line)).count() == 2
        });
        let sentinels = (0..3).map(|_| Redis::sentinel_of(program, NAME, &servers[0], 2, &[])).collect();
        let watched = Self { servers, sentinels };
        until("Sentinels that know each other", || {
            watched.sentinels.iter().all(|sentinel| {
                let info: String = sentinel.ask(&["INFO", "sentinel"]);
                info.contains("status=ok") && info.contains("slaves=2") && info.contains("sentinels=3")
            })
        });
        watched
    }

    /// The port of the server that a Sentinel names.
    #[track_caller]
    pub fn named_by(&self, sentinel: usize) -> u16 {
        let (_, port): (String, u16) =
            self.sentinels[sentinel].ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]);
        port
    }

    /// Waits until all Sentinels name another server than this one, and it takes itself for the master; which it is.
    #[track_caller]
    pub fn until_another_than(&self, old: usize) -> usize {
        let mut new = old;
        until("a new master", || {
            let named = self.named_by(0);
            let all = (1..self.sentinels.len()).all(|sentinel| self.named_by(sentinel) == named);
            new = self.servers.iter().position(|server| server.port() == named).expect("a server of ours");
            all && new != old && self.servers[new].says("replication", "role:master")
        });
        new
    }

    /// The `[redis]` section that names all Sentinels, for ratelimit-check.
    pub fn config(&self) -> String {
        self.config_before(&[])
    }

    /// The same, where these ports are asked first.
    pub fn config_before(&self, ports: &[u16]) -> String {
        let all: Vec<u16> = ports.iter().copied().chain(self.sentinels.iter().map(Redis::port)).collect();
        let nodes: Vec<String> = all[1..].iter().map(|port| format!("127.0.0.1:{port}")).collect();
        // The account is the one at the servers.
        let url = format!("redis://ratelimit_check:{PASSWORD}@127.0.0.1:{}/", all[0]);
        format!("[redis]\nurl = {url:?}\nnodes = {nodes:?}\nsentinel = {NAME:?}\n")
    }
}
