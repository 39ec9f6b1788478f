//! Where the database is, and how a connection to it is opened.

use std::time::Duration;

use ::mysql::{Conn, Opts, OptsBuilder, prelude::Queryable};

use crate::{
    config::{Mysql, Secret, read_password},
    failure::{Failure, Result, Status},
};

/// What every connection begins with. Times are UTC; a strict mode, so that nothing is cut or bent silently; rows
/// are locked one by one (no gaps), so that the management software can work beside us.
const SESSION: [&str; 2] = [
    "SET SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = 10, \
     SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
];

/// A database server and database, as configured.
#[derive(Clone)]
pub struct Server {
    opts: Opts,
    label: String,
    /// Where the configuration has the address.
    section: &'static str,
    retry_for: Duration,
}

impl Server {
    /// Reads the address and, where the password has a file of its own, the password.
    ///
    /// # Errors
    /// [`Status::Config`] for an address that is none or a password file that cannot be used.
    pub fn new(settings: &Mysql) -> Result<Self> {
        // The parser's own message may quote the address, password included.
        let given = Opts::from_url(settings.url.reveal()).map_err(|_| {
            Failure::new(
                Status::Config,
                "[mysql] url is not an address such as mysql://user@host:3306/database?socket=PATH",
            )
        })?;
        let file_password = match (&settings.password_file, given.get_pass()) {
            (Some(path), None) => Some(read_password(path)?),
            _ => None,
        };
        let label = label(&given);
        let password = given.get_pass().map(str::to_owned);
        let opts = OptsBuilder::from_opts(given)
            .pass(file_password.as_ref().map(Secret::reveal).map(str::to_owned).or(password))
            .prefer_socket(false)
            .tcp_connect_timeout(Some(settings.connect_timeout))
            .read_timeout(Some(settings.timeout))
            .write_timeout(Some(settings.timeout))
            .stmt_cache_size(64)
            .into();
        Ok(Self { opts, label, section: "mysql", retry_for: settings.retry_for })
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`Status::Unavailable`] (worth another try) if the server does not answer, [`Status::Config`] if it refuses
    /// the account or does not know the database.
    pub fn connect(&self) -> Result<Conn> {
        let opened = Conn::new(self.opts.clone()).and_then(|mut conn| {
            SESSION.iter().try_for_each(|setting| conn.query_drop(setting))?;
            Ok(conn)
        });
        opened
            .map_err(|error| Failure::of_server(error, self.section))
            .map_err(|failure| failure.context(format!("cannot use MySQL at {}", self.label)))
    }

    /// The same server, for a run that tries again for this long only.
    #[must_use]
    pub fn retrying_for(self, retry_for: Duration) -> Self {
        Self { retry_for, ..self }
    }

    /// The same server, whose address stands in `[section] url`.
    #[must_use]
    pub fn of_section(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    /// How long a run tries again while the server is briefly away.
    pub fn retry_for(&self) -> Duration {
        self.retry_for
    }

    /// The server without account and password, for messages.
    pub fn label(&self) -> &str {
        &self.label
    }
}

fn label(opts: &Opts) -> String {
    let place = match opts.get_socket() {
        Some(socket) => socket.to_owned(),
        None => format!("{}:{}", opts.get_ip_or_hostname(), opts.get_tcp_port()),
    };
    match opts.get_db_name() {
        Some(database) => format!("{place} (database {database})"),
        None => place,
    }
}
