//! The fastest way to one server.
//!
//! A process that asks one question spends most of its time on getting there. So nothing is sent before the first
//! command (the account goes out with it), the driver's greetings are left out, and a name is looked up only where
//! there is one. Packing is the driver's.

use std::{fmt, io, time::Instant};

use ::redis::{Cmd, ConnectionInfo, Value, cmd};

use super::{
    channel::Channel,
    reply::{self, Answer},
    tls::Security,
    trouble::{Kind, Trouble},
};

/// How much is received at once.
const CHUNK: usize = 1 << 12;
/// The same of an answer that is longer than that.
const LARGE_CHUNK: usize = 1 << 16;
/// How TLS begins to say that it does not understand: an alert, of any version.
const TLS_ALERT: &[u8] = b"\x15\x03";

/// A connection to one server.
pub(super) struct Socket {
    channel: Channel,
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
    pub(super) fn connect(
        info: &ConnectionInfo,
        security: Option<&Security>,
        label: String,
        deadline: Instant,
    ) -> Result<Self, Trouble> {
        let channel = Channel::open(info.addr(), security, deadline).map_err(|error| {
            let trouble = Trouble::of_system(&error);
            // A Redis without TLS takes the beginning of TLS for that of a command, and waits for the rest.
            let trouble = match trouble.kind {
                Kind::Timeout if security.is_some() => {
                    trouble.with_remedy("check that it runs, its load, and that it speaks TLS")
                }
                _ => trouble,
            };
            trouble.told(&format!("cannot reach Redis at {label}"))
        })?;
        let account = info.redis_settings();
        let mut socket = Self { channel, greeting: Vec::new(), greeted: 0, incoming: Vec::new(), label };
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
        self.channel.send(&bytes, deadline).map_err(|error| self.trouble(&error))
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

    /// The same; an error that the server answered is a value like any other.
    pub(super) fn answer_or_error(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        self.be_greeted(deadline)?;
        self.value_or_error(deadline)
    }

    pub(super) fn ask(&mut self, command: &Cmd, deadline: Instant) -> Result<Value, Trouble> {
        self.send(command, deadline)?;
        self.receive(deadline)
    }

    fn be_greeted(&mut self, deadline: Instant) -> Result<(), Trouble> {
        while self.greeted > 0 {
            self.greeted -= 1;
            self.value(deadline)?;
        }
        Ok(())
    }

    /// Whether the server hung up, where it owes no answer.
    pub(super) fn is_closed(&mut self) -> bool {
        !self.incoming.is_empty() || self.channel.is_closed()
    }

    fn value(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        let value = self.value_or_error(deadline)?;
        value.extract_error().map_err(|error| Trouble::of(&error).told(&self.whom()))
    }

    fn value_or_error(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        self.whole_value(deadline)?;
        let first = reply::first(&self.incoming).map_err(|error| Trouble::of(&error).told(&self.whom()))?;
        let (value, length) = first.unwrap_or((Value::Nil, 0));
        self.incoming.drain(..length);
        Ok(value)
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
        let had = self.incoming.len();
        self.incoming.resize(had + if had < CHUNK { CHUNK } else { LARGE_CHUNK }, 0);
        let room = self.incoming.get_mut(had..).unwrap_or_default();
        let received = self.channel.receive(room, deadline);
        self.incoming.truncate(had + received.as_ref().map_or(0, |count| *count));
        match received? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it")),
            _ => Ok(()),
        }
    }

    fn whom(&self) -> String {
        format!("Redis at {}", self.label)
    }

    fn trouble(&self, error: &io::Error) -> Trouble {
        if self.incoming.starts_with(TLS_ALERT) {
            return Trouble::new(Kind::Protocol, "it speaks TLS")
                .with_remedy("write rediss:// in [redis] url, or the port without TLS")
                .told(&self.whom());
        }
        let trouble = Trouble::of_system(error);
        match trouble.kind {
            Kind::Timeout => trouble.told(&self.whom()),
            // A Redis that wants TLS does not say so.
            Kind::Unreachable if self.channel.is_plain_tcp() => trouble
                .with_remedy("check that it runs, [redis] url, and whether it wants TLS (rediss://)")
                .told(&format!("lost the connection to {}", self.whom())),
            _ => trouble.told(&format!("lost the connection to {}", self.whom())),
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Socket").field("label", &self.label).finish_non_exhaustive()
    }
}
