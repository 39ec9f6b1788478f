//! The users of the web front end (`utilisateurs`), and which of them is meant by a name in the counters.

use std::collections::HashMap;

use ::mysql::Conn;
use serde::Serialize;

use super::anonymity::Pseudonyms;
use crate::{failure::Result, mysql::rows};

const ACCOUNTS: &str = "SELECT id, email FROM utilisateurs";

/// Somebody in the statistics of logins and calls. Sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Person {
    /// The e-mail, or the name by which somebody was counted who is not in `utilisateurs`.
    pub user: String,
    /// The id in `utilisateurs`; none: not there.
    pub id: Option<u64>,
}

impl Person {
    /// Leaves out who it is.
    pub fn anonymize(&mut self, names: &mut Pseudonyms) {
        let Self { user, id } = self;
        names.hide("web", user);
        *id = None;
    }
}

/// All users of the web front end.
#[derive(Debug, Default)]
pub struct Accounts {
    people: Vec<Person>,
    /// Places in the list.
    by_id: HashMap<u64, usize>,
    by_email: HashMap<String, usize>,
    /// Whether e-mails are numbers.
    has_numbers: bool,
}

impl Accounts {
    /// Reads them.
    ///
    /// # Errors
    /// The server's.
    pub fn read(conn: &mut Conn) -> Result<Self> {
        Ok(Self::new(rows(conn, "utilisateurs", ACCOUNTS, ())?))
    }

    /// Those with these ids and e-mails.
    pub fn new(accounts: Vec<(u64, String)>) -> Self {
        let mut all = Self::default();
        for (place, (id, email)) in accounts.into_iter().enumerate() {
            all.by_id.insert(id, place);
            all.has_numbers |= email.trim().starts_with(|first: char| first.is_ascii_digit());
            all.by_email.insert(folded(&email), place);
            all.people.push(Person { user: email, id: Some(id) });
        }
        all
    }

    /// All of them.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Who is meant by `name`: a number is an id, anything else an e-mail, of which case does not matter.
    pub fn person(&self, name: &str) -> Person {
        match self.place(name).and_then(|place| self.people.get(place)) {
            Some(person) => person.clone(),
            None => Person { user: name.to_owned(), id: None },
        }
    }

    /// The place of the same in the list; none: somebody without an account.
    pub fn place(&self, name: &str) -> Option<usize> {
        // Another spelling of a number, as 007 or +7, is no id.
        let is_number = name == "0" || name.starts_with(|first: char| matches!(first, '1'..='9'));
        let id = name.parse().ok().filter(|_| is_number).and_then(|id: u64| self.by_id.get(&id));
        if is_number && id.is_none() && !self.has_numbers {
            return None;
        }
        let place = id.or_else(|| self.by_email.get(name));
        let is_folded = name.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !byte.is_ascii_uppercase());
        place.or_else(|| if is_folded { None } else { self.by_email.get(&folded(name)) }).copied()
    }
}

/// An e-mail as it is compared.
fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_an_id_or_an_email_or_itself() {
        let accounts = Accounts::new(vec![(7, "Zoé@Example.org".to_owned()), (42, "7".to_owned())]);
        let zoe = Person { user: "Zoé@Example.org".to_owned(), id: Some(7) };
        for name in ["7", "zoé@example.org", "ZOÉ@EXAMPLE.ORG"] {
            assert_eq!(accounts.person(name), zoe, "{name}");
        }
        for name in ["007", "+7", "8", "zoé", "10.0.0.7"] {
            assert_eq!(accounts.person(name), Person { user: name.to_owned(), id: None });
        }
    }
}
