//! What people see of a section: figures and tables of typed values, in the order in which they read them.
//!
//! Owes its renderers: no word that is not of the catalogue, no number written out, no width, no colour. Text from the
//! database comes as it is: the renderer makes it safe for its own medium.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    model::{slots::Mean, uses::Hours},
    texts::Text,
};

/// One section.
#[derive(Debug)]
pub struct Sheet {
    /// Its heading.
    pub title: Text,
    /// Top to bottom.
    pub blocks: Vec<Block>,
}

/// A part of a sheet.
#[derive(Debug)]
pub enum Block {
    /// Single values, each with what it is.
    Figures(Vec<(Text, Cell)>),
    /// Rows of values.
    Table(Table),
    /// Rows of values that are drawn, too.
    Chart(Chart),
    /// One line of words.
    Line(Text),
    /// One paragraph of words with values in them.
    Sentences(Vec<Sentence>),
    /// A message of a program or server.
    Message(String),
}

/// Rows of values under headings.
#[derive(Debug)]
pub struct Table {
    /// What the rows are.
    pub title: Text,
    /// Left to right.
    pub columns: Vec<Column>,
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// The whole line that stands for a table without rows.
    pub empty: Text,
}

impl Table {
    /// The values of a column, top to bottom; none where there is no such column.
    pub fn values_of(&self, heading: Text) -> impl Iterator<Item = &Cell> {
        let place = self.columns.iter().position(|column| column.heading == heading);
        place.into_iter().flat_map(|place| self.rows.iter().filter_map(move |row| row.get(place)))
    }
}

/// A picture, and the table of all values in it. A picture of no rows is none.
#[derive(Debug)]
pub struct Chart {
    /// How the values are drawn.
    pub shape: Shape,
    /// What the numbers count: the name of their axis.
    pub unit: Text,
    /// The values.
    pub table: Table,
}

/// How the values of a table are drawn. Columns are known by their headings; the first one says what a row is of.
#[derive(Debug)]
pub enum Shape {
    /// Days or hours, in their order: a band from the fewest to the most, the mean in it, and a limit.
    Band {
        /// Column of the lower edge.
        fewest: Text,
        /// Column of the line in the band.
        mean: Text,
        /// Column of the upper edge.
        most: Text,
        /// Column of the limit; a table without it has none.
        limit: Text,
    },
    /// Hours of the day, each with a column for each weekday from Monday on: the darker, the more.
    Week,
    /// Each row has a bar for each of these columns.
    Bars(Vec<Text>),
    /// Each row is a day or a month, in their order, and this column as high as it says.
    Days(Text),
}

/// Words with values in them.
#[derive(Debug)]
pub struct Sentence {
    /// With places.
    pub text: Text,
    /// What stands in each place, by its name.
    pub places: Vec<(&'static str, Cell)>,
}

impl Sentence {
    /// Without places.
    pub const fn plain(text: Text) -> Self {
        Self { text, places: Vec::new() }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What it holds, with the unit.
    pub heading: Text,
    /// What its values are.
    pub kind: Kind,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words and names, which may be shortened.
    Words,
    /// Numbers and times, which may not.
    Numbers,
    /// Numbers that may be left out where there is no room for them.
    Spare,
    /// Numbers that are worth comparing at a glance.
    Compared,
}

impl Column {
    /// A column of words.
    pub const fn words(heading: Text) -> Self {
        Self { heading, kind: Kind::Words }
    }

    /// A column of numbers or times.
    pub const fn numbers(heading: Text) -> Self {
        Self { heading, kind: Kind::Numbers }
    }

    /// A column of numbers that may be left out where there is no room for them.
    pub const fn spare(heading: Text) -> Self {
        Self { heading, kind: Kind::Spare }
    }

    /// A column of numbers that are worth comparing at a glance.
    pub const fn compared(heading: Text) -> Self {
        Self { heading, kind: Kind::Compared }
    }
}

/// A value.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Text from outside, as it came.
    Name(String),
    /// Words of ours.
    Words(Text),
    /// A whole number.
    Number(i64),
    /// A length of time in hours.
    Hours(Hours),
    /// A length of time in seconds, told in hours, minutes and seconds.
    Length(i64),
    /// A mean number of things.
    Mean(Mean),
    /// A moment.
    Time(DateTime<Utc>),
    /// A day.
    Day(NaiveDate),
    /// An hour of the day, 0 to 23.
    HourOfDay(u32),
    /// A month, by one of its days.
    Month(NaiveDate),
    /// No value.
    Nothing,
}

impl Cell {
    /// A number of things.
    pub fn count(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// The name, or else these words.
    pub fn name_or(name: Option<&str>, words: Text) -> Self {
        name.map_or(Self::Words(words), |name| Self::Name(name.to_owned()))
    }

    /// The number, if there is one.
    pub fn number_or_nothing(number: Option<i64>) -> Self {
        number.map_or(Self::Nothing, Self::Number)
    }
}
