//! Sessions in the course of time: the slots of each local hour, day or month.

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use super::{
    epn::months::month,
    grain::Grain,
    slots::{Mean, Slot},
};
use crate::report::period::Period;

/// What slots have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Sessions that began.
    pub opened: i64,
    /// Seconds at the limit.
    pub at_limit: i64,
    /// The highest limit; 0: none.
    pub limit: i64,
    /// Sessions at once, where they were counted.
    pub active: Option<Active>,
}

/// Sessions at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Active {
    /// Fewest.
    pub fewest: i64,
    /// Mean over the seconds.
    pub mean: Mean,
    /// Most.
    pub most: i64,
    /// Begin of the first slot with that many.
    pub most_at: DateTime<Utc>,
}

impl Figures {
    /// Those of `slots`.
    pub fn of(slots: &[Slot]) -> Self {
        Self {
            opened: slots.iter().map(|slot| slot.opened).sum(),
            at_limit: slots.iter().map(|slot| slot.maxed_out_seconds).sum(),
            limit: slots.iter().map(|slot| slot.max_sessions).max().unwrap_or(0),
            active: Active::of(slots),
        }
    }
}

impl Active {
    fn of(slots: &[Slot]) -> Option<Self> {
        let counted = || slots.iter().filter(|slot| slot.is_counted);
        // The first of several maxima is the last for `max_by_key` from behind.
        let most = counted().rev().max_by_key(|slot| slot.active_max)?;
        Some(Self {
            fewest: counted().map(|slot| slot.active_min).min()?,
            mean: Mean::over(counted().map(|slot| (slot.active_avg, slot.seconds)))?,
            most: most.active_max,
            most_at: most.slot_begin,
        })
    }
}

/// A local month, day or hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A month, by its first day.
    Month(NaiveDate),
    /// A day of 23 to 25 hours.
    Day(NaiveDate),
    /// The begin of an hour: where the clock goes back, two hours have the same name.
    Hour(DateTime<Utc>),
}

impl Step {
    fn of(at: DateTime<Utc>, zone: Tz, grain: Grain) -> Self {
        let local = at.with_timezone(&zone);
        match grain {
            Grain::Hours => {
                Self::Hour(at - TimeDelta::seconds(i64::from(local.minute() * 60 + local.second())))
            }
            Grain::Days => Self::Day(local.date_naive()),
            Grain::Months => Self::Month(month(local.date_naive())),
        }
    }
}

/// The figures of each step of a period that has slots.
#[derive(Debug, Default)]
pub struct Course {
    /// What the steps are.
    pub grain: Grain,
    /// In their order.
    pub steps: Vec<(Step, Figures)>,
}

impl Course {
    /// That of `slots`, which are those of `period`, by their begin. A slot belongs to the step in which it begins.
    pub fn of(slots: &[Slot], period: Period, zone: Tz) -> Self {
        let grain = Grain::of(period);
        let step = |slot: &Slot| Step::of(slot.slot_begin.max(period.from), zone, grain);
        let chunks = slots.chunk_by(|one, next| step(one) == step(next));
        let steps = chunks.filter_map(|slots| Some((step(slots.first()?), Figures::of(slots)))).collect();
        Self { grain, steps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARIS: Tz = chrono_tz::Europe::Paris;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Contiguous slots up to `to`, with one session at once in the first, two in the second, and so on.
    fn course(from: &str, to: &str, first_slot: &str) -> Course {
        let period = Period { from: moment(from), to: moment(to) };
        let mut slots = Vec::new();
        let mut begin = moment(first_slot);
        while begin < period.to {
            let end = begin + TimeDelta::seconds(900);
            let seconds = (end.min(period.to) - begin.max(period.from)).num_seconds();
            slots.push(Slot { seconds, ..Slot::of_so_many(begin, slots.len() as i64 + 1) });
            begin = end;
        }
        Course::of(&slots, period, PARIS)
    }

    fn slots_of(course: &Course) -> Vec<(Step, i64)> {
        course.steps.iter().map(|(step, figures)| (*step, figures.opened)).collect()
    }

    #[test]
    fn a_day_has_92_96_or_100_slots_and_a_mean_of_all_of_them() {
        let midnight = "2026-03-27T23:00:00Z";
        let spring = course(midnight, "2026-03-30T22:00:00Z", midnight);
        let day = |number| Step::Day(NaiveDate::from_ymd_opt(2026, 3, number).unwrap());
        assert_eq!(spring.grain, Grain::Days);
        assert_eq!(slots_of(&spring), [(day(28), 96), (day(29), 92), (day(30), 96)]);
        let active = spring.steps[1].1.active.unwrap();
        assert_eq!((active.fewest, active.most), (97, 188));
        assert_eq!(active.mean.hundredths(), 14_250);
        assert_eq!(active.most_at, moment("2026-03-29T21:45:00Z"));

        let midnight = "2026-10-23T22:00:00Z";
        let autumn = course(midnight, "2026-10-26T23:00:00Z", midnight);
        assert_eq!(autumn.steps.iter().map(|(_, of)| of.opened).collect::<Vec<_>>(), [96, 100, 96]);
    }

    #[test]
    fn two_days_are_told_by_hour_even_if_one_has_25() {
        let autumn = course("2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z", "2026-10-24T22:00:00Z");
        assert_eq!(autumn.grain, Grain::Hours);
        assert_eq!(autumn.steps.len(), 49);
        assert!(autumn.steps.iter().all(|(_, figures)| figures.opened == 4));
        let hours: Vec<Step> = autumn.steps[2..4].iter().map(|(step, _)| *step).collect();
        assert_eq!(
            hours,
            ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"].map(|hour| Step::Hour(moment(hour)))
        );
    }

    #[test]
    fn what_is_longer_than_a_quarter_is_told_by_the_months_of_the_place() {
        let new_year = "2025-12-31T23:00:00Z";
        let months = course(new_year, "2026-04-30T22:00:00Z", new_year);
        let month = |number| Step::Month(NaiveDate::from_ymd_opt(2026, number, 1).unwrap());
        let slots = |days: i64| 96 * days;
        // The 29th of March has 23 hours.
        let expected =
            [(month(1), slots(31)), (month(2), slots(28)), (month(3), slots(31) - 4), (month(4), slots(30))];
        assert_eq!(slots_of(&months), expected);
        assert_eq!(months.grain, Grain::Months);
    }

    #[test]
    fn a_slot_of_any_grid_belongs_to_where_it_begins_in_the_period() {
        let midnight = "2026-03-09T23:00:00Z";
        let shifted = course(midnight, "2026-03-10T01:10:00Z", "2026-03-09T22:50:00Z");
        let hour = |text| Step::Hour(moment(text));
        assert_eq!(
            slots_of(&shifted),
            [(hour(midnight), 5), (hour("2026-03-10T00:00:00Z"), 4), (hour("2026-03-10T01:00:00Z"), 1)]
        );
        // 300 s of 1, and 900 s each of 2, 3, 4 and 5.
        let mean = shifted.steps[0].1.active.unwrap().mean.hundredths();
        assert_eq!(mean, 331);
    }

    #[test]
    fn what_nobody_counted_is_no_zero() {
        let at = |number: i64| DateTime::from_timestamp(900 * number, 0).unwrap();
        let slots = [
            Slot::of_so_many(at(0), 7),
            Slot { is_counted: false, ..Slot::of_so_many(at(1), 0) },
            Slot::of_so_many(at(2), 7),
        ];
        let active = Figures::of(&slots).active.unwrap();
        assert_eq!((active.fewest, active.mean.hundredths(), active.most), (7, 700, 7));
        assert_eq!(active.most_at, DateTime::UNIX_EPOCH, "the first of several");
        assert_eq!(Figures::of(&slots[1..2]).active, None);
    }
}
