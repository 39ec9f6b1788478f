//! Private Redis Clusters.

use std::path::Path;

use redis::Connection;

use super::redis::{Redis, ask, free_port, has_copy};
use super::until;

/// Slots of a Redis Cluster.
const SLOTS: u16 = 16384;
/// Each has a third of the slots at first.
const MASTERS: usize = 3;
/// Milliseconds after which a node that says nothing is taken for dead.
pub const NODE_TIMEOUT: u64 = 1000;

/// Three masters on ports of 127.0.0.1, each with a third of the slots, and perhaps a replica of each.
pub struct Cluster {
    /// The masters; then, in the same order, their replicas. A failover changes who is which.
    pub nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts masters without replicas, and waits until they know each other.
    #[track_caller]
    pub fn start() -> Self {
        Self::launch(None, 0, &[])
    }

    /// The same with a replica of each, whose copy is whole; with settings of the test's own for all six.
    #[track_caller]
    pub fn with_replicas(settings: &[&str]) -> Self {
        Self::launch(None, 1, settings)
    }

    /// The same of another program than Debian's Redis.
    #[track_caller]
    pub fn of_program(program: &Path) -> Self {
        Self::launch(Some(program), 1, &[])
    }

    #[track_caller]
    fn launch(program: Option<&Path>, replicas: usize, settings: &[&str]) -> Self {
        let count = MASTERS * (1 + replicas);
        let timeout = NODE_TIMEOUT.to_string();
        let mut nodes = Vec::new();
        let mut buses = Vec::new();
        for number in 0..count {
            let bus = free_port().to_string();
            let own = [
                &["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", &timeout][..],
                // A copy that is sent without a disk is called whole up to a second before what is written follows it.
                &["--repl-diskless-sync", "no"],
                settings,
            ];
            let node = Redis::on_tcp_by(program, &own.concat());
            // Otherwise all begin with 0, and settle it among themselves for seconds.
            let _: () = node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
            if number < MASTERS {
                let share = SLOTS / 3;
                let number = u16::try_from(number).expect("a few nodes");
                let last = if number == 2 { SLOTS } else { share * (number + 1) } - 1;
                let range = [(share * number).to_string(), last.to_string()];
                let _: () = node.ask(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]);
            }
            nodes.push(node);
            buses.push(bus);
        }
        for (node, bus) in nodes.iter().zip(&buses).skip(1) {
            let port = node.port().to_string();
            let _: () = nodes[0].ask(&["CLUSTER", "MEET", "127.0.0.1", &port, bus]);
        }
        let cluster = Self { nodes };
        cluster.until_masters(count);
        for (number, replica) in cluster.nodes.iter().enumerate().skip(MASTERS) {
            let master = cluster.id(number - MASTERS);
            // It may not have heard of its master from all the others yet.
            until("a replica", || {
                redis::cmd("CLUSTER").arg(&["REPLICATE", &master]).exec(&mut replica.connect(0)).is_ok()
            });
        }
        cluster.until_whole();
        cluster
    }

    /// Waits until all running nodes know of each other, all slots are served, and each copy is whole.
    #[track_caller]
    pub fn until_whole(&self) {
        self.until_masters(MASTERS);
    }

    #[track_caller]
    fn until_masters(&self, masters: usize) {
        let known = format!("cluster_known_nodes:{}", self.nodes.len());
        let parts = ["cluster_state:ok", &known, "cluster_slots_ok:16384", "cluster_slots_pfail:0"];
        until("a Redis Cluster that is whole", || {
            let (mut replicas, mut copies) = (0, 0);
            let all = self.running().all(|number| {
                let node = &self.nodes[number];
                let copy: String = node.ask(&["INFO", "replication"]);
                let is_replica = copy.contains("role:slave");
                replicas += usize::from(is_replica);
                copies += copy.lines().filter(|line| has_copy(line)).count();
                let told: String = node.ask(&["CLUSTER", "INFO"]);
                parts.iter().all(|part| told.contains(part))
                    && (!is_replica || copy.contains("master_link_status:up"))
            });
            all && replicas == copies && self.running().count() == masters + replicas
        });
    }

    /// The nodes that were not killed.
    pub fn running(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(|number| self.nodes[*number].is_running())
    }

    /// What the others call a node.
    #[track_caller]
    pub fn id(&self, node: usize) -> String {
        self.nodes[node].ask(&["CLUSTER", "MYID"])
    }

    /// The slot of a key.
    #[track_caller]
    pub fn slot(&self, key: &str) -> u16 {
        let node = self.running().next().expect("a running node");
        self.nodes[node].ask(&["CLUSTER", "KEYSLOT", key])
    }

    /// Which of these nodes takes itself for the master of a slot; they have to answer.
    #[track_caller]
    pub fn master_among(&self, mut nodes: impl Iterator<Item = usize>, slot: u16) -> Option<usize> {
        nodes.find(|number| {
            let told: String = self.nodes[*number].ask(&["CLUSTER", "NODES"]);
            let own = told.lines().find(|line| line.contains("myself,master")).unwrap_or_default();
            own.split(' ').skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                // What begins with a bracket is on its way.
                let bound = |text: &str| text.parse::<u16>().ok();
                bound(first).zip(bound(last)).is_some_and(|(first, last)| (first..=last).contains(&slot))
            })
        })
    }

    /// The master of a slot, where all running nodes answer.
    #[track_caller]
    pub fn master_of(&self, slot: u16) -> usize {
        self.master_among(self.running(), slot).expect("a master of each slot")
    }

    /// The replica of a master.
    #[track_caller]
    pub fn replica_of(&self, master: usize) -> usize {
        let port = format!("master_port:{}\r", self.nodes[master].port());
        let is_its = |number: &usize| {
            let info: String = self.nodes[*number].ask(&["INFO", "replication"]);
            info.contains("role:slave") && info.contains(&port)
        };
        self.running().find(is_its).expect("a replica")
    }

    /// A connection on which a replica answers what it has.
    #[track_caller]
    pub fn reader(&self, node: usize) -> Connection {
        let mut connection = self.nodes[node].connect(0);
        let _: () = ask(&mut connection, &["READONLY"]);
        connection
    }

    /// The `[redis]` section that names two of the nodes, for ratelimit-check.
    pub fn config(&self) -> String {
        self.config_of(&[0, 1])
    }

    /// The same that names these nodes, in this order.
    pub fn config_of(&self, nodes: &[usize]) -> String {
        self.config_for("ratelimit-check", nodes)
    }

    /// The same for a command with its own account.
    pub fn config_for(&self, command: &str, nodes: &[usize]) -> String {
        let (first, others) = nodes.split_first().expect("a node");
        let others: Vec<String> =
            others.iter().map(|number| format!("127.0.0.1:{}", self.nodes[*number].port())).collect();
        format!(
            "[redis]\nurl = {:?}\nnodes = {others:?}\ncluster = true\n",
            self.nodes[*first].url_of(command)
        )
    }

    /// All keys of all masters, with the time that each has left in seconds.
    pub fn keys(&self) -> Vec<(String, i64)> {
        let masters = self.running().filter(|number| self.nodes[*number].says("replication", "role:master"));
        masters.flat_map(|number| self.nodes[number].keys()).collect()
    }
}
