//! A Redis Cluster: each command goes to the node that has its key.
//!
//! Owes its callers, besides the deadline: nobody is charged twice. A node that does not answer may still do what it was
//! told, and one whose connection broke may have done it. Neither is told a second time; the next node is asked, and if
//! that one says that the key is where the answer is missing, the answer is waited for or there is none.
//!
//! A key's place is known from whoever said MOVED. So a process that asks one question needs two connections at most, and
//! no rights besides those of its commands and ASKING.

use std::{
    collections::{HashMap, VecDeque},
    thread,
    time::{Duration, Instant},
};

use ::redis::{
    Arg, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, ServerErrorKind, Value,
    cluster_routing::Slot, cmd,
};

use super::{
    account::{account, beside, label, label_of},
    socket::Socket,
    stream::share,
    tls::Security,
    trouble::{Kind, Trouble},
};
use crate::config::Redis;

/// So many redirections are followed at once; nodes that have not heard of each other's news yet need time for more.
const AT_ONCE: u32 = 3;
/// Between the others.
const PAUSE: Duration = Duration::from_millis(5);

/// The nodes that are known of.
#[derive(Debug)]
pub(super) struct Cluster {
    /// The account, and how connections are made.
    server: ConnectionInfo,
    /// All of them are encrypted, or none.
    security: Option<Security>,
    /// Those of the configuration come first.
    nodes: Vec<Node>,
    configured: usize,
    /// Who had a slot's keys last.
    places: HashMap<Slot, usize>,
    /// Who answered last.
    last: usize,
    /// What is still to be asked.
    commands: VecDeque<Cmd>,
}

/// A node, as far as it matters to the present command.
#[derive(Debug)]
struct Node {
    address: ConnectionAddr,
    label: String,
    socket: Option<Socket>,
    told: Told,
}

/// What a node knows of the present command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It has not been told, or has said that it did nothing.
    Nothing,
    /// It was told, and has not answered yet.
    Owes,
    /// It was told, and the connection broke.
    Lost,
}

impl Cluster {
    /// Takes the nodes of the configuration. None is connected to before there is something to ask.
    pub(super) fn of(settings: &Redis) -> Result<Self, Trouble> {
        let server = account(settings)?;
        let security = Security::of(server.addr(), settings)?;
        let first = Node::new(server.addr().clone(), label(settings));
        let others = settings.nodes.iter().filter_map(|node| {
            let (host, port) = node.rsplit_once(':')?;
            Some(Node::at(server.addr(), host, port.parse().ok()?))
        });
        let nodes: Vec<Node> = std::iter::once(first).chain(others).collect();
        let configured = nodes.len();
        let (places, commands) = (HashMap::new(), VecDeque::new());
        Ok(Self { server, security, nodes, configured, places, last: 0, commands })
    }

    pub(super) fn send(&mut self, command: Cmd) {
        self.commands.push_back(command);
    }

    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        let Some(command) = self.commands.pop_front() else {
            return Err(Trouble::new(Kind::Protocol, "Redis was asked nothing"));
        };
        let answer = self.ask(&command, deadline);
        for node in &mut self.nodes {
            if node.told == Told::Owes {
                // What still comes there would be taken for the answer to another command.
                node.socket = None;
            }
            node.told = Told::Nothing;
        }
        answer
    }

    /// Asks whoever should have the key, then the nodes of the configuration. Each has an equal share of the time that is
    /// left, and whoever they name as the key's place the last one.
    fn ask(&mut self, command: &Cmd, deadline: Instant) -> Result<Value, Trouble> {
        let slot = key(command).map(Slot::for_key);
        let first = slot.and_then(|slot| self.places.get(&slot)).copied().unwrap_or(self.last);
        let others = (0..self.configured).filter(|node| *node != first);
        let asked: Vec<usize> = std::iter::once(first).chain(others).collect();
        let mut trouble = None;
        for (number, node) in asked.iter().enumerate() {
            let until = share(deadline, 1 + asked.len() - number);
            match self.follow(*node, command, slot, until, deadline) {
                // Another one may know more.
                Err(one) if matches!(one.kind, Kind::Unreachable | Kind::Timeout | Kind::Busy) => {
                    trouble = Some(one);
                }
                answer => return answer,
            }
            if Instant::now() >= deadline {
                break;
            }
        }
        Err(trouble.unwrap_or_else(|| Trouble::new(Kind::Config, "no node is configured")))
    }

    /// Asks a node, and whomever it names. Only it has to answer before `until`.
    fn follow(
        &mut self,
        mut node: usize,
        command: &Cmd,
        slot: Option<Slot>,
        mut until: Instant,
        deadline: Instant,
    ) -> Result<Value, Trouble> {
        let (mut asking, mut redirections) = (false, 0);
        loop {
            let error = match self.tell(node, command, asking, until)? {
                Value::ServerError(error) => RedisError::from(error),
                value => {
                    self.last = node;
                    return Ok(value);
                }
            };
            let trouble = Trouble::of(&error).told(&self.whom(node));
            match error.kind() {
                ErrorKind::Server(kind @ (ServerErrorKind::Moved | ServerErrorKind::Ask)) => {
                    let to = error.redirect_node().and_then(|(to, _)| self.named(to, node));
                    node = to.ok_or(trouble)?;
                    until = deadline;
                    asking = kind == ServerErrorKind::Ask;
                    if let Some(slot) = slot.filter(|_| !asking) {
                        self.places.insert(slot, node);
                    }
                }
                // Some keys of the command are on their way to another node.
                ErrorKind::Server(ServerErrorKind::TryAgain) => {
                    if Instant::now() + PAUSE >= until {
                        return Err(trouble);
                    }
                }
                _ => return Err(trouble),
            }
            redirections += 1;
            if redirections > AT_ONCE {
                if Instant::now() + PAUSE >= deadline {
                    let trouble = Trouble::new(Kind::Busy, "its keys are on their way to another node");
                    return Err(trouble.told(&self.whom(node)));
                }
                thread::sleep(PAUSE);
            }
        }
    }

    /// Tells a node the command, unless it has been told, and waits for its answer, which may be an error.
    fn tell(&mut self, number: usize, command: &Cmd, asking: bool, until: Instant) -> Result<Value, Trouble> {
        let whom = self.whom(number);
        let Some(node) = self.nodes.get_mut(number) else {
            return Err(Trouble::new(Kind::Protocol, "a node that nobody named"));
        };
        let broken = || Trouble::new(Kind::Unreachable, "the connection broke").told(&whom);
        if node.told == Told::Lost {
            return Err(broken());
        }
        // A server closes a connection on which nothing is said for long.
        let idle = node.told == Told::Nothing;
        if node.socket.as_mut().is_some_and(|socket| idle && socket.is_closed()) {
            node.socket = None;
        }
        let socket = match &mut node.socket {
            Some(socket) => socket,
            none => {
                let server = self.server.clone().set_addr(node.address.clone());
                none.insert(Socket::connect(&server, self.security.as_ref(), node.label.clone(), until)?)
            }
        };
        if idle
            && asking
            && let Err(trouble) = socket.ask(&cmd("ASKING"), until)
        {
            node.socket = None;
            return Err(trouble);
        }
        let sent = if idle { socket.send(command, until) } else { Ok(()) };
        node.told = Told::Owes;
        let answer = sent.and_then(|()| socket.answer_or_error(until));
        match &answer {
            Ok(_) => node.told = Told::Nothing,
            Err(trouble) if trouble.kind == Kind::Timeout => {}
            Err(_) => {
                node.socket = None;
                node.told = Told::Lost;
            }
        }
        answer
    }

    /// The node that an answer of `by` names as `host:port`; without a host, it is on the same one.
    fn named(&mut self, to: &str, by: usize) -> Option<usize> {
        let (host, port) = to.rsplit_once(':')?;
        let port = port.parse().ok()?;
        let by = &self.nodes.get(by)?.address;
        let node = match by {
            ConnectionAddr::Tcp(same, _) | ConnectionAddr::TcpTls { host: same, .. }
                if host.is_empty() || host == "?" =>
            {
                Node::at(by, same, port)
            }
            _ => Node::at(by, host, port),
        };
        let known = self.nodes.iter().position(|known| known.address == node.address);
        Some(known.unwrap_or_else(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        }))
    }

    fn whom(&self, node: usize) -> String {
        let label = self.nodes.get(node).map_or("", |node| &node.label);
        format!("Redis at {label}")
    }
}

impl Node {
    fn new(address: ConnectionAddr, label: String) -> Self {
        Self { address, label, socket: None, told: Told::Nothing }
    }

    /// Reached in the same way as another one.
    fn at(like: &ConnectionAddr, host: &str, port: u16) -> Self {
        let address = beside(like, host, port);
        let label = label_of(&address);
        Self::new(address, label)
    }
}

/// The first key of a command; none: any node may answer it.
fn key(command: &Cmd) -> Option<&[u8]> {
    let mut words = command.args_iter().filter_map(|argument| match argument {
        Arg::Simple(word) => Some(word),
        _ => None,
    });
    match words.next()? {
        // The script, and how many keys it has.
        b"EVAL" | b"EVALSHA" => words.nth(2),
        b"INFO" | b"TIME" | b"CONFIG" | b"ACL" | b"PING" => None,
        _ => words.next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_goes_where_its_first_key_is() {
        let of = |words: &[&str]| {
            let mut command = cmd(words[0]);
            command.arg(&words[1..]);
            key(&command).map(|key| String::from_utf8_lossy(key).into_owned())
        };
        assert_eq!(of(&["EVALSHA", "hash", "2", "a", "b", "c"]).as_deref(), Some("a"));
        assert_eq!(of(&["HSCAN", "h", "0"]).as_deref(), Some("h"));
        assert_eq!(of(&["INFO", "server"]), None);
    }

    #[test]
    fn a_node_is_named_with_or_without_its_host() {
        let settings = Redis {
            url: crate::config::Secret::new("redis://10.0.0.1:7000/"),
            nodes: vec!["10.0.0.2:7000".to_owned()],
            cluster: true,
            ..Redis::default()
        };
        let mut cluster = Cluster::of(&settings).unwrap();
        for (named, number) in
            [("10.0.0.2:7000", 1), (":7000", 0), ("?:7000", 0), ("fd00::1:7000", 2), ("a:1", 3)]
        {
            assert_eq!(cluster.named(named, 0), Some(number), "{named}");
        }
        assert_eq!(cluster.nodes[2].label, "redis://fd00::1:7000");
        assert_eq!(cluster.named("nonsense", 0), None);
    }
}
