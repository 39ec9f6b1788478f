//! The true figures, counted second by second as they are defined: shares no code with the command.

use crate::forms::{Form, Record};

pub const SLOT: i64 = 900;

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub begin: i64,
    min: i64,
    max: i64,
    sum: i64,
    last: i64,
    opened: i64,
    /// By `end_context`: 1 to 6; everything else counts at 0.
    closed: [i64; 7],
    limit: i64,
    /// The seconds at the limit.
    pub at_limit: Vec<i64>,
}

/// The slots from `begin` on that are complete at `now`.
pub fn slots(records: &[Record], limits: &[(i64, i64)], otherwise: i64, begin: i64, now: i64) -> Vec<Slot> {
    let counted: Vec<_> = records.iter().filter(|record| [3, 4].contains(&record.kind)).collect();
    // A slot is complete when its last second is over.
    let count = (begin..).step_by(900).take_while(|begin| begin + 899 < now).count();
    let mut active = vec![0_i64; count * 900];
    let end = begin + 900 * count as i64;
    for record in &counted {
        for second in record.start.max(begin)..record.end.unwrap_or(i64::MAX).min(end) {
            active[usize::try_from(second - begin).unwrap()] += 1;
        }
    }
    let slot = |number: usize| {
        let begin = begin + 900 * number as i64;
        let within = |second: &i64| (begin..begin + 900).contains(second);
        let active = &active[900 * number..900 * number + 900];
        let newest = limits.iter().filter(|(at, _)| *at <= begin).max();
        let limit = newest.map_or(otherwise, |(_, limit)| *limit);
        let mut closed = [0; 7];
        for record in counted.iter().filter(|record| record.end.is_some_and(|end| within(&end))) {
            match record.context {
                Some(context @ 1..=6) => closed[context as usize] += 1,
                _ => closed[0] += 1,
            }
        }
        let is_at_limit = |second: &i64| limit > 0 && active[(second - begin) as usize] >= limit;
        Slot {
            begin,
            min: *active.iter().min().unwrap(),
            max: *active.iter().max().unwrap(),
            sum: active.iter().sum(),
            last: active[899],
            opened: counted.iter().filter(|record| within(&record.start)).count() as i64,
            closed,
            limit,
            at_limit: (begin..begin + 900).filter(is_at_limit).collect(),
        }
    };
    (0..count).map(slot).collect()
}

impl Slot {
    /// The slot as a line of the statistics.
    pub fn line(&self, form: Form) -> String {
        let [misc, user, expire, first, idle, limit, login] = self.closed;
        let value = |column: &&str| match *column {
            "slot_begin" => self.begin.to_string(),
            "slot_end" => (self.begin + 899).to_string(),
            "active_min" => self.min.to_string(),
            "active_max" => self.max.to_string(),
            "active_avg" if form == Form::Ours => {
                let rounded = (self.sum * 10_000 * 2 + 900) / 1_800;
                format!("{}.{:04}", rounded / 10_000, rounded % 10_000)
            }
            "active_avg" => ((self.sum * 2 + 900) / 1_800).to_string(),
            "active_end" => self.last.to_string(),
            "opened" => self.opened.to_string(),
            "closed_manual" => user.to_string(),
            "closed_expire" => expire.to_string(),
            "closed_idle" => idle.to_string(),
            "closed_idle_first" => first.to_string(),
            "closed_limit" => limit.to_string(),
            "closed_login" => login.to_string(),
            "closed_misc" if form == Form::Ilias10 => (misc + idle + first + limit).to_string(),
            "closed_misc" => misc.to_string(),
            "max_sessions" => self.limit.to_string(),
            other => panic!("no such column: {other}"),
        };
        let values: Vec<_> = form.columns().iter().map(value).collect();
        values.join(",")
    }
}

/// The beginning of the slot that holds a second, counted in quarters of an hour of UTC.
pub fn quarter(second: i64) -> i64 {
    second.div_euclid(SLOT) * SLOT
}
