//! MySQL: whether it answers, which server it is and to whom, and the version of the tables.

use std::{cmp::Ordering, collections::HashSet, thread};

use ::mysql::{Conn, prelude::Queryable};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::{clock::Skew, due::Due, finding::Finding, host::Host, rights, triggers::Triggers};
use crate::{
    failure::{Failure, Result},
    mysql::{Link, Server, schema},
    report::{
        check::{facts::closed_days, rule::State},
        model::runs::{LastRun, Runs},
    },
};

const SERVER: &str = "mysql";
const HOSTS: &str = "mysql hosts";
const SCHEMA: &str = "schema";
const INSTALL: &str = "run epn-ingest --init-db with an account that may create tables, such as root, then load \
    etc/grants.sql again";

const TLS: &str = "SHOW SESSION STATUS LIKE 'Ssl_version'";

/// What the server told.
#[derive(Debug)]
pub struct Seen {
    /// The host and the database, for messages.
    place: String,
    /// The version of TLS; none: the connection is not encrypted.
    tls: Option<String>,
    /// What there is to say of all hosts, where there are several.
    hosts: Vec<Finding>,
    version: String,
    /// The account as which it knows us.
    account: String,
    schema: Result<u32>,
    /// Its clock, and how far it is from ours.
    pub clock: Result<(DateTime<Utc>, Skew)>,
    /// What cannot be read; not asked where the tables are missing or old.
    pub unreadable: Option<Result<Vec<rights::Unreadable>>>,
    /// Of `epn_booking`.
    pub triggers: Option<Result<Triggers>>,
    /// How the commands ran.
    pub runs: Option<Result<Vec<LastRun>>>,
    /// What there is to do for commands.
    pub due: Due,
    /// Days on which nobody misses a run; none, if they cannot be read.
    pub closed: HashSet<NaiveDate>,
}

/// Asks the server.
///
/// # Errors
/// It does not answer, or refuses the account.
pub fn look(server: &Server, host: &Host) -> Result<Seen> {
    // Beside the other questions: a silent host takes a while.
    thread::scope(|scope| {
        let survey = server.is_list().then(|| scope.spawn(|| server.survey()));
        let seen = ask(server, host)?;
        let survey = survey.and_then(|survey| survey.join().ok()).unwrap_or_default();
        Ok(Seen { hosts: hosts(&survey, server.host_in_use()), ..seen })
    })
}

fn ask(server: &Server, host: &Host) -> Result<Seen> {
    let mut link = Link::new(server);
    let told: Option<(String, String)> =
        link.run(|conn| Ok(conn.query_first("SELECT VERSION(), CURRENT_USER()")?))?;
    let (version, account) = told.unwrap_or_default();
    let clock = link.once(|conn| clock(conn, host));
    let schema = link.once(schema::version);
    // Without the right to read the version, other rights may be missing, too.
    let is_there = schema.as_ref().ok().is_none_or(|version| *version == schema::current());
    let unreadable = is_there.then(|| link.once(rights::unreadable));
    let triggers = is_there.then(|| link.once(Triggers::read));
    let runs = is_there.then(|| link.once(|conn| Ok(Runs::collect(conn)?.last_runs)));
    let due = if is_there { Due::read(&mut link) } else { Due::default() };
    let closed = if is_there { link.once(closed_days).unwrap_or_default() } else { HashSet::new() };
    let tls = link.once(|conn| Ok(conn.query_first::<(String, String), _>(TLS)?)).ok().flatten();
    let tls = tls.map(|(_, version)| version).filter(|version| !version.is_empty());
    let hosts = Vec::new();
    let place = server.place();
    Ok(Seen { place, tls, hosts, version, account, schema, clock, unreadable, triggers, runs, due, closed })
}

fn clock(conn: &mut Conn, host: &Host) -> Result<(DateTime<Utc>, Skew)> {
    let before = (host.wall_clock)();
    let told: Option<NaiveDateTime> = conn.query_first("SELECT UTC_TIMESTAMP(6)")?;
    let after = (host.wall_clock)();
    let theirs = told.map_or(before, |told| told.and_utc());
    Ok((theirs, Skew::between(before, theirs, after)))
}

/// What there is to say of a server that answers.
pub fn findings(seen: &Seen) -> Vec<Finding> {
    let mut findings = vec![server(seen)];
    findings.extend(seen.hosts.iter().cloned());
    findings.push(schema(&seen.schema, schema::current()));
    findings
}

/// A host that cannot be used is one less to stand in for the others.
fn hosts(hosts: &[(&str, Result<&'static str>)], in_use: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut well = Vec::new();
    for (name, state) in hosts {
        match state {
            Ok(state) if *name == in_use => well.push(format!("{name} ({state}, in use)")),
            Ok(state) => well.push(format!("{name} ({state})")),
            Err(failure) => {
                let failure = Failure::new(failure.status(), format!("{name} cannot be used: {failure}"));
                let cure = "mend it while the others do its work";
                findings.push(Finding::of_failure(State::Warning, HOSTS, &failure, cure));
            }
        }
    }
    if !well.is_empty() {
        findings.push(Finding::ok(HOSTS, well.join(", ")));
    }
    findings
}

/// What there is to say of one that does not.
pub fn away(failure: &Failure) -> Finding {
    Finding::of_failure(State::Critical, SERVER, failure, "check that it runs and [mysql] url")
}

fn server(seen: &Seen) -> Finding {
    let secured = seen.tls.as_ref().map_or_else(String::new, |version| format!(", encrypted ({version})"));
    let found = format!("{} as {} at {}{secured}", seen.version, seen.account, seen.place);
    if is_supported(&seen.version) {
        return Finding::ok(SERVER, found);
    }
    let found = format!("{found} is older than MariaDB 10.5 or MySQL 8");
    Finding::bad(State::Warning, SERVER, found, "update the database server")
}

/// `10.11.6-MariaDB-0+deb12u1`, `5.5.5-10.3.39-MariaDB` (how older ones greet), `8.0.36`.
fn is_supported(version: &str) -> bool {
    let is_mariadb = version.to_ascii_lowercase().contains("mariadb");
    let version = version.strip_prefix("5.5.5-").filter(|_| is_mariadb).unwrap_or(version);
    let mut numbers = version.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
    let mut next = || numbers.next().and_then(std::result::Result::ok).unwrap_or(0);
    let version = (next(), next());
    version >= if is_mariadb { (10, 5) } else { (8, 0) }
}

fn schema(version: &Result<u32>, current: u32) -> Finding {
    let version = match version {
        Ok(version) => *version,
        Err(failure) => return Finding::of_failure(State::Critical, SCHEMA, failure, "load etc/grants.sql"),
    };
    match version.cmp(&current) {
        Ordering::Equal => Finding::ok(SCHEMA, format!("the tables have version {version}")),
        Ordering::Greater => Finding::bad(
            State::Critical,
            SCHEMA,
            format!("the tables have version {version}, this program knows {current}"),
            "install the newer sessionstat on this host, too",
        ),
        Ordering::Less if version == 0 => {
            Finding::bad(State::Critical, SCHEMA, "the database has no tables", INSTALL)
        }
        Ordering::Less => Finding::bad(
            State::Critical,
            SCHEMA,
            format!("the tables have version {version}, this program needs {current}"),
            INSTALL,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_too_old_are_told() {
        for (version, expected) in [
            ("11.8.3-MariaDB-1+b1 from Debian", true),
            ("10.5.0-MariaDB", true),
            ("10.4.34-MariaDB-log", false),
            ("5.5.5-10.3.39-MariaDB", false),
            ("5.5.5-10.11.2-MariaDB", true),
            ("8.0.36", true),
            ("9.1.0", true),
            ("5.7.44-log", false),
        ] {
            assert_eq!(is_supported(version), expected, "{version}");
        }
    }

    #[test]
    fn older_newer_and_missing_tables_have_cures_of_their_own() {
        let told = |version| schema(&Ok(version), 10).to_string();
        assert_eq!(told(10), "OK schema: the tables have version 10");
        assert!(told(0).starts_with("CRITICAL schema: the database has no tables; run epn-ingest --init-db"));
        assert!(
            told(9).starts_with("CRITICAL schema: the tables have version 9, this program needs 10; run epn")
        );
        assert!(told(11).ends_with("knows 10; install the newer sessionstat on this host, too"));
    }
}
