//! What becomes of each row of `users_temp` (rules 1, 4, 5 and 6).

use std::collections::{BTreeMap, HashMap};

use super::{
    calendar::Minute,
    directory::{Directory, Match, is_nobody},
    space::{ComputerId, PersonId},
};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// One row: somebody was connected from a workstation.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id in the queue.
    pub id: u64,
    /// When, seconds dropped.
    pub at: Minute,
    /// The login as the snapshot gives it.
    pub login: String,
    /// The workstation's name, empty if only its address is known.
    pub machine: String,
    /// The workstation's address.
    pub ip: Option<String>,
}

/// A known person on a known machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub computer: ComputerId,
    /// When.
    pub at: Minute,
}

/// Rows that match nothing, alike in login, machine and reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Unmatched {
    /// The login as the snapshot gives it.
    pub login: String,
    /// The machine as the snapshot gives it.
    pub machine: String,
    /// The address, where there is no machine name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// `unknown-user`, `ambiguous-user`, `unknown-machine`, `ambiguous-machine`, or one of each joined by `+`.
    pub reason: String,
}

/// First and last time at which [`Unmatched`] rows were seen, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrences {
    /// First.
    pub first: Minute,
    /// Last.
    pub last: Minute,
    /// Rows.
    pub count: u64,
}

impl Occurrences {
    /// Adds others.
    pub fn add(&mut self, more: &Self) {
        self.first = self.first.min(more.first);
        self.last = self.last.max(more.last);
        self.count += more.count;
    }
}

/// Rows sorted by what becomes of them.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Those that the other rules work on.
    pub sightings: Vec<Sighting>,
    /// Ids of the rows that leave the queue for the connection record: sightings and ignored ones.
    pub taken: Vec<u64>,
    /// Ids of the rows that matched nothing for too long.
    pub expired: Vec<u64>,
    /// Rows that stay.
    pub unmatched: BTreeMap<Unmatched, Occurrences>,
    /// Why rows were dropped: `not-a-person`, `staff`.
    pub ignored: BTreeMap<&'static str, u64>,
}

/// What the names of a row lead to.
#[derive(Clone)]
enum Fate {
    Seen(PersonId, ComputerId),
    Ignored(&'static str),
    Unmatched(Unmatched),
}

/// Sorts rows that are not later than `now`. A row that matches nothing is given up when it is more than `keep_days`
/// old (rule 4).
pub fn sort(rows: &[Row], directory: &Directory, now: Minute, keep_days: u32) -> Sorted {
    let mut sorted = Sorted::default();
    let mut fates: HashMap<(&str, &str, Option<&str>), Fate> = HashMap::new();
    for row in rows {
        // An address matters only where there is no name.
        let ip = row.ip.as_deref().filter(|_| row.machine.trim().is_empty());
        let fate = fates
            .entry((&row.login, &row.machine, ip))
            .or_insert_with(|| fate(&row.login, &row.machine, ip, directory));
        match fate {
            Fate::Seen(person, computer) => {
                sorted.taken.push(row.id);
                sorted.sightings.push(Sighting { person: *person, computer: *computer, at: row.at });
            }
            Fate::Ignored(reason) => {
                sorted.taken.push(row.id);
                *sorted.ignored.entry(reason).or_default() += 1;
            }
            Fate::Unmatched(_) if now - row.at > i64::from(keep_days) * DAY => {
                sorted.expired.push(row.id);
            }
            Fate::Unmatched(unmatched) => note(&mut sorted.unmatched, unmatched, row.at),
        }
    }
    sorted
}

fn note(all: &mut BTreeMap<Unmatched, Occurrences>, unmatched: &Unmatched, at: Minute) {
    let once = Occurrences { first: at, last: at, count: 1 };
    match all.get_mut(unmatched) {
        Some(known) => known.add(&once),
        None => {
            all.insert(unmatched.clone(), once);
        }
    }
}

fn fate(login: &str, machine: &str, ip: Option<&str>, directory: &Directory) -> Fate {
    if is_nobody(login) {
        return Fate::Ignored("not-a-person");
    }
    let person = directory.person(login);
    if matches!(person, Match::One(person) if person.is_staff) {
        return Fate::Ignored("staff");
    }
    let computer = match ip {
        Some(ip) => directory.computer_at(ip),
        None => directory.computer(machine),
    };
    let user_reason = match person {
        Match::One(_) => None,
        Match::Unknown => Some("unknown-user"),
        Match::Ambiguous => Some("ambiguous-user"),
    };
    let machine_reason = match computer {
        Match::One(_) => None,
        Match::Unknown => Some("unknown-machine"),
        Match::Ambiguous => Some("ambiguous-machine"),
    };
    match (person, computer) {
        (Match::One(person), Match::One(computer)) => Fate::Seen(person.id, computer),
        _ => Fate::Unmatched(Unmatched {
            login: login.to_owned(),
            machine: machine.to_owned(),
            ip: ip.map(str::to_owned),
            reason: [user_reason, machine_reason].into_iter().flatten().collect::<Vec<_>>().join("+"),
        }),
    }
}
