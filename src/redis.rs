//! The connection to Redis.
//!
//! Owes its callers: no call waits longer than the configured timeout, and a failure names the server, not the password.

use std::time::Duration;

use crate::{
    config::Redis,
    failure::{Failure, OrFail, Result, Status},
};

/// Connects, with limits on connecting, reading and writing.
///
/// # Errors
/// [`Status::Config`] for an address that is none, [`Status::Unavailable`] if the server does not answer in time.
pub fn connect(settings: &Redis) -> Result<::redis::Connection> {
    let unreachable =
        || format!("cannot reach Redis at {}; check that it runs and [redis] url", label(settings));
    let client = ::redis::Client::open(settings.url.reveal()).or_fail(
        Status::Config,
        || "[redis] url is not an address such as redis://host:6379/ or redis+unix:///PATH",
    )?;
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
pub fn version(connection: &mut ::redis::Connection) -> Result<String> {
    let info: String = ::redis::cmd("INFO")
        .arg("server")
        .query(connection)
        .or_fail(Status::Unavailable, || "Redis does not answer INFO")?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    Ok(version.unwrap_or("?").trim().to_owned())
}

/// The address without user and password.
fn label(settings: &Redis) -> String {
    // What follows a question mark may hold a password, too.
    let url = settings.url.reveal().split('?').next().unwrap_or_default();
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}://{}", &url[..scheme], &url[at + 1..])
        }
        _ => url.to_owned(),
    }
}
