//! The slots of a window: records in, figures out.

use ::mysql::prelude::Queryable;

use super::{
    compat::{Compat, Tally},
    progress_bar::ProgressBar,
    slot::Slots,
    store::{
        Tables,
        statistics::{self, Writing},
        stays::{self, Counted},
    },
};
use crate::failure::{Failure, Result, Status};

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The form of the tables.
    pub tables: &'a Tables,
    /// Which records count.
    pub counted: Counted,
    /// Whose figures.
    pub compat: Compat,
    /// The limit of sessions at once where no entry of the log gives one; 0: none.
    pub max_sessions: u32,
    /// The slots. Memory grows with their number, never with that of the records.
    pub slots: Slots,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The slots.
    pub slots: Slots,
    /// Records that were read for them.
    pub sessions: u64,
    /// Whether it is the last one of the run.
    pub is_last: bool,
}

impl Job<'_> {
    /// Writes the figures of the slots; returns the number of records that were read.
    ///
    /// # Errors
    /// [`Status::Config`] if the table cannot hold the time of the slots; those of the database.
    pub fn write(&self, conn: &mut impl Queryable, writing: Writing, bar: &ProgressBar) -> Result<u64> {
        if self.slots.count == 0 {
            return Ok(0);
        }
        if self.slots.end() - 1 > self.tables.last_second {
            return Err(Failure::new(
                Status::Config,
                "usr_session_stats cannot hold a slot_end after 2038-01-19; ALTER TABLE usr_session_stats \
                 MODIFY slot_begin BIGINT NOT NULL, MODIFY slot_end BIGINT NOT NULL",
            ));
        }
        let limits = statistics::limits(conn, self.tables, self.max_sessions)?;
        let mut tally = Tally::new(self.compat, self.slots);
        let take = |stay: &_| tally.add(stay);
        let progress = |read| bar.show(read, self.slots);
        let read =
            stays::touching(conn, self.tables, self.counted, self.compat, self.slots, take, &progress)?;
        if writing == Writing::Replace {
            statistics::clear_crooked(conn, self.slots)?;
        }
        statistics::clear_at_limit(conn, self.slots)?;
        tally.each(&limits, |figures| statistics::write(conn, self.tables, writing, figures))?;
        Ok(read)
    }
}
