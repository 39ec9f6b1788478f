//! Private Galera clusters: three MariaDB servers of which each has what the others committed.

mod node;

use std::fs;
use std::path::{Path, PathBuf};

use mysql::Conn;
use mysql::prelude::Queryable;

use self::node::{Node, Port, Start, is_synced, status};
use super::mariadb::{Database, copy_folder, options, template};
use super::network::Network;
use super::until;

/// How many nodes a cluster has.
pub const NODES: usize = 3;

/// Three nodes, each on a Unix socket and on TCP. They die with the value, or with the test process however that ends.
/// Nodes are numbered from 0 on.
pub struct Galera {
    nodes: Vec<Node>,
    /// Where each node has a machine of its own.
    network: Option<Network>,
}

impl Galera {
    /// Starts the nodes on this machine and waits until all of them have the same.
    #[track_caller]
    pub fn start() -> Self {
        Self::launch(None)
    }

    /// The same, each node on a machine of its own: the first three of the network.
    #[track_caller]
    pub fn on(network: Network) -> Self {
        Self::launch(Some(network))
    }

    #[track_caller]
    fn launch(network: Option<Network>) -> Self {
        let node = |number| match &network {
            Some(network) => Node::on(network, number),
            None => Node::local(number),
        };
        let mut nodes: Vec<Node> = (0..NODES as u16).map(node).collect();
        let data: Vec<PathBuf> = nodes.iter().map(Node::data).collect();
        let template = template(Path::new(env!("CARGO_TARGET_TMPDIR")));
        copy_folder(&template, &data[0]).expect("a copy of the template's data");
        // The first one begins the history of the cluster, and the others know it from its data.
        nodes[0].start(Start::New, 1);
        nodes[0].server.stop();
        for copy in &data[1..] {
            copy_folder(&data[0], copy).expect("a copy of the first node's data");
            fs::remove_file(copy.join("galera.cache")).expect("the cache of the first node");
        }
        nodes[0].start(Start::Alone, 1);
        for (before, node) in nodes.iter_mut().enumerate().skip(1) {
            node.start(Start::Join, before + 1);
        }
        let cluster = Self { nodes, network };
        cluster.wait_for(&[0, 1, 2]);
        cluster
    }

    /// A new empty database, as each of the nodes shows it.
    #[track_caller]
    pub fn databases(&self) -> [Database; NODES] {
        let first = Database::create(&self.nodes[0].server.socket());
        let name = first.name().to_owned();
        let through = |node: usize| Database::seen_through(&self.nodes[node].server.socket(), name.clone());
        let others = [1, 2].map(through);
        let [second, third] = others;
        [first, second, third]
    }

    /// The address of a database at several nodes over TCP, in that order, for a command with its own account.
    #[track_caller]
    pub fn url_of(&self, nodes: &[usize], database: &Database, command: &str) -> String {
        let hosts: Vec<String> = nodes.iter().map(|node| self.host(*node)).collect();
        format!("mysql://{}@{}/{}", database.account_from(command, "%"), hosts.join(","), database.name())
    }

    /// The network of the machines.
    #[track_caller]
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("a cluster on machines of its own")
    }

    /// The address and port at which a node serves clients.
    pub fn host(&self, node: usize) -> String {
        let node = &self.nodes[node];
        format!("{}:{}", node.address(), node.port(Port::Client))
    }

    /// A connection to a node as `root`, whatever state it is in.
    #[track_caller]
    pub fn conn(&self, node: usize) -> Conn {
        Conn::new(options(&self.nodes[node].server.socket()))
            .unwrap_or_else(|error| panic!("no connection to node {node}: {error}"))
    }

    /// What a node says under `SHOW STATUS LIKE`; empty if it says nothing.
    pub fn status(&self, node: usize, name: &str) -> String {
        status(&self.nodes[node].server.socket(), name).unwrap_or_default()
    }

    /// The sum of a counter over all nodes.
    pub fn sum(&self, name: &str) -> u64 {
        (0..NODES).map(|node| self.status(node, name).parse::<u64>().unwrap_or(0)).sum()
    }

    /// Kills a node with SIGKILL.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].server.kill();
    }

    /// Starts a killed node again and waits until it has what the others have.
    #[track_caller]
    pub fn restart(&mut self, node: usize) {
        self.nodes[node].start(Start::Join, NODES);
        self.wait_for(&[0, 1, 2]);
    }

    /// Stops a node in the midst of whatever it does (SIGSTOP): the others hear nothing of it any more.
    #[track_caller]
    pub fn freeze(&self, node: usize) {
        self.nodes[node].signal("-STOP");
    }

    /// Lets a frozen node go on where it was.
    #[track_caller]
    pub fn thaw(&self, node: usize) {
        self.nodes[node].signal("-CONT");
    }

    /// Cuts a node off from the others: nothing passes between them any more. Neither side is told, and for some
    /// seconds each believes that all is well. Clients still reach all nodes.
    ///
    /// Galera does it by itself (`gmcast.isolate`), below everything that keeps a cluster together. Where the node has a
    /// machine of its own, [`Network::pull`] cuts off its clients, too.
    #[track_caller]
    pub fn cut_off(&self, node: usize) {
        self.isolate(node, true);
    }

    /// Lets a node back that was cut off, and waits until all have the same.
    #[track_caller]
    pub fn connect_again(&self, node: usize) {
        self.isolate(node, false);
        self.wait_for(&[0, 1, 2]);
    }

    #[track_caller]
    fn isolate(&self, node: usize, on: bool) {
        let sql = format!("SET GLOBAL wsrep_provider_options = 'gmcast.isolate={}'", u8::from(on));
        self.conn(node).query_drop(sql).expect("a node that can be cut off");
    }

    /// Keeps a node from applying what the others commit from now on, as a long transaction of theirs would: it takes
    /// itself for synced, answers, and shows what was. Until the value is dropped.
    #[track_caller]
    pub fn hold_back(&self, node: usize, nodes: &[Database; NODES]) -> Held {
        let other = (node + 1) % NODES;
        nodes[other].run("CREATE TABLE IF NOT EXISTS held_back (id int AUTO_INCREMENT PRIMARY KEY)");
        self.wait_for(&[0, 1, 2]);
        let mut conn = nodes[node].conn();
        conn.query_drop("LOCK TABLES held_back READ").expect("a lock");
        nodes[other].run("INSERT INTO held_back VALUES ()");
        let last = self.status(other, "wsrep_last_committed");
        assert_ne!(self.status(node, "wsrep_last_committed"), last, "node {node} is not held back");
        assert_eq!(self.status(node, "wsrep_local_state_comment"), "Synced");
        Held { _conn: conn }
    }

    /// The Unix socket of a node.
    pub fn socket(&self, node: usize) -> PathBuf {
        self.nodes[node].server.socket()
    }

    /// Waits until these nodes are a cluster of their own that is ready, and all have the same.
    #[track_caller]
    pub fn wait_for(&self, nodes: &[usize]) {
        let sockets: Vec<PathBuf> = nodes.iter().map(|node| self.nodes[*node].server.socket()).collect();
        until("nodes that are synced", || sockets.iter().all(|socket| is_synced(socket, nodes.len())));
        let committed = || {
            let all = sockets.iter().map(|socket| status(socket, "wsrep_last_committed"));
            all.collect::<Option<Vec<String>>>().unwrap_or_default()
        };
        until("nodes that have the same", || {
            let committed = committed();
            committed.len() == nodes.len() && committed.iter().all(|one| *one == committed[0])
        });
    }

    /// Waits until a node knows that it is alone.
    #[track_caller]
    pub fn wait_until_alone(&self, node: usize) {
        until("a node that knows that it is alone", || {
            self.status(node, "wsrep_cluster_status") == "non-Primary"
        });
    }

    /// Whatever a test did to the nodes: all three are there again and have the same.
    #[track_caller]
    pub fn heal(&mut self) {
        for number in 0..NODES {
            if self.nodes[number].server.is_running() {
                self.thaw(number);
                self.isolate(number, false);
                self.network.iter().for_each(|network| network.plug(number));
            } else {
                self.nodes[number].start(Start::Join, NODES);
            }
        }
        self.wait_for(&[0, 1, 2]);
    }

    /// The log of a node.
    pub fn log(&self, node: usize) -> String {
        self.nodes[node].server.log()
    }
}

/// A node that is held back.
pub struct Held {
    _conn: Conn,
}
