//! Where Redis is, who we are to it, and how messages name it.

use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisResult};

use crate::{
    config::{Redis, read_password},
    failure::{OrFail, Result, Status},
};

/// Address and account: those of `url`, and the password of `password_file` where `url` has none.
pub(super) fn account(settings: &Redis) -> Result<ConnectionInfo> {
    let info: RedisResult<ConnectionInfo> = settings.url.reveal().into_connection_info();
    let info = info.or_fail(
        Status::Config,
        || "[redis] url is not an address such as redis://host:6379/, rediss://host:6379/ or redis+unix:///PATH",
    )?;
    let redis = info.redis_settings().clone().set_skip_set_lib_name();
    let redis = match &settings.password_file {
        Some(file) if redis.password().is_none() => redis.set_password(read_password(file)?.reveal()),
        _ => redis,
    };
    Ok(info.set_redis_settings(redis))
}

/// The address without user and password.
pub(super) fn label(settings: &Redis) -> String {
    // What follows a question mark may hold a password, too.
    let url = settings.url.reveal().split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// Another address, encrypted if `first` is.
pub(super) fn beside(first: &ConnectionAddr, host: &str, port: u16) -> ConnectionAddr {
    let host = host.to_owned();
    match first {
        ConnectionAddr::TcpTls { .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        }
        _ => ConnectionAddr::Tcp(host, port),
    }
}

/// The name of an address in messages.
pub(super) fn label_of(address: &ConnectionAddr) -> String {
    let scheme = if matches!(address, ConnectionAddr::TcpTls { .. }) { "rediss" } else { "redis" };
    format!("{scheme}://{address}")
}
