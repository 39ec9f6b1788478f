//! The rows of `users_temp` that match no person or no machine, by the rules of epn-ingest.

use std::collections::BTreeMap;

use ::mysql::Conn;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    epn::{
        calendar::Minute,
        rows::{Occurrences, Unmatched, sort},
        store::{queue, read},
    },
    failure::Result,
    report::{
        sheet::{Cell, Column, Table},
        texts::{self, Text},
    },
};

/// Rows read at once: some megabytes.
const BATCH: usize = 20_000;

/// A row that waits is told however old it is: it is there until epn-ingest throws it away.
const FOR_EVER: u32 = u32::MAX;

/// Rows that match nothing, alike in login, machine and reason.
#[derive(Debug, Serialize)]
pub struct UnmatchedRows {
    /// What they say, and why they match nothing.
    #[serde(flatten)]
    pub rows: Unmatched,
    /// Time of the first.
    pub first_seen: DateTime<Utc>,
    /// Time of the last.
    pub last_seen: DateTime<Utc>,
    /// How many there are.
    pub count: u64,
}

/// Reads the queue as it is `now`, batch by batch: memory grows with the different names that match nothing, not with
/// the rows.
///
/// # Errors
/// The server's.
pub fn read(conn: &mut Conn, now: Minute) -> Result<Vec<UnmatchedRows>> {
    let mut rows = queue::rows(conn, 0, now, BATCH)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let directory = read::directory(conn)?;
    let mut all: BTreeMap<Unmatched, Occurrences> = BTreeMap::new();
    loop {
        for (unmatched, more) in sort(&rows, &directory, now, FOR_EVER).unmatched {
            all.entry(unmatched).and_modify(|known| known.add(&more)).or_insert(more);
        }
        match rows.last() {
            Some(last) if rows.len() == BATCH => rows = queue::rows(conn, last.id, now, BATCH)?,
            _ => break,
        }
    }
    let lines = all.into_iter().map(|(rows, Occurrences { first, last, count })| UnmatchedRows {
        rows,
        first_seen: first.instant(),
        last_seen: last.instant(),
        count,
    });
    Ok(lines.collect())
}

/// What people see of them.
pub fn table(unmatched: &[UnmatchedRows]) -> Table {
    let row = |of: &UnmatchedRows| {
        let machine = of.rows.ip.as_ref().unwrap_or(&of.rows.machine);
        vec![
            Cell::Name(of.rows.login.clone()),
            Cell::Name(machine.clone()),
            Cell::count(of.count),
            Cell::Time(of.first_seen),
            Cell::Time(of.last_seen),
            unknown(&of.rows.reason).map_or_else(|| Cell::Name(of.rows.reason.clone()), Cell::Words),
        ]
    };
    Table {
        title: texts::UNMATCHED,
        columns: vec![
            Column::words(texts::LOGIN),
            Column::words(texts::MACHINE),
            Column::numbers(texts::ROWS),
            Column::numbers(texts::FIRST_SEEN),
            Column::numbers(texts::LAST_SEEN),
            Column::words(texts::UNKNOWN),
        ],
        rows: unmatched.iter().map(row).collect(),
        empty: texts::ALL_MATCHED,
    }
}

/// Why rows match nothing, in short.
fn unknown(reason: &str) -> Option<Text> {
    Some(match reason {
        "unknown-user" => texts::PERSON_UNKNOWN,
        "unknown-machine" => texts::MACHINE_UNKNOWN,
        "unknown-user+unknown-machine" => texts::BOTH_UNKNOWN,
        "ambiguous-user" => texts::PERSON_AMBIGUOUS,
        "ambiguous-machine" => texts::MACHINE_AMBIGUOUS,
        "ambiguous-user+ambiguous-machine" => texts::BOTH_AMBIGUOUS,
        "unknown-user+ambiguous-machine" => texts::PERSON_UNKNOWN_MACHINE_AMBIGUOUS,
        "ambiguous-user+unknown-machine" => texts::PERSON_AMBIGUOUS_MACHINE_UNKNOWN,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_the_rules_has_its_own_words() {
        let (user, machine) = (["unknown-user", "ambiguous-user"], ["unknown-machine", "ambiguous-machine"]);
        let both =
            user.iter().flat_map(|user| machine.iter().map(move |machine| format!("{user}+{machine}")));
        let reasons = user.iter().chain(&machine).map(|reason| (*reason).to_owned()).chain(both);
        let mut words: Vec<&str> =
            reasons.map(|reason| unknown(&reason).unwrap().say(crate::report::Language::En)).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 8);
    }
}
