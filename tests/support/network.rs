//! Machines on a network of their own, whose cables can be pulled.

use std::ffi::OsString;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use super::server::{Server, find_program};

/// Network namespaces, joined by a switch in one more of them, where clients are at home. All die with the value, or with
/// the test process however that ends. Root may make them; others where the host allows user namespaces.
pub struct Network {
    machines: Vec<Server>,
    switch: Server,
}

impl Network {
    /// Where clients are.
    pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 254);

    /// Connects so many machines. They share folders, and so Unix sockets, with everything else.
    ///
    /// # Errors
    /// Why this host does not allow it.
    pub fn start(machines: u8) -> Result<Self, String> {
        find_program(&["ip"], "iproute2")?;
        let mut unshare = vec![OsString::from("unshare")];
        if !is_root() {
            unshare.extend(["--user", "--map-root-user"].map(OsString::from));
        }
        unshare.extend(["--net", "true"].map(OsString::from));
        let tried =
            Command::new(&unshare[0]).args(&unshare[1..]).output().map_err(|error| error.to_string())?;
        if !tried.status.success() {
            return Err(String::from_utf8_lossy(&tried.stderr).trim().to_owned());
        }
        unshare.pop();
        let switch = namespace(unshare);
        let mut network = Self { machines: Vec::new(), switch };
        network.on_switch(&format!(
            "ip link set lo up; ip link add switch type bridge; ip address add {}/24 dev switch; \
             ip link set switch up",
            Self::CLIENT
        ));
        for machine in 0..machines {
            let holder =
                namespace([network.client(), ["unshare", "--net"].map(OsString::from).into()].concat());
            network.on_switch(&format!(
                "ip link add cable{machine} type veth peer name eth0 netns {}; \
                 ip link set cable{machine} master switch up",
                holder.pid()
            ));
            network.machines.push(holder);
            let address = Self::address(machine.into());
            run(
                network.machine(machine.into()),
                &format!("ip link set lo up; ip address add {address}/24 dev eth0; ip link set eth0 up"),
            );
        }
        Ok(network)
    }

    /// Where a machine is, numbered from 0 on.
    pub fn address(machine: usize) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, 1 + u8::try_from(machine).expect("a few machines"))
    }

    /// What runs a program on a machine: the program stands behind it.
    pub fn machine(&self, machine: usize) -> Vec<OsString> {
        enter(&self.machines[machine])
    }

    /// What runs a program on a machine of its own, whose cable is never pulled.
    pub fn client(&self) -> Vec<OsString> {
        enter(&self.switch)
    }

    /// Pulls the cable of a machine: nothing passes any more, and nobody is told.
    #[track_caller]
    pub fn pull(&self, machine: usize) {
        self.on_switch(&format!("ip link set cable{machine} down"));
    }

    /// Plugs the cable of a machine in, which is silent to nobody any more.
    #[track_caller]
    pub fn plug(&self, machine: usize) {
        self.on_switch(&format!("ip link set cable{machine} up"));
        run(self.machine(machine), "ip route flush type blackhole");
    }

    /// Lets nothing pass from a machine to that address any more, until it is [plugged](Self::plug) in again.
    #[track_caller]
    pub fn silence(&self, from: usize, to: Ipv4Addr) {
        run(self.machine(from), &format!("ip route replace blackhole {to}/32"));
    }

    #[track_caller]
    fn on_switch(&self, script: &str) {
        run(self.client(), script);
    }
}

/// A process that keeps a namespace; `command` makes it and runs what stands behind.
#[track_caller]
fn namespace(command: Vec<OsString>) -> Server {
    let mut holder = Server::prepare("network");
    let arguments = command[1..].iter().cloned().chain(["sleep", "infinity"].map(OsString::from));
    holder.set_command(command[0].clone().into(), arguments.collect());
    let pid = holder.folder().join("pid");
    holder.start(|| {
        // The process becomes one program after the other; the last one is there when the namespace is.
        let pid = fs::read_to_string(&pid).unwrap_or_default();
        fs::read_to_string(format!("/proc/{}/comm", pid.trim())).is_ok_and(|program| program == "sleep\n")
    });
    holder
}

fn enter(holder: &Server) -> Vec<OsString> {
    let pid = holder.pid().to_string();
    let mut enter = vec!["nsenter", "--target", &pid, "--net"];
    if !is_root() {
        enter.extend(["--user", "--preserve-credentials"]);
    }
    enter.into_iter().map(OsString::from).collect()
}

#[track_caller]
fn run(place: Vec<OsString>, script: &str) {
    let run = Command::new(&place[0]).args(&place[1..]).args(["sh", "-ec", script]).output();
    let run = run.expect("nsenter");
    assert!(run.status.success(), "{script}: {}", String::from_utf8_lossy(&run.stderr));
}

/// Whether this process is root, as it sees itself.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
