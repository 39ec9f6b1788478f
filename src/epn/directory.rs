//! Which person and which machine a row of a snapshot means (rules 2, 3 and 5).

use std::collections::{BTreeMap, HashMap};

use super::space::{Computer, ComputerId, Person, PersonId, RoomId};

/// NetBIOS cuts names here.
const NETBIOS_LENGTH: usize = 15;

/// The answer of a search by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match<T> {
    /// Exactly one.
    One(T),
    /// None.
    Unknown,
    /// Several, and the exact spelling does not decide.
    Ambiguous,
}

/// The people and machines of the space, found by the names that snapshots give them.
#[derive(Debug, Default)]
pub struct Directory {
    people: HashMap<String, Vec<Person>>,
    logins: HashMap<PersonId, String>,
    computers: BTreeMap<String, Vec<(String, ComputerId)>>,
    addresses: HashMap<String, Vec<ComputerId>>,
    rooms: HashMap<ComputerId, RoomId>,
}

impl Directory {
    /// A directory of these people and machines.
    pub fn new(people: Vec<Person>, computers: Vec<Computer>) -> Self {
        let mut directory = Self::default();
        for person in people {
            directory.logins.insert(person.id, person.login.clone());
            directory.people.entry(login_key(&person.login)).or_default().push(person);
        }
        for computer in computers {
            if let Some(ip) = computer.ip.as_deref().map(str::trim).filter(|ip| !ip.is_empty()) {
                directory.addresses.entry(ip.to_ascii_lowercase()).or_default().push(computer.id);
            }
            if let Some(room) = computer.room {
                directory.rooms.insert(computer.id, room);
            }
            let key = machine_key(&computer.name);
            if !key.is_empty() {
                directory.computers.entry(key).or_default().push((computer.name, computer.id));
            }
        }
        directory
    }

    /// The person of a login: letter case, blanks and a `DOMAIN\` prefix do not matter, accents do. Of people whose
    /// logins differ only in that, the exact spelling wins (rule 3).
    pub fn person(&self, login: &str) -> Match<&Person> {
        let candidates = self.people.get(&login_key(login)).map_or(&[][..], Vec::as_slice);
        let exact = |strict: fn(&str) -> String| {
            let written = strict(login);
            one_of(candidates, move |person| strict(&person.login) == written)
        };
        match exact(|login| spelling(login).to_owned()) {
            Match::Ambiguous => exact(without_blanks),
            found => found,
        }
    }

    /// The machine of a NetBIOS name: letter case, blanks around it, leading backslashes and a trailing `$` do not
    /// matter; a name of 15 characters may be the beginning of a longer one (rule 2).
    pub fn computer(&self, name: &str) -> Match<ComputerId> {
        let key = machine_key(name);
        if let Some(candidates) = self.computers.get(&key) {
            return one_of(candidates, |(kept, _)| kept.trim() == name.trim()).map(|(_, id)| *id);
        }
        if key.chars().count() != NETBIOS_LENGTH {
            return Match::Unknown;
        }
        let mut longer = self
            .computers
            .range(key.clone()..)
            .take_while(|(kept, _)| kept.starts_with(&key))
            .flat_map(|(_, computers)| computers);
        match (longer.next(), longer.next()) {
            (Some((_, id)), None) => Match::One(*id),
            _ => Match::Unknown,
        }
    }

    /// The machine at an address, for rows without a name.
    pub fn computer_at(&self, ip: &str) -> Match<ComputerId> {
        let candidates = self.addresses.get(&ip.trim().to_ascii_lowercase());
        one_of(candidates.map_or(&[][..], Vec::as_slice), |_| false).map(|id| *id)
    }

    /// The login of a person as kept, for messages.
    pub fn login(&self, person: PersonId) -> &str {
        self.logins.get(&person).map_or("?", String::as_str)
    }

    /// The room in which a machine stands now.
    pub fn room(&self, computer: ComputerId) -> Option<RoomId> {
        self.rooms.get(&computer).copied()
    }
}

impl<T> Match<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Match<U> {
        match self {
            Self::One(found) => Match::One(change(found)),
            Self::Unknown => Match::Unknown,
            Self::Ambiguous => Match::Ambiguous,
        }
    }
}

/// Whether a login belongs to nobody: empty, `nobody`, or a machine account (rule 5).
pub fn is_nobody(login: &str) -> bool {
    let key = login_key(login);
    key.is_empty() || key == "nobody" || key.ends_with('$')
}

/// The only candidate, or the only one that is spelled exactly so.
fn one_of<T>(candidates: &[T], exact: impl Fn(&T) -> bool) -> Match<&T> {
    match candidates {
        [] => Match::Unknown,
        [only] => Match::One(only),
        several => {
            let mut exact = several.iter().filter(|candidate| exact(candidate));
            match (exact.next(), exact.next()) {
                (Some(only), None) => Match::One(only),
                _ => Match::Ambiguous,
            }
        }
    }
}

/// The login without its `DOMAIN\` prefix and the blanks around it.
fn spelling(login: &str) -> &str {
    login.rsplit('\\').next().unwrap_or(login).trim()
}

fn without_blanks(login: &str) -> String {
    spelling(login).chars().filter(|character| !character.is_whitespace()).collect()
}

fn login_key(login: &str) -> String {
    without_blanks(login).to_lowercase()
}

fn machine_key(name: &str) -> String {
    let name = name.trim().trim_start_matches('\\');
    name.strip_suffix('$').unwrap_or(name).trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(logins: &[&str], machines: &[&str]) -> Directory {
        let person = |(id, login): (usize, &&str)| Person {
            id: PersonId(id as u64),
            login: (*login).to_owned(),
            is_staff: false,
        };
        let computer = |(id, name): (usize, &&str)| Computer {
            id: ComputerId(id as u64),
            name: (*name).to_owned(),
            room: None,
            ip: Some(format!("10.0.0.{id}")),
        };
        Directory::new(
            logins.iter().enumerate().map(person).collect(),
            machines.iter().enumerate().map(computer).collect(),
        )
    }

    fn person(directory: &Directory, login: &str) -> Match<u64> {
        directory.person(login).map(|person| person.id.0)
    }

    #[test]
    fn a_login_is_known_in_any_case_with_blanks_and_a_domain_but_not_without_its_accents() {
        let space = directory(&["amina", "Élodie", "jean paul"], &[]);
        for login in ["amina", " AMINA ", "EPN\\Amina", "a mina"] {
            assert_eq!(person(&space, login), Match::One(0), "{login}");
        }
        assert_eq!(person(&space, "élodie"), Match::One(1));
        assert_eq!(person(&space, "elodie"), Match::Unknown);
        assert_eq!(person(&space, "EPN\\Jean Paul"), Match::One(2));
    }

    #[test]
    fn of_logins_that_differ_in_case_the_exact_spelling_wins() {
        let space = directory(&["amina", "Amina"], &[]);
        assert_eq!(person(&space, "EPN\\Amina"), Match::One(1));
        assert_eq!(person(&space, "a mina"), Match::One(0));
        assert_eq!(person(&space, "AMINA"), Match::Ambiguous);
    }

    #[test]
    fn a_machine_is_known_in_all_its_forms() {
        let space = directory(&[], &["Poste-01", "\\\\POSTE-02", "poste-multimedia-accueil"]);
        for name in ["POSTE-01", "poste-01 ", "\\\\Poste-01$", " poste-01$"] {
            assert_eq!(space.computer(name), Match::One(ComputerId(0)), "{name}");
        }
        assert_eq!(space.computer("poste-02"), Match::One(ComputerId(1)));
        assert_eq!(space.computer("POSTE-MULTIMEDI"), Match::One(ComputerId(2)));
        assert_eq!(space.computer("POSTE-MULTIMED"), Match::Unknown);
        assert_eq!(space.computer(""), Match::Unknown);
        assert_eq!(space.computer_at("10.0.0.1"), Match::One(ComputerId(1)));
        assert_eq!(space.computer_at("10.0.0.9"), Match::Unknown);
    }

    #[test]
    fn a_cut_name_that_fits_two_machines_fits_none() {
        let space = directory(&[], &["salle-multimedia-1", "salle-multimedia-2"]);
        assert_eq!(space.computer("SALLE-MULTIMEDI"), Match::Unknown);
    }

    #[test]
    fn nobody_is_no_person() {
        for login in ["", "  ", "nobody", "EPN\\Nobody", "POSTE-11$", "EPN\\POSTE-11$ "] {
            assert!(is_nobody(login), "{login:?}");
        }
        assert!(!is_nobody("nobodyelse"));
    }
}
