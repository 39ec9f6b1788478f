//! `--anonymous`: who people are is left out before anybody renders a report.
//!
//! People become numbers: #1, #2 and so on, in the order in which the report first shows them. Somebody has the same
//! number everywhere in one report; the next report numbers anew.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{Report, gaps::Gap};

/// The numbers of people in one report.
#[derive(Debug)]
pub struct Pseudonyms {
    /// Of all names and figures of the report: nobody knows it who does not know them anyway.
    key: u64,
    /// By the list of names to which they belong, and the name.
    numbers: HashMap<(&'static str, String), usize>,
}

impl Pseudonyms {
    /// For a report that still has its names.
    fn of(report: &Report) -> Self {
        let people = (&report.logins, &report.services, &report.epn, &report.time);
        // What cannot be written cannot be rendered either.
        let text = serde_json::to_string(&people).unwrap_or_default();
        Self { key: hash(0, &text), numbers: HashMap::new() }
    }

    /// Gives what has the same `rank` an order that names have no part in.
    pub fn shuffle<Entry, Rank: PartialEq>(
        &self,
        entries: &mut [Entry],
        rank: impl Fn(&Entry) -> Rank,
        name: impl Fn(&Entry) -> String,
    ) {
        for tied in entries.chunk_by_mut(|one, next| rank(one) == rank(next)) {
            tied.sort_by_cached_key(|entry| hash(self.key, &name(entry)));
        }
    }

    /// Puts the number of somebody in the place of the name that they have in a list of names.
    pub fn hide(&mut self, list: &'static str, name: &mut String) {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry((list, std::mem::take(name))).or_insert(next);
        *name = format!("#{number}");
    }
}

fn hash(key: u64, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, text).hash(&mut hasher);
    hasher.finish()
}

impl Report {
    /// The same report without anything that says who somebody is: names, logins, e-mails, numbers of accounts, and
    /// messages of servers, which may quote any of them.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        let mut names = Pseudonyms::of(&self);
        // All fields by their names: a new one has to be thought of here.
        let Self {
            version: _,
            from: _,
            to: _,
            generated_at: _,
            anonymous,
            overview,
            sessions: _,
            logins,
            services,
            epn,
            time,
            runs: _,
            gaps,
        } = &mut self;
        *anonymous = true;
        if let Some(overview) = overview {
            overview.servers.redis.note = None;
        }
        gaps.iter_mut().for_each(Gap::anonymize);
        logins.iter_mut().for_each(|logins| logins.anonymize(&mut names));
        services.iter_mut().for_each(|services| services.anonymize(&mut names));
        epn.iter_mut().for_each(|epn| epn.anonymize(&mut names));
        time.iter_mut().for_each(|time| time.anonymize(&mut names));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_has_one_number_in_a_list_of_names() {
        let mut names = Pseudonyms { key: 1, numbers: HashMap::new() };
        let mut shown = |list, name: &str| {
            let mut name = name.to_owned();
            names.hide(list, &mut name);
            name
        };
        let all = [shown("a", "zoé"), shown("a", "bob"), shown("a", "zoé"), shown("b", "zoé")];
        assert_eq!(all, ["#1", "#2", "#1", "#3"]);
    }

    #[test]
    fn the_order_of_the_tied_is_not_that_of_their_names_nor_always_the_same() {
        let sorted: Vec<(u64, String)> =
            (0..20).map(|number| (number / 10, format!("{number:02}"))).collect();
        let shuffled = |key| {
            let mut entries = sorted.clone();
            let names = Pseudonyms { key, numbers: HashMap::new() };
            names.shuffle(&mut entries, |(rank, _)| *rank, |(_, name)| name.clone());
            entries
        };
        assert!(shuffled(1).iter().map(|(rank, _)| *rank).is_sorted());
        assert_eq!(shuffled(1), shuffled(1));
        assert!(shuffled(1) != sorted && shuffled(1) != shuffled(2));
    }
}
