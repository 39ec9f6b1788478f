//! The rules that make connections of sessions, as pure functions.
//!
//! Owes its callers: the same connections in the same order whatever the order of the sessions, and whichever form
//! they were printed in, as far as the form tells. The numbers are those of the Normalisation rules.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    net::IpAddr,
};

use chrono::{DateTime, FixedOffset, TimeDelta, Timelike, Utc};

use super::session::{Connection, Listing, Session};
use crate::config::Samba;

mod address;
mod login;
mod machine;

#[cfg(test)]
mod tests;

pub use address::address;
pub use login::Login;
pub use machine::machine;

/// Who is connected from where, by rules 1 to 9.
pub fn connections(listing: &Listing, settings: &Samba) -> Vec<Connection> {
    let shares = earliest_shares(listing);
    let rows: Vec<Row<'_>> = listing.sessions.iter().map(|session| Row::new(session, settings)).collect();
    let known = names_by_address(&rows);
    let connections = rows
        .into_iter()
        .filter(|row| row.counts(settings))
        .map(|row| {
            let learnt = || known.get(&row.ip?)?.name();
            let created = row.session.created.map(|time| instant(time, listing.offset));
            let shared = shares.get(row.session.key.as_str()).copied();
            Connection {
                machine: row.machine.or_else(learnt),
                user: row.login.user,
                domain: row.login.domain,
                ip: row.ip,
                pid: row.session.pid,
                protocol: row.session.protocol.clone(),
                connected: created.flatten().or(shared),
            }
        })
        .collect();
    let mut connections = one_per_place(connections);
    sort(&mut connections);
    connections
}

/// Rule 9: by address (IPv4, IPv6, unknown), then machine (unknown first), then user.
pub fn sort(connections: &mut [Connection]) {
    connections.sort_by(|one, other| {
        let place = |row: &Connection| (row.ip.is_none(), row.ip);
        place(one)
            .cmp(&place(other))
            .then_with(|| one.machine.cmp(&other.machine))
            .then_with(|| one.user.cmp(&other.user))
            .then_with(|| one.domain.cmp(&other.domain))
    });
}

/// A session as rules 2 to 4 see it.
struct Row<'a> {
    session: &'a Session,
    login: Login,
    ip: Option<IpAddr>,
    machine: Option<String>,
}

impl<'a> Row<'a> {
    fn new(session: &'a Session, settings: &Samba) -> Self {
        Self {
            session,
            login: Login::new(&session.login, &settings.winbind_separator),
            ip: address(&session.address),
            machine: machine(&session.machine),
        }
    }

    /// Rule 1: whether a person stands behind it.
    fn counts(&self, settings: &Samba) -> bool {
        let Session { login, uid, .. } = self.session;
        !login::is_pending(login, uid.as_deref())
            && uid.as_ref() != Some(login)
            && self.login.account().is_none()
            && !self.login.is_guest(&settings.guests)
            && !self.ip.is_some_and(|ip| ip.is_loopback())
    }
}

/// What a snapshot says about the names at one address.
#[derive(Default)]
struct Known {
    names: BTreeSet<String>,
    accounts: BTreeSet<String>,
}

impl Known {
    /// Rule 5: the name if there is exactly one; where clients gave none, the machine account's.
    fn name(&self) -> Option<String> {
        let names = if self.names.is_empty() { &self.accounts } else { &self.names };
        names.first().filter(|_| names.len() == 1).cloned()
    }
}

/// Rule 5, over all rows, also those that rule 1 skips.
fn names_by_address(rows: &[Row<'_>]) -> HashMap<IpAddr, Known> {
    let mut known: HashMap<IpAddr, Known> = HashMap::new();
    for row in rows {
        if let Some(ip) = row.ip {
            let known = known.entry(ip).or_default();
            known.names.extend(row.machine.clone());
            known.accounts.extend(row.login.account().and_then(machine));
        }
    }
    known
}

/// Rule 6: one row per domain, user and address. Where the address is unknown, the machine tells two places apart:
/// otherwise one of them would be lost.
fn one_per_place(mut rows: Vec<Connection>) -> Vec<Connection> {
    // All that is kept of a row tells which one is first, so that the order of printing never does.
    let rest = |row: &Connection| (row.machine.clone(), row.user.clone(), row.protocol.clone());
    rows.sort_by_key(|row| (row.connected.is_none(), row.connected, row.pid.is_none(), row.pid, rest(row)));
    let mut places = HashMap::new();
    let mut kept: Vec<Connection> = Vec::new();
    for row in rows {
        let machine = if row.ip.is_none() { row.machine.clone() } else { None };
        let place = (row.domain.clone(), row.user.to_lowercase(), row.ip, machine);
        match places.entry(place) {
            Entry::Vacant(vacant) => {
                vacant.insert(kept.len());
                kept.push(row);
            }
            Entry::Occupied(first) => {
                if let Some(first) = kept.get_mut(*first.get()) {
                    first.machine = first.machine.take().or(row.machine);
                }
            }
        }
    }
    kept
}

/// Rule 7: since when each session uses a share.
fn earliest_shares(listing: &Listing) -> HashMap<&str, DateTime<Utc>> {
    let mut earliest: HashMap<&str, DateTime<Utc>> = HashMap::new();
    for share in &listing.shares {
        if let Some(connected) = instant(share.connected, listing.offset) {
            earliest
                .entry(&share.key)
                .and_modify(|first| *first = connected.min(*first))
                .or_insert(connected);
        }
    }
    earliest
}

/// Rule 7: the instant, cut to seconds. The local part of a printed time is right, but its offset may be a day off:
/// the one nearest to `true_offset` is taken. Without a true offset the printed one is believed.
fn instant(printed: DateTime<FixedOffset>, true_offset: Option<FixedOffset>) -> Option<DateTime<Utc>> {
    const DAY: i64 = 24 * 3600;
    let written = i64::from(printed.offset().local_minus_utc());
    let offset = match true_offset {
        Some(reference) => {
            let reference = i64::from(reference.local_minus_utc());
            [written, written + DAY, written - DAY]
                .into_iter()
                .min_by_key(|offset| (offset - reference).abs())?
        }
        None => written,
    };
    printed.naive_local().and_utc().checked_sub_signed(TimeDelta::try_seconds(offset)?)?.with_nanosecond(0)
}
