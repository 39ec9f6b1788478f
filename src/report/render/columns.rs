//! Values under headings, in columns that fit a width.

use crate::{
    report::sheet::Kind,
    terminal::{shorten, width},
};

/// Between two columns.
pub(super) const GAP: &str = "  ";

/// Columns of words are not made narrower than that.
const LEAST: usize = 4;

/// Down to that many columns, names give way before our own words do: these are known only by all of their letters.
const ROOMY: usize = 12;

/// One column, all of its values as text that is safe to show.
#[derive(Debug)]
pub(super) struct TextColumn {
    pub(super) kind: Kind,
    /// Whether there are names among its values, and not only words of ours.
    pub(super) has_names: bool,
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
        let words = || columns.iter().zip(&widths).enumerate().filter(|(_, (of, _))| of.kind == Kind::Words);
        let widest = |least: usize, names_only: bool| {
            let may_give = |of: &TextColumn, width: usize| width > least && (of.has_names || !names_only);
            let giving = words().filter(|(_, (of, width))| may_give(of, **width));
            giving.max_by_key(|(_, (_, width))| **width).map(|(index, _)| index)
        };
        let Some(index) = widest(ROOMY, true).or_else(|| widest(LEAST, false)) else { break };
        if let Some(width) = widths.get_mut(index) {
            *width -= 1;
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
            has_names: true,
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

    #[test]
    fn names_give_way_before_our_own_words() {
        let ours = TextColumn { has_names: false, ..column(Kind::Words, "Why", &["too long, not verified"]) };
        let columns = [column(Kind::Words, "Login", &["a-rather-long-login"]), ours];
        assert_eq!(lines(&columns, 37, true).1, ["a-rather-lon…  too long, not verified"]);
        assert_eq!(lines(&columns, 30, true).1, ["a-rather-lo…  too long, not v…"]);
    }
}
