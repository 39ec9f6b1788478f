//! What the account of this command may read: all that reports are made of.

use ::mysql::{Conn, prelude::Queryable};

use super::finding::Finding;
use crate::{
    failure::{Failure, Result},
    report::check::rule::State,
};

const SUBJECT: &str = "rights";

/// The tables that reports read, and of some of them no more than these columns: those of `etc/grants.sql`.
const READ: [(&str, &str); 19] = [
    ("sessionstat_schema", "*"),
    ("users_temp", "*"),
    ("users_log", "server, seen_at"),
    ("epn_closed_day", "day, room_id"),
    ("epn_room", "*"),
    ("epn_computer", "*"),
    ("epn_user", "id, login, is_staff, credit_minutes, workshop_credits, birth_year, sex, town"),
    ("epn_workshop", "*"),
    ("epn_attendance", "*"),
    ("epn_booking", "*"),
    ("epn_history", "*"),
    ("epn_history_stale", "*"),
    ("usr_session_stats", "*"),
    ("session_at_limit", "*"),
    ("moodle_session", "user_id, session_start, elapsed, heartbeats, end_reason"),
    ("moodle_session_course", "*"),
    ("moodle_progress", "job, parameters"),
    ("sessionstat_run", "*"),
    ("utilisateurs", "id, email"),
];

/// A table that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    table: &'static str,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The account may not.
    Forbidden,
    /// There is none.
    Missing,
    /// It has other columns.
    Foreign,
}

/// Asks for no row of each table.
///
/// # Errors
/// The server's, other than that a table cannot be read.
pub fn unreadable(conn: &mut Conn) -> Result<Vec<Unreadable>> {
    let mut found = Vec::new();
    for (table, columns) in READ {
        let why = match conn.query_drop(format!("SELECT {columns} FROM {table} LIMIT 0")) {
            Ok(()) => continue,
            Err(::mysql::Error::MySqlError(error)) => match error.code {
                1142 | 1143 => Why::Forbidden,
                1146 => Why::Missing,
                1054 => Why::Foreign,
                _ => return Err(::mysql::Error::MySqlError(error).into()),
            },
            Err(error) => return Err(error.into()),
        };
        found.push(Unreadable { table, why });
    }
    Ok(found)
}

/// What that means.
pub fn findings(unreadable: &Result<Vec<Unreadable>>) -> Vec<Finding> {
    let unreadable = match unreadable {
        Ok(unreadable) => unreadable,
        Err(failure) => return vec![unknown(failure)],
    };
    let all = |why: Why| {
        let tables: Vec<&str> =
            unreadable.iter().filter(|table| table.why == why).map(|table| table.table).collect();
        (!tables.is_empty()).then(|| tables.join(", "))
    };
    let mut findings = Vec::new();
    let mut add = |found: String, cure: &str| {
        findings.push(Finding::bad(State::Critical, SUBJECT, found, cure));
    };
    if let Some(tables) = all(Why::Forbidden) {
        add(
            format!("this account may not read what reports need of {tables}"),
            "load etc/grants.sql, and see that [mysql] url names the account of stats-report",
        );
    }
    if let Some(tables) = all(Why::Missing) {
        add(
            format!("missing, although their version is noted: {tables}"),
            "restore them, or load etc/schema/*.sql as an account that may create tables",
        );
    }
    if let Some(tables) = all(Why::Foreign) {
        add(
            format!("not sessionstat's, they have other columns: {tables}"),
            "rename the tables of the other program, and load etc/schema/*.sql",
        );
    }
    if findings.is_empty() {
        findings.push(Finding::ok(SUBJECT, format!("this account may read the {} tables", READ.len())));
    }
    findings
}

fn unknown(failure: &Failure) -> Finding {
    Finding::of_failure(State::Unknown, SUBJECT, failure, "load etc/grants.sql")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_tables_and_its_cure() {
        let table = |table, why| Unreadable { table, why };
        let found = findings(&Ok(vec![
            table("epn_room", Why::Forbidden),
            table("users_temp", Why::Foreign),
            table("epn_user", Why::Forbidden),
        ]));
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(told[0].contains("reports need of epn_room, epn_user; load etc/grants.sql"), "{told:?}");
        assert!(told[1].contains("other columns: users_temp; rename"), "{told:?}");
        assert_eq!(findings(&Ok(vec![]))[0].to_string(), "OK rights: this account may read the 19 tables");
    }
}
