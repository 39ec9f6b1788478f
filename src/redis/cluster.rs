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
    ClientTlsConfig, Cmd, ConnectionInfo, ConnectionLike, IntoConnectionInfo, RedisResult, TlsCertificates,
    Value,
    cluster::{ClusterClientBuilder, ClusterConnection},
};

use super::{
    account::{account, label},
    socket::Socket,
    stream::share,
    tls::Security,
    trouble::{Kind, Trouble},
};
use crate::config::{Redis, certificates::Pem};

/// A connection in a thread of its own.
#[derive(Debug)]
pub(super) struct Cluster {
    commands: Sender<Cmd>,
    answers: Receiver<Result<Value, Trouble>>,
    /// Whom it talks to.
    label: String,
}

impl Cluster {
    /// Starts the thread, which connects before its first command.
    pub(super) fn start(settings: &Redis, deadline: Instant) -> Result<Self, Trouble> {
        let (commands, to_do) = channel::<Cmd>();
        let (done, answers) = channel();
        let server = account(settings)?;
        let security = Security::of(server.addr(), settings)?;
        let pem = security.as_ref().map(|_| settings.certificates().read()).transpose()?;
        let settings = settings.clone();
        let label = label(&settings);
        let whom = format!("Redis at {label}");
        let first = label.clone();
        let started = thread::Builder::new().spawn(move || {
            let mut connection = match connect(&settings, server.clone(), pem, deadline) {
                Ok(connection) => connection,
                Err(error) => {
                    // The driver does not say what is wrong with a certificate.
                    let why = security
                        .and_then(|security| Socket::connect(&server, Some(&security), first, deadline).err())
                        .unwrap_or_else(|| Trouble::of(&error).told(&whom));
                    return drop(done.send(Err(why)));
                }
            };
            for command in to_do {
                let answer = connection.req_command(&command).and_then(Value::extract_error);
                if done.send(answer.map_err(|error| Trouble::of(&error).told(&whom))).is_err() {
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
            Ok(answer) => answer,
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
    pem: Option<Pem>,
    deadline: Instant,
) -> RedisResult<ClusterConnection> {
    let scheme = if pem.is_some() { "rediss" } else { "redis" };
    let account = server.redis_settings().clone();
    let mut nodes = vec![server];
    for node in &settings.nodes {
        let info: ConnectionInfo = format!("{scheme}://{node}/").into_connection_info()?;
        nodes.push(info.set_redis_settings(account.clone()));
    }
    // A node that hangs must leave time for those that do not.
    let limit = share(deadline, 2).saturating_duration_since(Instant::now());
    let builder = ClusterClientBuilder::new(nodes).connection_timeout(limit / 2).response_timeout(limit);
    let builder = match pem {
        None => builder,
        // These take the place of Mozilla's, which the driver has (tls-rustls-webpki-roots) so that it does not read the
        // system's for each connection.
        Some(Pem { authorities, identity }) => builder.certs(TlsCertificates {
            client_tls: identity.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key }),
            root_cert: Some(authorities),
        }),
    };
    builder.build()?.get_connection()
}
