//! The addresses of the two servers: what is wrong with one, said without quoting it, since it may hold a password.
//!
//! Only an address that somebody wrote is looked at: the built-in ones are right.

use ::mysql::Opts;
use ::redis::{ConnectionAddr, IntoConnectionInfo};
use serde::{Deserialize, Deserializer, de::Error};

use super::Secret;

/// Reads `[mysql] url`.
pub(super) fn of_mysql<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    checked(deserializer, complaint_about_mysql)
}

/// Reads an address of MySQL that need not be there.
pub(super) fn of_mysql_if_any<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Secret>, D::Error> {
    of_mysql(deserializer).map(Some)
}

/// Reads `[redis] url`.
pub(super) fn of_redis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    checked(deserializer, complaint_about_redis)
}

fn checked<'de, D: Deserializer<'de>>(
    deserializer: D,
    complaint: impl Fn(&Secret) -> Option<&'static str>,
) -> Result<Secret, D::Error> {
    let url = Secret::deserialize(deserializer)?;
    complaint(&url).map_or(Ok(url), |complaint| Err(D::Error::custom(complaint)))
}

/// What is wrong with an address of MySQL, if something is.
pub(super) fn complaint_about_mysql(url: &Secret) -> Option<&'static str> {
    Opts::from_url(url.reveal()).err().map(|_| {
        "not an address of MySQL; write it as mysql://user@host:3306/database or mysql://user@localhost/database?socket=PATH"
    })
}

/// Whether an address of MySQL says which database is meant.
pub(super) fn names_database(url: &Secret) -> bool {
    Opts::from_url(url.reveal()).is_ok_and(|opts| opts.get_db_name().is_some_and(|name| !name.is_empty()))
}

/// What is wrong with an address of Redis, if something is.
pub(super) fn complaint_about_redis(url: &Secret) -> Option<&'static str> {
    match url.reveal().into_connection_info() {
        Ok(info) if matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. }) => Some(
            "a server whose certificate nobody checks may be anybody; leave out #insecure, and name its authority in tls_ca_file",
        ),
        Ok(info) if info.redis_settings().db() >= 0 => None,
        _ => Some(
            "not an address of Redis; write it as redis://host:6379/, rediss://host:6379/ or redis+unix:///PATH",
        ),
    }
}

/// Whether an address of Redis asks for encryption.
pub(super) fn is_encrypted(url: &Secret) -> bool {
    let info = url.reveal().into_connection_info();
    info.is_ok_and(|info| matches!(info.addr(), ConnectionAddr::TcpTls { .. }))
}
