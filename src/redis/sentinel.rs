//! Sentinels, which know where the server that they watch is just now.

use std::time::Instant;

use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, Value, cmd};

use super::{
    account::{account, beside, label, label_of},
    socket::Socket,
    stream::share,
    tls::Security,
    trouble::{Kind, Trouble},
};
use crate::config::{Redis, read_password};

/// Connects to the server that the Sentinels name. Each Sentinel has an equal share of the time that is left, the
/// server the last one: one that hangs does not use up the time of all.
pub(super) fn connect(settings: &Redis, deadline: Instant) -> Result<Socket, Trouble> {
    let server = account(settings)?;
    let of_sentinels = of_sentinels(settings)?;
    // All of them are encrypted, or none.
    let security = Security::of(server.addr(), settings)?;
    let mut last = None;
    let sentinels = 1 + settings.nodes.len();
    let first = (server.addr().clone(), label(settings));
    let others = settings.nodes.iter().map(|node| {
        let (host, port) = node.rsplit_once(':').unwrap_or((node, ""));
        let address = beside(server.addr(), host, port.parse().unwrap_or(26379));
        let label = label_of(&address);
        (address, label)
    });
    for (asked, (address, label)) in std::iter::once(first).chain(others).enumerate() {
        let until = share(deadline, 1 + sentinels - asked);
        match ask(address, &of_sentinels, security.as_ref(), label, &settings.sentinel, until) {
            Ok((host, port)) => {
                let address = beside(server.addr(), &host, port);
                let label = label_of(&address);
                let info = info(address, server.redis_settings())?;
                return Socket::connect(&info, security.as_ref(), label, deadline);
            }
            Err(trouble) => last = Some(trouble),
        }
    }
    Err(last.unwrap_or_else(|| Trouble::new(Kind::Config, "no Sentinel is configured")))
}

/// Where one Sentinel says that the server is.
fn ask(
    address: ConnectionAddr,
    account: &RedisConnectionInfo,
    security: Option<&Security>,
    label: String,
    name: &str,
    deadline: Instant,
) -> Result<(String, u16), Trouble> {
    let unknown = || {
        let message = format!("the Sentinel at {label} knows no server {name:?}; check [redis] sentinel");
        Trouble::new(Kind::Unreachable, message)
    };
    let mut sentinel = Socket::connect(&info(address, account)?, security, label.clone(), deadline)?;
    sentinel.send(cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(name), deadline)?;
    let Value::Array(parts) = sentinel.receive(deadline)? else { return Err(unknown()) };
    let texts: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Value::BulkString(text) => std::str::from_utf8(text).ok(),
            _ => None,
        })
        .collect();
    match texts.as_slice() {
        [host, port] => Ok(((*host).to_owned(), port.parse().map_err(|_| unknown())?)),
        _ => Err(unknown()),
    }
}

/// The Sentinels' own account: that of `url` is the server's.
fn of_sentinels(settings: &Redis) -> Result<RedisConnectionInfo, Trouble> {
    let account = RedisConnectionInfo::default();
    Ok(match &settings.sentinel_password_file {
        Some(file) => account.set_password(read_password(file)?.reveal()),
        None => account,
    })
}

fn info(address: ConnectionAddr, account: &RedisConnectionInfo) -> Result<ConnectionInfo, Trouble> {
    let info = address.into_connection_info().map_err(|error| Trouble::of(&error))?;
    Ok(info.set_redis_settings(account.clone()))
}
