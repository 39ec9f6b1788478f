//! Encrypted connections: what they need on this host, and what a failed one means.
//!
//! The driver refuses a server that offers no encryption, and checks certificate and host name. Beside the authorities of
//! `tls_ca_file` it always trusts those that Mozilla does, which vouch for names that are public.

use std::error::Error as StdError;

use ::mysql::{ClientIdentity, DriverError, Error, SslOpts, error::tls::TlsError};
use rustls::{AlertDescription, CertificateError, Error as Trouble};

use crate::{
    config::{Mysql, certificates::Needed},
    failure::{Failure, Result, Status},
};

/// What the driver needs to know; none: connections are not encrypted. The driver reads the files itself, for each
/// connection; they are read here, too, so that what is wrong with one shows before any server is asked.
///
/// # Errors
/// [`Status::Config`] with the key in `section`, and the file.
pub(super) fn options(section: &str, settings: &Mysql) -> Result<Option<SslOpts>> {
    if !settings.tls {
        return Ok(None);
    }
    let certificates = settings.certificates(section);
    // The driver passes no authority over, either.
    certificates.client(Needed::EachAuthority)?;
    let options = SslOpts::default().with_root_cert_path(Some(certificates.authorities().to_owned()));
    let identity = certificates.identity();
    let identity = identity.map(|(cert, key)| ClientIdentity::new(cert.to_owned(), key.to_owned()));
    Ok(Some(options.with_client_identity(identity)))
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
