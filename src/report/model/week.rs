//! The usual week: how many sessions there are at once in each of its hours, by the clock on the wall.

use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use super::slots::{Mean, Slot};
use crate::report::{
    period::Period,
    sheet::{Cell, Chart, Column, Shape, Table},
    texts::{self, Text},
};

/// Hours of a day of the clock; a day that has one less or more has it under one of these names.
const HOURS: usize = 24;

/// From Monday on.
const WEEKDAYS: [Text; 7] = [
    texts::MONDAY,
    texts::TUESDAY,
    texts::WEDNESDAY,
    texts::THURSDAY,
    texts::FRIDAY,
    texts::SATURDAY,
    texts::SUNDAY,
];

/// Mean numbers of sessions at once, by hour of the day, then by weekday; none: nothing was counted then.
/// In JSON: a list of those that were counted, by weekday, then by hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Week {
    hours: [[Option<Mean>; WEEKDAYS.len()]; HOURS],
}

/// One entry of the JSON.
#[derive(Serialize)]
struct HourOfWeek {
    /// 1: Monday, to 7: Sunday.
    weekday: usize,
    /// 0 to 23.
    hour: usize,
    active_avg: Mean,
}

impl Week {
    /// That of `slots`, which are those of `period`. A slot belongs to the local hour in which it begins, with the weight
    /// of its seconds in the period: where the clock goes back, the hour that comes twice has both of them.
    pub fn of(slots: &[Slot], period: Period, zone: Tz) -> Self {
        let mut found: [[Vec<(Mean, i64)>; WEEKDAYS.len()]; HOURS] = Default::default();
        for slot in slots.iter().filter(|slot| slot.is_counted) {
            let local = slot.slot_begin.max(period.from).with_timezone(&zone);
            let weekday = local.weekday().num_days_from_monday() as usize;
            let cell = found.get_mut(local.hour() as usize).and_then(|hour| hour.get_mut(weekday));
            cell.into_iter().for_each(|cell| cell.push((slot.active_avg, slot.seconds)));
        }
        Self { hours: found.map(|hour| hour.map(|means| Mean::over(means.into_iter()))) }
    }

    /// What people see of it.
    pub fn chart(&self) -> Chart {
        let row = |(hour, means): (u32, &[Option<Mean>; WEEKDAYS.len()])| {
            let means = means.iter().map(|mean| mean.map_or(Cell::Nothing, Cell::Mean));
            [Cell::HourOfDay(hour)].into_iter().chain(means).collect()
        };
        let columns = [texts::HOUR].into_iter().chain(WEEKDAYS).map(Column::numbers).collect();
        let table = Table {
            title: texts::BY_WEEKDAY,
            columns,
            rows: (0..).zip(&self.hours).map(row).collect(),
            empty: texts::SESSIONS_EMPTY,
        };
        Chart { shape: Shape::Week, unit: texts::MEAN, table }
    }
}

impl Serialize for Week {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let all = (0..WEEKDAYS.len()).flat_map(|day| (0..HOURS).map(move |hour| (day, hour)));
        let known = all.filter_map(|(day, hour)| {
            let active_avg = (*self.hours.get(hour)?.get(day)?)?;
            Some(HourOfWeek { weekday: day + 1, hour, active_avg })
        });
        serializer.collect_seq(known)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn slot(slot_begin: &str, active: i64) -> Slot {
        Slot::of_so_many(slot_begin.parse().unwrap(), active)
    }

    fn week(slots: &[Slot]) -> String {
        let period =
            Period { from: DateTime::UNIX_EPOCH, to: DateTime::UNIX_EPOCH + TimeDelta::days(40_000) };
        serde_json::to_string(&Week::of(slots, period, chrono_tz::Europe::Paris)).unwrap()
    }

    #[test]
    fn hours_are_those_of_the_clock_on_the_wall() {
        // Tuesdays: 9 in winter and in summer.
        let slots = [slot("2026-03-10T08:00:00Z", 1), slot("2026-04-07T07:45:00Z", 4)];
        assert_eq!(week(&slots), r#"[{"weekday":2,"hour":9,"active_avg":2.5}]"#);
        // Sunday night: 23:00 UTC on Saturday is midnight.
        assert_eq!(week(&[slot("2026-03-07T23:00:00Z", 1)]), r#"[{"weekday":7,"hour":0,"active_avg":1.0}]"#);
    }

    #[test]
    fn the_hour_that_comes_twice_is_both_and_the_one_that_is_left_out_none() {
        let autumn = [
            slot("2026-10-25T00:00:00Z", 2),
            slot("2026-10-25T01:00:00Z", 4),
            slot("2026-10-25T02:00:00Z", 8),
        ];
        assert_eq!(
            week(&autumn),
            r#"[{"weekday":7,"hour":2,"active_avg":3.0},{"weekday":7,"hour":3,"active_avg":8.0}]"#
        );
        let spring = [slot("2026-03-29T00:45:00Z", 2), slot("2026-03-29T01:00:00Z", 4)];
        assert_eq!(
            week(&spring),
            r#"[{"weekday":7,"hour":1,"active_avg":2.0},{"weekday":7,"hour":3,"active_avg":4.0}]"#
        );
    }

    #[test]
    fn what_nobody_counted_is_no_zero() {
        let slots =
            [slot("2026-03-10T08:00:00Z", 0), Slot { is_counted: false, ..slot("2026-03-10T08:15:00Z", 0) }];
        assert_eq!(week(&slots), r#"[{"weekday":2,"hour":9,"active_avg":0.0}]"#);
        assert_eq!(week(&slots[1..]), "[]");
    }
}
