//! Commands and answers before a deadline.

use std::time::Instant;

use ::redis::{Cmd, Value, cmd};

use super::{
    account::{account, label},
    cluster::Cluster,
    reply::Answer,
    sentinel,
    socket::Socket,
    tls::Security,
    trouble::Trouble,
};
use crate::config::Redis;

/// A conversation with Redis: commands go out one after the other, answers come back in the same order.
#[derive(Debug)]
pub struct Conversation {
    way: Way,
}

#[derive(Debug)]
enum Way {
    Socket(Socket),
    Cluster(Box<Cluster>),
}

impl Conversation {
    /// Opens a conversation.
    ///
    /// # Errors
    /// Nobody answers there before the deadline, or the address or the account is wrong.
    pub fn open(settings: &Redis, deadline: Instant) -> Result<Self, Trouble> {
        let way = if settings.cluster {
            Way::Cluster(Box::new(Cluster::of(settings)?))
        } else if settings.sentinel.is_empty() {
            let server = account(settings)?;
            let security = Security::of(server.addr(), settings)?;
            Way::Socket(Socket::connect(&server, security.as_ref(), label(settings), deadline)?)
        } else {
            Way::Socket(sentinel::connect(settings, deadline)?)
        };
        Ok(Self { way })
    }

    /// Sends a command; its answer is still to be received.
    ///
    /// # Errors
    /// The connection broke, or the server did not take it before the deadline.
    pub fn send(&mut self, command: Cmd, deadline: Instant) -> Result<(), Trouble> {
        match &mut self.way {
            Way::Socket(socket) => socket.send(&command, deadline),
            Way::Cluster(cluster) => {
                // It goes out when its answer is asked for: only an answer tells where the next key is.
                cluster.send(command);
                Ok(())
            }
        }
    }

    /// Waits for the answer to the oldest command that has none yet.
    ///
    /// # Errors
    /// None came before the deadline, or it is an error.
    pub fn receive(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        match &mut self.way {
            Way::Socket(socket) => socket.receive(deadline),
            Way::Cluster(cluster) => cluster.receive(deadline),
        }
    }

    /// Waits for the same, and leaves it unread: the next command may go out first.
    ///
    /// # Errors
    /// Those of [`Self::receive`].
    pub fn answer(&mut self, deadline: Instant) -> Result<Answer, Trouble> {
        match &mut self.way {
            Way::Socket(socket) => socket.answer(deadline),
            Way::Cluster(cluster) => cluster.receive(deadline).map(Answer::of_value),
        }
    }

    /// Whether the server hung up meanwhile. Only to be asked where it owes no answer.
    pub fn is_closed(&mut self) -> bool {
        match &mut self.way {
            Way::Socket(socket) => socket.is_closed(),
            // Each of its connections is looked at before it is used.
            Way::Cluster(_) => false,
        }
    }

    /// The server's version.
    ///
    /// # Errors
    /// None came before the deadline.
    pub fn version(&mut self, deadline: Instant) -> Result<String, Trouble> {
        let info = self.ask(cmd("INFO").arg("server").to_owned(), deadline)?;
        let Value::BulkString(info) = info else { return Ok("?".to_owned()) };
        let info = String::from_utf8_lossy(&info);
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        Ok(version.unwrap_or("?").trim().to_owned())
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// Those of [`Self::send`] and [`Self::receive`].
    pub fn ask(&mut self, command: Cmd, deadline: Instant) -> Result<Value, Trouble> {
        self.send(command, deadline)?;
        self.receive(deadline)
    }
}
