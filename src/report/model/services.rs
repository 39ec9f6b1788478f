//! `services`: which services were called, and by whom. What ratelimit-check counted.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    Question,
    accounts::Person,
    anonymity::Pseudonyms,
    ranking::{highest, lowest},
    users::Users,
};
use crate::{
    ratelimit::{names::Name, statistics::Statistics},
    report::{
        sheet::{Block, Cell, Chart, Column, Shape, Sheet, Table},
        texts,
    },
};

/// Rows of a table of users when nothing is said.
const ROWS: usize = 10;
/// Entries of a list of users when nothing is said.
const LISTED: usize = 10_000;

/// The section.
#[derive(Debug, Serialize)]
pub struct Services {
    /// Allowed calls of all services.
    pub total: u64,
    /// Calls that were counted without service and user, because there was no room for more of them.
    pub others: u64,
    /// The service that was called most often.
    pub most_used: Option<String>,
    /// Each service, the one that was called most often first.
    pub by_service: Vec<CallsOf>,
    /// How many users called none.
    pub never_called: u64,
    /// The users who called services least often: all who called none, and more up to ten.
    pub least_active_users: Vec<CallsBy>,
    /// Each user and service, the most calls first.
    pub by_user: Vec<CallsOfBy>,
    /// Rows of the tables of users.
    #[serde(skip)]
    rows: usize,
}

/// The calls of a service.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CallsOf {
    /// Its name.
    pub service: String,
    /// How many.
    pub count: u64,
}

/// The calls by a user.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CallsBy {
    /// By whom.
    #[serde(flatten)]
    pub person: Person,
    /// How many.
    pub count: u64,
}

/// The calls of a service by a user.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CallsOfBy {
    /// By whom.
    #[serde(flatten)]
    pub person: Person,
    /// Of what.
    pub service: String,
    /// How many.
    pub count: u64,
}

impl Services {
    /// The section, out of what was counted in the days of the period. Whoever logged in or has an account is a user.
    pub fn new(statistics: &Statistics, users: &Users<'_>, question: &Question<'_>) -> Self {
        let Statistics { logins, calls, .. } = statistics;
        // One more than the calls of each user, so that those without any are told from those who are none.
        let mut by_person = users.sums();
        users.with_account().for_each(|user| by_person.add(user, 1));
        for (_, name, _) in logins.by_user().chain(calls.by_user()) {
            let new = users.of(name).filter(|user| by_person.get(*user) == 0);
            if let Some(user) = new {
                by_person.add(user, 1);
            }
        }
        let mut by_service: HashMap<Name, u64> = HashMap::new();
        for ((service, user), count) in users.counted(calls) {
            by_person.add(user, count);
            let sum = by_service.entry(service).or_default();
            *sum = sum.saturating_add(count);
        }
        let by_person = || by_person.all().map(|(user, more)| (user, more - 1));
        let never = by_person().filter(|(_, calls)| *calls == 0).count();

        let by_service: Vec<CallsOf> = highest(by_service, usize::MAX, |service| calls.subjects.get(service))
            .into_iter()
            .map(|(service, count)| CallsOf { service: service.into_owned(), count })
            .collect();
        let least =
            lowest(by_person(), question.top.unwrap_or(never.clamp(ROWS, LISTED)), |user| users.called(user));
        let named = |(service, user)| (users.called(user), calls.subjects.get(service));
        let by_user = highest(users.counted(calls), question.top.unwrap_or(LISTED), named);
        Self {
            total: calls.total(),
            others: calls.others,
            most_used: by_service.first().map(|most| most.service.clone()),
            by_service,
            never_called: never as u64,
            least_active_users: least
                .into_iter()
                .map(|(person, count)| CallsBy { person: person.into(), count })
                .collect(),
            by_user: by_user
                .into_iter()
                .map(|((person, service), count)| CallsOfBy {
                    person: person.into(),
                    service: service.into_owned(),
                    count,
                })
                .collect(),
            rows: question.top.unwrap_or(ROWS),
        }
    }

    /// Leaves out who people are.
    pub fn anonymize(&mut self, names: &mut Pseudonyms) {
        // All fields by their names: a new one has to be thought of here.
        let Self {
            total: _,
            others: _,
            most_used: _,
            by_service: _,
            never_called: _,
            least_active_users,
            by_user,
            rows: _,
        } = self;
        names.shuffle(least_active_users, |of| of.count, |of| of.person.user.clone());
        names.shuffle(by_user, |of| of.count, |of| of.person.user.clone());
        let people = least_active_users.iter_mut().map(|of| &mut of.person);
        let people = people.chain(by_user.iter_mut().map(|of| &mut of.person));
        people.for_each(|person| person.anonymize(names));
    }

    /// Whether no service was called.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// What people see of it.
    pub fn sheet(&self) -> Sheet {
        if self.is_empty() && self.least_active_users.is_empty() {
            return Sheet { title: texts::SERVICES, blocks: vec![Block::Line(texts::NO_CALL)] };
        }
        let mut figures = vec![(texts::CALLS_OF_SERVICES, Cell::count(self.total))];
        if self.others > 0 {
            figures.push((texts::WITHOUT_USER, Cell::count(self.others)));
        }
        let most_used = self.most_used.clone().map_or(Cell::Nothing, Cell::Name);
        figures.push((texts::NEVER_CALLED, Cell::count(self.never_called)));
        figures.push((texts::MOST_USED, most_used));
        let services = Block::Chart(Chart {
            shape: Shape::Bars(vec![texts::CALLS]),
            unit: texts::CALLS,
            table: self.services_table(),
        });
        let tables = [self.least_table(), self.users_table()].map(Block::Table);
        let blocks = [Block::Figures(figures), services].into_iter().chain(tables).collect();
        Sheet { title: texts::SERVICES, blocks }
    }

    fn services_table(&self) -> Table {
        let row = |of: &CallsOf| vec![Cell::Name(of.service.clone()), Cell::count(of.count)];
        Table {
            title: texts::CALLS_BY_SERVICE,
            columns: vec![Column::words(texts::SERVICE), Column::compared(texts::CALLS)],
            rows: self.by_service.iter().map(row).collect(),
            empty: texts::NO_CALL,
        }
    }

    fn least_table(&self) -> Table {
        let row = |of: &CallsBy| vec![Cell::Name(of.person.user.clone()), Cell::count(of.count)];
        Table {
            title: texts::LEAST_CALLS,
            columns: vec![Column::words(texts::USER), Column::compared(texts::CALLS)],
            rows: self.least_active_users.iter().take(self.rows).map(row).collect(),
            empty: if self.rows == 0 { texts::NONE_SHOWN } else { texts::NO_USERS },
        }
    }

    fn users_table(&self) -> Table {
        let row = |of: &CallsOfBy| {
            vec![Cell::Name(of.person.user.clone()), Cell::Name(of.service.clone()), Cell::count(of.count)]
        };
        Table {
            title: texts::MOST_CALLS,
            columns: vec![
                Column::words(texts::USER),
                Column::words(texts::SERVICE),
                Column::compared(texts::CALLS),
            ],
            rows: self.by_user.iter().take(self.rows).map(row).collect(),
            empty: if self.rows == 0 { texts::NONE_SHOWN } else { texts::NO_CALL },
        }
    }
}
