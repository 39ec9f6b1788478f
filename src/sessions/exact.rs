//! The true figures of slots (golden README, "Exact values").
//!
//! A session is active in the seconds from its start until before its end; one that ends before or when it begins never
//! is. Beginnings and ends count in the slots in which they lie.

use super::{
    limits::Limits,
    record::{Closing, Stay},
    slot::{Figures, LENGTH, Slots},
};

/// Counts sessions, given in any order, over the slots of a window. Memory: four bytes a second of the window, whatever
/// the number of sessions.
pub struct Tally {
    slots: Slots,
    /// What each second adds to the number of active sessions.
    changes: Vec<i32>,
    opened: Vec<u32>,
    closed: Vec<[u32; Closing::ALL.len()]>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(slots: Slots) -> Self {
        Self {
            slots,
            changes: vec![0; slots.count * LENGTH as usize],
            opened: vec![0; slots.count],
            closed: vec![[0; Closing::ALL.len()]; slots.count],
        }
    }

    /// Counts a session. Those that do not touch the window change nothing.
    pub fn add(&mut self, stay: &Stay) {
        if let Some(opened) = self.slots.index_of(stay.start).and_then(|slot| self.opened.get_mut(slot)) {
            *opened += 1;
        }
        if let Some(closed) =
            stay.end.and_then(|end| self.slots.index_of(end)).and_then(|slot| self.closed.get_mut(slot))
        {
            closed[Closing::of(stay.context) as usize] += 1;
        }
        let from = stay.start.max(self.slots.begin);
        let to = stay.end.unwrap_or(i64::MAX).min(self.slots.end());
        if from < to {
            self.change(from, 1);
            self.change(to, -1);
        }
    }

    fn change(&mut self, second: i64, by: i32) {
        let index = usize::try_from(second - self.slots.begin);
        if let Some(change) = index.ok().and_then(|index| self.changes.get_mut(index)) {
            *change += by;
        }
    }

    /// The figures of each slot, in order.
    pub fn figures(&self, limits: &Limits) -> impl Iterator<Item = Figures> {
        let mut active = 0;
        let seconds = self.changes.chunks_exact(LENGTH as usize);
        seconds.zip(&self.opened).zip(&self.closed).enumerate().map(
            move |(slot, ((changes, opened), closed))| {
                let begin = self.slots.begin_of(slot);
                let max_sessions = limits.of_slot(begin);
                let mut figures = Figures {
                    begin,
                    active_min: i64::MAX,
                    active_max: 0,
                    active_avg: 0,
                    active_end: 0,
                    opened: (*opened).into(),
                    closed: closed.map(i64::from),
                    max_sessions,
                    at_limit: Vec::new(),
                };
                let mut sum = 0;
                for (second, change) in (begin..).zip(changes) {
                    active += i64::from(*change);
                    figures.active_min = figures.active_min.min(active);
                    figures.active_max = figures.active_max.max(active);
                    sum += active;
                    if max_sessions > 0 && active >= max_sessions {
                        extend(&mut figures.at_limit, second);
                    }
                }
                figures.active_end = active;
                figures.active_avg = mean(sum);
                figures
            },
        )
    }
}

/// Adds a second to stretches of seconds, none of which lies after it.
fn extend(stretches: &mut Vec<(i64, i64)>, second: i64) {
    match stretches.last_mut() {
        Some((_, end)) if *end == second => *end += 1,
        _ => stretches.push((second, second + 1)),
    }
}

/// `sum` over the seconds of a slot as their mean in ten-thousandths, rounded.
fn mean(sum: i64) -> i64 {
    (sum * 20_000 + LENGTH) / (2 * LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: Slots = Slots { begin: 900, count: 2 };

    fn stay(start: i64, end: impl Into<Option<i64>>) -> Stay {
        Stay { start, end: end.into(), context: Some(1) }
    }

    fn figures(stays: &[Stay], limit: i64) -> Vec<Figures> {
        let mut tally = Tally::new(SLOTS);
        stays.iter().for_each(|stay| tally.add(stay));
        tally.figures(&Limits::new(Vec::new(), limit)).collect()
    }

    #[test]
    fn a_session_is_active_from_its_first_second_until_before_its_end() {
        // Defects 1 to 3 of ILIAS: it has 1, 0 and 7 for these.
        let last_second = &figures(&[stay(1799, 1800)], 0)[0];
        assert_eq!((last_second.active_min, last_second.active_max, last_second.active_avg), (0, 1, 11));
        assert_eq!(figures(&[stay(900, 1799)], 0)[0].active_avg, 9989);
        let ended_before = &figures(&[stay(0, 899); 7], 0)[0];
        assert_eq!((ended_before.active_max, ended_before.active_end), (0, 0));
        let end_at_the_first = &figures(&[stay(0, 900); 7], 0)[0];
        assert_eq!((end_at_the_first.active_max, end_at_the_first.closed[0]), (0, 7));
        let half = &figures(&[stay(0, 1350); 100], 0)[0];
        assert_eq!((half.active_avg, half.active_end), (500_000, 0));
    }

    #[test]
    fn what_lies_outside_is_cut_and_what_makes_no_sense_is_never_active() {
        let slots = figures(
            &[stay(-5, None), stay(i64::MIN, i64::MAX), stay(1700, 1000), stay(950, 950), stay(2700, None)],
            0,
        );
        assert_eq!(slots.len(), 2);
        assert_eq!((slots[0].active_min, slots[0].active_max), (2, 2));
        assert_eq!((slots[0].opened, slots[0].closed[0]), (2, 2));
        assert_eq!((slots[1].active_end, slots[1].opened), (2, 0));
    }

    #[test]
    fn the_time_at_the_limit_is_exact() {
        let slots = figures(&[stay(950, 960), stay(955, 957), stay(956, 958), stay(1790, 1810)], 2);
        assert_eq!(slots[0].at_limit, [(955, 958)]);
        assert_eq!(slots[1].at_limit, []);
        let at_one = figures(&[stay(1790, 1810)], 1);
        assert_eq!(
            (&at_one[0].at_limit[..], &at_one[1].at_limit[..]),
            (&[(1790, 1800)][..], &[(1800, 1810)][..])
        );
        assert!(figures(&[stay(950, 960)], 0)[0].at_limit.is_empty(), "0 is no limit");
    }
}
