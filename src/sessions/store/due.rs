//! From which slot on the figures have to be computed: where something arrived late, a run was cut, a slot is missing,
//! or simply time has passed.

use ::mysql::prelude::Queryable;
use chrono::DateTime;

use super::{
    Tables,
    progress::{self, News, Progress},
    statistics,
    stays::{self, Counted},
};
use crate::{
    failure::Result,
    sessions::slot::{LENGTH, Slots},
};

/// ILIAS deletes records that began so many seconds before its run.
const ILIAS_KEEPS: i64 = 7 * 86_400;

/// What a run knows about the time it computes.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The form of the tables.
    pub tables: &'a Tables,
    /// Which records count.
    pub counted: Counted,
    /// The longest that sessions last, in seconds.
    pub longest: i64,
    /// The moment of the run.
    pub now: i64,
    /// Whether nothing of this run is written yet. Records that are not numbered are then all looked at again.
    pub is_first: bool,
}

/// What has to be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// All slots from the first one that is not right on. There may be none.
    pub slots: Slots,
    /// What is true once they are written.
    pub progress: Progress,
}

impl Question<'_> {
    /// What has to be computed; none if there is nothing that statistics could begin with.
    ///
    /// # Errors
    /// Those of the server.
    pub fn due(&self, conn: &mut impl Queryable) -> Result<Option<Due>> {
        let before = Progress::load(conn)?;
        let Some((first, last)) = statistics::span(conn)? else { return self.beginning(conn, before) };
        let oldest = self.oldest_that_matters(conn, &before)?;
        let complete_from = self.complete_from(&before, oldest, last);
        let today = DateTime::from_timestamp(self.now, 0).map(|now| now.date_naive());
        let everything = before.right_until.is_none()
            || before.verified_on != today
            || (self.is_first && !self.tables.are_numbered);
        let News { since, read } = progress::news(conn, self.tables, self.counted, &before.read, everything)?;
        // What was computed ahead of its time, by a clock that was wrong, is computed when its time has come.
        let right_until = before.right_until.map(|right| right.min(last).min(self.now - 1));

        let earlier = oldest.filter(|oldest| before.from_oldest && *oldest < first);
        let earlier = earlier.filter(|oldest| complete_from.is_none_or(|complete| *oldest >= complete));
        let earlier = earlier.map(|oldest| first + (oldest - first).div_euclid(LENGTH) * LENGTH);
        let floor = earlier.unwrap_or(first).max(complete_from.unwrap_or(i64::MIN));
        let unfinished = statistics::first_unfinished(conn, floor, right_until.unwrap_or(last))?;
        let next = right_until.map_or(floor, |right| right + 1);
        let since = since.filter(|_| everything || self.tables.are_numbered);
        let from = [since, unfinished, earlier].into_iter().flatten().fold(next, i64::min).max(floor);
        let mut begin = statistics::slot_of(conn, from)?.unwrap_or(from);
        if complete_from.is_some_and(|complete| begin < complete) {
            begin += LENGTH;
        }
        Ok(Some(self.until_now(begin, Progress { complete_from, read, verified_on: today, ..before })))
    }

    /// Statistics that are empty begin with the slot of the oldest record.
    fn beginning(&self, conn: &mut impl Queryable, before: Progress) -> Result<Option<Due>> {
        let Some(oldest) = stays::oldest(conn, self.counted, self.now)? else { return Ok(None) };
        let begin = oldest.max(0).div_euclid(LENGTH) * LENGTH;
        let News { read, .. } = progress::news(conn, self.tables, self.counted, &before.read, true)?;
        let verified_on = DateTime::from_timestamp(self.now, 0).map(|now| now.date_naive());
        Ok(Some(self.until_now(begin, Progress { from_oldest: true, verified_on, read, ..before })))
    }

    fn until_now(&self, begin: i64, progress: Progress) -> Due {
        Due { slots: Slots::complete(begin, self.now), progress }
    }

    /// The beginning of the oldest record, where it makes a difference.
    fn oldest_that_matters(&self, conn: &mut impl Queryable, before: &Progress) -> Result<Option<i64>> {
        if before.from_oldest || self.shares_with_ilias() {
            return stays::oldest(conn, self.counted, self.now);
        }
        Ok(None)
    }

    /// From when on all records are there. What ILIAS deletes, it does by itself: a week after the beginning.
    fn complete_from(&self, before: &Progress, oldest: Option<i64>, last: i64) -> Option<i64> {
        let ilias_ran_at = (last + 1).min(self.now);
        let is_taken_over = before.right_until.is_none() && !before.from_oldest;
        let of_others = is_taken_over.then_some(ilias_ran_at - ILIAS_KEEPS + self.longest);
        let beside = self
            .shares_with_ilias()
            .then(|| oldest.unwrap_or(i64::MAX).min(self.now - ILIAS_KEEPS).saturating_add(self.longest));
        let complete_from = [before.complete_from, of_others, beside].into_iter().flatten().max();
        // What no slot tells yet is computed in any case, and so is what only a clock that was wrong has seen.
        complete_from.map(|complete| complete.min(last + 1).min(self.now))
    }

    /// Whether an ILIAS is at work on the same tables.
    fn shares_with_ilias(&self) -> bool {
        !self.tables.are_numbered && self.tables.live.contains(&"usr_session")
    }
}
