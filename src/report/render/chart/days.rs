//! A column for each day, as high as it says.

use super::{Pen, canvas::LINE, scale::Scale};
use crate::report::{render::speech::amount, texts::Text};

impl Pen<'_> {
    /// Draws it; its height.
    pub(super) fn days(&mut self, column: Text) -> Option<f64> {
        let table = &self.chart.table;
        let timeline = self.timeline()?;
        let values: Vec<Option<f64>> = table.values_of(column).map(amount).collect();
        let scale = Scale::of(values.iter().flatten().copied(), 4, true);
        let frame = self.frame(&timeline, scale, self.top + 0.8 * LINE);
        let width = frame.x(1.0) - frame.x(0.0);
        let gap = if width > 5.0 { width * 0.15 } else { 0.0 };
        for (row, value) in table.rows.iter().zip(&values) {
            let (Some(day), Some(value)) = (row.first(), value) else { continue };
            let Some(place) = timeline.place(day) else { continue };
            let top = frame.y(*value);
            let told: Vec<String> = row.iter().map(|cell| self.speech.cell(cell)).collect();
            self.canvas.rectangle(
                (frame.x(place) + gap, top),
                (width - 2.0 * gap, frame.y(0.0) - top),
                &[("class", "bar")],
                &told.join(" : "),
            );
        }
        Some(frame.y(0.0) + 1.5 * LINE)
    }
}
