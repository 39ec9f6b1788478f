//! `logins`: who logged in, who was refused. What ratelimit-check counted.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use serde::Serialize;

use super::{
    Question,
    accounts::{Accounts, Person},
    anonymity::Pseudonyms,
    epn::months::month,
    grain::Grain,
    ranking::highest,
    users::Users,
};
use crate::{
    ratelimit::statistics::{Counts, Statistics},
    report::{
        sheet::{Block, Cell, Chart, Column, Shape, Sheet, Table},
        texts,
    },
};

/// Lengths of the lists when nothing is said.
const RECENT: usize = 10;
const TOP: usize = 3;
const TOP_REFUSED: usize = 10;

/// The section.
#[derive(Debug, Serialize)]
pub struct Logins {
    /// Allowed logins.
    pub total: u64,
    /// Different users among them.
    pub distinct_users: u64,
    /// Refused tries, by all rules.
    pub refused: u64,
    /// Logins that were counted without the user, because there was no room for more users.
    pub others: u64,
    /// The users who logged in last, if that lies in the period, the last one first.
    pub recent: Vec<LastLogin>,
    /// The users who logged in most often.
    pub top: Vec<LoginsOf>,
    /// The users who were refused most often.
    pub top_refused: Vec<RefusalsOf>,
    /// Every day from the first on which somebody logged in to the last.
    pub by_day: Vec<LoginsOn>,
    /// In what steps people see them.
    #[serde(skip)]
    grain: Grain,
}

/// The last login of a user.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LastLogin {
    /// Whose.
    #[serde(flatten)]
    pub person: Person,
    /// When.
    pub at: DateTime<Utc>,
}

/// The logins of a user.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LoginsOf {
    /// Whose.
    #[serde(flatten)]
    pub person: Person,
    /// How many.
    pub count: u64,
}

/// The refused tries of a user.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RefusalsOf {
    /// Whose.
    #[serde(flatten)]
    pub person: Person,
    /// The rule that refused them.
    pub rule: String,
    /// How many.
    pub count: u64,
}

/// The logins of a day.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LoginsOn {
    /// A day of UTC.
    pub day: NaiveDate,
    /// How many.
    pub count: u64,
}

impl Logins {
    /// The section, out of what was counted in the days of the period.
    pub fn new(
        statistics: &Statistics,
        accounts: &Accounts,
        users: &Users<'_>,
        question: &Question<'_>,
    ) -> Self {
        let Statistics { logins, refused, .. } = statistics;
        let mut by_user = users.sums();
        users.counted(logins).for_each(|((_, user), count)| by_user.add(user, count));
        let top = highest(by_user.all(), question.top.unwrap_or(TOP), |user| users.called(user));
        let named = |(rule, user)| (users.called(user), refused.subjects.get(rule));
        let top_refused = highest(users.counted(refused), question.top.unwrap_or(TOP_REFUSED), named);
        Self {
            total: logins.total(),
            distinct_users: by_user.all().count() as u64,
            refused: refused.total(),
            others: logins.others,
            recent: recent(statistics, accounts, question),
            top: top.into_iter().map(|(person, count)| LoginsOf { person: person.into(), count }).collect(),
            top_refused: top_refused
                .into_iter()
                .map(|((person, rule), count)| RefusalsOf {
                    person: person.into(),
                    rule: rule.into_owned(),
                    count,
                })
                .collect(),
            by_day: by_day(logins),
            grain: Grain::of(question.period),
        }
    }

    /// Leaves out who people are.
    pub fn anonymize(&mut self, names: &mut Pseudonyms) {
        // All fields by their names: a new one has to be thought of here.
        let Self {
            total: _,
            distinct_users: _,
            refused: _,
            others: _,
            recent,
            top,
            top_refused,
            by_day: _,
            grain: _,
        } = self;
        names.shuffle(recent, |of| of.at, |of| of.person.user.clone());
        names.shuffle(top, |of| of.count, |of| of.person.user.clone());
        names.shuffle(top_refused, |of| of.count, |of| of.person.user.clone());
        let people = recent.iter_mut().map(|of| &mut of.person);
        let people = people.chain(top.iter_mut().map(|of| &mut of.person));
        let people = people.chain(top_refused.iter_mut().map(|of| &mut of.person));
        people.for_each(|person| person.anonymize(names));
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.total == 0 && self.refused == 0 && self.recent.is_empty()
    }

    /// What people see of it.
    pub fn sheet(&self) -> Sheet {
        if self.is_empty() {
            return Sheet { title: texts::LOGINS, blocks: vec![Block::Line(texts::LOGINS_EMPTY)] };
        }
        let mut figures = vec![
            (texts::LOGINS, Cell::count(self.total)),
            (texts::USERS, Cell::count(self.distinct_users)),
            (texts::REFUSED_TRIES, Cell::count(self.refused)),
        ];
        if self.others > 0 {
            figures.push((texts::WITHOUT_USER, Cell::count(self.others)));
        }
        let tables = [self.recent_table(), self.top_table(), self.refused_table()].map(Block::Table);
        let days = Block::Chart(Chart {
            shape: Shape::Days(texts::LOGINS),
            unit: texts::LOGINS,
            table: if self.grain == Grain::Months { self.months_table() } else { self.days_table() },
        });
        let blocks = [Block::Figures(figures)].into_iter().chain(tables).chain([days]).collect();
        Sheet { title: texts::LOGINS, blocks }
    }

    /// Whether rankings without entries were asked for.
    fn shows_none(&self) -> bool {
        self.top.is_empty() && self.distinct_users > 0
    }

    fn recent_table(&self) -> Table {
        let row = |of: &LastLogin| vec![Cell::Name(of.person.user.clone()), Cell::Time(of.at)];
        Table {
            title: texts::LAST_LOGINS,
            columns: vec![Column::words(texts::USER), Column::numbers(texts::SEEN_AT)],
            rows: self.recent.iter().map(row).collect(),
            empty: if self.shows_none() { texts::NONE_SHOWN } else { texts::NO_LAST_LOGIN },
        }
    }

    fn top_table(&self) -> Table {
        let row = |of: &LoginsOf| vec![Cell::Name(of.person.user.clone()), Cell::count(of.count)];
        Table {
            title: texts::MOST_LOGINS,
            columns: vec![Column::words(texts::USER), Column::compared(texts::LOGINS)],
            rows: self.top.iter().map(row).collect(),
            empty: if self.shows_none() { texts::NONE_SHOWN } else { texts::NO_LOGIN },
        }
    }

    fn refused_table(&self) -> Table {
        let row = |of: &RefusalsOf| {
            vec![Cell::Name(of.person.user.clone()), Cell::Name(of.rule.clone()), Cell::count(of.count)]
        };
        Table {
            title: texts::MOST_REFUSED,
            columns: vec![
                Column::words(texts::USER),
                Column::words(texts::RULE),
                Column::compared(texts::REFUSED),
            ],
            rows: self.top_refused.iter().map(row).collect(),
            empty: if self.refused > 0 { texts::NONE_SHOWN } else { texts::NOBODY_REFUSED },
        }
    }

    fn months_table(&self) -> Table {
        let months = self.by_day.chunk_by(|one, next| month(one.day) == month(next.day));
        let row = |days: &[LoginsOn]| {
            let count = days.iter().map(|of| of.count).fold(0, u64::saturating_add);
            Some(vec![Cell::Month(month(days.first()?.day)), Cell::count(count)])
        };
        Table {
            title: texts::LOGINS_BY_MONTH,
            columns: vec![Column::numbers(texts::MONTH), Column::compared(texts::LOGINS)],
            rows: months.filter_map(row).collect(),
            empty: texts::NO_LOGIN,
        }
    }

    fn days_table(&self) -> Table {
        let row = |of: &LoginsOn| vec![Cell::Day(of.day), Cell::count(of.count)];
        Table {
            title: texts::LOGINS_BY_DAY,
            columns: vec![Column::numbers(texts::DAY), Column::compared(texts::LOGINS)],
            rows: self.by_day.iter().map(row).collect(),
            empty: texts::NO_LOGIN,
        }
    }
}

/// Each person once, even one who was counted under two names.
fn recent(statistics: &Statistics, accounts: &Accounts, question: &Question<'_>) -> Vec<LastLogin> {
    let login = |(user, at): &(String, DateTime<Utc>)| LastLogin { person: accounts.person(user), at: *at };
    let mut recent: Vec<LastLogin> = statistics.recent.iter().map(login).collect();
    recent.sort_by(|one, other| (other.at, &one.person).cmp(&(one.at, &other.person)));
    let mut known = HashSet::new();
    recent.retain_mut(|login| {
        // Fractions of a second have put them in order; reports know none.
        login.at = login.at.trunc_subsecs(0);
        known.insert(login.person.clone()) && question.period.holds(login.at, question.now)
    });
    recent.truncate(question.top.unwrap_or(RECENT));
    recent
}

fn by_day(logins: &Counts) -> Vec<LoginsOn> {
    let counted = |(day, count): (&NaiveDate, &u64)| (*count > 0).then_some(*day);
    let mut days = logins.by_day.iter().filter_map(counted);
    let (Some(first), last) = (days.next(), days.next_back()) else { return Vec::new() };
    first
        .iter_days()
        .take_while(|day| *day <= last.unwrap_or(first))
        .map(|day| LoginsOn { day, count: logins.by_day.get(&day).copied().unwrap_or(0) })
        .collect()
}
