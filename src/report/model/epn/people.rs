//! People by name: those with the most hours, and those with a balance below zero.

use std::{cmp::Reverse, collections::HashMap};

use ::mysql::Conn;
use serde::Serialize;

use crate::{
    failure::Result,
    mysql::{bulk, rows},
    report::{
        model::uses::Hours,
        sheet::{Cell, Column, Table},
        texts,
    },
};

const LOGINS: &str = "SELECT id, login FROM epn_user WHERE id IN ({ids})";
const OVERDRAWN: &str = "SELECT login, credit_minutes, workshop_credits FROM epn_user \
    WHERE credit_minutes < 0 OR workshop_credits < 0 ORDER BY login";

/// The hours of a person.
#[derive(Debug, Serialize)]
pub struct PersonHours {
    /// None: the person was removed.
    pub login: Option<String>,
    /// Their hours.
    pub hours: Hours,
}

/// A person with a balance below zero.
#[derive(Debug, Serialize)]
pub struct Overdrawn {
    /// Whose.
    pub login: String,
    /// Minutes on machines; none: no account.
    pub credit_minutes: Option<i64>,
    /// Workshops; none: no account.
    pub workshop_credits: Option<i64>,
}

/// The `top` people with the most hours. Of the same hours, the smaller id comes first, so that two reports are alike.
pub fn ranking(hours: &HashMap<u64, Hours>, top: usize) -> Vec<(u64, Hours)> {
    let mut ranking: Vec<_> = hours.iter().map(|(person, hours)| (*person, *hours)).collect();
    ranking.sort_unstable_by_key(|(person, hours)| (Reverse(*hours), *person));
    ranking.truncate(top);
    ranking
}

/// The logins of people; removed ones have none.
///
/// # Errors
/// The server's.
pub fn logins(conn: &mut Conn, people: &[u64]) -> Result<HashMap<u64, String>> {
    let found: Vec<(u64, String)> = bulk::select_by_id(conn, "epn_user", LOGINS, people, &[])?;
    Ok(found.into_iter().collect())
}

/// Reads balances below zero.
///
/// # Errors
/// The server's.
pub fn overdrawn(conn: &mut Conn) -> Result<Vec<Overdrawn>> {
    let person =
        |(login, credit_minutes, workshop_credits)| Overdrawn { login, credit_minutes, workshop_credits };
    let found = rows(conn, "epn_user", OVERDRAWN, ())?;
    Ok(found.into_iter().map(person).collect())
}

/// What people see of the ranking.
pub fn ranking_table(people: &[PersonHours]) -> Table {
    let row = |of: &PersonHours| {
        vec![Cell::name_or(of.login.as_deref(), texts::REMOVED_PERSON), Cell::Hours(of.hours)]
    };
    Table {
        title: texts::MOST_HOURS,
        columns: vec![Column::words(texts::LOGIN), Column::compared(texts::HOURS)],
        rows: people.iter().map(row).collect(),
        empty: texts::NO_PEOPLE,
    }
}

/// What people see of balances below zero.
pub fn overdrawn_table(overdrawn: &[Overdrawn]) -> Table {
    let row = |of: &Overdrawn| {
        vec![
            Cell::Name(of.login.clone()),
            Cell::number_or_nothing(of.credit_minutes),
            Cell::number_or_nothing(of.workshop_credits),
        ]
    };
    Table {
        title: texts::OVERDRAWN,
        columns: vec![
            Column::words(texts::LOGIN),
            Column::numbers(texts::CREDIT_MINUTES),
            Column::numbers(texts::CREDIT_WORKSHOPS),
        ],
        rows: overdrawn.iter().map(row).collect(),
        empty: texts::NOBODY_OVERDRAWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_same_hours_the_smaller_id_comes_first() {
        let hour = Hours::of_seconds(3_600);
        let hours = HashMap::from([(8, hour), (7, hour), (9, Hours::of_seconds(60))]);
        assert_eq!(ranking(&hours, 2), [(7, hour), (8, hour)]);
        assert!(ranking(&hours, 0).is_empty());
    }
}
