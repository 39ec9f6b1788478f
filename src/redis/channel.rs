//! Bytes to a server and back, encrypted or not.

use std::{io, os::fd::OwnedFd, time::Instant};

use ::redis::ConnectionAddr;
use rustix::{
    event::PollFlags,
    io::{Errno, retry_on_intr},
    net::{RecvFlags, SendFlags, recv, send},
};

use super::{
    stream::{to_host, to_path, wait},
    tls::{Encrypted, Security},
};

/// A connection, on which nothing waits longer than until a deadline.
pub(super) enum Channel {
    /// Through a Unix socket.
    Local(OwnedFd),
    /// Through the network, where others may listen.
    Plain(OwnedFd),
    /// It is large, and most have none.
    Encrypted(Box<Encrypted>),
}

impl Channel {
    /// Connects. An address that asks for encryption needs `security`.
    pub(super) fn open(
        address: &ConnectionAddr,
        security: Option<&Security>,
        deadline: Instant,
    ) -> io::Result<Self> {
        match (address, security) {
            (ConnectionAddr::Unix(path), _) => to_path(path, deadline).map(Self::Local),
            (ConnectionAddr::Tcp(host, port), _) => to_host(host, *port, deadline).map(Self::Plain),
            (ConnectionAddr::TcpTls { host, port, .. }, Some(security)) => {
                let stream = to_host(host, *port, deadline)?;
                Encrypted::begin(stream, host, security, deadline)
                    .map(|begun| Self::Encrypted(Box::new(begun)))
            }
            _ => Err(io::Error::other("nothing is known of this kind of address")),
        }
    }

    /// Sends all of these bytes.
    pub(super) fn send(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        let stream = match self {
            Self::Local(stream) | Self::Plain(stream) => stream,
            Self::Encrypted(encrypted) => return encrypted.send(bytes, deadline),
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            match retry_on_intr(|| send(&*stream, rest, SendFlags::NOSIGNAL)) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::AGAIN) => wait(stream, PollFlags::OUT, deadline)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits for bytes, and says how many came; none: the server hung up.
    pub(super) fn receive(&mut self, room: &mut [u8], deadline: Instant) -> io::Result<usize> {
        match self {
            Self::Local(stream) | Self::Plain(stream) => {
                wait(stream, PollFlags::IN, deadline)?;
                Ok(retry_on_intr(|| recv(&*stream, &mut *room, RecvFlags::empty()))
                    .map(|(count, _)| count)?)
            }
            Self::Encrypted(encrypted) => encrypted.receive(room, deadline),
        }
    }

    /// Whether a server that wants TLS would not understand us.
    pub(super) fn is_plain_tcp(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Whether the server hung up, or said something, where it owes no answer.
    pub(super) fn is_closed(&mut self) -> bool {
        match self {
            Self::Local(stream) | Self::Plain(stream) => wait(stream, PollFlags::IN, Instant::now()).is_ok(),
            Self::Encrypted(encrypted) => encrypted.is_closed(),
        }
    }
}
