//! The driver's own ways to a Cluster and to a server behind Sentinels.
//!
//! Their connections have limits for single steps, not for the whole: a thread of its own has them, and whoever waits
//! for it waits until the deadline.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Instant,
};

use ::redis::{
    Cmd, ConnectionInfo, ConnectionLike, IntoConnectionInfo, RedisConnectionInfo, RedisResult, Value,
    cluster::ClusterClientBuilder,
    sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType},
};

use super::{
    connection::{account, label},
    trouble::{Kind, Trouble},
};
use crate::config::{Redis, Secret, read_password};

/// A connection in a thread of its own.
#[derive(Debug)]
pub(super) struct Library {
    commands: Sender<Cmd>,
    answers: Receiver<RedisResult<Value>>,
    /// Whom it talks to.
    label: String,
}

impl Library {
    /// Starts the thread, which connects before its first command.
    pub(super) fn start(settings: &Redis, deadline: Instant) -> Result<Self, Trouble> {
        let (commands, to_do) = channel::<Cmd>();
        let (done, answers) = channel();
        let server = account(settings)?;
        let of_sentinels = settings.sentinel_password_file.as_deref().map(read_password).transpose()?;
        let settings = settings.clone();
        let label = label(&settings);
        thread::spawn(move || {
            let mut connection = match connect(&settings, server, of_sentinels, deadline) {
                Ok(connection) => connection,
                Err(error) => return drop(done.send(Err(error))),
            };
            for command in to_do {
                if done.send(connection.req_command(&command)).is_err() {
                    return;
                }
            }
        });
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

fn connect(
    settings: &Redis,
    server: ConnectionInfo,
    of_sentinels: Option<Secret>,
    deadline: Instant,
) -> RedisResult<Box<dyn ConnectionLike>> {
    // A Cluster's nodes have the account of the url. Sentinels are other servers, which know no databases either.
    let of_nodes = if settings.cluster {
        server.redis_settings().clone()
    } else {
        let account = RedisConnectionInfo::default().set_skip_set_lib_name();
        match of_sentinels {
            Some(password) => account.set_password(password.reveal()),
            None => account,
        }
    };
    let mut nodes = vec![server.clone().set_redis_settings(of_nodes.clone())];
    for node in &settings.nodes {
        let info: ConnectionInfo = format!("redis://{node}/").into_connection_info()?;
        nodes.push(info.set_redis_settings(of_nodes.clone()));
    }
    if settings.cluster {
        let limit = deadline.saturating_duration_since(Instant::now()).min(settings.timeout);
        let client = ClusterClientBuilder::new(nodes)
            .connection_timeout(limit)
            .response_timeout(settings.timeout)
            .build()?;
        return Ok(Box::new(client.get_connection()?));
    }
    let account =
        SentinelNodeConnectionInfo::default().set_redis_connection_info(server.redis_settings().clone());
    let mut client =
        SentinelClient::build(nodes, settings.sentinel.clone(), Some(account), SentinelServerType::Master)?;
    Ok(Box::new(client.get_connection()?))
}
