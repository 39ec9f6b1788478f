//! Certificates, good and bad, and the authority that issues them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// An authority with files of its own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// A certificate and its key.
pub struct Identity {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "sessionstat's tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), folder }
    }

    /// What those who trust it are given.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for `names`, which are host names or addresses.
    pub fn issue(&self, names: &[&str]) -> Identity {
        self.issue_until(names, 2099)
    }

    /// The same, which ends with the first day of a year.
    pub fn issue_until(&self, names: &[&str], year: i32) -> Identity {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let file = |ending: &str| self.folder.path().join(format!("{}-{year}.{ending}", names.join("-")));
        let (cert, key) = (file("cert"), file("key"));
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "sessionstat");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let pair = KeyPair::generate().unwrap();
        fs::write(&cert, params.signed_by(&pair, &self.issuer).unwrap().pem()).unwrap();
        fs::write(&key, pair.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        Identity { cert, key }
    }

    /// The lines of a configuration that trusts this authority.
    pub fn trusted(&self) -> String {
        trusting(&self.file())
    }
}

/// The lines of a configuration that trusts what is in a file.
pub fn trusting(file: &Path) -> String {
    format!("mysql.retry_for = \"0s\"\nmysql.tls = true\nmysql.tls_ca_file = \"{}\"\n", file.display())
}
