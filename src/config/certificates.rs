//! Certificates and keys in PEM files: whom we trust, and who we are to servers that ask.
//!
//! Owes its callers: a file that cannot be used is named, behind its key in the configuration.

use std::{fs, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::secret::read_kept;
use crate::failure::{Failure, OrFail, Result, Status};

/// The authorities that Debian's package ca-certificates trusts, and what the administrator has added to them.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The files of one section, as `tls_ca_file`, `tls_cert_file` and `tls_key_file` name them.
#[derive(Clone, Copy, Debug)]
pub struct Certificates<'a> {
    section: &'a str,
    authorities: &'a Path,
    identity: Option<(&'a Path, &'a Path)>,
}

/// How many certificates of a file of authorities have to be usable. A system's may hold an odd one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// Any of them; the others are passed over.
    OneAuthority,
    /// All of them, for a driver that passes none over.
    EachAuthority,
}

impl<'a> Certificates<'a> {
    /// Of these files of `[section]`; without the first, the system's authorities. The other two go together.
    pub fn new(
        section: &'a str,
        authorities: Option<&'a Path>,
        certificate: Option<&'a Path>,
        key: Option<&'a Path>,
    ) -> Self {
        let authorities = authorities.unwrap_or(Path::new(SYSTEM_AUTHORITIES));
        Self { section, authorities, identity: certificate.zip(key) }
    }

    /// The file of those who may have issued a server's certificate.
    pub fn authorities(&self) -> &'a Path {
        self.authorities
    }

    /// The files of our own certificate and of its key.
    pub fn identity(&self) -> Option<(&'a Path, &'a Path)> {
        self.identity
    }

    /// Reads the files, and makes of them our side of encrypted connections: TLS 1.2 or 1.3, the server's certificate and
    /// name are checked.
    ///
    /// # Errors
    /// [`Status::Config`] with key and file, if one cannot be read, or holds something else than it should.
    pub fn client(&self, needed: Needed) -> Result<ClientConfig> {
        let trusted =
            trusted(self.authorities, needed).map_err(|failure| self.of_key(failure, "tls_ca_file"))?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .or_fail(Status::Config, || "cannot encrypt")?
            .with_root_certificates(trusted);
        let mut config = match self.identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain =
                    certificates(certificate).map_err(|failure| self.of_key(failure, "tls_cert_file"))?;
                let of_key = |failure| self.of_key(failure, "tls_key_file");
                let private = private_key(key).map_err(of_key)?;
                let config = config.with_client_auth_cert(chain, private).or_fail(Status::Config, || {
                    format!("{}: is not the key of {}", key.display(), certificate.display())
                });
                config.map_err(of_key)?
            }
        };
        // A process has one connection; what would make the next one faster is of no use to it.
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    fn of_key(&self, failure: Failure, key: &str) -> Failure {
        failure.context(format!("[{}] {key}", self.section))
    }
}

fn trusted(file: &Path, needed: Needed) -> Result<RootCertStore> {
    let mut trusted = RootCertStore::empty();
    for (index, certificate) in certificates(file)?.into_iter().enumerate() {
        let added = trusted.add(certificate).or_fail(Status::Config, || {
            format!("{}: certificate {} in it cannot be used", file.display(), index + 1)
        });
        if needed == Needed::EachAuthority {
            added?;
        }
    }
    if trusted.is_empty() {
        return Err(wrong(file, "holds no certificate of an authority that can be used"));
    }
    Ok(trusted)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = fs::read(file).or_fail(Status::Config, || {
        let is_the_systems = file == Path::new(SYSTEM_AUTHORITIES);
        let source = if is_the_systems { " (it is in the package ca-certificates)" } else { "" };
        format!("{}: cannot read it{source}", file.display())
    })?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<std::result::Result<_, _>>()
        .or_fail(Status::Config, || format!("{}: holds PEM that is damaged", file.display()))?;
    if found.is_empty() {
        return Err(wrong(file, "holds no certificate in PEM"));
    }
    Ok(found)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = read_kept(file, "key")?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        wrong(file, "holds no private key in PEM; one that a passphrase protects cannot be used here")
    })
}

fn wrong(file: &Path, what: &str) -> Failure {
    Failure::new(Status::Config, format!("{}: {what}", file.display()))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    /// PEM that is whole, around a certificate that is not.
    const BROKEN: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn good() -> String {
        CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    /// What comes of a file with this text.
    fn judged(text: &str, needed: Needed) -> std::result::Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, text).unwrap();
        let judged = Certificates::new("moodle", Some(&file), None, None).client(needed);
        let begin = format!("[moodle] tls_ca_file: {}: ", file.display());
        judged.map(drop).map_err(|failure| {
            assert_eq!(failure.status(), Status::Config);
            failure.to_string().strip_prefix(&begin).expect("key and file").to_owned()
        })
    }

    #[test]
    fn an_authority_that_cannot_be_used_is_passed_over_where_one_is_enough() {
        let mixed = good() + "Words between them.\n" + BROKEN + &good();
        assert_eq!(judged(&mixed, Needed::OneAuthority), Ok(()));
        let refused = judged(&mixed, Needed::EachAuthority).unwrap_err();
        assert!(refused.starts_with("certificate 2 in it cannot be used: "), "{refused}");
        assert_eq!(judged(&(good() + &good()), Needed::EachAuthority), Ok(()));
        let none = "holds no certificate of an authority that can be used";
        assert_eq!(judged(BROKEN, Needed::OneAuthority), Err(none.to_owned()));
    }

    #[test]
    fn a_file_without_certificates_is_told_from_one_that_is_damaged() {
        for needed in [Needed::OneAuthority, Needed::EachAuthority] {
            assert_eq!(judged("words\n", needed), Err("holds no certificate in PEM".to_owned()));
            let cut = good().replace("-----END", "");
            let damaged = judged(&cut, needed).unwrap_err();
            assert!(damaged.starts_with("holds PEM that is damaged: "), "{damaged}");
        }
    }
}
