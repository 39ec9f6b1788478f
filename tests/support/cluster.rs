//! Private Redis Clusters.

use super::redis::{Redis, free_port};
use super::until;

/// Slots of a Redis Cluster.
const SLOTS: u16 = 16384;

/// Three masters on ports of 127.0.0.1, each with a third of the slots.
pub struct Cluster {
    /// The masters.
    pub nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts the servers and waits until they know each other.
    #[track_caller]
    pub fn start() -> Self {
        const COUNT: u16 = 3;
        let mut nodes = Vec::new();
        let mut buses = Vec::new();
        for number in 0..COUNT {
            let bus = free_port().to_string();
            let node = Redis::on_tcp(&[
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus,
                "--cluster-node-timeout",
                "1000",
            ]);
            let (first, last) = (SLOTS / COUNT * number, SLOTS / COUNT * (number + 1) - 1);
            let last = if number + 1 == COUNT { SLOTS - 1 } else { last };
            let _: () = node.ask(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
            // Otherwise all begin with 0, and settle it among themselves for seconds.
            let _: () = node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
            nodes.push(node);
            buses.push(bus);
        }
        for (node, bus) in nodes.iter().zip(&buses).skip(1) {
            let port = node.port().to_string();
            let _: () = nodes[0].ask(&["CLUSTER", "MEET", "127.0.0.1", &port, bus]);
        }
        until("a Redis Cluster that is whole", || {
            nodes.iter().all(|node| {
                let info: String = node.ask(&["CLUSTER", "INFO"]);
                ["cluster_state:ok", "cluster_known_nodes:3", "cluster_slots_ok:16384"]
                    .iter()
                    .all(|part| info.contains(part))
            })
        });
        Self { nodes }
    }

    /// The `[redis]` section that names two of the nodes.
    pub fn config(&self) -> String {
        format!(
            "[redis]\nurl = {:?}\nnodes = [\"127.0.0.1:{}\"]\ncluster = true\n",
            self.nodes[0].url(),
            self.nodes[1].port()
        )
    }

    /// All keys of all nodes, with the time that each has left in seconds.
    pub fn keys(&self) -> Vec<(String, i64)> {
        self.nodes.iter().flat_map(Redis::keys).collect()
    }
}
