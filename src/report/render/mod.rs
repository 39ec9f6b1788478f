//! One renderer a format. Formats for people are made of sheets, formats for machines of the models.

mod chart;
mod columns;
pub mod csv;
mod html;
mod json;
pub mod mail;
mod mail_page;
mod markup;
mod png;
mod prometheus;
mod speech;
mod strokes;
mod table;

use chrono_tz::Tz;
use clap::ValueEnum;

use super::{language::Language, model::Report, screen::Screen};
use crate::failure::Result;

/// A form in which a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: tables that fit the terminal
    Table,
    /// For machines: one object, a key for each section
    Json,
    /// For people: a page with charts, for browsers and paper
    Html,
    /// For spreadsheets: the main list of one section, or all of a report as files in the folder of --output
    Csv,
    /// For the textfile collector of Prometheus: what can be measured
    Prometheus,
}

/// How people read it. Formats for machines do not look at it.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Of words and numbers.
    pub language: Language,
    /// Of times.
    pub zone: Tz,
    /// What the reader's side can show.
    pub screen: Screen,
}

impl Format {
    /// The whole report, with a line break at its end.
    ///
    /// # Errors
    /// [`crate::failure::Status::Io`] if the format cannot hold a value.
    pub fn render(self, report: &Report, look: &Look) -> Result<String> {
        match self {
            Self::Table => Ok(table::render(report, look)),
            Self::Json => json::render(report),
            Self::Html => Ok(html::render(report, look)),
            Self::Csv => csv::render(report),
            Self::Prometheus => Ok(prometheus::render(report)),
        }
    }
}
