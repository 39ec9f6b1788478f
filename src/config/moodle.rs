//! `[moodle]`: the log from which time online is rebuilt, and the figures that the rules work with.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Secret, address, duration};

/// `[moodle]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Moodle {
    /// The database of the log; none: the one of `[mysql]`.
    #[serde(deserialize_with = "address::of_mysql_if_any")]
    pub url: Option<Secret>,
    /// A file with the password alone, kept from others.
    pub password_file: Option<PathBuf>,
    /// Whether connections to the server of `url` are encrypted; none: as in `[mysql]`, but not through a Unix socket.
    pub tls: Option<bool>,
    /// As in `[mysql]`, whose value holds without it.
    pub tls_ca_file: Option<PathBuf>,
    /// As in `[mysql]`, whose value holds if neither this nor `tls_key_file` is there.
    pub tls_cert_file: Option<PathBuf>,
    /// As in `[mysql]`.
    pub tls_key_file: Option<PathBuf>,
    /// What the names of Moodle's tables begin with.
    pub prefix: String,
    /// The log; none: Moodle's `logstore_standard_log` where there is one, else `event_log`.
    pub log: Option<String>,
    /// The longest pause within a session.
    #[serde(with = "duration")]
    pub threshold: Duration,
    /// What stands for the time after the last trace. At most `threshold`.
    #[serde(with = "duration")]
    pub credit: Duration,
    /// Time between two heartbeats; zero: pages send none.
    #[serde(with = "duration")]
    pub heartbeat_period: Duration,
    /// How long heartbeats count after the last thing that the user did; zero: for ever.
    #[serde(with = "duration")]
    pub inactivity_cap: Duration,
    /// Whether another course begins another session.
    pub one_session_per_course: bool,
    /// Whether what is done outside of all courses counts.
    pub site_events: bool,
}

impl Default for Moodle {
    fn default() -> Self {
        Self {
            url: None,
            password_file: None,
            tls: None,
            tls_ca_file: None,
            tls_cert_file: None,
            tls_key_file: None,
            prefix: "mdl_".to_owned(),
            log: None,
            threshold: Duration::from_secs(20 * 60),
            credit: Duration::from_secs(5 * 60),
            heartbeat_period: Duration::from_secs(10 * 60),
            inactivity_cap: Duration::from_secs(60 * 60),
            one_session_per_course: false,
            site_events: false,
        }
    }
}

impl Moodle {
    /// What is wrong with the values of a section that could be read: key and message.
    pub(super) fn complaint(&self) -> Option<(&'static str, &'static str)> {
        const DAY: Duration = Duration::from_secs(86_400);
        let is_name = |name: &str| {
            name.len() <= 60 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(&byte))
        };
        if !is_name(&self.prefix) {
            return Some(("moodle.prefix", "holds more than letters, digits, _ and $"));
        }
        if self.log.as_deref().is_some_and(|log| log.is_empty() || !is_name(log)) {
            return Some(("moodle.log", "is no name of a table: letters, digits, _ and $"));
        }
        for (key, duration) in [
            ("moodle.threshold", self.threshold),
            ("moodle.credit", self.credit),
            ("moodle.heartbeat_period", self.heartbeat_period),
            ("moodle.inactivity_cap", self.inactivity_cap),
        ] {
            if duration.subsec_nanos() > 0 {
                return Some((key, "has a fraction of a second, which the log does not know"));
            }
        }
        if self.threshold.is_zero() || self.threshold > DAY {
            return Some(("moodle.threshold", "not between a second and a day"));
        }
        if self.credit > self.threshold {
            return Some(("moodle.credit", "longer than threshold"));
        }
        if self.heartbeat_period >= self.threshold {
            return Some((
                "moodle.heartbeat_period",
                "not shorter than threshold: beats would not bridge anything",
            ));
        }
        if !self.inactivity_cap.is_zero() && self.inactivity_cap < self.heartbeat_period {
            return Some(("moodle.inactivity_cap", "shorter than heartbeat_period"));
        }
        None
    }
}
