//! `table`: sheets as plain text for people, on a terminal, on paper or in a mail.

use super::{
    Look,
    chart::Timeline,
    columns::{GAP, TextColumn, lines, natural_width, pad},
    speech::{Speech, amount, is_number},
    strokes,
};
use crate::{
    report::{
        model::Report,
        sheet::{Block, Cell, Chart, Column, Kind, Shape, Sheet, Table},
        texts::Text,
    },
    terminal::{shorten, width},
};

/// Before every line of a section.
const INDENT: &str = "  ";

/// The longest bar on so many columns, half of those beyond which it may have, too; and the shortest that is worth
/// drawing the longest as.
const USUAL_COLUMNS: usize = 80;
const LONGEST_BAR: usize = 30;
const SHORTEST_BAR: usize = 5;

/// Fewer values than that need no line of their course.
const FEWEST_POINTS: usize = 3;

const BOLD: &str = "\u{1b}[1m";
const CYAN: &str = "\u{1b}[36m";
const PLAIN: &str = "\u{1b}[0m";

/// The report as text.
pub(super) fn render(report: &Report, look: &Look) -> String {
    let page = Page { look, speech: Speech::of(report, look) };
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
    speech: Speech<'a>,
}

impl Page<'_> {
    fn title(&self, report: &Report) -> String {
        let screen = self.look.screen;
        self.paint(BOLD, &shorten(&self.speech.title(report), screen.columns, screen.unicode))
    }

    fn sheet(&self, sheet: &Sheet) -> Vec<String> {
        let mut lines = vec![self.paint(BOLD, &self.words(sheet.title).to_uppercase())];
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
            Block::Table(table) | Block::Chart(Chart { table, .. }) if table.rows.is_empty() => {
                self.wrap(&self.words(table.empty))
            }
            Block::Table(table) => self.table(table, &[]),
            Block::Chart(chart) => self.chart(chart),
            Block::Line(words) => self.wrap(&self.words(*words)),
            Block::Sentences(sentences) => {
                let said: Vec<String> =
                    sentences.iter().map(|sentence| self.speech.sentence(sentence)).collect();
                self.wrap(&said.join(" "))
            }
            Block::Message(message) => self.wrap(&self.speech.name(message)),
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

    /// A table, and beside it a bar for each row where there is room: of the column to compare, or of all of `group`.
    fn table(&self, table: &Table, group: &[Text]) -> Vec<String> {
        let cells = |index: usize| table.rows.iter().filter_map(move |row| row.get(index));
        let column = |(index, column): (usize, &Column)| TextColumn {
            kind: column.kind,
            has_names: cells(index).any(|cell| matches!(cell, Cell::Name(_))),
            heading: self.words(column.heading),
            values: cells(index).map(|cell| self.cell(cell)).collect(),
        };
        let mut columns: Vec<TextColumn> = table.columns.iter().enumerate().map(column).collect();
        if natural_width(&columns) > self.columns() {
            columns.retain(|column| column.kind != Kind::Spare);
        }
        let (mut heading, rows) = lines(&columns, self.columns(), self.look.screen.unicode);
        let longest = LONGEST_BAR + self.look.screen.columns.saturating_sub(USUAL_COLUMNS) / 2;
        let room = self.columns().saturating_sub(width(&heading) + GAP.len()).min(longest);
        let compared = table.columns.iter().position(|column| column.kind == Kind::Compared);
        let bars = match compared {
            Some(index) if room >= SHORTEST_BAR => {
                let values: Vec<f64> = cells(index).map(|cell| amount(cell).unwrap_or(0.0)).collect();
                strokes::bars(&values, room, self.look.screen.unicode)
            }
            _ if !group.is_empty() => match self.legend(group).filter(|legend| width(legend) <= room) {
                Some(legend) => {
                    heading = heading + GAP + &legend;
                    let columns: Vec<Vec<_>> =
                        group.iter().map(|column| table.values_of(*column).map(amount).collect()).collect();
                    let row = |row| columns.iter().map(|of| of.get(row).copied().flatten()).collect();
                    let rows: Vec<Vec<_>> = (0..table.rows.len()).map(row).collect();
                    strokes::groups(&rows, room, self.look.screen.unicode)
                }
                None => Vec::new(),
            },
            _ => Vec::new(),
        };
        let mut bars = bars.into_iter().map(|bar| self.paint(CYAN, &bar));
        let rows = rows.into_iter().map(|row| row + GAP + &bars.next().unwrap_or_default());
        [self.paint(BOLD, &self.words(table.title)), heading].into_iter().chain(rows).collect()
    }

    /// What the bars of a group are.
    fn legend(&self, group: &[Text]) -> Option<String> {
        let part = |(place, column): (usize, &Text)| {
            let mark = strokes::mark(place, self.look.screen.unicode)?;
            Some(format!("{mark} {}", self.words(*column)))
        };
        let parts: Option<Vec<String>> = group.iter().enumerate().map(part).collect();
        parts.map(|parts| parts.join(GAP))
    }

    /// The table, where its bars say it all; else a picture before it, or in its place.
    fn chart(&self, chart: &Chart) -> Vec<String> {
        let mut lines = match &chart.shape {
            Shape::Week => return self.week(&chart.table),
            Shape::Bars(group) if group.len() > 1 => self.table(&chart.table, group),
            _ => self.table(&chart.table, &[]),
        };
        if let Shape::Band { most: column, .. } | Shape::Days(column) = chart.shape
            && chart.table.rows.len() >= FEWEST_POINTS
        {
            let values = self.by_time(&chart.table, column);
            let line = strokes::sparkline(&values, self.columns(), self.look.screen.unicode);
            lines.insert(1, self.paint(CYAN, &line));
        }
        lines
    }

    /// The values of a column, each in its place in time: what the table leaves out is a gap.
    fn by_time(&self, table: &Table, column: Text) -> Vec<Option<f64>> {
        let times = || table.rows.iter().filter_map(|row| row.first());
        let ends = times().next().zip(times().next_back());
        let Some(line) = ends.and_then(|(first, last)| Timeline::of(first, last, self.look.zone)) else {
            return Vec::new();
        };
        let mut values = vec![None; line.count() as usize];
        for (time, cell) in times().zip(table.values_of(column)) {
            let place = line.place(time).and_then(|place| values.get_mut(place as usize));
            place.into_iter().for_each(|value| *value = amount(cell));
        }
        values
    }

    /// A line for each weekday, in which each hour is as dark as there is much in it.
    fn week(&self, table: &Table) -> Vec<String> {
        let unicode = self.look.screen.unicode;
        let days = table.columns.get(1..).unwrap_or_default();
        let labels: Vec<String> = days.iter().map(|column| self.words(column.heading)).collect();
        let label_width = labels.iter().map(|label| width(label)).max().unwrap_or(0);
        let hours = table.rows.iter().enumerate().filter(|(index, _)| index.is_multiple_of(3));
        let hours: String =
            hours.filter_map(|(_, row)| row.first()).map(|hour| pad(&self.cell(hour), 6, false)).collect();
        let values = |row: &[Cell]| row.iter().skip(1).filter_map(amount).fold(0.0, f64::max);
        let greatest = strokes::greatest(table.rows.iter().map(|row| values(row)));
        let line = |(index, label): (usize, &String)| {
            let cells = table.rows.iter().map(|row| row.get(index + 1).and_then(amount));
            let shades: String = cells.map(|value| strokes::shade(value, greatest, unicode)).collect();
            pad(label, label_width, false) + GAP + &self.paint(CYAN, &shades)
        };
        let scale = self.look.language.hundredths((greatest * 100.0).round() as u64, unicode);
        let scale = format!("{} = {scale}", strokes::shade(Some(greatest), greatest, unicode));
        [self.paint(BOLD, &self.words(table.title)), " ".repeat(label_width) + GAP + &hours]
            .into_iter()
            .chain(labels.iter().enumerate().map(line))
            .chain([" ".repeat(label_width) + GAP + &scale])
            .collect()
    }

    fn cell(&self, cell: &Cell) -> String {
        self.speech.cell(cell)
    }

    fn words(&self, text: Text) -> String {
        self.speech.words(text)
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::report::{language::Language, model::uses::Hours, screen::Screen, texts};

    fn look(columns: usize, unicode: bool, colour: bool) -> Look {
        let screen = Screen { columns, unicode, colour };
        Look { language: Language::Fr, zone: chrono_tz::Europe::Paris, screen }
    }

    fn table(look: &Look, rows: &[(&str, u64)]) -> Vec<String> {
        let page = Page { look, speech: Speech { look, year_of: DateTime::UNIX_EPOCH } };
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
    fn a_wide_screen_has_longer_bars() {
        for (columns, longest) in [(80, 30), (120, 50), (160, 70)] {
            let shown = table(&look(columns, true, false), &[("Studio", 8)]);
            assert_eq!(shown[2].matches('█').count(), longest, "{columns} columns");
        }
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
        let page = Page { look: &look, speech: Speech { look: &look, year_of: DateTime::UNIX_EPOCH } };
        let shown = page.block(&Block::Message(
            "cannot reach\u{1b}[31m Redis at redis://192.168.100.100:6379/".to_owned(),
        ));
        assert_eq!(shown, ["cannot", "reach\\u{1b}[31m", "Redis at", "redis://192.168.1..."]);
    }
}
