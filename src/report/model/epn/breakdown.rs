//! Hours, visits and visitors by a class of people.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    classes::{Class, Named},
    visits::{Sums, YearOf},
};
use crate::report::{
    sheet::{Cell, Column, Table},
    texts::{self, Text},
};

/// Rows of a table of classes when nothing is said.
const ROWS: usize = 10;

/// With `--anonymous`, classes of fewer people are not told.
pub const LEAST_VISITORS: u64 = 3;

/// Figures by class; the last row is that of people whose class is unknown.
#[derive(Debug, PartialEq, Eq)]
pub struct Breakdown<C> {
    rows: Vec<Row<C>>,
}

/// The figures of a class.
#[derive(Debug, PartialEq, Eq)]
pub struct Row<C> {
    /// None: unknown.
    pub class: Option<C>,
    /// None: hidden.
    pub sums: Option<Sums>,
}

impl<C: Class> Breakdown<C> {
    /// Divides what people did in each year by the class that each of them had in it.
    pub fn new(years: &[YearOf], class: impl Fn(&YearOf) -> Option<C>) -> Self {
        let mut sums: BTreeMap<Option<C>, Sums> = BTreeMap::new();
        let mut counted = HashSet::new();
        for of_person in years.chunk_by(|one, next| one.person == next.person) {
            counted.clear();
            for of in of_person {
                let class = class(of);
                let sums = sums.entry(class.clone()).or_default();
                sums.hours += of.hours;
                sums.visits += of.visits;
                sums.visitors += u64::from(counted.insert(class.map(|class| class.name().to_owned())));
            }
        }
        let unknown = sums.remove(&None).unwrap_or_default();
        C::ALWAYS.iter().for_each(|class| {
            sums.entry(Some(class.clone())).or_default();
        });
        let mut rows: Vec<_> =
            sums.into_iter().map(|(class, sums)| Row { class, sums: Some(sums) }).collect();
        if C::ALWAYS.is_empty() {
            rows.sort_by_key(|row| Reverse(row.sums.map(|sums| sums.visitors)));
        }
        rows.push(Row { class: None, sums: Some(unknown) });
        Self { rows }
    }

    /// The rows.
    pub fn rows(&self) -> &[Row<C>] {
        &self.rows
    }

    /// Hides classes of fewer than [`LEAST_VISITORS`] people: their figures go to the unknown ones, so that sums stay
    /// what they are. The next smallest class goes there, too, for as long as a difference would tell the figures of
    /// that few. Classes that tell by their names who belongs to them disappear.
    pub fn hide_the_few(&mut self) {
        let Some((unknown, classes)) = self.rows.split_last_mut() else { return };
        let mut rest = unknown.sums.unwrap_or_default();
        let mut has_hidden = false;
        classes.sort_by_key(|row| row.sums.map(|sums| sums.visitors));
        for row in classes.iter_mut() {
            let Some(sums) = row.sums.filter(|sums| sums.visitors > 0) else { continue };
            let is_exposed = (has_hidden || rest.visitors > 0) && rest.visitors < LEAST_VISITORS;
            if sums.visitors < LEAST_VISITORS || is_exposed {
                rest.hours += sums.hours;
                rest.visits += sums.visits;
                rest.visitors += sums.visitors;
                row.sums = None;
                has_hidden = true;
            }
        }
        let is_few = rest.visitors > 0 && rest.visitors < LEAST_VISITORS;
        unknown.sums = (!is_few).then_some(rest);
        if C::TELLS {
            self.rows.retain(|row| row.class.is_none() || row.sums.is_some());
        }
        let order = |row: &Row<C>| {
            let size = row.sums.map_or(0, |sums| sums.visitors);
            (row.class.is_none(), Reverse(if C::ALWAYS.is_empty() { size } else { 0 }), row.class.clone())
        };
        self.rows.sort_by_key(order);
    }

    /// What people see of it; no rows if nothing is known of anybody.
    pub fn table(&self, title: Text, heading: Text, empty: Text, top: Option<usize>) -> Table {
        let is_known = self.rows.iter().any(|row| row.class.is_some() && row.sums != Some(Sums::default()));
        let shown = if C::ALWAYS.is_empty() { top.unwrap_or(ROWS) } else { usize::MAX };
        let classes = self.rows.len().saturating_sub(1);
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        if is_known {
            rows.extend(self.rows.iter().take(classes.min(shown)).map(Row::cells));
            let others = self.rows.iter().take(classes).skip(shown).filter_map(|row| row.sums);
            let others = others.reduce(|mut sum, more| {
                sum.hours += more.hours;
                sum.visits += more.visits;
                sum.visitors += more.visitors;
                sum
            });
            rows.extend(others.map(|sums| cells(Cell::Words(texts::OTHER_CLASSES), Some(sums))));
            rows.extend(self.rows.last().map(Row::cells));
        }
        Table {
            title,
            columns: vec![
                Column::words(heading),
                Column::compared(texts::HOURS),
                Column::numbers(texts::VISITS),
                Column::numbers(texts::VISITORS),
            ],
            rows,
            empty,
        }
    }
}

impl<C: Class> Row<C> {
    fn cells(&self) -> Vec<Cell> {
        let class = self.class.as_ref().map_or(Cell::Words(texts::CLASS_UNKNOWN), Class::cell);
        cells(class, self.sums)
    }
}

fn cells(class: Cell, sums: Option<Sums>) -> Vec<Cell> {
    match sums {
        Some(sums) => {
            vec![class, Cell::Hours(sums.hours), Cell::count(sums.visits), Cell::count(sums.visitors)]
        }
        None => [class].into_iter().chain([texts::HIDDEN; 3].map(Cell::Words)).collect(),
    }
}

impl<C: Class> Serialize for Row<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry(C::KEY, &Named(self.class.as_ref()))?;
        map.serialize_entry("hours", &self.sums.map(|sums| sums.hours))?;
        map.serialize_entry("visits", &self.sums.map(|sums| sums.visits))?;
        map.serialize_entry("visitors", &self.sums.map(|sums| sums.visitors))?;
        map.end()
    }
}

impl<C: Class> Serialize for Breakdown<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::{epn::classes::Sex, uses::Hours};

    fn year(person: u64, year: i32, visits: u64) -> YearOf {
        YearOf { person, year, hours: Hours::of_seconds(3_600 * visits), visits }
    }

    /// Towns with so many people of one visit each, and people of none.
    fn towns(sizes: &[(&str, u64)], unknown: u64) -> Breakdown<String> {
        let mut names: Vec<Option<String>> = Vec::new();
        for (town, size) in sizes {
            names.extend((0..*size).map(|_| Some((*town).to_owned())));
        }
        names.extend((0..unknown).map(|_| None));
        let years: Vec<_> = (0..names.len() as u64).map(|person| year(person, 2026, 1)).collect();
        Breakdown::new(&years, |of| names[of.person as usize].clone())
    }

    fn shown(of: &Breakdown<String>) -> Vec<(&str, Option<u64>)> {
        let row = |row| {
            let Row { class, sums }: &Row<String> = row;
            (class.as_deref().unwrap_or("?"), sums.map(|sums| sums.visitors))
        };
        of.rows.iter().map(row).collect()
    }

    #[test]
    fn a_person_counts_once_in_each_class_and_everything_is_somewhere() {
        let years = [year(1, 2025, 2), year(1, 2026, 3), year(2, 2026, 1), year(3, 2026, 5)];
        let class = |of: &YearOf| (of.person != 3).then_some(Sex::F);
        let by_sex = Breakdown::new(&years, class);
        let sums: Vec<_> =
            by_sex.rows.iter().map(|row| row.sums.map(|sums| (sums.visits, sums.visitors))).collect();
        assert_eq!(sums, [Some((6, 2)), Some((0, 0)), Some((0, 0)), Some((5, 1))]);
        assert_eq!(
            serde_json::to_value(&by_sex.rows[0]).unwrap(),
            serde_json::json!({"sex": "f", "hours": 6.0, "visits": 6, "visitors": 2})
        );
    }

    #[test]
    fn small_towns_disappear_into_the_unknown_ones() {
        let mut by_town = towns(&[("Aix", 1), ("Lyon", 9), ("Brest", 4), ("Caen", 3)], 2);
        assert_eq!(
            shown(&by_town),
            [("Lyon", Some(9)), ("Brest", Some(4)), ("Caen", Some(3)), ("Aix", Some(1)), ("?", Some(2))]
        );
        by_town.hide_the_few();
        assert_eq!(
            shown(&by_town),
            [("Lyon", Some(9)), ("Brest", Some(4)), ("Caen", Some(3)), ("?", Some(3))]
        );
    }

    #[test]
    fn what_a_difference_would_tell_is_hidden_with_the_next_smallest() {
        let mut by_town = towns(&[("Aix", 1), ("Lyon", 9), ("Brest", 4)], 0);
        by_town.hide_the_few();
        assert_eq!(shown(&by_town), [("Lyon", Some(9)), ("?", Some(5))]);
        let mut all_few = towns(&[("Aix", 1)], 1);
        all_few.hide_the_few();
        assert_eq!(shown(&all_few), [("?", None)]);
        let mut unknown = towns(&[("Lyon", 9), ("Brest", 4)], 1);
        unknown.hide_the_few();
        assert_eq!(shown(&unknown), [("Lyon", Some(9)), ("?", Some(5))]);
        let mut nobody = towns(&[], 0);
        nobody.hide_the_few();
        assert_eq!(shown(&nobody), [("?", Some(0))]);
    }

    #[test]
    fn a_long_table_ends_with_what_the_others_are_together() {
        let by_town = towns(&[("Aix", 1), ("Lyon", 9), ("Brest", 4), ("Caen", 3)], 2);
        let table = by_town.table(texts::BY_TOWN, texts::TOWN, texts::NO_TOWNS, Some(2));
        let visitors: Vec<_> = table.rows.iter().map(|row| format!("{:?}", row[3])).collect();
        assert_eq!(visitors, ["Number(9)", "Number(4)", "Number(4)", "Number(2)"]);
        let unknown = towns(&[], 3).table(texts::BY_TOWN, texts::TOWN, texts::NO_TOWNS, None);
        assert!(unknown.rows.is_empty());
    }
}
