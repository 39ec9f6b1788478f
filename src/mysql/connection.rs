//! Where the database is, and how a connection to it is opened: to the first of its hosts that may be used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use ::mysql::{Conn, OptsBuilder};

use super::{encryption, host::Host};
use crate::{
    config::{Mysql, Secret, mysql_hosts, read_password},
    failure::{Failure, Result, Status},
};

/// More than any row of ours; the driver need not ask the server for its own limit.
const LARGEST_PACKET: usize = 1 << 30;

/// A host that vanished while it was asked is noticed after so many milliseconds, within the default of `[mysql]
/// retry_for`: whether it had the question, or not.
const VANISHED: u32 = 20_000;
/// Quiet for so many milliseconds, then so many seconds between questions of which one must be answered.
const KEEPALIVE: (u32, u32) = (5_000, 3);

/// A database, as configured: one server, or several of which any will do.
#[derive(Clone)]
pub struct Server {
    /// In the order of the address.
    hosts: Arc<[Host]>,
    /// The host that was used last. A run stays with it, so that it sees what it wrote; all runs of a site begin with the
    /// first, so that they meet on one node.
    current: Arc<AtomicUsize>,
    label: String,
    /// The name of the database, as it stands behind that of a host in messages.
    database: String,
    /// Where the configuration has the address.
    section: &'static str,
    connect_timeout: Duration,
    retry_for: Duration,
    only_reads: bool,
}

impl Server {
    /// The server of `[mysql]`.
    ///
    /// # Errors
    /// As of [`Server::of_section`].
    pub fn new(settings: &Mysql) -> Result<Self> {
        Self::of_section("mysql", settings)
    }

    /// A server whose address stands in `[section]`. Reads the address, the password where it has a file of its own,
    /// and what encryption needs.
    ///
    /// # Errors
    /// [`Status::Config`] for an address that is none or a file that cannot be used.
    pub fn of_section(section: &'static str, settings: &Mysql) -> Result<Self> {
        let given = mysql_hosts(&settings.url)
            .map_err(|what| Failure::new(Status::Config, format!("[{section}] url: {what}")))?;
        let in_url = given.first().and_then(|opts| opts.get_pass());
        let file_password = match (&settings.password_file, in_url) {
            (Some(path), None) => Some(read_password(path)?),
            _ => None,
        };
        let password = file_password.as_ref().map(Secret::reveal).or(in_url).map(str::to_owned);
        let encryption = encryption::options(section, settings)?;
        let database = given.first().and_then(|opts| opts.get_db_name()).map(str::to_owned);
        let (idle, interval) = KEEPALIVE;
        let host = |opts| {
            let opts = OptsBuilder::from_opts(opts)
                .pass(password.clone())
                .ssl_opts(encryption.clone())
                .prefer_socket(false)
                .max_allowed_packet(Some(LARGEST_PACKET))
                .tcp_connect_timeout(Some(settings.connect_timeout))
                .tcp_keepalive_time_ms(Some(idle))
                .tcp_keepalive_probe_interval_secs(Some(interval))
                .tcp_keepalive_probe_count(Some(5))
                .tcp_user_timeout_ms(Some(VANISHED))
                .read_timeout(Some(settings.timeout))
                .write_timeout(Some(settings.timeout))
                .stmt_cache_size(64);
            Host::new(opts.into())
        };
        let hosts: Arc<[Host]> = given.into_iter().map(host).collect();
        let database = database.map_or_else(String::new, |database| format!(" (database {database})"));
        let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        Ok(Self {
            label: format!("{}{database}", names.join(", ")),
            database,
            hosts,
            current: Arc::default(),
            section,
            connect_timeout: settings.connect_timeout,
            retry_for: settings.retry_for,
            only_reads: false,
        })
    }

    /// Opens a connection: to the host that was used last, or else to the first that may be used.
    ///
    /// # Errors
    /// [`Status::Unavailable`] (worth another try) if no host answers, or none that does may be used; [`Status::Config`]
    /// if all refuse the account, do not know the database or cannot prove who they are.
    pub fn connect(&self) -> Result<Conn> {
        let last = self.current.load(Ordering::Relaxed);
        let others = (0..self.hosts.len()).filter(|index| *index != last);
        let mut passed_over = Vec::new();
        for index in std::iter::once(last).chain(others) {
            let Some(host) = self.hosts.get(index) else { continue };
            match self.open(host) {
                Ok(conn) => {
                    if index != self.current.swap(index, Ordering::Relaxed) {
                        log::info!("using {}", host.name);
                    }
                    return Ok(conn);
                }
                Err(failure) if self.hosts.len() == 1 => {
                    return Err(failure.context(format!("cannot use MySQL at {}", self.label)));
                }
                Err(failure) => {
                    let told = format!("{} is passed over: {failure}", host.name);
                    // Nobody else would notice: the other hosts do the work.
                    match failure.status() {
                        Status::Config => log::warn!("{told}"),
                        _ => log::info!("{told}"),
                    }
                    passed_over.push((host, failure));
                }
            }
        }
        Err(none_of(&passed_over, self.section))
    }

    fn open(&self, host: &Host) -> Result<Conn> {
        let (conn, health) = host.open(self.section, self.connect_timeout)?;
        health.permit(self.only_reads, self.section)?;
        Ok(conn)
    }

    /// Asks all hosts at once how they are: each with its name and, in a few words, its state or why it cannot be used.
    pub fn survey(&self) -> Vec<(&str, Result<&'static str>)> {
        let ask = |host: &Host| {
            let (_, health) = host.open(self.section, self.connect_timeout)?;
            health.permit(self.only_reads, self.section)?;
            Ok(health.told())
        };
        thread::scope(|scope| {
            let asked: Vec<_> =
                self.hosts.iter().map(|host| (host, scope.spawn(move || ask(host)))).collect();
            let lost = || Failure::new(Status::Unavailable, "the driver gave up");
            asked
                .into_iter()
                .map(|(host, answer)| (host.name.as_str(), answer.join().unwrap_or_else(|_| Err(lost()))))
                .collect()
        })
    }

    /// The same server, for a run that tries again for this long only.
    #[must_use]
    pub fn retrying_for(self, retry_for: Duration) -> Self {
        Self { retry_for, ..self }
    }

    /// The same server, for a command that writes nothing that matters: it may also be one that only reads.
    #[must_use]
    pub fn only_read(self) -> Self {
        Self { only_reads: true, ..self }
    }

    /// How long a run tries again while the server is briefly away.
    pub fn retry_for(&self) -> Duration {
        self.retry_for
    }

    /// The server without account and password, for messages.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Which database this is: stays the same when hosts are added behind the first.
    pub fn identity(&self) -> String {
        format!("{}{}", self.hosts.first().map_or("", |host| &host.name), self.database)
    }

    /// Whether there are several hosts.
    pub fn is_list(&self) -> bool {
        self.hosts.len() > 1
    }

    /// The host that was used last.
    pub fn host_in_use(&self) -> &str {
        self.hosts.get(self.current.load(Ordering::Relaxed)).map_or("", |host| &host.name)
    }

    /// The host that was used last, and the database there, for messages.
    pub fn place(&self) -> String {
        format!("{}{}", self.host_in_use(), self.database)
    }
}

/// Why no host could be used. What is a matter of configuration everywhere is not tried again.
fn none_of(passed_over: &[(&Host, Failure)], section: &str) -> Failure {
    let reasons: Vec<String> = passed_over
        .iter()
        .map(|(host, failure)| {
            let said = failure.to_string();
            // What to do about one host says less than what to do about all.
            let why = said.rsplit_once("; ").map_or(said.as_str(), |(why, _)| why);
            format!("{} ({why})", host.name)
        })
        .collect();
    let told = format!("cannot use MySQL: {}", reasons.join(", "));
    let is_config = |(_, failure): &(&Host, Failure)| failure.status() == Status::Config;
    match passed_over.iter().all(is_config) {
        true => {
            Failure::new(Status::Config, format!("{told}; check [{section}] url and keys, and the servers"))
        }
        false => Failure::passing(
            Status::Unavailable,
            format!("{told}; check that one of them runs and may be written to, and [{section}] url"),
        ),
    }
}
