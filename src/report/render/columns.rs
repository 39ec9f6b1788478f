//! Values under headings, in columns that fit a width.

use crate::{
    report::sheet::Kind,
    terminal::{shorten, width},
};

/// Between two columns.
pub(super) const GAP: &str = "  ";

/// Columns of words are not made narrower than that.
const LEAST: usize = 4;

/// One column, all of its values as text that is safe to show.
#[derive(Debug)]
pub(super) struct TextColumn {
    pub(super) kind: Kind,
    pub(super) heading: String,
    pub(super) values: Vec<String>,
}

impl TextColumn {
    fn natural_width(&self) -> usize {
        self.values.iter().chain([&self.heading]).map(|text| width(text)).max().unwrap_or(0)
    }

    fn line(&self, text: &str, columns: usize, unicode: bool) -> String {
        pad(&shorten(text, columns, unicode), columns, self.kind != Kind::Words)
    }
}

/// The width of lines in which nothing is shortened.
pub(super) fn natural_width(columns: &[TextColumn]) -> usize {
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    columns.iter().map(TextColumn::natural_width).sum::<usize>() + gaps
}

/// Pads the columns to lines of at most `most` columns: the heading, then the values. The longest words are shortened
/// where it has to be; numbers never are.
pub(super) fn lines(columns: &[TextColumn], most: usize, unicode: bool) -> (String, Vec<String>) {
    let mut widths: Vec<usize> = columns.iter().map(TextColumn::natural_width).collect();
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > most {
        let words = widths.iter_mut().zip(columns).filter(|(_, column)| column.kind == Kind::Words);
        match words.map(|(width, _)| width).filter(|width| **width > LEAST).max() {
            Some(widest) => *widest -= 1,
            None => break,
        }
    }
    let line = |text: &dyn Fn(&TextColumn) -> Option<String>| {
        let cells: Vec<String> = columns
            .iter()
            .zip(&widths)
            .map(|(column, width)| column.line(&text(column).unwrap_or_default(), *width, unicode))
            .collect();
        cells.join(GAP)
    };
    let heading = line(&|column| Some(column.heading.clone()));
    let height = columns.iter().map(|column| column.values.len()).max().unwrap_or(0);
    let rows = (0..height).map(|row| line(&|column| column.values.get(row).cloned())).collect();
    (heading, rows)
}

/// `text` in exactly `columns` columns, at their left or right end; longer text stays as it is.
pub(super) fn pad(text: &str, columns: usize, to_right: bool) -> String {
    let blanks = " ".repeat(columns.saturating_sub(width(text)));
    if to_right { blanks + text } else { text.to_owned() + &blanks }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: Kind, heading: &str, values: &[&str]) -> TextColumn {
        TextColumn {
            kind,
            heading: heading.to_owned(),
            values: values.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn numbers_stand_at_the_right_and_wide_characters_keep_the_lines_straight() {
        let columns = [
            column(Kind::Words, "Login", &["田中", "amina.b"]),
            column(Kind::Numbers, "Hours", &["1.50", "110.25"]),
        ];
        let (heading, rows) = lines(&columns, 80, true);
        assert_eq!(heading, "Login     Hours");
        assert_eq!(rows, ["田中       1.50", "amina.b  110.25"]);
    }

    #[test]
    fn the_longest_words_give_way_first_and_numbers_never() {
        let columns = [
            column(Kind::Words, "Login", &["a-very-long-login"]),
            column(Kind::Words, "Room", &["Studio"]),
            column(Kind::Numbers, "Hours", &["110.25"]),
        ];
        assert_eq!(lines(&columns, 26, true).1, ["a-very-lo…  Studio  110.25"]);
        assert_eq!(lines(&columns, 10, true).1, ["a-v…  Stu…  110.25"]);
    }
}
