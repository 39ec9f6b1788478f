//! How many at once in the course of time: a band from the fewest to the most, the mean, and the limit.

use super::{
    Pen,
    canvas::{Anchor, LINE, number, text_width},
    scale::Scale,
    timeline::Timeline,
};
use crate::report::{render::speech::amount, sheet::Cell, texts::Text};

const HEIGHT: f64 = 200.0;

/// A limit so many times as high as the most is out of the picture: the band would be flat.
const HIGHEST_LIMIT: f64 = 3.0;

/// One step: where it is, the fewest, the mean, the most, and the limit.
struct Step {
    place: f64,
    values: Option<[f64; 3]>,
    limit: Option<f64>,
}

/// The frame of a picture over time.
pub(super) struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    count: f64,
    scale: Scale,
}

impl Frame {
    /// Where a step begins; the next one begins where it ends.
    pub(super) fn x(&self, place: f64) -> f64 {
        self.left + (self.right - self.left) * place / self.count
    }

    /// How high a value is.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * self.scale.place(value)
    }
}

impl Pen<'_> {
    /// Draws it; its height.
    pub(super) fn band(&mut self, [fewest, mean, most, limit]: [Text; 4]) -> Option<f64> {
        let table = &self.chart.table;
        let timeline = self.timeline()?;
        let column = |text: Text| table.values_of(text).map(amount).collect::<Vec<_>>();
        let columns = [fewest, mean, most].map(column);
        let limits = column(limit);
        let steps = table.rows.iter().enumerate().filter_map(|(index, row)| {
            let value = |column: &Vec<Option<f64>>| column.get(index).copied().flatten();
            let [fewest, mean, most] = columns.each_ref().map(value);
            let values = fewest.zip(mean).zip(most).map(|((fewest, mean), most)| [fewest, mean, most]);
            Some(Step { place: timeline.place(row.first()?)?, values, limit: value(&limits) })
        });
        let steps: Vec<Step> = steps.collect();

        let values = || steps.iter().filter_map(|step| step.values).flatten();
        let highest = values().fold(0.0, f64::max);
        let drawn = |limit: &f64| *limit <= HIGHEST_LIMIT * highest.max(1.0);
        let limits = steps.iter().filter_map(|step| step.limit).filter(drawn);
        let scale = Scale::of(values().chain(limits), 4, true);
        let legend = [("band", fewest, Some(most)), ("mean", mean, None), ("limit", limit, None)];
        let has_limit = steps.iter().any(|step| step.limit.is_some());
        self.legend(&legend[..if has_limit { 3 } else { 2 }], &steps);
        let frame = self.frame(&timeline, scale, self.top + 2.2 * LINE);

        let runs = || steps.chunk_by(|one, next| next.place - one.place < 1.5);
        for run in runs() {
            let known: Vec<(f64, [f64; 3])> =
                run.iter().filter_map(|step| Some((step.place, step.values?))).collect();
            for known in known.chunk_by(|one, next| next.0 - one.0 < 1.5) {
                let edge = |index: usize| known.iter().map(move |(place, values)| (*place, values[index]));
                let upper = stairs(&frame, edge(2));
                let lower = stairs(&frame, edge(0));
                let back: Vec<_> = lower.iter().rev().copied().collect();
                self.canvas.path("band", &(path(&upper) + &path(&back).replacen('M', "L", 1) + "Z"));
            }
            for known in known.chunk_by(|one, next| next.0 - one.0 < 1.5) {
                let line = stairs(&frame, known.iter().map(|(place, values)| (*place, values[1])));
                self.canvas.path("mean", &path(&line));
            }
            let limits: Vec<(f64, f64)> =
                run.iter().filter_map(|step| Some((step.place, step.limit.filter(drawn)?))).collect();
            for limits in limits.chunk_by(|one, next| next.0 - one.0 < 1.5) {
                self.canvas.path("limit", &path(&stairs(&frame, limits.iter().copied())));
            }
        }
        Some(frame.bottom + 1.5 * LINE)
    }

    /// The time axis of the table's first column.
    pub(super) fn timeline(&self) -> Option<Timeline> {
        let rows = &self.chart.table.rows;
        let step = |row: Option<&Vec<Cell>>| row.and_then(|row| row.first()).cloned();
        Timeline::of(&step(rows.first())?, &step(rows.last())?, self.speech.look.zone)
    }

    /// Both axes, with their lines and what is written at them.
    pub(super) fn frame(&mut self, timeline: &Timeline, scale: Scale, top: f64) -> Frame {
        let language = self.speech.look.language;
        let labels: Vec<(f64, String)> =
            scale.ticks().into_iter().map(|tick| (tick, scale.label(tick, language))).collect();
        let widest = labels.iter().map(|(_, label)| text_width(label)).fold(0.0, f64::max);
        let unit = self.speech.words(self.chart.unit);
        self.canvas.text((8.0, top), Anchor::Start, "soft", &unit);
        let top = top + 0.8 * LINE;
        let frame = Frame {
            left: widest + 16.0,
            right: self.width - 10.0,
            top,
            bottom: top + HEIGHT,
            count: timeline.count(),
            scale,
        };
        for (tick, label) in labels {
            let y = frame.y(tick);
            let class = if tick == 0.0 { "base" } else { "grid" };
            self.canvas.line((frame.left, y), (frame.right, y), class);
            self.canvas.text((frame.left - 6.0, y + 4.0), Anchor::End, "soft", &label);
        }
        let room = frame.right - frame.left;
        for (place, label) in timeline.ticks((room / 66.0) as usize, language) {
            let x = frame.x(place + 0.5);
            // What would hang over the edge is moved in.
            let half = text_width(&label) / 2.0;
            let text_x = x.clamp(half, (self.width - half).max(half));
            self.canvas.line((x, frame.bottom), (x, frame.bottom + 4.0), "base");
            self.canvas.text((text_x, frame.bottom + 17.0), Anchor::Middle, "soft", &label);
        }
        frame
    }

    /// What the lines and the band are; the limit with its number, as it may be out of the picture.
    fn legend(&mut self, entries: &[(&str, Text, Option<Text>)], steps: &[Step]) {
        let y = self.top + 12.0;
        let mut x = 8.0;
        for (class, text, until) in entries {
            let mut words = self.speech.words(*text);
            if let Some(until) = until {
                words = format!("{words} – {}", self.speech.words(*until));
                self.canvas.rectangle((x, y - 9.0), (16.0, 10.0), &[("class", class)], "");
            } else {
                self.canvas.line((x, y - 4.0), (x + 16.0, y - 4.0), class);
            }
            if *class == "limit" {
                let limits = || steps.iter().filter_map(|step| step.limit);
                let ends = [limits().fold(f64::INFINITY, f64::min), limits().fold(0.0, f64::max)];
                let [least, most] = ends.map(|end| self.speech.look.language.whole(end.round() as i64, true));
                words += &if least == most { format!(" {most}") } else { format!(" {least} – {most}") };
            }
            self.canvas.text((x + 22.0, y), Anchor::Start, "label", &words);
            x += 22.0 + text_width(&words) + 16.0;
        }
    }
}

/// The corners of values that hold from the begin of their step to its end.
fn stairs(frame: &Frame, steps: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    steps
        .flat_map(|(place, value)| {
            let y = frame.y(value);
            [(frame.x(place), y), (frame.x(place + 1.0), y)]
        })
        .collect()
}

fn path(corners: &[(f64, f64)]) -> String {
    let corner = |(index, (x, y)): (usize, &(f64, f64))| {
        let letter = if index == 0 { "M" } else { "L" };
        format!("{letter}{} {}", number(*x), number(*y))
    };
    corners.iter().enumerate().map(corner).collect()
}
