//! `epn-ingest --erase`: forgetting a person who asks for it.
//!
//! What names the person goes, and so do the single sightings. Past uses, attendance and changes of balances stay under
//! a number that belongs to nobody any more: they are the figures of the space. The connection record stays for as long
//! as the law asks for it, unless somebody decides otherwise.

use std::fmt;

use ::mysql::prelude::Queryable;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::{
    directory::{Directory, Match},
    ingest::JOB,
    space::{Person, PersonId},
    store::{erase, read},
};
use crate::{
    cli::Context,
    failure::{Failure, Result, Status},
    lock::LockFile,
    mysql::{Link, Server, lease::Lease, schema, transaction},
    terminal::safe,
};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Of whom, as logins are written in snapshots: case, blanks and domain do not matter.
    pub login: String,
    /// Whether the connection record goes, too.
    pub with_log: bool,
    /// Whether it is only said what would go.
    pub dry_run: bool,
}

/// What went.
#[derive(Debug)]
pub struct Erasure {
    login: String,
    is_rehearsal: bool,
    rows: erase::Erased,
    /// Rows of the connection record that stay, and until when.
    kept: Option<(u64, DateTime<Utc>)>,
}

/// Forgets a person. epn-ingest does not run meanwhile.
///
/// # Errors
/// [`Status::No`] if nothing is known of such a login, [`Status::Usage`] if several people have it,
/// [`Busy`](Status::Busy) if another run is at work, [`Status::Config`] if the account may not delete people; otherwise
/// those of the database. Then nothing is deleted.
pub fn run(context: &Context, request: &Request) -> Result<Erasure> {
    let now = context.clock()?.now;
    let keep = TimeDelta::from_std(context.config.epn.keep_log).unwrap_or(TimeDelta::MAX);
    let server = Server::new(&context.config.mysql)?;
    let lock = LockFile::take(&context.config.lock_dir, JOB)?;
    schema::require(&server)?;
    let mut link = Link::new(&server);
    let erased = if request.dry_run {
        link.run(|conn| transaction::rolled_back(conn, |conn| erase(conn, request, now, keep)))
    } else {
        Lease::of_job(JOB, &lock)?
            .hold(&mut link, |link, lease| lease.committed(link, |conn| erase(conn, request, now, keep)))
    };
    erased.map_err(|failure| match failure.status() {
        Status::Config => {
            failure.context("nothing is erased; take a database account that may delete people, as root")
        }
        _ => failure,
    })
}

fn erase(
    conn: &mut impl Queryable,
    request: &Request,
    now: DateTime<Utc>,
    keep: TimeDelta,
) -> Result<Erasure> {
    let login = safe(&request.login, true);
    let mut directory = read::directory(conn)?;
    let person = match directory.person(&request.login) {
        Match::One(person) => Some(person.id),
        Match::Ambiguous => {
            let message = format!(
                "several people are written {login} but for case, blanks and domain; give the exact login"
            );
            return Err(Failure::new(Status::Usage, message));
        }
        // Somebody whom nobody registered can have been seen all the same.
        Match::Unknown => {
            let stranger = Person { id: PersonId(0), login: request.login.clone(), is_staff: false };
            directory = Directory::new(vec![stranger], Vec::new());
            None
        }
    };
    let wanted = person.unwrap_or(PersonId(0));
    let mut logins = erase::logins(conn)?;
    logins.retain(|login| matches!(directory.person(login), Match::One(person) if person.id == wanted));
    let mut rows = erase::sightings(conn, &logins, request.with_log)?;
    if let Some(person) = person {
        rows.extend(erase::person(conn, person, now.naive_utc())?);
    }
    let (kept, last) = erase::in_log(conn, &logins)?;
    if kept == 0 && rows.iter().all(|(_, count)| *count == 0) {
        return Err(Failure::new(Status::No, format!("nothing is known of a login {login}")));
    }
    let until =
        |last: NaiveDateTime| last.and_utc().checked_add_signed(keep).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let kept = last.map(|last| (kept, until(last)));
    Ok(Erasure { login, is_rehearsal: request.dry_run, rows, kept })
}

impl fmt::Display for Erasure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { login, is_rehearsal, rows, kept } = self;
        let deleted = if *is_rehearsal { "would be deleted" } else { "deleted" };
        for (table, count) in rows.iter().filter(|(_, count)| *count > 0) {
            writeln!(formatter, "{login}: {count} rows of {table} {deleted}")?;
        }
        if let Some((count, until)) = kept {
            writeln!(
                formatter,
                "{login}: {count} rows of users_log kept until {}, the connection record; --with-log deletes them",
                until.format("%F")
            )?;
        }
        Ok(())
    }
}
