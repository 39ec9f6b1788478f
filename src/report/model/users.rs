//! Who is meant by the names in the counters, which may be a million: accounts of the web front end, some of them under
//! two names, and people who have none.

use std::{borrow::Cow, collections::HashMap};

use super::accounts::{Accounts, Person};
use crate::ratelimit::{
    names::{Name, Names},
    statistics::Counts,
};

/// One user: the accounts come first, then the names that belong to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct User(u32);

impl User {
    fn index(self) -> usize {
        self.0 as usize
    }
}

fn user(index: usize) -> User {
    User(u32::try_from(index).unwrap_or(u32::MAX))
}

/// What a user is called. Sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Called<'a> {
    /// The e-mail, or the name by which somebody was counted who has no account.
    user: Cow<'a, str>,
    /// The id of the account.
    id: Option<u64>,
}

impl From<Called<'_>> for Person {
    fn from(called: Called<'_>) -> Self {
        Self { user: called.user.into_owned(), id: called.id }
    }
}

/// All users: who has an account, and who was counted.
#[derive(Debug)]
pub struct Users<'a> {
    accounts: &'a Accounts,
    names: &'a Names,
    of_names: Vec<User>,
}

impl<'a> Users<'a> {
    /// Finds the accounts of `names`.
    pub fn new(accounts: &'a Accounts, names: &'a Names) -> Self {
        let without = accounts.people().len();
        let of = |name: Name| user(accounts.place(&names.get(name)).unwrap_or(without + name.index()));
        Self { accounts, names, of_names: names.all().map(of).collect() }
    }

    /// Who is meant by the name with this index.
    pub fn of(&self, name: usize) -> Option<User> {
        self.of_names.get(name).copied()
    }

    /// What a user is called.
    pub fn called(&self, user: User) -> Called<'a> {
        let people = self.accounts.people();
        if let Some(person) = people.get(user.index()) {
            return Called { user: Cow::Borrowed(&person.user), id: person.id };
        }
        let name = self.names.at(user.index() - people.len());
        Called { user: name.map(|name| self.names.get(name)).unwrap_or_default(), id: None }
    }

    /// A number for each user, 0 to begin with.
    pub fn sums(&self) -> Sums {
        Sums { of: vec![0; self.accounts.people().len() + self.names.len()] }
    }

    /// Everybody with an account.
    pub fn with_account(&self) -> impl Iterator<Item = User> {
        (0..self.accounts.people().len()).map(user)
    }

    /// What was counted for each service or rule and user, each pair once.
    pub fn counted<'c>(&'c self, counts: &'c Counts) -> impl Iterator<Item = ((Name, User), u64)> + 'c {
        let accounts = self.accounts.people().len();
        let pairs = move || {
            counts.by_user().filter_map(|(subject, name, count)| Some(((subject, self.of(name)?), count)))
        };
        // Only an account can have been counted under several names.
        let mut several: HashMap<(Name, User), u64> = HashMap::new();
        for (pair, count) in pairs().filter(|((_, user), _)| user.index() < accounts) {
            let sum = several.entry(pair).or_default();
            *sum = sum.saturating_add(count);
        }
        several.into_iter().chain(pairs().filter(move |((_, user), _)| user.index() >= accounts))
    }
}

/// A number for each user.
#[derive(Debug)]
pub struct Sums {
    of: Vec<u64>,
}

impl Sums {
    /// Adds to the number of a user.
    pub fn add(&mut self, user: User, count: u64) {
        if let Some(sum) = self.of.get_mut(user.index()) {
            *sum = sum.saturating_add(count);
        }
    }

    /// The number of a user.
    pub fn get(&self, user: User) -> u64 {
        self.of.get(user.index()).copied().unwrap_or(0)
    }

    /// All users who have one.
    pub fn all(&self) -> impl Iterator<Item = (User, u64)> {
        self.of
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(index, count)| (user(index), *count))
    }
}
