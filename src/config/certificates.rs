//! Certificates and keys in PEM files: whom we trust, and who we are to servers that ask.
//!
//! Owes its callers: a file that cannot be used is named, with its key in the configuration.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::secret::read_kept;
use crate::failure::{Failure, OrFail, Result, Status};

/// The authorities that Debian trusts (package ca-certificates).
pub const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The files of one section, as `tls_ca_file`, `tls_cert_file` and `tls_key_file` name them.
#[derive(Clone, Copy, Debug)]
pub struct Certificates<'a> {
    authorities: &'a Path,
    identity: Option<(&'a Path, &'a Path)>,
}

/// What the files hold, unread.
struct Pem {
    /// Those who may have signed a server's certificate.
    authorities: Vec<u8>,
    /// Our own certificate, and its key.
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl<'a> Certificates<'a> {
    /// Of these files; without the first, the system's authorities. The other two go together.
    pub fn new(
        authorities: Option<&'a PathBuf>,
        certificate: Option<&'a PathBuf>,
        key: Option<&'a PathBuf>,
    ) -> Self {
        let authorities = authorities.map_or(Path::new(SYSTEM_AUTHORITIES), PathBuf::as_path);
        Self { authorities, identity: certificate.map(PathBuf::as_path).zip(key.map(PathBuf::as_path)) }
    }

    fn read(&self) -> Result<Pem> {
        let read = |file: &Path, what| {
            fs::read(file).or_fail(Status::Config, || format!("{}: cannot read {what}", file.display()))
        };
        let authorities = read(self.authorities, "the authorities of tls_ca_file")?;
        let identity = match self.identity {
            None => None,
            Some((certificate, key)) => Some((
                read(certificate, "the certificate of tls_cert_file")?,
                read_kept(key, "key of tls_key_file")?.into_bytes(),
            )),
        };
        Ok(Pem { authorities, identity })
    }

    /// Our side of encrypted connections: TLS 1.2 or 1.3, the server's certificate and name are checked.
    ///
    /// # Errors
    /// [`Status::Config`] if a file cannot be read, or holds something else than it should.
    pub fn client(&self) -> Result<ClientConfig> {
        let pem = self.read()?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .or_fail(Status::Config, || "cannot encrypt")?
            .with_root_certificates(self.trusted(&pem.authorities)?);
        let mut config = match self.identity.zip(pem.identity) {
            None => config.with_no_client_auth(),
            Some(((certificate_file, key_file), (certificate, key))) => {
                let chain = chain(certificate_file, &certificate)?;
                let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| {
                    let what = "holds no private key in PEM without a passphrase (tls_key_file)";
                    Failure::new(Status::Config, format!("{}: {what}", key_file.display()))
                })?;
                config.with_client_auth_cert(chain, key).or_fail(Status::Config, || {
                    format!(
                        "{} and {}: certificate and key do not belong together (tls_cert_file, tls_key_file)",
                        certificate_file.display(),
                        key_file.display()
                    )
                })?
            }
        };
        // A process has one connection; what would make the next one faster is of no use to it.
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    fn trusted(&self, pem: &[u8]) -> Result<RootCertStore> {
        let mut trusted = RootCertStore::empty();
        trusted.add_parsable_certificates(chain(self.authorities, pem)?);
        if trusted.is_empty() {
            let what = "holds no certificate of an authority (tls_ca_file)";
            return Err(Failure::new(Status::Config, format!("{}: {what}", self.authorities.display())));
        }
        Ok(trusted)
    }
}

/// All certificates of a file.
fn chain(file: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Failure::new(Status::Config, format!("{}: holds no certificate in PEM", file.display()))),
    }
}
