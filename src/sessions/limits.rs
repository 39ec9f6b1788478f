//! The limit of sessions at once, as `usr_session_log` has it.

/// The limit in the course of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Moments and the limit from then on, oldest first; of several in one second, the largest limit last.
    entries: Vec<(i64, i64)>,
    /// What holds before all entries; 0: no limit.
    otherwise: i64,
}

impl Limits {
    /// The entries of the log, in any order, and the limit that holds where there is none.
    pub fn new(mut entries: Vec<(i64, i64)>, otherwise: i64) -> Self {
        entries.sort_unstable();
        Self { entries, otherwise }
    }

    /// The limit of the slot that begins at `begin`: a change holds from the next slot on.
    pub fn of_slot(&self, begin: i64) -> i64 {
        self.newest(begin).unwrap_or(self.otherwise)
    }

    /// The same as ILIAS has it: an entry of 0, "no limit", is taken for "no entry" (defect 11).
    pub fn of_slot_in_ilias(&self, begin: i64) -> i64 {
        self.newest(begin).filter(|limit| *limit != 0).unwrap_or(self.otherwise)
    }

    fn newest(&self, begin: i64) -> Option<i64> {
        let later = self.entries.partition_point(|(at, _)| *at <= begin);
        self.entries.get(later.checked_sub(1)?).map(|(_, limit)| *limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_entry_holds_and_of_one_second_the_largest() {
        let limits = Limits::new(vec![(200, 5), (100, 50), (200, 80)], 30);
        assert_eq!([99, 100, 199, 200].map(|begin| limits.of_slot(begin)), [30, 50, 50, 80]);
    }

    #[test]
    fn no_limit_is_a_limit_but_in_ilias() {
        let limits = Limits::new(vec![(100, 50), (1000, 0)], 200);
        assert_eq!(limits.of_slot(1000), 0);
        assert_eq!(limits.of_slot_in_ilias(1000), 200);
    }
}
