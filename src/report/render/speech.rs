//! Values in words, as the reader's language and screen have them: what all formats for people have in common.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::Look;
use crate::{
    report::{
        model::Report,
        sheet::{Cell, Sentence},
        texts::{self, Text},
    },
    terminal::{plain, safe},
};

/// Says values to one reader.
pub(super) struct Speech<'a> {
    /// Who reads, and how.
    pub(super) look: &'a Look,
    /// A moment in the year that goes without saying.
    pub(super) year_of: DateTime<Utc>,
}

impl<'a> Speech<'a> {
    /// Of a report: times of the year in which its period ends, as its title says, are told without the year.
    pub(super) fn of(report: &Report, look: &'a Look) -> Self {
        Self { look, year_of: report.to - TimeDelta::seconds(1) }
    }

    /// A value; names are safe to show.
    pub(super) fn cell(&self, cell: &Cell) -> String {
        let Look { language, zone, screen } = self.look;
        match cell {
            Cell::Name(name) if !name.is_empty() => self.name(name),
            Cell::Words(words) => self.words(*words),
            Cell::Number(number) => language.whole(*number, screen.unicode),
            Cell::Hours(hours) => language.hundredths(hours.hundredths(), screen.unicode),
            Cell::Length(seconds) => language.length(*seconds),
            Cell::Mean(mean) => language.signed_hundredths(mean.hundredths(), screen.unicode),
            Cell::Time(instant) => language.short_time(*instant, *zone, self.year_of),
            Cell::Day(day) => language.day(*day),
            Cell::HourOfDay(hour) => language.hour(*hour),
            Cell::Month(day) => self.in_charset(&language.month(*day)),
            Cell::Name(_) | Cell::Nothing => "-".to_owned(),
        }
    }

    /// Words with their places filled.
    pub(super) fn sentence(&self, sentence: &Sentence) -> String {
        let values: Vec<_> = sentence.places.iter().map(|(name, cell)| (*name, self.cell(cell))).collect();
        let places: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.fill(sentence.text, &places)
    }

    /// Words with their places filled.
    pub(super) fn fill(&self, text: Text, places: &[(&str, &str)]) -> String {
        self.in_charset(&text.fill(self.look.language, places))
    }

    /// What the report is, of what time.
    pub(super) fn title(&self, report: &Report) -> String {
        let Look { language, zone, .. } = self.look;
        let places = [language.time(report.from, *zone), language.time(report.to, *zone)];
        let [from, to] = &places;
        self.fill(texts::TITLE, &[("from", from), ("to", to), ("zone", zone.name())])
    }

    /// Of what time the report is: whole days, where it is of whole days.
    pub(super) fn period(&self, report: &Report) -> String {
        let Look { language, zone, .. } = self.look;
        let [from, to] = [report.from, report.to].map(|end| end.with_timezone(zone).naive_local());
        let last = to.date().pred_opt().filter(|_| [from, to].iter().all(|end| end.time() == NaiveTime::MIN));
        let [from, to] = match last {
            Some(last) if last == from.date() => return language.long_day(last),
            Some(last) => [from.date(), last].map(|day| language.long_day(day)),
            None => [report.from, report.to].map(|end| language.time(end, *zone)),
        };
        self.fill(texts::FROM_TO, &[("from", &from), ("to", &to)])
    }

    /// When the report was made, and whose its times are.
    pub(super) fn made_at(&self, report: &Report) -> String {
        let Look { language, zone, .. } = self.look;
        let at = language.time(report.generated_at, *zone);
        self.fill(texts::MADE_AT, &[("at", &at), ("zone", zone.name())])
    }

    /// Our own words.
    pub(super) fn words(&self, text: Text) -> String {
        self.in_charset(text.say(self.look.language))
    }

    /// Text from outside.
    pub(super) fn name(&self, name: &str) -> String {
        safe(name, self.look.screen.unicode)
    }

    /// Our own words as the screen can show them.
    fn in_charset(&self, text: &str) -> String {
        if self.look.screen.unicode { text.to_owned() } else { plain(text) }
    }
}

/// Whether a value stands at the right of its column.
pub(super) fn is_number(cell: &Cell) -> bool {
    matches!(
        cell,
        Cell::Number(_)
            | Cell::Hours(_)
            | Cell::Mean(_)
            | Cell::Time(_)
            | Cell::Day(_)
            | Cell::HourOfDay(_)
            | Cell::Month(_)
    )
}

/// How much a value is, if it is an amount of something.
pub(super) fn amount(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Hours(hours) => Some(hours.hundredths() as f64 / 100.0),
        Cell::Number(number) => Some(*number as f64),
        Cell::Mean(mean) => Some(mean.hundredths() as f64 / 100.0),
        Cell::Name(_)
        | Cell::Words(_)
        | Cell::Length(_)
        | Cell::Time(_)
        | Cell::Day(_)
        | Cell::HourOfDay(_)
        | Cell::Month(_)
        | Cell::Nothing => None,
    }
}
