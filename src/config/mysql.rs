//! `[mysql]`: the database, how long it is waited for, and whether what is said is encrypted.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Moodle, Secret, address, certificates::Certificates, duration};

/// `[mysql]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mysql {
    /// `mysql://user:password@host:port,host:port/database?socket=PATH`
    #[serde(deserialize_with = "address::of_mysql")]
    pub url: Secret,
    /// A file with the password alone, kept from others.
    pub password_file: Option<PathBuf>,
    /// Limit for a connection to one host: finding it, TLS, login, and the question how it is.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// Limit for one answer.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How long a run tries again while the database is briefly away.
    #[serde(with = "duration")]
    pub retry_for: Duration,
    /// Whether connections are encrypted, to servers that can prove who they are.
    pub tls: bool,
    /// Certificates of the authorities that vouch for the servers; none: the system's.
    pub tls_ca_file: Option<PathBuf>,
    /// The certificate with which a command says who it is.
    pub tls_cert_file: Option<PathBuf>,
    /// The key of that certificate, kept from others.
    pub tls_key_file: Option<PathBuf>,
}

impl Default for Mysql {
    fn default() -> Self {
        Self {
            url: Secret::new("mysql://sessionstat@localhost/sessionstat?socket=/run/mysqld/mysqld.sock"),
            password_file: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(60),
            retry_for: Duration::from_secs(30),
            tls: false,
            tls_ca_file: None,
            tls_cert_file: None,
            tls_key_file: None,
        }
    }
}

impl Mysql {
    /// What encrypted connections need. `section` of the configuration names the files, for messages.
    pub fn certificates<'a>(&'a self, section: &'a str) -> Certificates<'a> {
        Certificates::new(
            section,
            self.tls_ca_file.as_deref(),
            self.tls_cert_file.as_deref(),
            self.tls_key_file.as_deref(),
        )
    }

    /// Those of the server with Moodle's log: what `[moodle]` does not say about encryption is as here.
    pub(super) fn of_moodle(&self, moodle: &Moodle, url: &Secret) -> Self {
        let other =
            |theirs: &Option<PathBuf>, ours: &Option<PathBuf>| theirs.clone().or_else(|| ours.clone());
        let tls = moodle.tls.unwrap_or(self.tls && !address::is_socket(url));
        let inherited = if tls { self.clone() } else { Self::default() };
        let (cert, key) = match (&moodle.tls_cert_file, &moodle.tls_key_file) {
            (None, None) => (inherited.tls_cert_file, inherited.tls_key_file),
            own => (own.0.clone(), own.1.clone()),
        };
        Self {
            url: url.clone(),
            password_file: moodle.password_file.clone(),
            tls,
            tls_ca_file: other(&moodle.tls_ca_file, &inherited.tls_ca_file),
            tls_cert_file: cert,
            tls_key_file: key,
            ..self.clone()
        }
    }

    /// What is wrong with values that have a meaning only together: the key in its section, and what.
    pub(super) fn complaint(&self) -> Option<(&'static str, &'static str)> {
        if self.tls && address::is_socket(&self.url) {
            return Some((
                "tls",
                "the address leads to a Unix socket, which nobody can listen to; leave out tls, or write the \
                 address without ?socket=",
            ));
        }
        let files = [
            ("tls_ca_file", &self.tls_ca_file),
            ("tls_cert_file", &self.tls_cert_file),
            ("tls_key_file", &self.tls_key_file),
        ];
        if !self.tls {
            let (key, _) = files.into_iter().find(|(_, file)| file.is_some())?;
            return Some((key, "without tls = true nothing is encrypted; add it, or leave this out"));
        }
        match (&self.tls_cert_file, &self.tls_key_file) {
            (Some(_), None) => Some(("tls_cert_file", "needs tls_key_file, the key of this certificate")),
            (None, Some(_)) => Some(("tls_key_file", "needs tls_cert_file, the certificate of this key")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn mysql(url: &str) -> Mysql {
        Mysql { url: Secret::new(url), ..Mysql::default() }
    }

    #[test]
    fn what_would_not_be_encrypted_is_refused() {
        let hosts = mysql("mysql://u@db1,db2/d");
        assert_eq!(Mysql { tls: true, ..hosts.clone() }.complaint(), None);
        assert_eq!(Mysql { tls: true, ..Mysql::default() }.complaint().unwrap().0, "tls");
        let ca = Some(PathBuf::from("/ca"));
        let key_of = |mysql: Mysql| mysql.complaint().unwrap().0;
        assert_eq!(key_of(Mysql { tls_ca_file: ca.clone(), ..hosts.clone() }), "tls_ca_file");
        assert_eq!(key_of(Mysql { tls: true, tls_key_file: ca.clone(), ..hosts.clone() }), "tls_key_file");
        assert_eq!(key_of(Mysql { tls: true, tls_cert_file: ca, ..hosts }), "tls_cert_file");
    }

    #[test]
    fn what_moodle_does_not_say_is_as_in_mysql() {
        let main = Mysql {
            tls: true,
            tls_ca_file: Some("/ca".into()),
            tls_cert_file: Some("/cert".into()),
            tls_key_file: Some("/key".into()),
            ..mysql("mysql://u@db1/d")
        };
        let of = |moodle: &Moodle, url: &str| main.of_moodle(moodle, &Secret::new(url));
        let silent = of(&Moodle::default(), "mysql://u@m/d");
        assert!(silent.tls && silent.tls_ca_file == main.tls_ca_file && silent.tls_key_file.is_some());
        let socket = of(&Moodle::default(), "mysql://u@localhost/d?socket=/s");
        assert!(!socket.tls && socket.complaint().is_none());
        let plain = of(&Moodle { tls: Some(false), ..Moodle::default() }, "mysql://u@m/d");
        assert!(!plain.tls && plain.complaint().is_none());
        let own = Moodle {
            tls_ca_file: Some("/theirs".into()),
            tls_cert_file: Some("/c".into()),
            ..Moodle::default()
        };
        let own = of(&own, "mysql://u@m/d");
        assert_eq!(own.certificates("moodle").authorities(), Path::new("/theirs"));
        assert_eq!(own.complaint().unwrap().0, "tls_cert_file");
        let lost = Moodle { tls: Some(false), tls_ca_file: Some("/theirs".into()), ..Moodle::default() };
        assert_eq!(of(&lost, "mysql://u@m/d").complaint().unwrap().0, "tls_ca_file");
    }
}
