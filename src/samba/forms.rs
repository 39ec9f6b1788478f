//! Reads what Samba's programs print, in any form and version.
//!
//! Owes its callers: any bytes may come in, of any length; nothing panics and time is linear. What is not UTF-8
//! becomes U+FFFD (Normalisation rule 8). Rules on what a session means are not applied here.

use std::fmt;

use chrono::FixedOffset;

use super::session::{Listing, Session, Share};

mod json;
mod net;
mod text;

pub(super) use text::is_share_header;

#[cfg(test)]
mod tests;

/// The form of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `smbstatus --json`, Samba 4.17 and later, and vendors' own.
    Json,
    /// smbstatus's tables, all versions.
    Text,
    /// `net status sessions parseable`, all versions.
    Net,
}

/// The form of `bytes`, by what they look like: a version does not tell (before 4.16, `--json` prints text).
pub fn sniff(bytes: &[u8]) -> Form {
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return Form::Json;
    }
    lines(bytes)
        .find_map(|line| {
            if text::is_header(line) { Some(Form::Text) } else { net::is_row(line).then_some(Form::Net) }
        })
        .unwrap_or(Form::Text)
}

/// Why `bytes` hold no list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoList {
    /// It begins like JSON and is none; the parser's words.
    BadJson(String),
    /// JSON without `sessions`; whether it names an `smb_conf`, as smbstatus itself always does.
    NoSessions {
        /// Whether `smb_conf` is there.
        smb_conf: bool,
    },
    /// Text without the header of a list of sessions.
    NoHeader,
}

impl fmt::Display for NoList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadJson(why) => write!(formatter, "JSON that cannot be read ({why})"),
            Self::NoSessions { .. } => formatter.write_str("JSON without \"sessions\""),
            Self::NoHeader => formatter.write_str("neither JSON nor a table of sessions"),
        }
    }
}

/// What a form printed; not all of them print everything.
#[derive(Debug, Default)]
struct Printed {
    sessions: Option<Vec<Session>>,
    shares: Vec<Share>,
    offset: Option<FixedOffset>,
    smb_conf: bool,
}

/// The list that `bytes` hold.
///
/// # Errors
/// Why they hold none.
pub fn read(bytes: &[u8]) -> Result<Listing, NoList> {
    let form = sniff(bytes);
    let printed = printed(form, bytes)?;
    match printed.sessions {
        Some(sessions) => Ok(Listing { sessions, shares: printed.shares, offset: printed.offset }),
        None if form == Form::Json => Err(NoList::NoSessions { smb_conf: printed.smb_conf }),
        None => Err(NoList::NoHeader),
    }
}

/// The shares alone, of an output that lists nothing else (`smbstatus -S`).
///
/// # Errors
/// Why they cannot be read.
pub fn read_shares(bytes: &[u8]) -> Result<Vec<Share>, NoList> {
    printed(sniff(bytes), bytes).map(|printed| printed.shares)
}

fn printed(form: Form, bytes: &[u8]) -> Result<Printed, NoList> {
    match form {
        Form::Json => json::read(bytes),
        Form::Text => Ok(text::read(bytes)),
        Form::Net => Ok(net::read(bytes)),
    }
}

/// Lines without their line ends, of either kind.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The process of `pid`, `node:pid` or `node:pid.task` (the latter two in a cluster).
fn process(token: &str) -> Option<u64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (node, rest) = token.split_once(':').unwrap_or(("0", token));
    let (pid, task) = rest.split_once('.').unwrap_or((rest, "0"));
    if digits(node) && digits(pid) && digits(task) { pid.parse().ok() } else { None }
}
