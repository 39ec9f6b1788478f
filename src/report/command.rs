//! One run of stats-report: nothing is written but the report.

use std::path::PathBuf;

use chrono::SubsecRound;

use super::{
    Format, Language, Moment, Section,
    model::{self, Question},
    output,
    period::Period,
    render::Look,
    screen::Screen,
};
use crate::{
    cli::Context,
    clock::Clock,
    failure::{Result, Status},
    mysql::{Server, schema},
};

/// What the command line asks for.
#[derive(Debug)]
pub struct Request {
    /// The sections; none: all that have data.
    pub sections: Vec<Section>,
    /// Begin of the period; none: midnight 30 days before its end.
    pub from: Option<Moment>,
    /// End of the period; none: now.
    pub to: Option<Moment>,
    /// How it is written.
    pub format: Format,
    /// Where to; none: standard output.
    pub output: Option<PathBuf>,
    /// Of words and numbers; none: that of the locale.
    pub language: Option<Language>,
    /// How long rankings are; none: each has its usual length.
    pub top: Option<usize>,
}

/// Collects, renders and writes the report.
///
/// # Errors
/// [`Status::Usage`] for a period that is none, [`Status::Config`] if the tables are missing, those of the database and of Redis,
/// and [`Status::CannotCreate`] or [`Status::Io`] if the report cannot be written.
pub fn run(context: &Context, request: &Request) -> Result<Status> {
    // Fractions of a second would only show up in the JSON.
    let clock = context.clock()?;
    let clock = Clock { now: clock.now.trunc_subsecs(0), ..clock };
    let period = Period::new(request.from, request.to, &clock)?;
    let server = Server::new(&context.config.mysql)?;
    schema::require(&server)?;
    let question =
        Question { sections: &request.sections, period, now: clock.now, zone: clock.zone, top: request.top };
    let report = model::collect(&server, &context.config, &question)?;
    let look = Look {
        language: request.language.unwrap_or_else(Language::of_environment),
        zone: clock.zone,
        screen: Screen::of_environment(request.output.is_none()),
    };
    output::write(&request.format.render(&report, &look)?, request.output.as_deref())?;
    Ok(Status::Done)
}
