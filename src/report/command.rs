//! One run of stats-report: nothing is written but the report, and the note that it ran.

use std::path::{Path, PathBuf};

use chrono::SubsecRound;

use super::{
    Format, Language, Moment, Section,
    model::{self, Question, Report},
    output,
    period::Period,
    render::{
        Look, csv,
        mail::{self, Envelope},
    },
    screen::Screen,
};
use crate::{
    cli::Context,
    clock::Clock,
    failure::{Failure, Result, Status},
    mysql::{Link, RunRecord, Server, schema},
};

/// The name of the command, for its record of runs.
const COMMAND: &str = "stats-report";

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
    /// A mail instead: to these addresses, or if there are none to those of the configuration.
    pub mail: Option<Vec<String>>,
    /// Where to; none: standard output. Of CSV a folder.
    pub output: Option<PathBuf>,
    /// Of words and numbers; none: that of the locale.
    pub language: Option<Language>,
    /// How long rankings are; none: each has its usual length.
    pub top: Option<usize>,
    /// Whether it leaves out who people are.
    pub anonymous: bool,
}

/// Collects, renders and writes the report.
///
/// # Errors
/// [`Status::Usage`] for a period that is none, [`Status::Config`] if the tables are missing, those of the database and of Redis,
/// and [`Status::CannotCreate`] or [`Status::Io`] if the report cannot be written. What keeps a section, and not all, is
/// an error after the report of the others.
pub fn run(context: &Context, request: &Request) -> Result<Status> {
    // Fractions of a second would only show up in the JSON.
    let clock = context.clock()?;
    let clock = Clock { now: clock.now.trunc_subsecs(0), ..clock };
    let record = RunRecord::begin(COMMAND, clock.now).if_allowed();
    let period = Period::new(request.from, request.to, &clock)?;
    let folder = request.folder()?;
    let server = Server::new(&context.config.mysql)?.only_read();
    schema::require(&server)?;
    let question = Question {
        sections: &request.sections,
        period,
        now: clock.now,
        zone: clock.zone,
        top: request.top,
        with_runs: request.format == Format::Prometheus,
    };
    let look = Look {
        language: request.language.unwrap_or_else(Language::of_environment),
        zone: clock.zone,
        screen: Screen::of_environment(request.output.is_none()),
    };
    let counts = |sections: &u64| vec![("sections", *sections)];
    record.keep(&mut Link::new(&server), counts, |link| {
        let mut report = model::collect(link, &context.config, &question)?;
        if let Some(gap) = report.gaps.first().filter(|_| report.is_kept()) {
            return Err(gap.failure());
        }
        let gaps = report.gaps.clone();
        if request.anonymous {
            report = report.anonymous();
        }
        match folder {
            Some(folder) => output::write_into(folder, &csv::files(&report)?)?,
            None => output::write(&text(context, request, &report, &look)?, request.output.as_deref())?,
        }
        // The first failure is what the run ends with; of the others, those that say something else are told, too.
        let Some((first, others)) = gaps.split_first() else { return Ok(report.sections()) };
        let mut told = vec![&first.why];
        for other in others {
            if !told.contains(&&other.why) {
                log::error!("{}", other.why);
                told.push(&other.why);
            }
        }
        Err(first.failure())
    })?;
    Ok(Status::Done)
}

impl Request {
    /// The folder into which the report goes, if its format has many files.
    fn folder(&self) -> Result<Option<&Path>> {
        let output = self.output.as_deref().filter(|output| *output != Path::new("-"));
        let is_one = self.sections.first().is_some_and(|first| self.sections.iter().all(|all| all == first));
        match (self.format, output) {
            (Format::Csv, None) if !is_one => Err(Failure::new(
                Status::Usage,
                "--format csv prints one section: name it (stats-report sessions --format csv), or have a file \
                 made for each one in a folder with --output DIR",
            )),
            (Format::Csv, output) => Ok(output),
            _ => Ok(None),
        }
    }
}

/// What one file or standard output gets.
fn text(context: &Context, request: &Request, report: &Report, look: &Look) -> Result<String> {
    match &request.mail {
        Some(to) => mail::render(report, look, &envelope(context, to)),
        None => request.format.render(report, look),
    }
}

fn envelope(context: &Context, to: &[String]) -> Envelope {
    let settings = &context.config.report;
    let to = if to.is_empty() { settings.mail_to.clone() } else { to.to_vec() };
    let host = hostname::get().unwrap_or_default().to_string_lossy().into_owned();
    // Whatever a host may be called, it is a part of a line.
    let is_fine = |character: &char| character.is_ascii_alphanumeric() || "-.".contains(*character);
    let host = Some(host.chars().filter(is_fine).collect::<String>()).filter(|host| !host.is_empty());
    Envelope { from: settings.mail_from.clone(), to, host: host.unwrap_or_else(|| "localhost".to_owned()) }
}
