//! Finds the workstation's name where only its address is known.
//!
//! Owes its callers: it never fails and never takes much longer than its budget; a source that is missing is passed
//! over. Clients choose some of these names themselves: they are what staff see in the room, not a proof.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{Read, Seek, SeekFrom},
    net::IpAddr,
    path::Path,
};

use chrono::{DateTime, Utc};

use super::{normalise, session::Connection};
use crate::{
    config::samba::{Samba, Source},
    files::open_regular,
};

pub mod audit;
pub mod dhcp;
pub mod journal;
pub mod nmblookup;
pub mod ptr;
pub mod table;

mod cache;
mod survey;

#[cfg(test)]
mod tests;

/// Workstations' names by address, by Normalisation rules 3 and 4.
pub type Names = BTreeMap<IpAddr, String>;

/// Most bytes read of a log, from its end.
const LOG_TAIL: u64 = 4 << 20;
/// Most bytes read of a table or a lease file.
const WHOLE: u64 = 64 << 20;

/// Completes the names of `connections` by the sources in `settings`, first answer wins, and sorts them again.
///
/// A source that stands before `snapshot` outranks what the snapshot says. One that stands behind is asked only about
/// addresses at which the snapshot knows no name at all: where it knows several (address translation), no answer by
/// address can be right.
///
/// `state` is the folder in which answers of slow sources are remembered; without it, nothing is read or written there.
/// `now` is the clock for that.
pub fn complete(connections: &mut [Connection], settings: &Samba, state: Option<&Path>, now: DateTime<Utc>) {
    let mut slow = survey::Survey::new(settings, state, now);
    let found = names(connections, settings, |source, open| match source {
        Source::Table => table::names(&settings.table),
        Source::Snapshot => Names::new(),
        Source::Journal => read(&settings.journal, LOG_TAIL, journal::parse),
        Source::Audit => read(&settings.audit, LOG_TAIL, audit::parse),
        Source::Dhcp => {
            let files = settings.dhcp.iter().rev();
            files.flat_map(|file| read(file, WHOLE, dhcp::parse)).collect()
        }
        Source::Ptr => slow.ask(source, open, |ip, _| ptr::name(ip)),
        Source::Nmblookup => {
            let program = settings.nmblookup.clone();
            slow.ask(source, open, move |ip, left| nmblookup::name(&program, ip, left))
        }
    });
    slow.remember();
    for connection in connections.iter_mut() {
        if let Some(name) = connection.ip.and_then(|ip| found.get(&ip)) {
            connection.machine = Some(name.clone());
        }
    }
    normalise::sort(connections);
}

/// The names that `ask` finds, asked about one source after the other and about the addresses still open.
fn names(
    connections: &[Connection],
    settings: &Samba,
    mut ask: impl FnMut(Source, &BTreeSet<IpAddr>) -> Names,
) -> Names {
    let addresses = |named: bool| {
        let rows = connections.iter().filter(move |row| !named || row.machine.is_some());
        rows.filter_map(|row| row.ip).collect::<BTreeSet<_>>()
    };
    let mut open = addresses(false);
    let mut found = Names::new();
    for &source in &settings.resolve {
        if open.is_empty() {
            break;
        }
        if source == Source::Snapshot {
            let known = addresses(true);
            open.retain(|ip| !known.contains(ip));
            continue;
        }
        for (ip, name) in ask(source, &open) {
            if open.remove(&ip) {
                log::debug!("{ip} is {name} by {source:?}");
                found.insert(ip, name);
            }
        }
    }
    found
}

/// What `parse` finds in the last `most` bytes of `file`; nothing if it is not there.
fn read<T: Default>(file: &Path, most: u64, parse: impl Fn(&[u8]) -> T) -> T {
    match tail(file, most) {
        Ok(bytes) => parse(&bytes),
        Err(error) => {
            log::debug!("not asking {}: {error}", file.display());
            T::default()
        }
    }
}

/// The last `most` bytes of `path`, from the beginning of a line.
fn tail(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut file = open_regular(File::options().read(true), path)?;
    let length = file.metadata()?.len();
    let skipped = length.saturating_sub(most);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    if skipped > 0 {
        let line_end = bytes.iter().position(|&byte| byte == b'\n');
        bytes.drain(..line_end.map_or(bytes.len(), |end| end + 1));
    }
    Ok(bytes)
}
