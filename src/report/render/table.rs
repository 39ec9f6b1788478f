//! `table`: sheets as plain text for people, on a terminal, on paper or in a mail.

use chrono::{DateTime, Utc};

use super::{
    Look,
    columns::{GAP, TextColumn, lines, pad},
};
use crate::{
    report::{
        model::Report,
        sheet::{Block, Cell, Kind, Sentence, Sheet, Table},
        texts::{self, Text},
    },
    terminal::{plain, safe, shorten, width},
};

/// Before every line of a section.
const INDENT: &str = "  ";

/// The longest bar, and the shortest that is worth drawing the longest as.
const LONGEST_BAR: usize = 30;
const SHORTEST_BAR: usize = 5;

/// One to seven eighths of a column.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

const BOLD: &str = "\u{1b}[1m";
const CYAN: &str = "\u{1b}[36m";
const PLAIN: &str = "\u{1b}[0m";

/// The report as text.
pub(super) fn render(report: &Report, look: &Look) -> String {
    let page = Page { look, now: report.generated_at };
    let mut text = page.title(report) + "\n";
    for sheet in report.sheets() {
        text.push('\n');
        for line in page.sheet(&sheet) {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// What all lines have in common.
struct Page<'a> {
    look: &'a Look,
    now: DateTime<Utc>,
}

impl Page<'_> {
    fn title(&self, report: &Report) -> String {
        let Look { language, zone, screen } = self.look;
        let places = [
            ("from", language.time(report.from, *zone)),
            ("to", language.time(report.to, *zone)),
            ("zone", zone.name().to_owned()),
        ];
        let title =
            texts::TITLE.fill(*language, &places.each_ref().map(|(name, text)| (*name, text.as_str())));
        self.paint(BOLD, &shorten(&self.in_charset(&title), screen.columns, screen.unicode))
    }

    fn sheet(&self, sheet: &Sheet) -> Vec<String> {
        let heading = self.in_charset(&sheet.title.say(self.look.language).to_uppercase());
        let mut lines = vec![self.paint(BOLD, &heading)];
        for (index, block) in sheet.blocks.iter().enumerate() {
            if index > 0 {
                lines.push(String::new());
            }
            lines.extend(self.block(block).into_iter().map(|line| INDENT.to_owned() + &line));
        }
        lines
    }

    fn block(&self, block: &Block) -> Vec<String> {
        match block {
            Block::Figures(figures) => self.figures(figures),
            Block::Table(table) if table.rows.is_empty() => self.wrap(&self.words(table.empty)),
            Block::Table(table) => self.table(table),
            Block::Line(words) => self.wrap(&self.words(*words)),
            Block::Sentences(sentences) => {
                let said: Vec<String> = sentences.iter().map(|sentence| self.sentence(sentence)).collect();
                self.wrap(&said.join(" "))
            }
            Block::Message(message) => self.wrap(&self.name(message)),
        }
    }

    /// Values behind what they are: numbers at the right of their column, words at its left.
    fn figures(&self, figures: &[(Text, Cell)]) -> Vec<String> {
        let labels: Vec<String> = figures.iter().map(|(label, _)| self.words(*label)).collect();
        let values: Vec<String> = figures.iter().map(|(_, value)| self.cell(value)).collect();
        let label_width = labels.iter().map(|label| width(label)).max().unwrap_or(0);
        let numbers = figures.iter().zip(&values).filter(|((_, cell), _)| is_number(cell));
        let number_width = numbers.map(|(_, value)| width(value)).max().unwrap_or(0);
        let room = self.columns().saturating_sub(label_width + GAP.len());
        figures
            .iter()
            .zip(labels.iter().zip(&values))
            .map(|((_, cell), (label, value))| {
                let value = shorten(value, room, self.look.screen.unicode);
                pad(label, label_width, false) + GAP + &pad(&value, number_width, is_number(cell))
            })
            .collect()
    }

    fn table(&self, table: &Table) -> Vec<String> {
        let cells = |index: usize| table.rows.iter().filter_map(move |row| row.get(index));
        let columns: Vec<TextColumn> = table
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| TextColumn {
                kind: column.kind,
                heading: self.words(column.heading),
                values: cells(index).map(|cell| self.cell(cell)).collect(),
            })
            .collect();
        let (heading, rows) = lines(&columns, self.columns(), self.look.screen.unicode);
        let room = self.columns().saturating_sub(width(&heading) + GAP.len()).min(LONGEST_BAR);
        let compared = table.columns.iter().position(|column| column.kind == Kind::Compared);
        let bars = match compared {
            Some(index) if room >= SHORTEST_BAR => self.bars(&cells(index).collect::<Vec<_>>(), room),
            _ => Vec::new(),
        };
        let mut bars = bars.into_iter();
        let rows = rows.into_iter().map(|row| row + GAP + &bars.next().unwrap_or_default());
        [self.paint(BOLD, &self.words(table.title)), heading].into_iter().chain(rows).collect()
    }

    /// A bar for each value; the greatest value has the longest, and none but nothing has none.
    fn bars(&self, cells: &[&Cell], longest: usize) -> Vec<String> {
        let values: Vec<u64> = cells.iter().map(|cell| size(cell)).collect();
        let greatest = values.iter().copied().max().unwrap_or(0).max(1);
        let parts = if self.look.screen.unicode { 8 } else { 1 };
        let bar = |value: u64| {
            let length =
                (u128::from(value) * (longest * parts) as u128).div_ceil(u128::from(greatest)) as usize;
            if parts == 1 {
                return "#".repeat(length);
            }
            let part = (length % parts).checked_sub(1).and_then(|eighth| EIGHTHS.get(eighth));
            "█".repeat(length / parts) + &part.map(char::to_string).unwrap_or_default()
        };
        values.into_iter().map(|value| self.paint(CYAN, &bar(value))).collect()
    }

    fn cell(&self, cell: &Cell) -> String {
        let Look { language, zone, screen } = self.look;
        match cell {
            Cell::Name(name) if !name.is_empty() => self.name(name),
            Cell::Words(words) => self.words(*words),
            Cell::Number(number) => language.whole(*number, screen.unicode),
            Cell::Hours(hours) => language.hundredths(hours.hundredths(), screen.unicode),
            Cell::Length(seconds) => language.length(*seconds),
            Cell::Mean(mean) => language.signed_hundredths(mean.hundredths(), screen.unicode),
            Cell::Time(instant) => language.short_time(*instant, *zone, self.now),
            Cell::Day(day) => language.day(*day),
            Cell::Name(_) | Cell::Nothing => "-".to_owned(),
        }
    }

    /// Words with their places filled.
    fn sentence(&self, sentence: &Sentence) -> String {
        let values: Vec<_> = sentence.places.iter().map(|(name, cell)| (*name, self.cell(cell))).collect();
        let places: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.in_charset(&sentence.text.fill(self.look.language, &places))
    }

    fn words(&self, text: Text) -> String {
        self.in_charset(text.say(self.look.language))
    }

    fn name(&self, name: &str) -> String {
        safe(name, self.look.screen.unicode)
    }

    /// Our own words as the screen can show them.
    fn in_charset(&self, text: &str) -> String {
        if self.look.screen.unicode { text.to_owned() } else { plain(text) }
    }

    /// Lines of whole words; a word that is longer than a line is shortened.
    fn wrap(&self, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let word = shorten(word, self.columns(), self.look.screen.unicode);
            match lines.last_mut() {
                Some(line) if width(line) + 1 + width(&word) <= self.columns() => {
                    line.push(' ');
                    line.push_str(&word);
                }
                _ => lines.push(word),
            }
        }
        lines
    }

    /// Columns of a line behind its indent.
    fn columns(&self) -> usize {
        self.look.screen.columns.saturating_sub(INDENT.len())
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.look.screen.colour && !text.is_empty() {
            format!("{colour}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }
}

/// Whether a value stands at the right of its column.
fn is_number(cell: &Cell) -> bool {
    matches!(cell, Cell::Number(_) | Cell::Hours(_) | Cell::Mean(_) | Cell::Time(_) | Cell::Day(_))
}

/// What the length of a bar is made of.
fn size(cell: &Cell) -> u64 {
    match cell {
        Cell::Hours(hours) => hours.hundredths(),
        Cell::Number(number) => u64::try_from(*number).unwrap_or(0),
        Cell::Mean(mean) => u64::try_from(mean.hundredths()).unwrap_or(0),
        Cell::Name(_) | Cell::Words(_) | Cell::Length(_) | Cell::Time(_) | Cell::Day(_) | Cell::Nothing => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{language::Language, model::uses::Hours, screen::Screen, sheet::Column};

    fn look(columns: usize, unicode: bool, colour: bool) -> Look {
        let screen = Screen { columns, unicode, colour };
        Look { language: Language::Fr, zone: chrono_tz::Europe::Paris, screen }
    }

    fn table(look: &Look, rows: &[(&str, u64)]) -> Vec<String> {
        let page = Page { look, now: DateTime::UNIX_EPOCH };
        let row = |(name, hours): &(&str, u64)| {
            vec![Cell::Name((*name).to_owned()), Cell::Hours(Hours::of_seconds(hours * 3_600))]
        };
        page.block(&Block::Table(Table {
            title: texts::HOURS_BY_ROOM,
            columns: vec![Column::words(texts::ROOM), Column::compared(texts::HOURS)],
            rows: rows.iter().map(row).collect(),
            empty: texts::NO_ROOMS,
        }))
    }

    #[test]
    fn bars_are_as_long_as_the_greatest_value_allows() {
        let shown = table(&look(30, true, false), &[("Studio", 8), ("Accueil", 3), ("Cave", 0)]);
        assert_eq!(
            shown,
            [
                "Heures d'utilisation par salle",
                "Salle    Heures",
                "Studio     8,00  ███████████",
                "Accueil    3,00  ████▏",
                "Cave       0,00  ",
            ]
        );
        let shown = table(&look(30, false, false), &[("Studio", 800), ("Accueil", 1)]);
        assert_eq!(shown[2..], ["Studio   800,00  ###########", "Accueil    1,00  #"]);
        assert_eq!(table(&look(20, true, false), &[("Studio", 8)])[2], "Studio    8,00  ");
    }

    #[test]
    fn colour_is_put_on_after_everything_was_measured() {
        let shown = table(&look(30, true, true), &[("田中", 1), ("Cave", 0)]);
        assert_eq!(shown[0], "\u{1b}[1mHeures d'utilisation par salle\u{1b}[0m");
        assert_eq!(shown[2], "田中     1,00  \u{1b}[36m█████████████\u{1b}[0m");
        assert_eq!(shown[3], "Cave     0,00  ");
    }

    #[test]
    fn a_table_without_rows_is_one_line() {
        assert_eq!(table(&look(80, true, false), &[]), ["Il n'y a pas de salle."]);
    }

    #[test]
    fn messages_are_wrapped_and_safe() {
        let look = look(22, false, false);
        let page = Page { look: &look, now: DateTime::UNIX_EPOCH };
        let shown = page.block(&Block::Message(
            "cannot reach\u{1b}[31m Redis at redis://192.168.100.100:6379/".to_owned(),
        ));
        assert_eq!(shown, ["cannot", "reach\\u{1b}[31m", "Redis at", "redis://192.168.1..."]);
    }
}
