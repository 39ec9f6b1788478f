//! A NetBIOS node status request: the workstation itself tells its name.

use std::{net::IpAddr, path::Path, time::Duration};

use super::{Names, survey::Answer};
use crate::samba::{
    forms::lines,
    normalise::{address, machine},
    program::{End, run},
};

/// How long one workstation may take.
const LIMIT: Duration = Duration::from_secs(1);

/// The name of `ip`, asked of itself within a second and within `left`.
pub(super) fn name(program: &Path, ip: IpAddr, left: Duration) -> Answer {
    // NetBIOS knows IPv4 only.
    if ip.is_ipv6() {
        return Answer::None;
    }
    match run(program, &["-A", &ip.to_string()], LIMIT.min(left)) {
        Ok(asked) if asked.end == (End::TimedOut { after: LIMIT }) => Answer::None,
        Ok(asked) if matches!(asked.end, End::Exit(_)) => {
            parse(&asked.stdout).remove(&ip).map_or(Answer::None, Answer::Name)
        }
        Ok(_) => Answer::Unknown,
        Err(error) => {
            log::debug!("cannot run {}: {error}", program.display());
            Answer::Unknown
        }
    }
}

/// The unique name with suffix `<00>` of the table that `nmblookup -A` prints.
pub fn parse(bytes: &[u8]) -> Names {
    let mut names = Names::new();
    let mut about = None;
    for line in lines(bytes) {
        let line = String::from_utf8_lossy(line);
        if let Some(ip) = line.strip_prefix("Looking up status of ") {
            about = address(ip);
        } else if let Some((name, flags)) = line.split_once("<00>")
            && flags.contains("<ACTIVE>")
            && !flags.contains("<GROUP>")
            && let (Some(ip), Some(name)) = (about, machine(name))
        {
            names.entry(ip).or_insert(name);
        }
    }
    names
}
