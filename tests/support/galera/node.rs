//! One node of a private Galera cluster.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mysql::{Conn, Row, prelude::Queryable};

use super::super::mariadb::{PACKAGE, SETTINGS, USER_ROOT, as_user, option, options};
use super::super::network::Network;
use super::super::server::{Server, find_program};
use super::NODES;

/// The library of Galera, where distributions have it.
const PROVIDERS: [&str; 3] =
    ["/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so", "/usr/lib/libgalera_smm.so"];

/// A node that comes back gets what it missed (IST), never a copy of everything (SST): that needs programs and rights
/// that a test has no use for. Galera asks for a program all the same, which tells the joining node where the donor
/// begins.
const POSITION_ONLY: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    --role) role=$2 ;;
    --address) address=$2 ;;
    --datadir) data=$2 ;;
    --gtid) gtid=$2 ;;
    --bypass) bypass=yes ;;
    --mysqld-args) break ;;
    esac
    shift
done
if [ "$role" = joiner ]; then
    rm -f "$data/position" && mkfifo "$data/position" || exit
    echo "ready $data/position"
    timeout 20 cat "$data/position"
elif [ "$bypass" ]; then
    echo "$gtid" | timeout 20 tee "$address" >/dev/null && echo "done $gtid"
else
    echo "the joining node needs a copy of everything, which these tests do not make" >&2
    exit 22
fi
"#;
const METHOD: &str = "position_only";

/// A server, and where it listens.
pub(super) struct Node {
    pub(super) server: Server,
    /// Those of all nodes.
    addresses: [Ipv4Addr; NODES],
    number: u16,
    /// What runs a program on the node's machine, if it has one of its own.
    machine: Vec<OsString>,
}

/// How a node comes up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// As the first of a cluster that never was.
    New,
    /// As the first of its cluster that is up again.
    Alone,
    /// Beside others.
    Join,
}

/// What a node listens for.
#[derive(Clone, Copy)]
pub(super) enum Port {
    Client = 0,
    Group = 1,
    Transfer = 2,
}

impl Node {
    /// On an address of 127.0.0.0/8 that no other test process has; its ports are its own.
    pub(super) fn local(number: u16) -> Self {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        Self::new(number, [Ipv4Addr::new(127, 64 + high % 64, middle, low); NODES], Vec::new())
    }

    /// On a machine of its own.
    pub(super) fn on(network: &Network, number: u16) -> Self {
        let machine = network.machine(number.into());
        Self::new(number, std::array::from_fn(Network::address), machine)
    }

    fn new(number: u16, addresses: [Ipv4Addr; NODES], machine: Vec<OsString>) -> Self {
        let server = Server::prepare("galera");
        let programs = server.folder().join("bin");
        let method = programs.join(format!("wsrep_sst_{METHOD}"));
        fs::create_dir(&programs).expect("a folder for a program");
        fs::write(&method, POSITION_ONLY).expect("a program of the node");
        fs::set_permissions(&method, Permissions::from_mode(0o755)).expect("a program of the node");
        Self { server, addresses, number, machine }
    }

    pub(super) fn address(&self) -> Ipv4Addr {
        self.addresses[usize::from(self.number)]
    }

    pub(super) fn data(&self) -> PathBuf {
        self.server.folder().join("data")
    }

    pub(super) fn port(&self, port: Port) -> u16 {
        Self::port_of(self.number, port)
    }

    fn port_of(number: u16, port: Port) -> u16 {
        20_000 + 10 * number + port as u16
    }

    /// Starts the node and waits until it is synced with a cluster of that many nodes.
    #[track_caller]
    pub(super) fn start(&mut self, start: Start, size: usize) {
        let mut arguments = self.arguments();
        if start != Start::New {
            arguments.push(format!("--wsrep-start-position={}", self.position()).into());
        }
        if start != Start::Join {
            arguments.push("--wsrep-new-cluster".into());
        }
        let program = arguments.remove(0);
        self.server.set_command(program.into(), arguments);
        let socket = self.server.socket();
        self.server.start(|| is_synced(&socket, size));
    }

    /// Where the node's data are in the history of the cluster.
    #[track_caller]
    fn position(&self) -> String {
        const SAID: &str = "Recovered position: ";
        let arguments = self.arguments();
        let mut asked = Command::new(&arguments[0]);
        asked.args(&arguments[1..]).arg("--wsrep-recover").current_dir(self.server.folder());
        let asked = asked.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut asked = asked.expect("mariadbd, to look at its data");
        let mut lines = BufReader::new(asked.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let position = lines.find_map(|line| Some(line.split_once(SAID)?.1.to_owned()));
        // What it does after that answer is to end, and under load it may wait for itself for minutes.
        let _ = asked.kill();
        asked.wait().expect("the end of a server of ours");
        position.unwrap_or_else(|| panic!("node {} does not say where its data are", self.number))
    }

    /// A program and what it needs to start this node.
    fn arguments(&self) -> Vec<OsString> {
        let program = find_program(&["mariadbd"], PACKAGE).unwrap_or_else(|missing| panic!("{missing}"));
        let provider = PROVIDERS.iter().find(|file| Path::new(file).is_file()).unwrap_or_else(|| {
            panic!(
                "Galera is not installed: run the tests with `make test`, which installs what they need \
                 (Debian's package galera-4)"
            )
        });
        let path = std::env::var("PATH").unwrap_or_default();
        let group = |number: u16| {
            format!("{}:{}", self.addresses[usize::from(number)], Self::port_of(number, Port::Group))
        };
        let peers: Vec<String> = (0..NODES as u16).map(group).collect();
        let transfer = format!("{}:{}", self.address(), self.port(Port::Transfer));
        // Small; and a node that is gone is missed after three seconds.
        let settings = format!(
            "gmcast.listen_addr=tcp://{};ist.recv_addr={transfer};gcache.size=32M;gcs.fc_limit=500;\
             evs.keepalive_period=PT0.5S;evs.inactive_check_period=PT0.25S;evs.suspect_timeout=PT3S;\
             evs.inactive_timeout=PT8S;evs.install_timeout=PT5S",
            group(self.number)
        );
        let folder = self.server.folder();
        let mut arguments = self.machine.clone();
        arguments.extend([
            OsString::from("/usr/bin/env"),
            OsString::from(format!("PATH={}:{path}", folder.join("bin").display())),
            program.into(),
            SETTINGS.into(),
            option("--datadir=", &self.data()),
            option("--socket=", &self.server.socket()),
            option("--tmpdir=", folder),
        ]);
        // In a namespace, whoever made it is root.
        arguments.extend(as_user().or_else(|| (!self.machine.is_empty()).then(|| USER_ROOT.into())));
        arguments.extend(
            [
                "--skip-networking=OFF".to_owned(),
                format!("--bind-address={}", self.address()),
                format!("--port={}", self.port(Port::Client)),
                "--binlog-format=ROW".to_owned(),
                "--innodb-autoinc-lock-mode=2".to_owned(),
                "--innodb-buffer-pool-size=16M".to_owned(),
                "--wsrep-on=ON".to_owned(),
                format!("--wsrep-provider={provider}"),
                format!("--wsrep-provider-options={settings}"),
                "--wsrep-cluster-name=sessionstat".to_owned(),
                format!("--wsrep-cluster-address=gcomm://{}", peers.join(",")),
                format!("--wsrep-node-name=node{}", self.number),
                format!("--wsrep-node-address={}", self.address()),
                format!("--wsrep-sst-method={METHOD}"),
            ]
            .map(OsString::from),
        );
        arguments
    }

    #[track_caller]
    pub(super) fn signal(&self, signal: &str) {
        let pid = self.server.pid().to_string();
        let sent = Command::new("sh").args(["-c", "kill \"$1\" \"$2\"", "sh", signal, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "node {} is gone", self.number);
    }
}

/// A status variable of the server with that socket; none if it does not answer.
pub(super) fn status(socket: &Path, name: &str) -> Option<String> {
    let mut conn = Conn::new(options(socket)).ok()?;
    let row: Row = conn.query_first(format!("SHOW GLOBAL STATUS LIKE '{name}'")).ok()??;
    row.get(1)
}

/// Whether the server with that socket has all that its cluster of `size` nodes has.
pub(super) fn is_synced(socket: &Path, size: usize) -> bool {
    let is = |name: &str, value: &str| status(socket, name).is_some_and(|said| said == value);
    is("wsrep_local_state_comment", "Synced")
        && is("wsrep_ready", "ON")
        && is("wsrep_cluster_status", "Primary")
        && is("wsrep_cluster_size", &size.to_string())
}
