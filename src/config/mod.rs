//! The configuration: one TOML file for all commands, environment above it, defaults below.
//!
//! Owes its callers: what it returns has been checked; an error names file, line and key, and never a secret.

mod address;
pub mod aggregate;
pub mod certificates;
pub mod duration;
mod file;
pub mod macrosession;
mod mail_address;
pub mod moodle;
pub mod mysql;
mod opening_hours;
pub mod ratelimit;
mod redis;
pub mod report;
pub mod samba;
mod secret;
mod usable;

use std::{
    env::{self, VarError},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono_tz::Tz;
use serde::Deserialize;

pub use address::mysql_hosts;
pub use aggregate::Aggregate;
pub use macrosession::Macrosession;
pub use moodle::Moodle;
pub use mysql::Mysql;
pub use ratelimit::Ratelimit;
pub use redis::Redis;
pub use report::Report;
pub use samba::Samba;
pub use secret::{Secret, read_kept, read_password};

use crate::failure::{Failure, Result, Status};

/// Where the configuration is looked for when nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/sessionstat/sessionstat.toml";

/// Variables of the environment that may hold a password.
pub const SECRET_VARIABLES: [&str; 2] = ["SESSIONSTAT_MYSQL_URL", "SESSIONSTAT_REDIS_URL"];

/// Everything that can be configured. `etc/sessionstat.toml` shows each key with its default and meaning.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The file that it was read from; none: all values are the defaults.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// Folder of the lock files.
    pub lock_dir: PathBuf,
    /// Folder of the snapshots that wait for MySQL.
    pub spool_dir: PathBuf,
    /// `[general]`
    pub general: General,
    /// `[mysql]`
    pub mysql: Mysql,
    /// `[redis]`
    pub redis: Redis,
    /// `[samba]`
    pub samba: Samba,
    /// `[epn]`
    pub epn: Epn,
    /// `[ratelimit]`
    pub ratelimit: Ratelimit,
    /// `[aggregate]`
    pub aggregate: Aggregate,
    /// `[moodle]`
    pub moodle: Moodle,
    /// `[report]`
    pub report: Report,
    /// `[macrosession]`
    pub macrosession: Macrosession,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            lock_dir: "/run/lock".into(),
            spool_dir: "/var/spool/sessionstat".into(),
            general: General::default(),
            mysql: Mysql::default(),
            redis: Redis::default(),
            samba: Samba::default(),
            epn: Epn::default(),
            ratelimit: Ratelimit::default(),
            aggregate: Aggregate::default(),
            moodle: Moodle::default(),
            report: Report::default(),
            macrosession: Macrosession::default(),
        }
    }
}

/// `[general]`: what concerns all commands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct General {
    /// Zone of local days, opening hours and display, as `Europe/Paris`; none: the system's.
    pub timezone: Option<Tz>,
}

/// `[epn]`: how sightings become attendance, uses and charges.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Epn {
    /// Minutes between two snapshots, and thus what one sighting stands for (rule 15). 1 to 60.
    pub snapshot_minutes: u32,
    /// Most minutes between two sightings of one use (rule 16); none: three intervals.
    pub gap_minutes: Option<u32>,
    /// Days after which a row that matches nothing is thrown away (rule 4).
    pub unmatched_keep_days: u32,
    /// How long the connection record (`users_log`) is kept.
    #[serde(with = "duration")]
    pub keep_log: Duration,
    /// Rows taken in one transaction: fewer hold fewer locks for a shorter time. 100 to 1,000,000.
    pub batch_rows: usize,
    /// The longest that one use can last; a longer one is suspect.
    #[serde(with = "duration")]
    pub longest_use: Duration,
    /// Days within which staff verify a use; 0: they need not.
    pub verify_days: u32,
}

impl Default for Epn {
    fn default() -> Self {
        Self {
            snapshot_minutes: 5,
            gap_minutes: None,
            unmatched_keep_days: 7,
            keep_log: Duration::from_secs(365 * 86_400),
            batch_rows: 100_000,
            longest_use: Duration::from_secs(12 * 3_600),
            verify_days: 30,
        }
    }
}

impl Epn {
    /// Most minutes between two sightings of one use.
    pub fn gap(&self) -> u32 {
        self.gap_minutes.unwrap_or(3 * self.snapshot_minutes)
    }
}

impl Config {
    /// Reads the configuration: `named` (or `SESSIONSTAT_CONFIG`) must exist, the default place may be empty.
    /// `SESSIONSTAT_MYSQL_URL` and `SESSIONSTAT_REDIS_URL` override the file.
    ///
    /// # Errors
    /// [`Status::Config`] with file, line and key.
    pub fn load(named: Option<&Path>) -> Result<Self> {
        let named = named
            .map(Path::to_owned)
            .or_else(|| env::var_os("SESSIONSTAT_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from));
        let mut config = match named {
            Some(path) => file::read(&path)?,
            None => file::read_if_there(Path::new(DEFAULT_PATH))?.unwrap_or_default(),
        };
        if let Some(url) = from_environment("SESSIONSTAT_MYSQL_URL", address::complaint_about_mysql)? {
            config.mysql.url = url;
        }
        if let Some(url) = from_environment("SESSIONSTAT_REDIS_URL", address::complaint_about_redis)? {
            config.redis.url = url;
        }
        config.check_encryption()?;
        Ok(config)
    }

    /// What a text says that would be the file `path`, which is not looked at; nor is the environment.
    ///
    /// # Errors
    /// [`Status::Config`] with file, line and key.
    pub fn of_text(text: &str, path: &Path) -> Result<Self> {
        file::of_text(text, path)
    }

    /// The server of `[moodle] url`, where there is one.
    pub fn moodle_server(&self) -> Option<Mysql> {
        self.moodle.url.as_ref().map(|url| self.mysql.of_moodle(&self.moodle, url))
    }

    /// What is encrypted depends on addresses, which may stand in the environment.
    fn check_encryption(&self) -> Result<()> {
        let servers = [("mysql", Some(self.mysql.clone())), ("moodle", self.moodle_server())];
        for (section, server) in servers {
            if let Some((key, what)) = server.and_then(|server| server.complaint()) {
                return Err(file::complaint(self.file.as_deref(), &format!("{section}.{key}"), what));
            }
        }
        Ok(())
    }

    /// The zone of local days: the configured one, else the system's.
    ///
    /// # Errors
    /// [`Status::Config`] if none is configured and the system's cannot be known.
    pub fn timezone(&self) -> Result<Tz> {
        if let Some(zone) = self.general.timezone {
            return Ok(zone);
        }
        let name = env::var("TZ").unwrap_or_default();
        // A file of the zone database stands for its name, any other file for the system's zone.
        let name = match name.trim_start_matches(':') {
            path if path.starts_with('/') => path.split_once("/zoneinfo/").map_or("", |(_, name)| name),
            name => name,
        };
        let name = match name {
            "" => iana_time_zone::get_timezone().unwrap_or_else(|_| "UTC".to_owned()),
            name => name.to_owned(),
        };
        name.parse().map_err(|_| {
            Failure::new(
                Status::Config,
                format!("the system's time zone {name:?} is not a known name; set [general] timezone, as in \"Europe/Paris\""),
            )
        })
    }
}

/// An address from the environment; empty is as good as none.
fn from_environment(
    variable: &str,
    complaint: impl Fn(&Secret) -> Option<&'static str>,
) -> Result<Option<Secret>> {
    let wrong = |what: &str| Failure::new(Status::Config, format!("{variable}: {what}"));
    let url = match env::var(variable) {
        Ok(url) if !url.is_empty() => Secret::new(url),
        Ok(_) | Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => return Err(wrong("not UTF-8; write it in %-escapes")),
    };
    match complaint(&url) {
        Some(what) => Err(wrong(what)),
        None => Ok(Some(url)),
    }
}
