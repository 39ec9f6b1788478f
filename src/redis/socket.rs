//! The fastest way to one server.
//!
//! A process that asks one question spends most of its time on getting there. So nothing is sent before the first
//! command (the account and the database go out with it), the driver's greetings are left out, and a name is looked up
//! only where there is one. Packing and parsing are the driver's.

use std::{
    io::{self, Read},
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    os::fd::OwnedFd,
    sync::mpsc::channel,
    thread,
    time::Instant,
};

use ::redis::{Cmd, ConnectionAddr, Parser, RedisConnectionInfo, Value};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, retry_on_intr},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv, send,
        socket_with, sockopt,
    },
};

use super::{
    connection::{account, label},
    trouble::Trouble,
};
use crate::config::Redis;

/// A connection to one server.
pub(super) struct Socket {
    stream: OwnedFd,
    /// What goes out before the first command: the account and the database, where they are not the usual ones.
    greeting: Vec<u8>,
    /// The answers to the greeting that have not come yet.
    greeted: usize,
    parser: Parser,
    /// Whom it talks to.
    label: String,
}

impl Socket {
    pub(super) fn connect(settings: &Redis, deadline: Instant) -> Result<Self, Trouble> {
        let label = label(settings);
        let info = account(settings)?;
        let stream = match info.addr() {
            ConnectionAddr::Unix(path) => SocketAddrUnix::new(path)
                .map_err(io::Error::from)
                .and_then(|address| open(AddressFamily::UNIX, |stream| connect(stream, &address), deadline)),
            ConnectionAddr::Tcp(host, port) => to_host(host, *port, deadline),
            _ => Err(io::Error::other("this version cannot encrypt its connections yet")),
        };
        let stream = stream
            .map_err(|error| Trouble::of_system(&error).told(&format!("cannot reach Redis at {label}")))?;
        let (greeting, greeted) = greeting(info.redis_settings());
        Ok(Self { stream, greeting, greeted, parser: Parser::new(), label })
    }

    pub(super) fn send(&mut self, command: &Cmd, deadline: Instant) -> Result<(), Trouble> {
        let mut bytes = std::mem::take(&mut self.greeting);
        command.write_packed_command(&mut bytes);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match retry_on_intr(|| send(&self.stream, rest, SendFlags::NOSIGNAL)) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN) => {
                    wait(&self.stream, PollFlags::OUT, deadline).map_err(|error| self.trouble(&error))?;
                }
                Err(error) => return Err(self.trouble(&error.into())),
            }
        }
        Ok(())
    }

    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        while self.greeted > 0 {
            self.value(deadline)?;
            self.greeted -= 1;
        }
        self.value(deadline)
    }

    fn value(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        let mut incoming = Incoming { stream: &self.stream, deadline, error: None };
        let value = self.parser.parse_value(&mut incoming);
        // The parser forgets which error it was.
        match (incoming.error, value) {
            (Some(error), _) => Err(self.trouble(&error)),
            (None, value) => value
                .and_then(Value::extract_error)
                .map_err(|error| Trouble::of(&error).told(&format!("Redis at {}", self.label))),
        }
    }

    fn trouble(&self, error: &io::Error) -> Trouble {
        Trouble::of_system(error).told(&format!("lost the connection to Redis at {}", self.label))
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Socket").field("label", &self.label).finish_non_exhaustive()
    }
}

/// What must be said before the first command, and how many answers it brings.
fn greeting(account: &RedisConnectionInfo) -> (Vec<u8>, usize) {
    let mut greeting = Vec::new();
    let mut answers = 0;
    let mut say = |command: &mut Cmd| {
        command.write_packed_command(&mut greeting);
        answers += 1;
    };
    if let Some(password) = account.password() {
        say(::redis::cmd("AUTH").arg(account.username()).arg(password));
    }
    if account.db() != 0 {
        say(::redis::cmd("SELECT").arg(account.db()));
    }
    (greeting, answers)
}

/// Connects to the first of a host's addresses that answers.
fn to_host(host: &str, port: u16, deadline: Instant) -> io::Result<OwnedFd> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("no address is known of {host}"));
    for address in addresses(host, port, deadline)? {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        match open(family, |stream| connect(stream, &address), deadline) {
            Ok(stream) => {
                // Whoever waits for an answer must not wait for the acknowledgement of a first part.
                let _ = sockopt::set_tcp_nodelay(&stream, true);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The addresses of a host. The system's resolver knows no deadline: a thread waits for it, we only for the thread.
fn addresses(host: &str, port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (found, answer) = channel();
    let host = host.to_owned();
    thread::spawn(move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        // Nobody waits any more if it took too long.
        let _ = found.send(addresses.map(Iterator::collect));
    });
    let rest = deadline.saturating_duration_since(Instant::now());
    answer.recv_timeout(rest).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// A connected socket that never blocks.
fn open(
    family: AddressFamily,
    connect: impl FnOnce(&OwnedFd) -> rustix::io::Result<()>,
    deadline: Instant,
) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let stream = socket_with(family, SocketType::STREAM, flags, None)?;
    match connect(&stream) {
        Ok(()) => {}
        Err(Errno::INPROGRESS) => {
            wait(&stream, PollFlags::OUT, deadline)?;
            sockopt::socket_error(&stream)??;
        }
        // A Unix socket whose server does not accept any more: its queue is full.
        Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
        Err(error) => return Err(error.into()),
    }
    Ok(stream)
}

/// Waits until the socket is ready.
fn wait(stream: &OwnedFd, what: PollFlags, deadline: Instant) -> io::Result<()> {
    loop {
        let rest = deadline.saturating_duration_since(Instant::now());
        let limit = Timespec {
            tv_sec: rest.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: rest.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::new(stream, what)], Some(&limit)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What comes in before the deadline.
struct Incoming<'a> {
    stream: &'a OwnedFd,
    deadline: Instant,
    /// Why nothing more came.
    error: Option<io::Error>,
}

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = wait(self.stream, PollFlags::IN, self.deadline).and_then(|()| {
            match retry_on_intr(|| recv(self.stream, &mut *buffer, RecvFlags::empty())) {
                Ok((0, _)) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it")),
                Ok((count, _)) => Ok(count),
                Err(error) => Err(error.into()),
            }
        });
        read.map_err(|error| {
            let copy = io::Error::new(error.kind(), error.to_string());
            self.error = Some(error);
            copy
        })
    }
}
