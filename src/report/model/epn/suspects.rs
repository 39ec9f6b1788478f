//! Uses that cannot be what they seem, and those that nobody ever looked at.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::places::Places;
use crate::{
    config,
    report::{
        model::uses::Use,
        sheet::{Cell, Column, Sentence, Table},
        texts::{self, Text},
    },
};

/// How many are listed when nothing is said, in JSON and in tables.
const LISTED: usize = 100;
const ROWS: usize = 10;

/// A use that staff should look at.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Suspect {
    /// Whose; none: the person was removed.
    pub login: Option<String>,
    /// The machine; none: it was removed.
    pub computer: Option<String>,
    /// Its beginning, as the planning has it.
    pub starts_at: DateTime<Utc>,
    /// Its end.
    pub ends_at: DateTime<Utc>,
    /// Why.
    pub reason: Reason,
}

/// Why a use is suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Reason {
    /// It lasts longer than the space is open.
    #[serde(rename = "too-long")]
    TooLong,
    /// The same, and staff have not verified it in time.
    #[serde(rename = "too-long+unverified")]
    Both,
    /// Staff have not verified it in time.
    #[serde(rename = "unverified")]
    Unverified,
}

/// Collects them: however many there are, only those that are listed take memory.
#[derive(Debug)]
pub struct Suspicion {
    longest: TimeDelta,
    /// What ended before this and is not verified; none: that is usual here.
    verified_until: Option<DateTime<Utc>>,
    listed: usize,
    /// Uses that last too long.
    pub too_long: u64,
    /// Uses that were not verified in time.
    pub unverified: u64,
    /// In the order of the list: the longest first, then what waits for the longest time.
    list: BTreeSet<Found>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    is_short: bool,
    /// Minus the length of what is too long, or the end of what is not.
    rank: i64,
    from: DateTime<Utc>,
    computer: u64,
    person: u64,
    to: DateTime<Utc>,
    reason: Reason,
}

impl Suspicion {
    /// By the configuration, in a report of `top` entries made `now`.
    pub fn new(settings: &config::Epn, now: DateTime<Utc>, top: Option<usize>) -> Self {
        let days = TimeDelta::days(settings.verify_days.into());
        Self {
            longest: TimeDelta::from_std(settings.longest_use).unwrap_or(TimeDelta::MAX),
            verified_until: (settings.verify_days > 0).then(|| now.checked_sub_signed(days)).flatten(),
            listed: top.unwrap_or(LISTED),
            too_long: 0,
            unverified: 0,
            list: BTreeSet::new(),
        }
    }

    /// Looks at a use.
    pub fn look(&mut self, of: &Use) {
        let is_long = of.to - of.from > self.longest;
        let is_unverified = !of.is_verified && self.verified_until.is_some_and(|until| of.to < until);
        let reason = match (is_long, is_unverified) {
            (true, true) => Reason::Both,
            (true, false) => Reason::TooLong,
            (false, true) => Reason::Unverified,
            (false, false) => return,
        };
        self.too_long += u64::from(is_long);
        self.unverified += u64::from(is_unverified);
        let rank = if is_long { -(of.to - of.from).num_seconds() } else { of.to.timestamp() };
        let Use { computer, person, from, to, .. } = *of;
        let found = Found { is_short: !is_long, rank, from, computer, person, to, reason };
        if self.list.len() < self.listed || self.list.last().is_some_and(|last| found < *last) {
            self.list.insert(found);
            if self.list.len() > self.listed {
                self.list.pop_last();
            }
        }
    }

    /// The people in the list.
    pub fn people(&self) -> Vec<u64> {
        self.list.iter().map(|found| found.person).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The list.
    pub fn list(self, logins: &HashMap<u64, String>, places: &Places) -> Vec<Suspect> {
        let names = places.names();
        let suspect = |found: Found| Suspect {
            login: logins.get(&found.person).cloned(),
            computer: names.get(&found.computer).map(|name| (*name).to_owned()),
            starts_at: found.from,
            ends_at: found.to,
            reason: found.reason,
        };
        self.list.into_iter().map(suspect).collect()
    }
}

/// How many there are, and by which settings.
pub fn sentences(too_long: u64, unverified: u64, settings: &config::Epn) -> Vec<Sentence> {
    let longest = i64::try_from(settings.longest_use.as_secs()).unwrap_or(i64::MAX);
    let long = Sentence {
        text: texts::USES_TOO_LONG,
        places: vec![("count", Cell::count(too_long)), ("length", Cell::Length(longest))],
    };
    let forgotten = Sentence {
        text: texts::USES_UNVERIFIED,
        places: vec![("count", Cell::count(unverified)), ("days", Cell::Number(settings.verify_days.into()))],
    };
    [(too_long, long), (unverified, forgotten)]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, sentence)| sentence)
        .collect()
}

/// What people see of the list.
pub fn table(suspects: &[Suspect], top: Option<usize>) -> Table {
    let row = |of: &Suspect| {
        vec![
            Cell::name_or(of.login.as_deref(), texts::REMOVED_PERSON),
            Cell::name_or(of.computer.as_deref(), texts::REMOVED_MACHINE),
            Cell::Time(of.starts_at),
            Cell::Time(of.ends_at),
            Cell::Words(words(of.reason)),
        ]
    };
    Table {
        title: texts::SUSPECTS,
        columns: vec![
            Column::words(texts::LOGIN),
            Column::words(texts::MACHINE),
            Column::numbers(texts::FROM),
            Column::numbers(texts::TO),
            Column::words(texts::WHY),
        ],
        rows: suspects.iter().take(top.unwrap_or(ROWS)).map(row).collect(),
        empty: texts::NO_SUSPECTS,
    }
}

fn words(reason: Reason) -> Text {
    match reason {
        Reason::TooLong => texts::TOO_LONG,
        Reason::Both => texts::TOO_LONG_UNVERIFIED,
        Reason::Unverified => texts::NOT_VERIFIED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(person: u64, from: &str, to: &str, is_verified: bool) -> Use {
        Use { computer: 1, person, from: from.parse().unwrap(), to: to.parse().unwrap(), is_verified }
    }

    fn reasons(suspicion: Suspicion) -> Vec<(Option<String>, Reason)> {
        let logins = (1..10).map(|id| (id, id.to_string())).collect();
        let list = suspicion.list(&logins, &Places::default());
        list.into_iter().map(|of| (of.login, of.reason)).collect()
    }

    #[test]
    fn the_longest_come_first_and_then_what_waits_longest() {
        let settings = config::Epn::default();
        let now = "2026-03-31T12:00:00Z".parse().unwrap();
        let uses = [
            // Twelve hours are no more than twelve hours; thirty days ago is not more than thirty days ago.
            used(1, "2026-03-01T00:00:00Z", "2026-03-01T12:00:00Z", false),
            used(2, "2026-03-02T00:00:00Z", "2026-03-02T12:00:01Z", false),
            used(3, "2026-02-02T08:00:00Z", "2026-02-03T08:00:00Z", false),
            used(4, "2026-02-02T08:00:00Z", "2026-02-02T09:00:00Z", false),
            used(5, "2026-01-02T08:00:00Z", "2026-01-02T09:00:00Z", false),
            used(6, "2026-01-01T08:00:00Z", "2026-01-01T09:00:00Z", true),
        ];
        let look = |top, settings: &config::Epn| {
            let mut suspicion = Suspicion::new(settings, now, top);
            uses.iter().for_each(|of| suspicion.look(of));
            suspicion
        };
        let all = look(None, &settings);
        assert_eq!((all.too_long, all.unverified), (2, 3));
        let name = |id: u64| Some(id.to_string());
        let expected = [
            (name(3), Reason::Both),
            (name(2), Reason::TooLong),
            (name(5), Reason::Unverified),
            (name(4), Reason::Unverified),
        ];
        assert_eq!(reasons(all), expected);
        let two = look(Some(2), &settings);
        assert_eq!((two.too_long, two.unverified), (2, 3));
        assert_eq!(reasons(two), expected[..2]);
        assert!(reasons(look(Some(0), &settings)).is_empty());
        let unasked = look(None, &config::Epn { verify_days: 0, ..settings });
        assert_eq!((unasked.unverified, reasons(unasked).len()), (0, 2));
    }
}
