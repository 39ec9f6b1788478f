//! What a run did, for `--json` and for people.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Serialize, Serializer, ser::SerializeSeq};

use super::rows::{Occurrences, Unmatched};
use crate::mysql::run_record::Counts;

/// The sum of a run. Its JSON keys are those of the man page.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Rows that left the queue for the connection record.
    pub taken: u64,
    /// Rows that match nothing, and stay.
    #[serde(serialize_with = "unmatched_rows")]
    pub unmatched: BTreeMap<Unmatched, Occurrences>,
    /// Taken rows that were dropped, by reason.
    pub ignored: BTreeMap<&'static str, u64>,
    /// Rows that matched nothing for too long, and were thrown away.
    pub expired: u64,
    /// Uses that were made.
    pub uses_created: u64,
    /// Uses and reservations that got other times, or were merged.
    pub uses_changed: u64,
    /// People who were made present in a workshop.
    pub present: u64,
    /// What staff should look at: `overdrawn:LOGIN`, `over-capacity:WORKSHOP`, `two-machines:LOGIN`,
    /// `closed-day:DATE`.
    pub notices: BTreeSet<String>,
}

impl Summary {
    /// What is kept of it in the record of runs.
    pub fn counts(&self) -> Counts {
        vec![
            ("taken", self.taken),
            ("unmatched", self.unmatched_rows()),
            ("expired", self.expired),
            ("uses_created", self.uses_created),
            ("uses_changed", self.uses_changed),
            ("present", self.present),
        ]
    }

    fn unmatched_rows(&self) -> u64 {
        self.unmatched.values().map(|rows| rows.count).sum()
    }
}

fn unmatched_rows<S: Serializer>(
    rows: &BTreeMap<Unmatched, Occurrences>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Line<'a> {
        #[serde(flatten)]
        rows: &'a Unmatched,
        count: u64,
    }
    let mut lines = serializer.serialize_seq(Some(rows.len()))?;
    for (rows, occurrences) in rows {
        lines.serialize_element(&Line { rows, count: occurrences.count })?;
    }
    lines.end()
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { taken, expired, uses_created, uses_changed, present, .. } = self;
        let unmatched = self.unmatched_rows();
        writeln!(
            out,
            "{taken} rows taken, {unmatched} unmatched, {expired} thrown away; \
             {uses_created} uses made, {uses_changed} changed, {present} people present"
        )?;
        for (reason, count) in &self.ignored {
            writeln!(out, "dropped: {count} ({reason})")?;
        }
        for rows in self.unmatched.keys() {
            let place = rows.ip.as_ref().unwrap_or(&rows.machine);
            writeln!(out, "unmatched: {:?} on {place:?} ({})", rows.login, rows.reason)?;
        }
        self.notices.iter().try_for_each(|notice| writeln!(out, "notice: {notice}"))
    }
}
