//! smbstatus's tables, Samba 3.0 to 4.25.
//!
//! The widths of the printf formats count bytes and are minimums. Two generations: up to 4.3 columns are at least two
//! spaces apart (except before the address), from 4.4 on only one space follows an overlong field.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

use super::{Printed, lines, lossy, process};
use crate::samba::session::{Session, Share};

/// Width of the columns for user, group, machine (before 4.4) and service.
const WIDTH: usize = 12;
/// From 4.4 on user and group together take two columns and the space between; this stands there in their place
/// before the login is done (4.8 and later).
const BOTH: usize = 2 * WIDTH + 1;
const IN_PROGRESS: &[u8] = b"(auth in progress)";

/// Whether `line` is the header of the list of sessions.
pub(super) fn is_header(line: &[u8]) -> bool {
    line.starts_with(b"PID") && find(line, b"Username", 0).is_some()
}

/// Whether `line` is the header of the list of shares.
pub(in crate::samba) fn is_share_header(line: &[u8]) -> bool {
    line.starts_with(b"Service") && find(line, b"pid", 0).is_some()
}

/// Everything up to the locked files: their names may look like sessions.
pub(super) fn read(bytes: &[u8]) -> Printed {
    enum Part {
        Before,
        Sessions { since_4_4: bool },
        Shares,
    }
    let mut part = Part::Before;
    let mut printed = Printed::default();
    for line in lines(bytes) {
        if line.starts_with(b"Locked files") {
            break;
        } else if is_share_header(line) {
            part = Part::Shares;
        } else if printed.sessions.is_none() && is_header(line) {
            printed.sessions = Some(Vec::new());
            part = Part::Sessions { since_4_4: find(line, b"Encryption", 0).is_some() };
        } else {
            match part {
                Part::Before => {}
                Part::Sessions { since_4_4 } => {
                    let sessions = printed.sessions.get_or_insert_default();
                    sessions.extend(session(line, since_4_4));
                }
                Part::Shares => printed.shares.extend(share(line)),
            }
        }
    }
    printed
}

fn session(line: &[u8], since_4_4: bool) -> Option<Session> {
    let line = line.trim_ascii();
    let token = line.split(|&byte| byte == b' ').next()?;
    let key = std::str::from_utf8(token).ok()?;
    let pid = process(key)?;
    let (open, close) = address(line)?;
    let names = line.get(token.len()..open)?.trim_ascii_start();
    let (login, machine) = if since_4_4 {
        names_since_4_4(names)
    } else {
        let (user, rest) = field(names, b"  ");
        let (_group, rest) = field(rest, b"  ");
        (user, rest)
    };
    (!login.is_empty()).then_some(())?;
    Some(Session {
        login: lossy(login),
        machine: lossy(machine.trim_ascii()),
        address: lossy(line.get(open + 2..close)?),
        pid: Some(pid),
        protocol: protocol(line.get(close + 1..).unwrap_or_default()),
        key: key.to_owned(),
        ..Session::default()
    })
}

/// Where ` (` before the address and `)` behind it stand. Names before and ciphers behind may hold parentheses.
fn address(line: &[u8]) -> Option<(usize, usize)> {
    let prefixed = [b" (ipv4:", b" (ipv6:"]
        .into_iter()
        .filter_map(|prefix| line.windows(prefix.len()).rposition(|window| window == prefix))
        .max();
    match prefixed {
        Some(open) => Some((open, find(line, b")", open)?)),
        // Before 4.0, where the address ends the line.
        None => {
            let close = line.len().checked_sub(1)?;
            let open = line.windows(2).rposition(|window| window == b" (")?;
            line.ends_with(b")").then_some((open, close))
        }
    }
}

/// User and machine in `%-12s %-12s machine`.
fn names_since_4_4(names: &[u8]) -> (&[u8], &[u8]) {
    if names.starts_with(IN_PROGRESS) {
        return (IN_PROGRESS, names.get(BOTH + 1..).unwrap_or_default());
    }
    let (user, rest) = field(names, b" ");
    // A shorter group leaves two spaces where its column ends. A longer one may hold spaces itself, so that the
    // machine can only be the last word.
    let machine = match rest.get(WIDTH - 1..=WIDTH) {
        Some(b"  ") => WIDTH + 1,
        _ => rest.iter().rposition(|&byte| byte == b' ').map_or(rest.len(), |space| space + 1),
    };
    (user, rest.get(machine..).unwrap_or_default())
}

/// One `%-12s` and what follows `separator` behind it: the first one at or after the column's width.
fn field<'a>(bytes: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    let end = find(bytes, separator, WIDTH).unwrap_or(bytes.len());
    let (field, rest) = bytes.split_at(end);
    (field.trim_ascii_end(), rest.get(separator.len()..).unwrap_or_default())
}

/// The first word, or `Unknown (0x02ff)`.
fn protocol(rest: &[u8]) -> Option<String> {
    let rest = rest.trim_ascii();
    let end = if rest.starts_with(b"Unknown (") {
        find(rest, b")", 0).map(|end| end + 1)
    } else {
        find(rest, b" ", 0)
    };
    let word = rest.get(..end.unwrap_or(rest.len()))?;
    (!word.is_empty()).then(|| lossy(word))
}

/// A share in use, if its time has a zone (from 4.4 on) and is in English: `service pid machine date - -`.
fn share(line: &[u8]) -> Option<Share> {
    // A service may hold spaces, and digits: its column is passed over by width.
    let (_service, rest) = field(line, b" ");
    let rest = lossy(rest);
    let words = || rest.split_ascii_whitespace();
    let key = words().find(|word| process(word).is_some())?;
    // Encryption and signing close the line; six words before them are the time.
    let mut date: Vec<&str> = words().rev().skip(2).take(6).collect();
    date.reverse();
    let connected = time(&date)?;
    Some(Share { key: key.to_owned(), connected })
}

/// The words of `Wed Mar 17 14:05:04 2027 CET`, as an English locale prints it, in a zone that is known for certain.
pub(super) fn time(words: &[&str]) -> Option<DateTime<FixedOffset>> {
    let &[_weekday, month, day, clock, year, zone] = words else {
        return None;
    };
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .iter()
        .position(|name| *name == month)?;
    let date =
        NaiveDate::from_ymd_opt(year.parse().ok()?, u32::try_from(month + 1).ok()?, day.parse().ok()?)?;
    let clock = NaiveTime::parse_from_str(clock, "%H:%M:%S").ok()?;
    date.and_time(clock).and_local_timezone(self::zone(zone)?).single()
}

/// The zones of Normalisation rule 7.
fn zone(name: &str) -> Option<FixedOffset> {
    let hours = |hours: i32| FixedOffset::east_opt(hours * 3600);
    match name {
        "UTC" | "GMT" => hours(0),
        "CET" => hours(1),
        "CEST" => hours(2),
        _ => {
            let (sign, digits) = match name.split_at_checked(1)? {
                ("+", digits) => (1, digits),
                ("-", digits) => (-1, digits),
                _ => return None,
            };
            if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let (hours, minutes) = digits.split_at_checked(2)?;
            let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
            FixedOffset::east_opt(sign * (hours.parse::<i32>().ok()? * 3600 + minutes * 60))
        }
    }
}

/// Where `needle` begins in `bytes`, at `from` or later.
fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(needle.len()).position(|window| window == needle).map(|at| from + at)
}
