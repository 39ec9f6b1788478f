//! The hours of a week: the darker, the more.

use super::{
    Pen,
    canvas::{Anchor, LINE, text_width},
};
use crate::report::{
    render::{speech::amount, strokes::greatest},
    sheet::Cell,
};

/// What an hour in which nothing was is as dark as.
const LIGHTEST: f64 = 0.05;

/// Shades of the legend.
const SHADES: u32 = 5;

impl Pen<'_> {
    /// Draws it; its height.
    pub(super) fn week(&mut self) -> Option<f64> {
        let (table, speech) = (&self.chart.table, self.speech);
        let days = table.columns.get(1..)?;
        let labels: Vec<String> = days.iter().map(|column| speech.words(column.heading)).collect();
        let left = labels.iter().map(|label| text_width(label)).fold(0.0, f64::max) + 12.0;
        let width = (self.width - left - 8.0) / table.rows.len().max(1) as f64;
        let height = width.min(26.0);
        let most = greatest(table.rows.iter().flatten().filter_map(amount));
        for (line, label) in labels.iter().enumerate() {
            let y = self.top + line as f64 * height;
            self.canvas.text((left - 6.0, y + height / 2.0 + 4.0), Anchor::End, "soft", label);
            for (hour, row) in table.rows.iter().enumerate() {
                let x = left + hour as f64 * width;
                let name = row.first().map(|hour| speech.cell(hour)).unwrap_or_default();
                let cell = row.get(line + 1).unwrap_or(&Cell::Nothing);
                let told = format!("{label} {name} : {}", speech.cell(cell));
                self.square((x, y), (width, height), amount(cell).map(|value| value / most), &told);
            }
        }
        let bottom = self.top + labels.len() as f64 * height;
        let last = table.rows.last().and_then(|row| row.first()).map(|hour| speech.cell(hour));
        let apart = if 3.0 * width > text_width(&last.unwrap_or_default()) + 4.0 { 3 } else { 6 };
        for (hour, row) in table.rows.iter().enumerate().filter(|(hour, _)| hour.is_multiple_of(apart)) {
            let x = left + (hour as f64 + 0.5) * width;
            let name = row.first().map(|hour| speech.cell(hour)).unwrap_or_default();
            self.canvas.text((x, bottom + 14.0), Anchor::Middle, "soft", &name);
        }
        self.scale_of_shades((left, bottom + 2.0 * LINE), most);
        Some(bottom + 2.5 * LINE)
    }

    /// An hour that is `part` as much as the greatest one, or of which nothing is known.
    fn square(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), part: Option<f64>, told: &str) {
        let (place, size) = ((x + 1.0, y + 1.0), (width - 2.0, height - 2.0));
        match part {
            Some(part) => {
                let opacity = format!("{:.2}", LIGHTEST + (1.0 - LIGHTEST) * part.clamp(0.0, 1.0));
                self.canvas.rectangle(place, size, &[("class", "heat"), ("fill-opacity", &opacity)], told);
            }
            None => self.canvas.rectangle(place, size, &[("class", "none")], told),
        }
    }

    fn scale_of_shades(&mut self, (x, y): (f64, f64), most: f64) {
        let language = self.speech.look.language;
        let least = language.whole(0, true);
        self.canvas.text((x, y + 4.0), Anchor::Start, "soft", &least);
        let x = x + text_width(&least) + 4.0;
        for shade in 0..SHADES {
            let part = f64::from(shade) / f64::from(SHADES - 1);
            self.square((x + f64::from(shade) * 18.0, y - 7.0), (18.0, 14.0), Some(part), "");
        }
        let x = x + f64::from(SHADES) * 18.0 + 6.0;
        let most = language.signed_hundredths((most * 100.0).round() as i64, true);
        let unit = self.speech.words(self.chart.unit);
        self.canvas.text((x, y + 4.0), Anchor::Start, "soft", &format!("{most} · {unit}"));
    }
}
