//! The driver's own way to a Redis Cluster.
//!
//! Its connections have limits for single steps, not for the whole: a thread of its own has them, and whoever waits for
//! it waits until the deadline.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Instant,
};

use ::redis::{
    Cmd, ConnectionInfo, ConnectionLike, IntoConnectionInfo, RedisResult, Value,
    cluster::{ClusterClientBuilder, ClusterConnection},
};

use super::{
    account::{account, label},
    stream::share,
    trouble::{Kind, Trouble},
};
use crate::config::Redis;

/// A connection in a thread of its own.
#[derive(Debug)]
pub(super) struct Cluster {
    commands: Sender<Cmd>,
    answers: Receiver<RedisResult<Value>>,
    /// Whom it talks to.
    label: String,
}

impl Cluster {
    /// Starts the thread, which connects before its first command.
    pub(super) fn start(settings: &Redis, deadline: Instant) -> Result<Self, Trouble> {
        let (commands, to_do) = channel::<Cmd>();
        let (done, answers) = channel();
        let server = account(settings)?;
        let settings = settings.clone();
        let label = label(&settings);
        let started = thread::Builder::new().spawn(move || {
            let mut connection = match connect(&settings, server, deadline) {
                Ok(connection) => connection,
                Err(error) => return drop(done.send(Err(error))),
            };
            for command in to_do {
                if done.send(connection.req_command(&command)).is_err() {
                    return;
                }
            }
        });
        started
            .map_err(|error| Trouble::of_system(&error).told(&format!("cannot reach Redis at {label}")))?;
        Ok(Self { commands, answers, label })
    }

    pub(super) fn send(&mut self, command: Cmd) -> Result<(), Trouble> {
        // A thread that has ended left its reason in the answers.
        let _ = self.commands.send(command);
        Ok(())
    }

    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Value, Trouble> {
        let whom = format!("Redis at {}", self.label);
        let rest = deadline.saturating_duration_since(Instant::now());
        match self.answers.recv_timeout(rest) {
            Ok(Ok(value)) => value.extract_error().map_err(|error| Trouble::of(&error).told(&whom)),
            Ok(Err(error)) => Err(Trouble::of(&error).told(&whom)),
            Err(RecvTimeoutError::Timeout) => Err(Trouble::new(
                Kind::Timeout,
                format!("{whom} does not answer in time; check that it runs"),
            )),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Trouble::new(Kind::Unreachable, "the connection is gone").told(&whom))
            }
        }
    }
}

fn connect(settings: &Redis, server: ConnectionInfo, deadline: Instant) -> RedisResult<ClusterConnection> {
    let account = server.redis_settings().clone();
    let mut nodes = vec![server];
    for node in &settings.nodes {
        let info: ConnectionInfo = format!("redis://{node}/").into_connection_info()?;
        nodes.push(info.set_redis_settings(account.clone()));
    }
    // A node that hangs must leave time for those that do not.
    let limit = share(deadline, 2).saturating_duration_since(Instant::now());
    ClusterClientBuilder::new(nodes)
        .connection_timeout(limit / 2)
        .response_timeout(limit)
        .build()?
        .get_connection()
}
