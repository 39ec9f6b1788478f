//! How the steps of a run are done: committed one by one, or rehearsed.

use ::mysql::Conn;

use crate::{
    failure::Result,
    mysql::{Link, lease::Lease, transaction},
};

/// How steps are done.
pub trait Steps {
    /// Whether they are only rehearsed.
    const REHEARSED: bool;

    /// Does one. It may be done again after a passing failure.
    ///
    /// # Errors
    /// Those of the step, and of committing it.
    fn step<T>(&mut self, step: impl FnMut(&mut Conn) -> Result<T>) -> Result<T>;
}

/// Each in a transaction that is committed while the lease is held.
pub struct Committed<'a, 'server> {
    /// Where to.
    pub link: &'a mut Link<'server>,
    /// The lease.
    pub lease: &'a Lease,
}

impl Steps for Committed<'_, '_> {
    const REHEARSED: bool = false;

    fn step<T>(&mut self, step: impl FnMut(&mut Conn) -> Result<T>) -> Result<T> {
        self.lease.committed(self.link, step)
    }
}

/// All in one transaction that is rolled back.
pub struct Rehearsal<'a>(&'a mut Conn);

impl<'a> Rehearsal<'a> {
    /// Begins.
    ///
    /// # Errors
    /// Those of the server.
    pub fn begin(conn: &'a mut Conn) -> Result<Self> {
        transaction::begin(conn)?;
        Ok(Self(conn))
    }

    /// Undoes all.
    ///
    /// # Errors
    /// Those of the server.
    pub fn end(self) -> Result<()> {
        transaction::roll_back(self.0)
    }
}

impl Steps for Rehearsal<'_> {
    const REHEARSED: bool = true;

    fn step<T>(&mut self, mut step: impl FnMut(&mut Conn) -> Result<T>) -> Result<T> {
        step(self.0)
    }
}
