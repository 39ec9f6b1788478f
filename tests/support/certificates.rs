//! Authorities of a test's own, and the certificates that they issue: good ones and bad ones.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tempfile::TempDir;

/// An authority. Its files vanish with it.
pub struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, as files in PEM.
pub struct Certificate {
    pub file: PathBuf,
    /// Readable by its owner only.
    pub key: PathBuf,
}

impl Authority {
    #[track_caller]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sessionstat-authority-")
            .tempdir()
            .expect("a temporary folder for certificates");
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut params = params(&[], &format!("Authority {number} of a test"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate of an authority");
        fs::write(folder.path().join("authority.pem"), issuer.pem()).expect("the authority's file");
        Self { folder, issuer }
    }

    /// Its own certificate, for those who trust it.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The folder of all its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A certificate for these names and addresses.
    #[track_caller]
    pub fn certificate_for(&self, names: &[&str]) -> Certificate {
        self.issue(params(names, "Server of a test"))
    }

    /// One that was good until the end of the year 2000.
    #[track_caller]
    pub fn expired(&self, names: &[&str]) -> Certificate {
        let mut params = params(names, "Server of the past");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.issue(params)
    }

    #[track_caller]
    fn issue(&self, params: CertificateParams) -> Certificate {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let at = |kind: &str| self.folder.path().join(format!("{number}.{kind}"));
        let issued = Certificate { file: at("crt"), key: at("key") };
        fs::write(&issued.file, certificate.pem()).expect("the file of a certificate");
        fs::write(&issued.key, key.serialize_pem()).expect("the file of a key");
        fs::set_permissions(&issued.key, Permissions::from_mode(0o600)).expect("a key kept from others");
        issued
    }
}

#[track_caller]
fn params(names: &[&str], subject: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names of a certificate");
    params.distinguished_name.push(DnType::CommonName, subject);
    params
}
