//! Slots of a quarter of an hour, and the figures of one.

use super::record::Closing;

/// Length of a slot in seconds.
pub const LENGTH: i64 = 900;

/// Contiguous slots: from `begin` on, `count` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// First second of the first slot.
    pub begin: i64,
    /// How many.
    pub count: usize,
}

impl Slots {
    /// The slots from `begin` on that are complete at `now`: their last second lies before it (golden README, step 2).
    pub fn complete(begin: i64, now: i64) -> Self {
        let count = now.saturating_sub(begin).div_euclid(LENGTH).max(0);
        Self { begin, count: usize::try_from(count).unwrap_or(0) }
    }

    /// First second of one of them.
    pub fn begin_of(&self, index: usize) -> i64 {
        self.begin + LENGTH * index as i64
    }

    /// First second after the last slot.
    pub fn end(&self) -> i64 {
        self.begin_of(self.count)
    }

    /// The first `count` of them, and the rest.
    pub fn split_at(&self, count: usize) -> (Self, Self) {
        let count = count.min(self.count);
        let first = Self { count, ..*self };
        (first, Self { begin: first.end(), count: self.count - count })
    }

    /// Which of them holds a second.
    pub fn index_of(&self, second: i64) -> Option<usize> {
        let offset = second.checked_sub(self.begin)?;
        let index = usize::try_from(offset.div_euclid(LENGTH)).ok()?;
        (index < self.count).then_some(index)
    }
}

/// The figures of a slot: a row of `usr_session_stats`.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// First second.
    pub begin: i64,
    /// Fewest sessions at once.
    pub active_min: i64,
    /// Most sessions at once.
    pub active_max: i64,
    /// Mean number of sessions, in ten-thousandths.
    pub active_avg: i64,
    /// Sessions in the last second.
    pub active_end: i64,
    /// Sessions that began.
    pub opened: i64,
    /// Sessions that ended, in the order of [`Closing::ALL`].
    pub closed: [i64; Closing::ALL.len()],
    /// The limit; 0: none.
    pub max_sessions: i64,
    /// When as many sessions were active as the limit allows, or more: first second, and first second after it.
    pub at_limit: Vec<(i64, i64)>,
}

impl Figures {
    /// Last second.
    pub fn end(&self) -> i64 {
        self.begin + LENGTH - 1
    }
}
