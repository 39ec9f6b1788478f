//! A connection for reports, of which a few milliseconds more do not matter.

use std::time::Duration;

use ::redis::{Client, Connection, ConnectionInfo, IntoConnectionInfo, RedisResult};

use crate::{
    config::{Redis, read_password},
    failure::{Failure, OrFail, Result, Status},
};

/// Connects, with limits on connecting, reading and writing.
///
/// # Errors
/// [`Status::Config`] for an address that is none, [`Status::Unavailable`] if the server does not answer in time.
pub fn connect(settings: &Redis) -> Result<Connection> {
    let unreachable =
        || format!("cannot reach Redis at {}; check that it runs and [redis] url", label(settings));
    let client = account(settings).and_then(|info| {
        Client::open(info).or_fail(Status::Config, || "[redis] url is not an address of Redis")
    })?;
    let connection = client
        .get_connection_with_timeout(settings.timeout)
        // Its text holds its causes already.
        .map_err(|error| Failure::new(Status::Unavailable, error.to_string()).context(unreachable()))?;
    let limit = Some(settings.timeout.max(Duration::from_millis(1)));
    connection.set_read_timeout(limit).or_fail(Status::Unavailable, unreachable)?;
    connection.set_write_timeout(limit).or_fail(Status::Unavailable, unreachable)?;
    Ok(connection)
}

/// The server's version.
///
/// # Errors
/// [`Status::Unavailable`] if it does not answer.
pub fn version(connection: &mut Connection) -> Result<String> {
    let info: String = ::redis::cmd("INFO")
        .arg("server")
        .query(connection)
        .or_fail(Status::Unavailable, || "Redis does not answer INFO")?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    Ok(version.unwrap_or("?").trim().to_owned())
}

/// Address and account: those of `url`, and the password of `password_file` where `url` has none.
pub(super) fn account(settings: &Redis) -> Result<ConnectionInfo> {
    let info: RedisResult<ConnectionInfo> = settings.url.reveal().into_connection_info();
    let info = info.or_fail(
        Status::Config,
        || "[redis] url is not an address such as redis://host:6379/ or redis+unix:///PATH",
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
    let url = settings.url.reveal().split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}
