//! The classes into which yearly figures of public spaces divide people: age, sex and town.

use std::collections::HashMap;

use ::mysql::Conn;
use serde::{Serialize, Serializer};

use crate::{
    failure::Result,
    mysql::each_row,
    report::{
        sheet::Cell,
        texts::{self, Text},
    },
};

/// Those of whom something is known. As for connections that match nothing, the list of people is read once.
const PEOPLE: &str = "SELECT id, birth_year, sex, town FROM epn_user \
    WHERE birth_year IS NOT NULL OR sex IS NOT NULL OR town IS NOT NULL";

/// Ages in which people use machines; others are mistakes.
const AGES: std::ops::RangeInclusive<i32> = 0..=120;

/// Age is what somebody reaches in a calendar year: its number minus that of birth, as INSEE counts it. The class of a
/// use is that of the year of its local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgeClass {
    /// Under 12.
    Under12,
    /// 12 to 17.
    From12,
    /// 18 to 24.
    From18,
    /// 25 to 39.
    From25,
    /// 40 to 59.
    From40,
    /// 60 to 74.
    From60,
    /// 75 and more.
    From75,
}

/// As people are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Female.
    F,
    /// Male.
    M,
    /// Neither.
    X,
}

/// Where somebody lives, as most people of that place have it written. Case and blanks make no difference.
pub type Town = String;

/// A way to divide people.
pub trait Class: Clone + Ord + 'static {
    /// What the class is called in JSON.
    const KEY: &'static str;
    /// The classes that are told even if nobody belongs to them.
    const ALWAYS: &'static [Self];
    /// Whether the class itself tells who belongs to it.
    const TELLS: bool;
    /// In JSON.
    fn name(&self) -> &str;
    /// In tables.
    fn cell(&self) -> Cell;
}

impl AgeClass {
    const ALL: [(Self, i32, &'static str, Text); 7] = [
        (Self::Under12, 0, "0-11", texts::AGE_UNDER_12),
        (Self::From12, 12, "12-17", texts::AGE_12),
        (Self::From18, 18, "18-24", texts::AGE_18),
        (Self::From25, 25, "25-39", texts::AGE_25),
        (Self::From40, 40, "40-59", texts::AGE_40),
        (Self::From60, 60, "60-74", texts::AGE_60),
        (Self::From75, 75, "75+", texts::AGE_75),
    ];

    /// That of somebody born in one year, in another year; none for ages that nobody has.
    pub fn of(born: i32, year: i32) -> Option<Self> {
        let age = year.checked_sub(born).filter(|age| AGES.contains(age))?;
        Self::ALL.iter().rev().find(|(_, from, _, _)| *from <= age).map(|(class, _, _, _)| *class)
    }

    fn words(self) -> (&'static str, Text) {
        let found = Self::ALL.iter().find(|(class, _, _, _)| *class == self);
        found.map_or(("", texts::CLASS_UNKNOWN), |(_, _, name, text)| (*name, *text))
    }
}

impl Class for AgeClass {
    const KEY: &'static str = "age";
    const ALWAYS: &'static [Self] =
        &[Self::Under12, Self::From12, Self::From18, Self::From25, Self::From40, Self::From60, Self::From75];
    const TELLS: bool = false;

    fn name(&self) -> &str {
        self.words().0
    }

    fn cell(&self) -> Cell {
        Cell::Words(self.words().1)
    }
}

impl Sex {
    fn of(text: &str) -> Option<Self> {
        match text.trim() {
            "f" | "F" => Some(Self::F),
            "m" | "M" => Some(Self::M),
            "x" | "X" => Some(Self::X),
            _ => None,
        }
    }
}

impl Class for Sex {
    const KEY: &'static str = "sex";
    const ALWAYS: &'static [Self] = &[Self::F, Self::M, Self::X];
    const TELLS: bool = false;

    fn name(&self) -> &str {
        match self {
            Self::F => "f",
            Self::M => "m",
            Self::X => "x",
        }
    }

    fn cell(&self) -> Cell {
        Cell::Words(match self {
            Self::F => texts::FEMALE,
            Self::M => texts::MALE,
            Self::X => texts::NEITHER,
        })
    }
}

impl Class for Town {
    const KEY: &'static str = "town";
    const ALWAYS: &'static [Self] = &[];
    const TELLS: bool = true;

    fn name(&self) -> &str {
        self
    }

    fn cell(&self) -> Cell {
        Cell::Name(self.clone())
    }
}

/// A class in JSON: its name, or null for the unknown.
pub struct Named<'a, C>(pub Option<&'a C>);

impl<C: Class> Serialize for Named<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.map(Class::name).serialize(serializer)
    }
}

/// What is known of people.
#[derive(Debug, Default)]
pub struct People {
    known: HashMap<u64, Traits>,
    /// Each town under the name by which it is compared.
    towns: Vec<Town>,
}

#[derive(Clone, Copy, Debug)]
struct Traits {
    born: Option<i32>,
    sex: Option<Sex>,
    town: Option<usize>,
}

impl People {
    /// Reads them.
    ///
    /// # Errors
    /// The server's.
    pub fn read(conn: &mut Conn) -> Result<Self> {
        type Columns = (u64, Option<i32>, Option<String>, Option<String>);
        let mut collected = Collected::default();
        each_row(conn, "epn_user", PEOPLE, (), |(id, born, sex, town): Columns| {
            collected.add(id, born, sex.as_deref(), town.as_deref());
        })?;
        Ok(collected.finish())
    }

    /// The age class of a person in a year.
    pub fn age(&self, person: u64, year: i32) -> Option<AgeClass> {
        AgeClass::of(self.known.get(&person)?.born?, year)
    }

    /// Their sex.
    pub fn sex(&self, person: u64) -> Option<Sex> {
        self.known.get(&person)?.sex
    }

    /// Where they live.
    pub fn town(&self, person: u64) -> Option<&Town> {
        self.towns.get(self.known.get(&person)?.town?)
    }
}

/// People, and how often each spelling of a town was found.
#[derive(Default)]
struct Collected {
    known: HashMap<u64, Traits>,
    numbers: HashMap<String, usize>,
    spellings: Vec<HashMap<String, u64>>,
}

impl Collected {
    fn add(&mut self, id: u64, born: Option<i32>, sex: Option<&str>, town: Option<&str>) {
        let town = town.map(|town| town.split_whitespace().collect::<Vec<_>>().join(" "));
        let town = town.filter(|town| !town.is_empty()).map(|town| {
            let number = *self.numbers.entry(town.to_lowercase()).or_insert(self.spellings.len());
            if number == self.spellings.len() {
                self.spellings.push(HashMap::new());
            }
            if let Some(spellings) = self.spellings.get_mut(number) {
                *spellings.entry(town).or_default() += 1;
            }
            number
        });
        self.known.insert(id, Traits { born, sex: sex.and_then(Sex::of), town });
    }

    fn finish(self) -> People {
        let usual = |spellings: HashMap<String, u64>| {
            let most = spellings
                .into_iter()
                .max_by(|(one, times), (other, more)| times.cmp(more).then_with(|| other.cmp(one)));
            most.map(|(spelling, _)| spelling).unwrap_or_default()
        };
        People { known: self.known, towns: self.spellings.into_iter().map(usual).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_classes_have_no_gap_and_no_overlap() {
        let name = |age: i32| AgeClass::of(2026 - age, 2026).map(|class| class.name().to_owned());
        let edges = [
            ("0-11", 0, 11),
            ("12-17", 12, 17),
            ("18-24", 18, 24),
            ("25-39", 25, 39),
            ("40-59", 40, 59),
            ("60-74", 60, 74),
            ("75+", 75, 120),
        ];
        for (class, first, last) in edges {
            assert!((first..=last).all(|age| name(age).as_deref() == Some(class)), "{class}");
        }
        assert_eq!([name(-1), name(121)], [None, None]);
        assert_eq!(AgeClass::of(i32::MIN, 2026), None);
        assert_eq!(AgeClass::ALWAYS.len(), AgeClass::ALL.len());
    }

    #[test]
    fn towns_are_one_whatever_their_case_and_blanks() {
        let mut collected = Collected::default();
        let towns = ["Saint-Étienne", " saint-étienne ", "Saint-Étienne", "Le  Puy", "le puy", "  "];
        for (id, town) in (1..).zip(towns) {
            collected.add(id, None, Some("F"), Some(town));
        }
        let people = collected.finish();
        let town = |id| people.town(id).map(String::as_str);
        assert_eq!([town(1), town(2), town(3)], [Some("Saint-Étienne"); 3]);
        assert_eq!([town(4), town(5)], [Some("Le Puy"); 2], "of equally frequent spellings the first one");
        assert_eq!([town(6), town(7)], [None, None]);
        assert_eq!((people.sex(1), people.sex(7)), (Some(Sex::F), None));
    }
}
