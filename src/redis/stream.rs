//! Connected sockets that never block, and waiting for them until a deadline.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    os::fd::OwnedFd,
    path::Path,
    sync::mpsc::channel,
    thread,
    time::Instant,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with, sockopt},
};

/// Connects to a Unix socket.
pub(super) fn to_path(path: &Path, deadline: Instant) -> io::Result<OwnedFd> {
    let address = SocketAddrUnix::new(path)?;
    open(AddressFamily::UNIX, |stream| connect(stream, &address), deadline)
}

/// Connects to the first of a host's addresses that answers. Each has an equal share of the time that is left.
pub(super) fn to_host(host: &str, port: u16, deadline: Instant) -> io::Result<OwnedFd> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("no address is known of {host}"));
    let addresses = addresses(host, port, deadline)?;
    for (tried, address) in addresses.iter().enumerate() {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let until = share(deadline, addresses.len() - tried);
        match open(family, |stream| connect(stream, address), until) {
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

/// When the first of `parties` has used up its share of the time until the deadline.
pub(super) fn share(deadline: Instant, parties: usize) -> Instant {
    let now = Instant::now();
    let rest = deadline.saturating_duration_since(now);
    now + rest / u32::try_from(parties.max(1)).unwrap_or(u32::MAX)
}

/// The addresses of a host. The system's resolver knows no deadline: a thread waits for it, we only for the thread.
fn addresses(host: &str, port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (found, answer) = channel();
    let host = host.to_owned();
    thread::Builder::new().spawn(move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        // Nobody waits any more if it took too long.
        let _ = found.send(addresses.map(Iterator::collect));
    })?;
    let rest = deadline.saturating_duration_since(Instant::now());
    answer.recv_timeout(rest).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

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
pub(super) fn wait(stream: &OwnedFd, what: PollFlags, deadline: Instant) -> io::Result<()> {
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
