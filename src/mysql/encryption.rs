//! Encrypted connections: what they need on this host, and what a failed one means.
//!
//! The driver refuses a server that offers no encryption, and checks certificate and host name. Beside the authorities of
//! `tls_ca_file` it always trusts those that Mozilla does, which vouch for names that are public.

use std::{error::Error as StdError, fs, path::Path};

use ::mysql::{ClientIdentity, DriverError, Error, SslOpts, error::tls::TlsError};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as Trouble, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{
    config::{Mysql, read_kept},
    failure::{Failure, OrFail, Result, Status},
};

/// What the driver needs to know; none: connections are not encrypted. Reads all files, so that what is wrong with one
/// shows before any server is asked.
///
/// # Errors
/// [`Status::Config`] with the key in `section`, and the file.
pub(super) fn options(section: &str, settings: &Mysql) -> Result<Option<SslOpts>> {
    if !settings.tls {
        return Ok(None);
    }
    let key = |name: &str| format!("[{section}] {name}");
    let path = settings.authorities();
    let authorities = authorities(path).map_err(|failure| failure.context(key("tls_ca_file")))?;
    let options = SslOpts::default().with_root_cert_path(Some(path.to_owned()));
    let (Some(cert_path), Some(key_path)) = (&settings.tls_cert_file, &settings.tls_key_file) else {
        return Ok(Some(options));
    };
    let certificates = certificates(cert_path).map_err(|failure| failure.context(key("tls_cert_file")))?;
    let private = private_key(key_path).map_err(|failure| failure.context(key("tls_key_file")))?;
    ClientConfig::builder()
        .with_root_certificates(authorities)
        .with_client_auth_cert(certificates, private)
        .map_err(|error| {
            let file = key_path.display();
            Failure::new(
                Status::Config,
                format!("{}: {file} is not the key of {}: {error}", key("tls_key_file"), cert_path.display()),
            )
        })?;
    let identity = ClientIdentity::new(cert_path.clone(), key_path.clone());
    Ok(Some(options.with_client_identity(Some(identity))))
}

fn authorities(path: &Path) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    for (index, certificate) in certificates(path)?.into_iter().enumerate() {
        store.add(certificate).or_fail(Status::Config, || {
            format!("{}: certificate {} in it cannot be used", path.display(), index + 1)
        })?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let file = path.display();
    let text = fs::read(path).or_fail(Status::Config, || {
        format!("{file}: cannot read it (the system's is in the package ca-certificates)")
    })?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<std::result::Result<_, _>>()
        .or_fail(Status::Config, || format!("{file}: not PEM"))?;
    if certificates.is_empty() {
        return Err(Failure::new(Status::Config, format!("{file}: holds no certificate in PEM")));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = read_kept(path, "key")?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        let what = "holds no private key in PEM; one that a passphrase protects cannot be used here";
        Failure::new(Status::Config, format!("{}: {what}", path.display()))
    })
}

/// What an error means, if encryption is its reason. `section` of the configuration holds the server's address.
pub(super) fn failure(error: &Error, section: &str) -> Option<Failure> {
    let config = |text: String| Some(Failure::new(Status::Config, text));
    let trouble = match error {
        Error::DriverError(DriverError::TlsNotSupported) => {
            return config(format!(
                "the server offers no encryption, or somebody in between hides that it does; give it a certificate \
                 (ssl_cert, ssl_key), or see [{section}] tls"
            ));
        }
        Error::TlsError(TlsError::Tls(trouble)) => trouble,
        Error::TlsError(error) => {
            return config(format!("TLS cannot be used: {error}; check [{section}] tls_ca_file and url"));
        }
        Error::IoError(cause) => cause.get_ref()?.downcast_ref()?,
        Error::CodecError(codec) => {
            codec.source()?.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref::<Trouble>()?
        }
        _ => return None,
    };
    match trouble {
        Trouble::InvalidCertificate(why) => config(refused(why, section)),
        Trouble::AlertReceived(alert) if is_about_us(*alert) => config(format!(
            "the server refuses the certificate of this side ({alert:?}); check [{section}] tls_cert_file"
        )),
        Trouble::PeerIncompatible(_) | Trouble::AlertReceived(AlertDescription::ProtocolVersion) => {
            config(format!(
                "no version of TLS that both sides know ({trouble}); the server needs 1.2 or later (tls_version)"
            ))
        }
        _ => Some(Failure::passing(
            Status::Unavailable,
            format!("encrypting the connection failed ({trouble}); check the server's log"),
        )),
    }
}

/// What is wrong with the server's certificate, and what to do.
fn refused(why: &CertificateError, section: &str) -> String {
    use CertificateError as Why;
    match why {
        // A bad signature: an authority of the same name with another key.
        Why::UnknownIssuer | Why::BadSignature => format!(
            "the server's certificate comes from nobody whom this host trusts; set [{section}] tls_ca_file to the \
             certificate of the authority that issued it"
        ),
        Why::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!(
                "the server's certificate is for {names}, not for {}; write one of its names in [{section}] url, or \
                 give it another certificate",
                expected.to_str()
            )
        }
        Why::Expired | Why::ExpiredContext { .. } => {
            "the server's certificate has expired; renew it, or check the clock of this host".to_owned()
        }
        Why::NotValidYet | Why::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; check the clock of this host".to_owned()
        }
        other => format!("the server's certificate cannot be used ({other}); give it another one"),
    }
}

/// `DnsName("db1")` without what is around the name.
fn bare(name: &str) -> &str {
    name.split_once('(').map_or(name, |(_, inner)| inner.trim_end_matches(')')).trim_matches('"')
}

fn is_about_us(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRequired
            | Alert::UnknownCA
            | Alert::AccessDenied
    )
}
