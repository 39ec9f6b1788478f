//! A bar for each row, or a group of them.

use super::{
    Pen,
    canvas::{Anchor, LINE, text_width},
    scale::Scale,
};
use crate::{
    report::{
        render::speech::amount,
        sheet::Cell,
        texts::{self, Text},
    },
    terminal::shorten,
};

/// Most rows that are drawn.
const MOST: usize = 24;

/// Height of a bar of its own, and of one in a group.
const BAR: f64 = 16.0;
const THIN_BAR: f64 = 11.0;

impl Pen<'_> {
    /// Draws it; its height.
    pub(super) fn bars(&mut self, columns: &[Text]) -> Option<f64> {
        let table = &self.chart.table;
        let values: Vec<Vec<&Cell>> =
            columns.iter().map(|column| table.values_of(*column).collect()).collect();
        if table.rows.is_empty() || values.iter().any(Vec::is_empty) {
            return None;
        }
        let is_group = columns.len() > 1;
        // Rows in the order of time: the last ones. Others have the greatest first.
        let first = if is_group { table.rows.len().saturating_sub(MOST) } else { 0 };
        let drawn = first..table.rows.len().min(first + MOST);
        let cells = |row: usize| values.iter().map(move |column| column.get(row).copied());
        let amounts = drawn.clone().flat_map(cells).flatten().filter_map(amount);
        let whole = values.iter().flatten().any(|cell| matches!(cell, Cell::Number(_)));
        let scale = Scale::of(amounts, if self.width < 500.0 { 4 } else { 5 }, whole);

        let names: Vec<String> = drawn.clone().map(|row| self.name_of(row, is_group)).collect();
        let widest = names.iter().map(|name| text_width(name)).fold(0.0, f64::max) + 16.0;
        let left = if is_group { 8.0 } else { widest.min(self.width * 0.36) };
        let told = values.iter().flatten().map(|cell| text_width(&self.speech.cell(cell)));
        let right = self.width - told.fold(0.0, f64::max) - 14.0;
        let mut y = self.top;
        if is_group {
            self.legend_of_bars(columns);
            y += 1.5 * LINE;
        }
        let height = if is_group { THIN_BAR } else { BAR };
        let pitch = if is_group { LINE + columns.len() as f64 * (height + 2.0) + 8.0 } else { height + 10.0 };
        let bottom = y + drawn.len() as f64 * pitch;
        let x = |value: f64| left + (right - left) * scale.place(value);
        for tick in scale.ticks() {
            let class = if tick == 0.0 { "base" } else { "grid" };
            self.canvas.line((x(tick), y), (x(tick), bottom), class);
            let label = scale.label(tick, self.speech.look.language);
            self.canvas.text((x(tick), bottom + 15.0), Anchor::Middle, "soft", &label);
        }
        for (row, name) in drawn.clone().zip(&names) {
            let room = if is_group { self.width - 16.0 } else { left - 8.0 };
            let name = shorten(name, (room / text_width("x")) as usize, true);
            let mut bar_y = y + 5.0;
            if is_group {
                self.canvas.text((left + 4.0, y + 13.0), Anchor::Start, "label", &name);
                bar_y = y + LINE;
            } else {
                self.canvas.text((left - 6.0, bar_y + 12.0), Anchor::End, "label", &name);
            }
            for (series, cell) in cells(row).enumerate() {
                let Some((cell, value)) = cell.and_then(|cell| Some((cell, amount(cell)?))) else {
                    bar_y += height + 2.0;
                    continue;
                };
                let class = if is_group { format!("bar-{series}") } else { "bar".to_owned() };
                let (from, to) = (x(value.min(0.0)), x(value.max(0.0)));
                self.canvas.rectangle((from, bar_y), (to - from, height), &[("class", &class)], "");
                let said = self.speech.cell(cell);
                self.canvas.text((to + 5.0, bar_y + height / 2.0 + 4.0), Anchor::Start, "label", &said);
                bar_y += height + 2.0;
            }
            y += pitch;
        }
        let unit = self.speech.words(self.chart.unit);
        self.canvas.text(((left + right) / 2.0, bottom + 32.0), Anchor::Middle, "soft", &unit);
        Some(self.part_of_all(drawn.len(), bottom + 32.0))
    }

    /// What a row is of; in a group of bars, with its time.
    fn name_of(&self, row: usize, with_time: bool) -> String {
        let row = self.chart.table.rows.get(row).map(Vec::as_slice).unwrap_or_default();
        let name = row.first().map(|cell| self.speech.cell(cell)).unwrap_or_default();
        match row.get(1) {
            Some(time @ Cell::Time(_)) if with_time => format!("{name} · {}", self.speech.cell(time)),
            _ => name,
        }
    }

    /// Says where rows were left out; the height of it all.
    fn part_of_all(&mut self, shown: usize, y: f64) -> f64 {
        let all = self.chart.table.rows.len();
        if shown == all {
            return y + 8.0;
        }
        let [shown, all] = [shown, all].map(|number| number.to_string());
        let said = self.speech.fill(texts::PART_OF_ALL, &[("shown", &shown), ("all", &all)]);
        self.canvas.text((8.0, y + LINE), Anchor::Start, "soft", &said);
        y + LINE + 8.0
    }

    fn legend_of_bars(&mut self, columns: &[Text]) {
        let y = self.top + 12.0;
        let mut x = 8.0;
        for (series, column) in columns.iter().enumerate() {
            let class = format!("bar-{series}");
            self.canvas.rectangle((x, y - 9.0), (16.0, 10.0), &[("class", &class)], "");
            let words = self.speech.words(*column);
            self.canvas.text((x + 22.0, y), Anchor::Start, "label", &words);
            x += 22.0 + text_width(&words) + 14.0;
        }
    }
}
