//! Encrypted connections: TLS between a socket that never blocks and the conversation on it.
//!
//! Nothing in here happens where the address does not ask for it: ratelimit-check begins for every page of a site.

use std::{
    io::{self, IoSlice, Read, Write},
    os::fd::OwnedFd,
    sync::Arc,
    time::Instant,
};

use ::redis::ConnectionAddr;
use chrono::DateTime;
use rustix::{
    event::PollFlags,
    io::retry_on_intr,
    net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, sendmsg},
};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error,
    pki_types::{ServerName, UnixTime},
};

use super::{
    stream::wait,
    trouble::{Kind, Trouble},
};
use crate::config::{Redis, certificates::Needed};

/// Whom we trust, and who we are.
#[derive(Debug)]
pub(super) struct Security(Arc<ClientConfig>);

impl Security {
    /// What connections to this address need; none if it asks for no encryption.
    pub(super) fn of(address: &ConnectionAddr, settings: &Redis) -> Result<Option<Self>, Trouble> {
        match address {
            ConnectionAddr::TcpTls { .. } => {
                Ok(Some(Self(Arc::new(settings.certificates().client(Needed::OneAuthority)?))))
            }
            _ => Ok(None),
        }
    }
}

/// A connection whose handshake is over.
pub(super) struct Encrypted {
    stream: OwnedFd,
    session: ClientConnection,
}

impl Encrypted {
    /// Shakes hands with a server that has to prove that it is `host`, a name or an address.
    pub(super) fn begin(
        stream: OwnedFd,
        host: &str,
        security: &Security,
        deadline: Instant,
    ) -> io::Result<Self> {
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']'))
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let session = ClientConnection::new(Arc::clone(&security.0), name.to_owned()).map_err(failed)?;
        let mut begun = Self { stream, session };
        while begun.session.is_handshaking() {
            begun.flush(deadline)?;
            if begun.take(deadline)? == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server hung up in the middle of the TLS handshake",
                ));
            }
        }
        // What is left to be sent of it goes out with the first command.
        Ok(begun)
    }

    pub(super) fn send(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // It takes as much as it has room for.
            let count = self.session.writer().write(rest)?;
            rest = rest.get(count..).unwrap_or_default();
            self.flush(deadline)?;
        }
        Ok(())
    }

    pub(super) fn receive(&mut self, room: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            match self.session.reader().read(room) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Answers say themselves where they end: it does not matter how politely a server hangs up.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                other => return other,
            }
            self.take(deadline)?;
        }
    }

    pub(super) fn is_closed(&mut self) -> bool {
        loop {
            // New keys and tickets for a next session come at any time and mean nothing.
            match self.session.process_new_packets() {
                Ok(state) if !state.peer_has_closed() && state.plaintext_bytes_to_read() == 0 => {}
                _ => return true,
            }
            match self.session.read_tls(&mut Wire(&self.stream)) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                _ => return true,
            }
        }
    }

    /// Sends what is to be sent.
    fn flush(&mut self, deadline: Instant) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut Wire(&self.stream)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait(&self.stream, PollFlags::OUT, deadline)?;
                }
                // It may have said why it hung up.
                Err(error) => {
                    let _ = self.session.read_tls(&mut Wire(&self.stream));
                    return self.understand().and(Err(error));
                }
            }
        }
        Ok(())
    }

    /// Waits until something comes, and takes it. None: the server hung up.
    fn take(&mut self, deadline: Instant) -> io::Result<usize> {
        loop {
            if Instant::now() >= deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match self.session.read_tls(&mut Wire(&self.stream)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait(&self.stream, PollFlags::IN, deadline)?;
                }
                other => {
                    let count = other?;
                    return self.understand().map(|()| count);
                }
            }
        }
    }

    fn understand(&mut self) -> io::Result<()> {
        let understood = self.session.process_new_packets();
        understood.map(drop).map_err(|error| {
            // The server may want to know why; we do not wait for it.
            let _ = self.session.write_tls(&mut Wire(&self.stream));
            failed(error)
        })
    }
}

/// A socket as TLS sees it.
struct Wire<'a>(&'a OwnedFd);

impl Read for Wire<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        Ok(retry_on_intr(|| recv(self.0, &mut *room, RecvFlags::empty())).map(|(count, _)| count)?)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let nothing_else = &mut SendAncillaryBuffer::default();
        Ok(retry_on_intr(|| sendmsg(self.0, parts, nothing_else, SendFlags::NOSIGNAL))?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What TLS says went wrong, if it was that.
pub(super) fn trouble(error: &io::Error) -> Option<Trouble> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(wrong) => {
            let (why, remedy) = of_server(wrong);
            Trouble::new(Kind::Unreachable, why).with_remedy(remedy)
        }
        Error::AlertReceived(alert) => of_us(*alert),
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => {
            Trouble::new(Kind::Protocol, "it answers something else than TLS")
                .with_remedy("write the port of its TLS, or redis://, in [redis] url")
        }
        other => Trouble::new(Kind::Protocol, other.to_string()),
    })
}

/// What is wrong with the server's certificate, and what to do about it.
fn of_server(wrong: &CertificateError) -> (String, &'static str) {
    match wrong {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "its certificate was issued by no authority of tls_ca_file".to_owned(),
            "check [redis] tls_ca_file, and that it is the right server",
        ),
        CertificateError::ExpiredContext { not_after, .. } => {
            (format!("its certificate expired on {}", moment(*not_after)), "renew it; check the clocks")
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            (format!("its certificate is not valid before {}", moment(*not_before)), "check the clocks")
        }
        CertificateError::NotValidForNameContext { expected, presented } => (
            format!("its certificate is not for {:?}, only for {presented:?}", expected.to_str()),
            "use a name of its certificate, or give it this name",
        ),
        other => (format!("its certificate is not usable: {other}"), "give it another one"),
    }
}

/// What a server says that does not want us.
fn of_us(alert: AlertDescription) -> Trouble {
    match alert {
        AlertDescription::CertificateRequired => Trouble::new(Kind::Auth, "it demands a certificate")
            .with_remedy("set [redis] tls_cert_file and tls_key_file"),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => {
            Trouble::new(Kind::Auth, format!("it does not accept our certificate ({alert:?})"))
                .with_remedy("check [redis] tls_cert_file, and the authorities that the server trusts")
        }
        other => Trouble::new(Kind::Protocol, format!("it refuses the TLS handshake ({other:?})")).with_remedy(
            "check its protocols (TLS 1.2 or 1.3) and, if it demands a certificate, [redis] tls_cert_file",
        ),
    }
}

fn moment(time: UnixTime) -> String {
    let at = i64::try_from(time.as_secs()).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    at.map_or_else(|| "a day that is none".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}
