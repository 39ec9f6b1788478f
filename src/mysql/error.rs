//! What an error of the database means for a run: another try, a configuration to mend, or bad data.

use std::{error::Error as StdError, io};

use ::mysql::{DriverError, Error};

use super::encryption;
use crate::failure::{Failure, Status};

/// Server errors that pass: deadlock (also a transaction that another node of a Galera cluster overtook: 1213, 1180, 1317,
/// 1927), lock wait (also a node that did not catch up with its cluster in time), a node or primary that is not ready or
/// read-only during a failover, a server that stops or is full, a row that changed after a snapshot was taken, a table
/// that was changed meanwhile (1412, 1615), a key that somebody else took at the same moment.
const PASSING: [u16; 27] = [
    1020, 1040, 1047, 1053, 1062, 1152, 1158, 1159, 1160, 1161, 1180, 1184, 1203, 1205, 1213, 1226, 1290,
    1317, 1412, 1615, 1836, 1927, 3032, 3100, 3101, 3169, 4031,
];

/// Server errors about the account (unknown, locked, expired, not from this host), the database or a right.
const CONFIGURATION: [u16; 12] = [1044, 1046, 1049, 1130, 1142, 1143, 1227, 1698, 1820, 1862, 3118, 4151];

/// The server lets nobody in without encryption.
const ENCRYPTION_REQUIRED: u16 = 3159;

/// Server errors about a value that does not fit.
const BAD_DATA: [u16; 6] = [1264, 1265, 1292, 1366, 1406, 3988];

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of_server(error, "mysql")
    }
}

impl Failure {
    /// What an error means; `section` of the configuration holds the server's address.
    pub(super) fn of_server(error: Error, section: &str) -> Self {
        if waited_in_vain(&error) {
            return Self::passing(
                Status::Unavailable,
                "no answer in time ([mysql] timeout, connect_timeout)",
            );
        }
        if let Some(failure) = encryption::failure(&error, section) {
            return failure;
        }
        match &error {
            Error::IoError(cause) => {
                Self::passing(Status::Unavailable, format!("{cause}; check that it runs and [{section}] url"))
            }
            Error::CodecError(_) => Self::passing(
                Status::Unavailable,
                format!("the connection was lost; check that it runs and [{section}] url"),
            ),
            Error::DriverError(DriverError::UnexpectedPacket) => Self::passing(
                Status::Unavailable,
                "the answer fits no question of ours; something between here and the server disturbs the connection",
            ),
            Error::DriverError(DriverError::CouldNotConnect(cause)) => {
                let why = cause.as_ref().map_or("no connection", |(_, why, _)| why);
                Self::passing(Status::Unavailable, format!("{why}; check that it runs and [{section}] url"))
            }
            Error::MySqlError(cause) => {
                let text = format!("{} (MySQL error {})", cause.message, cause.code);
                match cause.code {
                    1290 | 1836 => Self::passing(
                        Status::Unavailable,
                        format!("{text}; check that [{section}] url is the server that takes writes"),
                    ),
                    code if PASSING.contains(&code) => {
                        Self::passing(Status::Unavailable, format!("{text}; try later"))
                    }
                    1021 | 1114 => {
                        Self::new(Status::Unavailable, format!("{text}; make room on the server's disk"))
                    }
                    1153 => Self::new(
                        Status::Unavailable,
                        format!("{text}; raise it on the server, to 1 MiB at least"),
                    ),
                    1054 => Self::new(
                        Status::Config,
                        format!("{text}; this is not sessionstat's table: see etc/schema"),
                    ),
                    1146 => Self::new(
                        Status::Config,
                        format!(
                            "{text}; restore it from a backup, or have it made empty: load etc/schema/*.sql again"
                        ),
                    ),
                    ENCRYPTION_REQUIRED => {
                        Self::new(Status::Config, format!("{text}; set [{section}] tls = true"))
                    }
                    // An account that must use TLS is refused with the same words as a wrong password.
                    1045 => Self::new(
                        Status::Config,
                        format!(
                            "{text}; check [{section}] url, the password, the account's rights (etc/grants.sql), and \
                             whether it must use TLS ([{section}] tls, tls_cert_file)"
                        ),
                    ),
                    code if CONFIGURATION.contains(&code) => Self::new(
                        Status::Config,
                        format!("{text}; check [{section}] url and the account's rights (etc/grants.sql)"),
                    ),
                    code if BAD_DATA.contains(&code) => Self::new(Status::BadData, text),
                    _ => Self::new(Status::Unavailable, format!("{text}; the server's log may tell more")),
                }
            }
            _ => Self::new(Status::Unavailable, error.to_string()),
        }
    }
}

/// Whether a limit of ours ended it. A socket's limit reads "Resource temporarily unavailable", which tells nobody
/// anything, and the driver may keep it inside an error of its own.
fn waited_in_vain(error: &Error) -> bool {
    let cause = match error {
        Error::DriverError(DriverError::ConnectTimeout | DriverError::Timeout) => return true,
        Error::IoError(cause) => Some(cause),
        Error::CodecError(codec) => codec.source().and_then(<dyn StdError>::downcast_ref::<io::Error>),
        _ => None,
    };
    cause.is_some_and(|cause| matches!(cause.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut))
}
