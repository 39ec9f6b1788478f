//! The fastest way to one server.
//!
//! A process that asks one question spends most of its time on getting there. So nothing is sent before the first
//! command (the account goes out with it), the driver's greetings are left out, and a name is looked up only where
//! there is one. Packing is the driver's.

use std::{fmt, io, os::fd::OwnedFd, time::Instant};

use ::redis::{Cmd, ConnectionAddr, ConnectionInfo, Value, cmd};
use rustix::{
    event::PollFlags,
    io::{Errno, retry_on_intr},
    net::{RecvFlags, SendFlags, recv, send},
};

use super::{
    reply::{self, Answer},
    stream::{to_host, to_path, wait},
    trouble::{Kind, Trouble},
};

/// How much is received at once.
const CHUNK: usize = 1 << 12;
/// The same of an answer that is longer than that.
const LARGE_CHUNK: usize = 1 << 16;

/// A connection to one server.
pub(super) struct Socket {
    stream: OwnedFd,
    /// What goes out before the first command: who we are, where that is not the usual.
    greeting: Vec<u8>,
    /// The answers to the greeting that have not come yet.
    greeted: usize,
    /// What has come of answers that nobody has received yet.
    incoming: Vec<u8>,
    /// Whom it talks to.
    label: String,
}

impl Socket {
    /// Connects to a server, which messages call `label`.
    pub(super) fn connect(info: &ConnectionInfo, label: String, deadline: Instant) -> Result<Self, Trouble> {
        let stream = match info.addr() {
            ConnectionAddr::Unix(path) => to_path(path, deadline),
            ConnectionAddr::Tcp(host, port) => to_host(host, *port, deadline),
            _ => Err(io::Error::other("this version cannot encrypt its connections yet")),
        };
        let stream = stream
            .map_err(|error| Trouble::of_system(&error).told(&format!("cannot reach Redis at {label}")))?;
        let account = info.redis_settings();
        let mut socket = Self { stream, greeting: Vec::new(), greeted: 0, incoming: Vec::new(), label };
        if let Some(password) = account.password() {
            cmd("AUTH").arg(account.username()).arg(password).write_packed_command(&mut socket.greeting);
            socket.greeted = 1;
        }
        if account.db() != 0 {
            // What follows must not happen in another database if this one is none.
            socket.send(cmd("SELECT").arg(account.db()), deadline)?;
            socket.receive(deadline)?;
        }
        Ok(socket)
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
        self.be_greeted(deadline)?;
        self.value(deadline)
    }

    /// The same, unread.
    pub(super) fn answer(&mut self, deadline: Instant) -> Result<Answer, Trouble> {
        self.be_greeted(deadline)?;
        let length = self.whole_value(deadline)?;
        if self.incoming.first() == Some(&b'-') {
            return self.value(deadline).map(Answer::of_value);
        }
        Ok(Answer::of_bytes(self.incoming.drain(..length).collect()))
    }

    fn be_greeted(&mut self, deadline: Instant) -> Result<(), Trouble> {
        while self.greeted > 0 {
            self.greeted -= 1;
            self.value(deadline)?;
        }
        Ok(())
    }

    /// Whether the server hung up, where it owes no answer.
    pub(super) fn is_closed(&self) -> bool {
        !self.incoming.is_empty() || wait(&self.stream, PollFlags::IN, Instant::now()).is_ok()
    }

    fn value(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        self.whole_value(deadline)?;
        let first = reply::first(&self.incoming).map_err(|error| Trouble::of(&error).told(&self.whom()))?;
        let (value, length) = first.unwrap_or((Value::Nil, 0));
        self.incoming.drain(..length);
        value.extract_error().map_err(|error| Trouble::of(&error).told(&self.whom()))
    }

    /// Waits until an answer is there as a whole. Returns its length.
    fn whole_value(&mut self, deadline: Instant) -> Result<usize, Trouble> {
        let mut progress = reply::Progress::default();
        loop {
            let is_whole = progress.is_whole(&self.incoming);
            if is_whole.map_err(|error| Trouble::of(&error).told(&self.whom()))? {
                return Ok(progress.length());
            }
            self.more(deadline).map_err(|error| self.trouble(&error))?;
        }
    }

    /// Waits for more of the answers.
    fn more(&mut self, deadline: Instant) -> io::Result<()> {
        wait(&self.stream, PollFlags::IN, deadline)?;
        let had = self.incoming.len();
        self.incoming.resize(had + if had < CHUNK { CHUNK } else { LARGE_CHUNK }, 0);
        let room = self.incoming.get_mut(had..).unwrap_or_default();
        let received = retry_on_intr(|| recv(&self.stream, &mut *room, RecvFlags::empty()));
        self.incoming.truncate(had + received.as_ref().map_or(0, |(count, _)| *count));
        match received? {
            (0, _) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it")),
            _ => Ok(()),
        }
    }

    fn whom(&self) -> String {
        format!("Redis at {}", self.label)
    }

    fn trouble(&self, error: &io::Error) -> Trouble {
        let trouble = Trouble::of_system(error);
        match trouble.kind {
            Kind::Timeout => trouble.told(&self.whom()),
            _ => trouble.told(&format!("lost the connection to {}", self.whom())),
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Socket").field("label", &self.label).finish_non_exhaustive()
    }
}
