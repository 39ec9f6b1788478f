//! The figures of slots as ILIAS writes them, digit for digit, defects included (golden README, "A run at `now`").

use super::{
    limits::Limits,
    record::{Closing, Stay},
    slot::{Figures, LENGTH, Slots},
};

/// Counts sessions, given in any order, over the slots of a window. Memory: a little more than four bytes a second.
pub struct Tally {
    slots: Slots,
    /// Beginnings minus ends of each second (step 3).
    events: Vec<i32>,
    /// A bit for each second: something happened, even if it is nothing on balance.
    eventful: Vec<u64>,
    /// What each slot adds to the number with which it starts (step 4).
    bases: Vec<i32>,
    opened: Vec<u32>,
    closed: Vec<[u32; Closing::ALL.len()]>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(slots: Slots) -> Self {
        let seconds = slots.count * LENGTH as usize;
        Self {
            slots,
            events: vec![0; seconds],
            eventful: vec![0; seconds.div_ceil(64)],
            bases: vec![0; slots.count],
            opened: vec![0; slots.count],
            closed: vec![[0; Closing::ALL.len()]; slots.count],
        }
    }

    /// Counts a session.
    pub fn add(&mut self, stay: &Stay) {
        let slots = self.slots;
        // Step 3: the rows of a slot are those with start <= E and (end NULL or end >= B).
        let first = slots.index_of(stay.start);
        if let Some(slot) = first.filter(|slot| stay.end.is_none_or(|end| end >= slots.begin_of(*slot))) {
            self.happen(stay.start, 1);
            self.opened[slot] += 1;
        }
        if let Some(end) = stay.end.filter(|end| *end != 0)
            && let Some(slot) = slots.index_of(end).filter(|slot| stay.start < slots.begin_of(*slot + 1))
        {
            self.happen(end, -1);
            self.closed[slot][Closing::of(stay.context) as usize] += 1;
        }
        // Step 4: start <= B-1 and (end NULL or end >= B-1).
        let slots_before = |second: i64| second.saturating_sub(slots.begin).div_euclid(LENGTH) + 1;
        let from = slots_before(stay.start).max(0);
        let to = stay.end.map_or(i64::MAX, |end| slots_before(end.saturating_add(1)));
        if from < to {
            self.base(from, 1);
            self.base(to, -1);
        }
    }

    fn happen(&mut self, second: i64, change: i32) {
        let Ok(index) = usize::try_from(second - self.slots.begin) else { return };
        self.events[index] += change;
        self.eventful[index / 64] |= 1 << (index % 64);
    }

    fn base(&mut self, slot: i64, change: i32) {
        if let Some(base) = usize::try_from(slot).ok().and_then(|slot| self.bases.get_mut(slot)) {
            *base += change;
        }
    }

    /// The figures of each slot, in order. When exactly the limit was reached is not known.
    pub fn figures(&self, limits: &Limits) -> impl Iterator<Item = Figures> {
        let mut base = 0;
        (0..self.slots.count).map(move |slot| {
            base += i64::from(self.bases[slot]);
            self.slot(slot, base, limits)
        })
    }

    /// Step 5.
    fn slot(&self, slot: usize, base: i64, limits: &Limits) -> Figures {
        let seconds = slot * LENGTH as usize..(slot + 1) * LENGTH as usize;
        let begin = self.slots.begin_of(slot);
        let (mut count, mut active_min, mut active_max) = (base, base, base);
        let (mut sum, mut last) = (0, begin - 1);
        for second in seconds.filter(|second| self.eventful[second / 64] >> (second % 64) & 1 == 1) {
            let at = self.slots.begin + second as i64;
            count += i64::from(self.events[second]);
            active_min = active_min.min(count);
            active_max = active_max.max(count);
            // Defect 1: the count after the event stands for the time before it.
            sum += (at - last) * count;
            last = at;
        }
        sum += (begin + LENGTH - 1 - last) * count;
        Figures {
            begin,
            active_min,
            active_max,
            active_avg: 10_000 * whole_mean(sum),
            active_end: count,
            opened: self.opened[slot].into(),
            closed: self.closed[slot].map(i64::from),
            max_sessions: limits.of_slot_in_ilias(begin),
            at_limit: Vec::new(),
        }
    }
}

/// `sum` over the seconds of a slot as a whole mean, half away from zero.
fn whole_mean(sum: i64) -> i64 {
    sum.signum() * ((2 * sum.abs() + LENGTH) / (2 * LENGTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(stays: &[(i64, Option<i64>)]) -> Vec<Figures> {
        let mut tally = Tally::new(Slots { begin: 900, count: 3 });
        for (start, end) in stays {
            tally.add(&Stay { start: *start, end: *end, context: Some(1) });
        }
        tally.figures(&Limits::default()).collect()
    }

    #[test]
    fn the_defects_are_those_that_were_measured() {
        let average = |stays: &[(i64, Option<i64>)]| figures(stays)[0].active_avg / 10_000;
        assert_eq!(average(&[(1799, Some(3000))]), 1, "defect 1, one session from +899");
        assert_eq!(average(&[(0, Some(1799))]), 0, "defect 1, one session until +899");
        assert_eq!(average(&vec![(1350, None); 100]), 100, "defect 1, 100 from +450");
        let mut many = vec![(0, Some(1790)); 200];
        many.extend(vec![(910, Some(1790)); 200]);
        assert_eq!(average(&many), 5, "defect 1, 200 until +890 and 200 more in [10,890)");
        let ended = &figures(&[(0, Some(899)); 7])[0];
        assert_eq!(
            (ended.active_min, ended.active_max, ended.active_avg, ended.active_end),
            (7, 7, 70_000, 7)
        );
        assert_eq!(figures(&[(0, Some(898)); 7])[0].active_max, 0, "defect 2 at B-2");
        assert_eq!(figures(&[(0, Some(900)); 7])[0].active_max, 7, "defect 3, ends at B");
        assert_eq!(figures(&[(900, None); 7])[0].active_min, 0, "defect 3, starts at B");
        let backwards = figures(&[(1000, Some(950)), (1900, Some(1000))]);
        assert_eq!(
            (backwards[0].active_min, backwards[0].opened, backwards[0].closed[0]),
            (-1, 1, 1),
            "defect 13"
        );
        assert_eq!((backwards[1].opened, backwards[1].active_max), (0, 0), "defect 13, in different slots");
    }
}
