//! Text that may hold a password, and files that hold one.

use std::{
    fmt,
    fs::{File, Metadata},
    io::Read,
    os::unix::fs::MetadataExt,
    path::Path,
};

use serde::Deserialize;

use crate::{
    failure::{Failure, OrFail, Result, Status},
    files::open_regular,
};

/// The longest of these files, in bytes.
const LONGEST: u64 = 64 << 10;

/// Text that never shows itself in a log or an error.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the server that it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is an address with a password in it (`scheme://user:password@...`, `redis+unix:///PATH?pass=...`).
    pub fn holds_password(&self) -> bool {
        let address = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let authority = address.split(['/', '?']).next().unwrap_or_default();
        let in_authority = authority.rsplit_once('@').is_some_and(|(account, _)| account.contains(':'));
        // Redis' form for sockets has it in the query.
        let query = address.split_once('?').map_or("", |(_, query)| query);
        in_authority || query.split('&').any(|parameter| parameter.starts_with("pass="))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Whether everybody on this host may read `file`.
pub(super) fn readable_by_others(file: &Metadata) -> bool {
    file.mode() & 0o004 != 0
}

/// Reads a password from a file of its own; the line break at its end does not count.
///
/// # Errors
/// [`Status::Config`] if the file cannot be read, is no file, or others can read or write it.
pub fn read_password(path: &Path) -> Result<Secret> {
    let text = read_kept(path, "password file")?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

/// Reads a file that others must not read nor write; `what` it is, for messages.
///
/// # Errors
/// [`Status::Config`] if it cannot be read, is no file, or others can read or write it.
pub fn read_kept(path: &Path, what: &str) -> Result<String> {
    let unreadable = || format!("{}: cannot read the {what}", path.display());
    let wrong = |why: &str| Err(Failure::new(Status::Config, format!("{}: {what} {why}", path.display())));
    let file = open_regular(File::options().read(true), path).or_fail(Status::Config, unreadable)?;
    let seen = file.metadata().or_fail(Status::Config, unreadable)?;
    if readable_by_others(&seen) {
        return wrong("is readable by others; chmod o-rwx it");
    }
    if seen.mode() & 0o002 != 0 {
        return wrong("can be written by others; chmod o-rwx it");
    }
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).or_fail(Status::Config, unreadable)?;
    if text.len() as u64 > LONGEST {
        return wrong("holds more than it should; name a file that holds nothing else");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new("mysql://u:hunter2@h/d");
        assert_eq!(format!("{secret:?}"), "***");
        assert!(secret.holds_password());
        assert!(!Secret::new("mysql://u@h/d").holds_password());
        assert!(
            !Secret::new("redis+unix:///tmp/a:b@c").holds_password() && !Secret::new("x").holds_password()
        );
    }
}
