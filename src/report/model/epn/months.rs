//! Hours, visits and visitors of each local month.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Serialize, Serializer};

use super::visits::Sums;
use crate::report::{
    model::uses::Hours,
    sheet::{Cell, Column, Table},
    texts,
};

/// The figures of a local month, as far as it lies in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MonthFigures {
    /// Its first day. In JSON: `2026-03`.
    #[serde(serialize_with = "year_and_month")]
    pub month: NaiveDate,
    /// Hours of use.
    pub hours: Hours,
    /// One for each person and local day.
    pub visits: u64,
    /// Different people.
    pub visitors: u64,
}

fn year_and_month<S: Serializer>(month: &NaiveDate, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(&month.format("%Y-%m"))
}

/// Every month from the first to the last.
pub fn without_gaps(months: &BTreeMap<NaiveDate, Sums>) -> Vec<MonthFigures> {
    let (Some(first), Some(last)) = (months.keys().next(), months.keys().next_back()) else {
        return Vec::new();
    };
    let all = std::iter::successors(Some(*first), |month| month.checked_add_months(Months::new(1)));
    let figures = |month: NaiveDate| {
        let Sums { hours, visits, visitors } = months.get(&month).copied().unwrap_or_default();
        MonthFigures { month, hours, visits, visitors }
    };
    all.take_while(|month| month <= last).map(figures).collect()
}

/// The first day of the month of `day`.
pub fn month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// What people see of months.
pub fn table(months: &[MonthFigures]) -> Table {
    let row = |of: &MonthFigures| {
        vec![Cell::Month(of.month), Cell::Hours(of.hours), Cell::count(of.visits), Cell::count(of.visitors)]
    };
    Table {
        title: texts::BY_MONTH,
        columns: vec![
            Column::numbers(texts::MONTH),
            Column::compared(texts::HOURS),
            Column::numbers(texts::VISITS),
            Column::numbers(texts::VISITORS),
        ],
        rows: months.iter().map(row).collect(),
        empty: texts::NO_VISITS,
    }
}
