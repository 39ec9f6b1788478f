//! Forgetting one person.

use ::mysql::{Params, Value, params, prelude::Queryable};
use chrono::NaiveDateTime;

use crate::{
    epn::space::PersonId,
    failure::Result,
    mysql::{bulk, rows},
};

const LOGINS: &str = "SELECT login FROM users_temp UNION SELECT login FROM users_log";

/// What is known of a person by number, in the order in which it goes: the table, and what goes of it. What is
/// over stays, as the use of a machine or a workshop by nobody: the figures of the space
/// are made of it, and of the ledger its balances.
const OF_PERSON: [(&str, &str); 6] = [
    (
        "epn_booking",
        "DELETE FROM epn_booking WHERE user_id = :person AND status = 'booked' AND starts_at > :now",
    ),
    (
        "epn_attendance",
        "DELETE FROM epn_attendance WHERE user_id = :person AND status IN ('registered', 'waiting') \
         AND workshop_id IN (SELECT id FROM epn_workshop WHERE starts_at > :now)",
    ),
    ("epn_presence", "DELETE FROM epn_presence WHERE user_id = :person"),
    ("epn_use", "DELETE FROM epn_use WHERE user_id = :person"),
    ("epn_workshop_seen", "DELETE FROM epn_workshop_seen WHERE user_id = :person"),
    ("epn_user", "DELETE FROM epn_user WHERE id = :person"),
];

const QUEUE: (&str, &str) = ("users_temp", "DELETE FROM users_temp WHERE login IN ({logins})");
const LOG: (&str, &str) = ("users_log", "DELETE FROM users_log WHERE login IN ({logins})");
const IN_LOG: &str = "SELECT COUNT(*), MAX(seen_at) FROM users_log WHERE login IN ({logins})";

/// Rows that go, by table.
pub type Erased = Vec<(&'static str, u64)>;

/// Every way in which a login is written in the queue and the connection record.
///
/// # Errors
/// The server's.
pub fn logins(conn: &mut impl Queryable) -> Result<Vec<String>> {
    rows(conn, "users_log", LOGINS, ())
}

/// Deletes what is known of a person by number.
///
/// # Errors
/// The server's.
pub fn person(conn: &mut impl Queryable, person: PersonId, now: NaiveDateTime) -> Result<Erased> {
    let mut erased = Erased::new();
    for (table, sql) in OF_PERSON {
        let values = params! { "person" => person.0, "now" => now };
        erased.push((table, conn.exec_iter(sql, values)?.affected_rows()));
    }
    Ok(erased)
}

/// Deletes rows of the queue with these logins, and if `with_log` of the connection record.
///
/// # Errors
/// The server's.
pub fn sightings(conn: &mut impl Queryable, logins: &[String], with_log: bool) -> Result<Erased> {
    let mut erased = Erased::new();
    for (table, sql) in [Some(QUEUE), with_log.then_some(LOG)].into_iter().flatten() {
        let mut sum = 0;
        for part in logins.chunks(bulk::ROWS) {
            let (sql, values) = listed(sql, part);
            sum += conn.exec_iter(sql, values)?.affected_rows();
        }
        erased.push((table, sum));
    }
    Ok(erased)
}

/// How many rows of the connection record have these logins, and the time of the last one.
///
/// # Errors
/// The server's.
pub fn in_log(conn: &mut impl Queryable, logins: &[String]) -> Result<(u64, Option<NaiveDateTime>)> {
    let (mut count, mut last) = (0, None);
    for part in logins.chunks(bulk::ROWS) {
        let (sql, values) = listed(IN_LOG, part);
        let found: Vec<(u64, Option<NaiveDateTime>)> = rows(conn, "users_log", sql, values)?;
        for (more, seen_at) in found {
            count += more;
            last = last.max(seen_at);
        }
    }
    Ok((count, last))
}

fn listed(sql: &str, logins: &[String]) -> (String, Params) {
    let places = vec!["?"; logins.len()].join(", ");
    (sql.replace("{logins}", &places), Params::Positional(logins.iter().map(Value::from).collect()))
}
