//! What can go wrong between us and Redis.

use std::io;

use ::redis::{ErrorKind, RedisError, ServerErrorKind};

use super::tls;
use crate::failure::{Failure, Status};

/// Why there is no answer.
#[derive(Debug)]
pub struct Trouble {
    /// For programs.
    pub kind: Kind,
    /// For people: one line, without a password.
    pub message: String,
    /// What to do about it, where that is not what its kind calls for.
    remedy: Option<&'static str>,
}

/// The kinds of trouble: each calls for another remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing listens there, the connection broke, or the certificate there is not one to trust.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The account, its password, its certificate or its rights are wrong.
    Auth,
    /// The server is a replica, or cannot write to its disk.
    Readonly,
    /// The server has no memory left (`maxmemory`).
    Full,
    /// The server loads its data, runs somebody's long script, or the Cluster is without a master just now.
    Busy,
    /// The configuration names a password or a certificate that cannot be read, or an address that is none.
    Config,
    /// The script is not known to the server.
    NoScript,
    /// The server said something that makes no sense here.
    Protocol,
}

impl Kind {
    /// The word in the answers of `ratelimit-check`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Auth => "auth",
            Self::Readonly => "readonly",
            Self::Full => "full",
            Self::Busy => "busy",
            Self::Config => "config",
            Self::NoScript | Self::Protocol => "protocol",
        }
    }

    /// What to do about it.
    fn remedy(self) -> &'static str {
        match self {
            Self::Unreachable => "check that it runs and [redis] url",
            Self::Timeout => "check that it runs, and its load",
            Self::Auth => "check the account in [redis] url and password_file, and its rights",
            Self::Readonly => "check that [redis] url is that of the master, and that it can save its data",
            Self::Full => "raise its maxmemory",
            Self::Busy => "try again in a moment",
            Self::Config => "check [redis] in the configuration",
            Self::NoScript | Self::Protocol => "check what [redis] url leads to",
        }
    }
}

impl Trouble {
    /// Trouble of this kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remedy: None }
    }

    /// The same trouble with a remedy of its own.
    #[must_use]
    pub(super) fn with_remedy(self, remedy: &'static str) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// What the driver says went wrong.
    pub fn of(error: &RedisError) -> Self {
        Self::new(kind(error), error.to_string())
    }

    /// What the system says went wrong.
    pub fn of_system(error: &io::Error) -> Self {
        if let Some(trouble) = tls::trouble(error) {
            return trouble;
        }
        let kind = match error.kind() {
            io::ErrorKind::TimedOut => Kind::Timeout,
            _ => Kind::Unreachable,
        };
        Self::new(kind, error.to_string())
    }

    /// The same trouble with what was being done put in front.
    #[must_use]
    pub fn context(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// The same trouble with what failed in front, and with what to do about it.
    #[must_use]
    pub fn told(self, what: &str) -> Self {
        let why = if self.kind == Kind::Timeout { "no answer in time" } else { &self.message };
        let remedy = self.remedy.unwrap_or(self.kind.remedy());
        Self { message: format!("{what}: {why}; {remedy}"), ..self }
    }
}

impl From<Failure> for Trouble {
    /// A failure before anybody was asked: that of the configuration.
    fn from(failure: Failure) -> Self {
        Self::new(Kind::Config, failure.to_string())
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let status = if trouble.kind == Kind::Config { Status::Config } else { Status::Unavailable };
        Self::new(status, trouble.message)
    }
}

fn kind(error: &RedisError) -> Kind {
    if error.is_timeout() {
        return Kind::Timeout;
    }
    // Those without a kind of their own in the driver.
    match error.code() {
        Some("OOM") => return Kind::Full,
        Some("NOAUTH" | "WRONGPASS") => return Kind::Auth,
        Some("MISCONF" | "NOREPLICAS") => return Kind::Readonly,
        Some("BUSY") => return Kind::Busy,
        // Too long a command from somebody who has not said who he is, or a password for a server that has none.
        Some("ERR")
            if error
                .detail()
                .is_some_and(|text| text.contains("unauthenticated") || text.contains("AUTH")) =>
        {
            return Kind::Auth;
        }
        Some("ERR") if error.detail().is_some_and(|text| text.contains("DB index")) => return Kind::Config,
        _ => {}
    }
    match error.kind() {
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => Kind::Unreachable,
        ErrorKind::AuthenticationFailed => Kind::Auth,
        ErrorKind::Server(kind) => match kind {
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask => Kind::Busy,
            ServerErrorKind::ReadOnly => Kind::Readonly,
            ServerErrorKind::NoPerm => Kind::Auth,
            ServerErrorKind::NoScript => Kind::NoScript,
            _ => Kind::Protocol,
        },
        _ => Kind::Protocol,
    }
}
