//! The lease: one row a job in the database, so that two hosts never do the same job at once.
//!
//! A row with an expiry rather than `GET_LOCK`, which does not reach across a Galera cluster. All times are the
//! server's. A transaction that ends with [`Lease::renew`] commits only while the lease is still held.

use std::{
    process,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::mysql::{Conn, prelude::Queryable};

use super::{Link, transaction};
use crate::{
    failure::{Failure, Result, Status},
    lock::{LockFile, host_name},
};

/// How long a lease lasts unless it is renewed: longer than any transaction of ours, short enough to wait for.
const LENGTH: Duration = Duration::from_secs(300);

const ADD_JOB: &str = "INSERT IGNORE INTO sessionstat_lease (job, holder, host, lock_file, expires_at) \
    VALUES (?, '', '', '', '2000-01-01')";

/// A lease taken under the same lock file was left by a run that is dead: whoever holds that file knows.
const TAKE: &str = "UPDATE sessionstat_lease \
    SET holder = ?, host = ?, lock_file = ?, expires_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND \
    WHERE job = ? AND (expires_at <= UTC_TIMESTAMP(6) OR lock_file = ?)";

const HELD_BY: &str = "SELECT host, CAST(expires_at AS CHAR(19)) FROM sessionstat_lease WHERE job = ?";

const RENEW: &str = "UPDATE sessionstat_lease SET expires_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND \
    WHERE job = ? AND holder = ?";

const RELEASE: &str = "UPDATE sessionstat_lease SET holder = '', lock_file = '', expires_at = UTC_TIMESTAMP(6) \
    WHERE job = ? AND holder = ?";

/// The right to do a job, among all hosts.
#[derive(Debug)]
pub struct Lease {
    job: &'static str,
    holder: String,
    host: String,
    lock_file: String,
}

impl Lease {
    /// The lease of `job`, for a run that holds `lock`. Nothing is taken yet.
    ///
    /// # Errors
    /// The lock file cannot be looked at.
    pub fn of_job(job: &'static str, lock: &LockFile) -> Result<Self> {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let host = host_name();
        let holder = format!("{host}/{}/{}", process::id(), started.as_nanos());
        Ok(Self { job, holder, host, lock_file: lock.identity()? })
    }

    /// Takes the lease. Taking it again is harmless.
    ///
    /// # Errors
    /// [`Status::Busy`] if another host holds it.
    pub fn take(&self, conn: &mut Conn) -> Result<()> {
        conn.exec_drop(ADD_JOB, (self.job,))?;
        conn.exec_drop(
            TAKE,
            (&self.holder, &self.host, &self.lock_file, LENGTH.as_secs(), self.job, &self.lock_file),
        )?;
        if conn.affected_rows() == 1 {
            return Ok(());
        }
        let held: Option<(String, String)> = conn.exec_first(HELD_BY, (self.job,))?;
        let (host, until) = held.unwrap_or_default();
        Err(Failure::new(
            Status::Busy,
            format!(
                "another run of {} holds the lease on {host} (at the latest until {until} UTC); try later",
                self.job
            ),
        ))
    }

    /// Makes the lease last again for its whole length. As the last statement of a transaction it makes sure that
    /// nothing is committed after the lease went to another run.
    ///
    /// # Errors
    /// [`Status::Busy`] if it did.
    pub fn renew(&self, conn: &mut impl Queryable) -> Result<()> {
        let renewed = conn.exec_iter(RENEW, (LENGTH.as_secs(), self.job, &self.holder))?.affected_rows();
        if renewed == 1 {
            return Ok(());
        }
        Err(Failure::new(
            Status::Busy,
            format!("the lease of {} went to another run; this one stops, nothing is lost", self.job),
        ))
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// The server's; the lease then expires by itself.
    pub fn release(&self, conn: &mut Conn) -> Result<()> {
        Ok(conn.exec_drop(RELEASE, (self.job, &self.holder))?)
    }

    /// Does `work` while the lease is held.
    ///
    /// # Errors
    /// Those of [`Lease::take`] and of `work`.
    pub fn hold<T>(
        &self,
        link: &mut Link<'_>,
        work: impl FnOnce(&mut Link<'_>, &Self) -> Result<T>,
    ) -> Result<T> {
        link.run(|conn| self.take(conn))?;
        let done = work(link, self);
        if let Err(failure) = link.once(|conn| self.release(conn)) {
            log::info!("the lease is left to expire: {failure}");
        }
        done
    }

    /// Does `step` in a transaction that is committed only if the lease is still held.
    ///
    /// # Errors
    /// Those of `step`, of the server and of [`Lease::renew`].
    pub fn committed<T>(
        &self,
        link: &mut Link<'_>,
        mut step: impl FnMut(&mut Conn) -> Result<T>,
    ) -> Result<T> {
        link.run(|conn| {
            transaction::committed(conn, |conn| {
                let done = step(conn)?;
                self.renew(conn)?;
                Ok(done)
            })
        })
    }

    /// The same for the first of `items`: for all of them, or for ever fewer while somebody is in the way, such as software
    /// that changes the same rows on another node of a cluster. What is sooner over meets fewer. Returns how many were done.
    ///
    /// # Errors
    /// Those of [`Lease::committed`].
    pub fn committed_some<I, T>(
        &self,
        link: &mut Link<'_>,
        items: &[I],
        mut step: impl FnMut(&mut Conn, &[I]) -> Result<T>,
    ) -> Result<(T, usize)> {
        let mut tries = 0;
        self.committed(link, |conn| {
            let some = items.get(..after_tries(items.len(), tries)).unwrap_or(items);
            tries += 1;
            Ok((step(conn, some)?, some.len()))
        })
    }
}

/// Half as many after each second try, but one.
fn after_tries(count: usize, tries: u32) -> usize {
    count.checked_shr(tries / 2).unwrap_or(0).max(count.min(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meets_somebody_again_and_again_is_tried_in_smaller_parts() {
        let counts: Vec<usize> = (0..8).map(|tries| after_tries(9, tries)).collect();
        assert_eq!(counts, [9, 9, 4, 4, 2, 2, 1, 1]);
        assert_eq!((after_tries(9, 200), after_tries(0, 0)), (1, 0));
    }
}
