//! One host of an address: how a connection to it is opened, in a time that is known before.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::mpsc,
    thread,
    time::Duration,
};

use ::mysql::{Conn, DriverError, Error, Opts, OptsBuilder};

use super::health::Health;
use crate::failure::{Failure, OrFail, Result, Status};

/// A host, and all that is needed to log in there.
#[derive(Clone)]
pub(super) struct Host {
    opts: Opts,
    /// Without account and password.
    pub(super) name: String,
}

impl Host {
    pub(super) fn new(opts: Opts) -> Self {
        let name = match opts.get_socket() {
            Some(socket) => socket.to_owned(),
            None => format!("{}:{}", opts.get_ip_or_hostname(), opts.get_tcp_port()),
        };
        Self { opts, name }
    }

    /// Opens a connection and begins a session, within `limit` altogether: looking up the name, TLS and login have no
    /// common limit in the driver. `section` of the configuration holds the address.
    ///
    /// # Errors
    /// As of [`super::Server::connect`].
    pub(super) fn open(&self, section: &'static str, limit: Duration) -> Result<(Conn, Health)> {
        let opts = self.opts.clone();
        let (sender, receiver) = mpsc::channel();
        // Not joined: what comes too late finds nobody who waits, and is closed.
        thread::Builder::new()
            .name("connecting".to_owned())
            .spawn(move || {
                let opened = connect(&opts, limit).and_then(|mut conn| {
                    let health = Health::begin_session(&mut conn)?;
                    Ok((conn, health))
                });
                let _ = sender.send(opened);
            })
            .or_fail(Status::Unavailable, || "cannot start a thread")?;
        let opened =
            receiver.recv_timeout(limit).unwrap_or(Err(Error::DriverError(DriverError::ConnectTimeout)));
        opened.map_err(|error| Failure::of_server(error, section))
    }
}

/// Connects to any address of a name. Left alone, the driver goes to the first one only: to `::1` of a localhost on
/// which the server listens on 127.0.0.1. Bound to a kind of address, it tries all of that kind.
fn connect(opts: &Opts, limit: Duration) -> std::result::Result<Conn, Error> {
    let host = opts.get_ip_or_hostname();
    if opts.get_socket().is_some() || host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
        return Conn::new(opts.clone());
    }
    let unreachable = |why: String, kind| {
        Error::DriverError(DriverError::CouldNotConnect(Some((host.to_string(), why, kind))))
    };
    let addresses: Vec<SocketAddr> = (&*host, opts.get_tcp_port())
        .to_socket_addrs()
        .map_err(|error| unreachable(error.to_string(), error.kind()))?
        .collect();
    let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut kinds: Vec<IpAddr> = Vec::new();
    for address in &addresses {
        let any = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        if !kinds.contains(&any) {
            kinds.push(any);
        }
    }
    let bound = |any: IpAddr| {
        OptsBuilder::from_opts(opts.clone()).bind_address(Some((any, 0))).tcp_connect_timeout(Some(share))
    };
    match kinds[..] {
        [any] => Conn::new(bound(any)),
        [first, second] => match Conn::new(bound(first)) {
            Err(Error::DriverError(DriverError::CouldNotConnect(_) | DriverError::ConnectTimeout)) => {
                Conn::new(bound(second)).map_err(|error| match error {
                    // The last address that the driver tried is of the other kind, which says nothing.
                    Error::DriverError(DriverError::CouldNotConnect(Some((_, _, kind)))) => {
                        unreachable("none of its addresses takes a connection".to_owned(), kind)
                    }
                    other => other,
                })
            }
            other => other,
        },
        _ => Conn::new(opts.clone()),
    }
}
