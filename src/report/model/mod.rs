//! The figures of a report: one file a section.
//!
//! Owes its callers: all figures are of one moment of the database, so that they agree with one another, and reading
//! them changes and locks nothing. The fields of a model are the keys of its JSON (`stats-report(1)`).

pub mod accounts;
pub mod anonymity;
mod counters;
pub mod course;
pub mod epn;
pub mod gaps;
pub mod grain;
pub mod history;
pub mod logins;
pub mod online;
pub mod overview;
pub mod ranking;
pub mod runs;
pub mod services;
pub mod sessions;
pub mod slots;
pub mod time;
pub mod users;
pub mod uses;
pub mod week;

use std::thread;

use ::mysql::{Conn, prelude::Queryable};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::ValueEnum;
use serde::Serialize;

use super::{period::Period, sheet::Sheet};
use crate::{config::Config, failure::Result, mysql::Link};
use accounts::Accounts;
use counters::{Counters, Counting};
use epn::Epn;
use gaps::{Gap, unless_kept};
use logins::Logins;
use overview::Overview;
use runs::Runs;
use services::Services;
use sessions::Sessions;
use time::Time;
use users::Users;

/// Changes when a key is removed or gets another meaning; new keys come without notice.
const VERSION: u32 = 1;

/// Not through the driver's own transaction, which panics where the connection is lost at its beginning.
const BEGIN: [&str; 2] = [
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
];
const END: &str = "COMMIT";

/// A part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Key figures, last snapshots, servers
    Overview,
    /// How many sessions, how many at once, how they ended
    Sessions,
    /// Who logged in, who was refused
    Logins,
    /// Calls of services
    Services,
    /// Uses of machines, workshops, balances, connections that match nothing
    Epn,
    /// How long users of a Moodle were online
    Time,
    /// How each command ran last; only if it is named, and in the format prometheus
    Runs,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The sections; none: all that have data.
    pub sections: &'a [Section],
    /// Of what time.
    pub period: Period,
    /// The moment of the run.
    pub now: DateTime<Utc>,
    /// Of local days.
    pub zone: Tz,
    /// How long rankings are; none: each has its usual length.
    pub top: Option<usize>,
    /// Whether the runs of the commands belong to it without being named.
    pub with_runs: bool,
}

impl Question<'_> {
    /// Whether a section is asked for, by its name or with all.
    fn asks_for(&self, section: Section) -> bool {
        self.sections.is_empty() || self.names(section)
    }

    /// Whether a section is asked for by its name.
    fn names(&self, section: Section) -> bool {
        self.sections.contains(&section)
    }

    /// Whether a section is shown: all that are named, and of all others those that have data.
    fn shows(&self, section: Section, is_empty: bool) -> bool {
        self.names(section) || (self.asks_for(section) && !is_empty)
    }
}

/// All figures that were asked for.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Of the keys.
    pub version: u32,
    /// Begin of the period.
    pub from: DateTime<Utc>,
    /// End of the period.
    pub to: DateTime<Utc>,
    /// When the report was made.
    pub generated_at: DateTime<Utc>,
    /// Whether it leaves out who people are; no key if it does not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// Key figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overview: Option<Overview>,
    /// Sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Sessions>,
    /// Logins to the web front end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logins: Option<Logins>,
    /// Calls of its services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Services>,
    /// The public space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epn: Option<Epn>,
    /// Time online.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// How the commands ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<Runs>,
    /// The sections that were asked for and could not be read; no key if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

impl Report {
    /// How many sections it has.
    pub fn sections(&self) -> u64 {
        self.sheets().len() as u64
    }

    /// Whether nothing was read of all that was asked for.
    pub fn is_kept(&self) -> bool {
        let gaps = self.gaps.len();
        gaps > 0 && self.sheets().len() == gaps
    }

    /// What people see of it.
    pub fn sheets(&self) -> Vec<Sheet> {
        let overview = self.overview.as_ref().map(|section| section.sheet(self.generated_at));
        let sessions = self.sessions.as_ref().map(Sessions::sheet);
        let logins = self.logins.as_ref().map(Logins::sheet);
        let services = self.services.as_ref().map(Services::sheet);
        let epn = self.epn.as_ref().map(Epn::sheet);
        let time = self.time.as_ref().map(Time::sheet);
        let runs = self.runs.as_ref().map(Runs::sheet);
        let gap = |section: Section| self.gaps.iter().find(|gap| gap.section == section).map(Gap::sheet);
        [overview, sessions, logins, services, epn, time, runs]
            .into_iter()
            .zip(Section::value_variants())
            .filter_map(|(sheet, section)| sheet.or_else(|| gap(*section)))
            .collect()
    }
}

/// Reads all that is asked for.
///
/// # Errors
/// Those of the database, but for what keeps single sections: these are the report's gaps. So is Redis out of reach for
/// sections that need it and are asked for by their names; else it is no error, but a figure.
pub fn collect(link: &mut Link<'_>, config: &Config, question: &Question<'_>) -> Result<Report> {
    // Both servers work at the same time.
    thread::scope(|scope| {
        let mut counters = Counting::Asked(scope.spawn(|| Counters::read(config, question)));
        link.run(|conn| {
            // If something fails in between, the link throws the connection away, and the transaction with it.
            for statement in BEGIN {
                conn.query_drop(statement)?;
            }
            let report = read(conn, config, &mut counters, question)?;
            conn.query_drop(END)?;
            Ok(report)
        })
    })
}

fn read(
    conn: &mut Conn,
    config: &Config,
    counters: &mut Counting<'_>,
    question: &Question<'_>,
) -> Result<Report> {
    let asks = |section| question.asks_for(section);
    let mut gaps = Vec::new();
    // The overview takes its sums from the sections that list the parts.
    let mut epn = None;
    if asks(Section::Overview) || asks(Section::Epn) {
        let section = if asks(Section::Epn) { Section::Epn } else { Section::Overview };
        epn = unless_kept(&mut gaps, section, Epn::collect(conn, &config.epn, question))?;
        if epn.is_none() && section == Section::Epn && asks(Section::Overview) {
            gaps.extend(gaps.last().cloned().map(|gap| Gap { section: Section::Overview, ..gap }));
        }
    }
    let mut sessions = None;
    if asks(Section::Overview) || asks(Section::Sessions) {
        let read = Sessions::collect(conn, question, config.aggregate.max_sessions);
        sessions = unless_kept(&mut gaps, Section::Sessions, read)?;
    }
    let mut time = None;
    if asks(Section::Time) {
        time = unless_kept(&mut gaps, Section::Time, Time::collect(conn, question))?;
    }
    // Read before Redis has answered, which takes longer.
    let wanted = asks(Section::Logins) || asks(Section::Services);
    let accounts = wanted.then(|| Accounts::read(conn));
    let Counters { server, statistics, gaps: of_redis } = counters.told()?;
    gaps.splice(0..0, of_redis.iter().cloned());
    let mut overview = None;
    if let (Some(redis), Some(epn)) = (server, &epn) {
        let read = Overview::collect(conn, epn, sessions.as_ref(), statistics.as_ref(), redis.clone());
        overview = unless_kept(&mut gaps, Section::Overview, read)?;
    }
    let (mut logins, mut services) = (None, None);
    if let (Some(statistics), Some(accounts)) = (statistics, accounts) {
        let section = if asks(Section::Logins) { Section::Logins } else { Section::Services };
        if let Some(accounts) = unless_kept(&mut gaps, section, accounts)? {
            let users = Users::new(&accounts, &statistics.users);
            logins = Some(Logins::new(statistics, &accounts, &users, question));
            services = Some(Services::new(statistics, &users, question));
        } else if section == Section::Logins && asks(Section::Services) {
            gaps.extend(gaps.last().cloned().map(|gap| Gap { section: Section::Services, ..gap }));
        }
    }
    let mut runs = None;
    if question.names(Section::Runs) || (question.with_runs && question.sections.is_empty()) {
        runs = unless_kept(&mut gaps, Section::Runs, Runs::collect(conn))?;
    }
    Ok(Report {
        version: VERSION,
        from: question.period.from,
        to: question.period.to,
        generated_at: question.now,
        anonymous: false,
        overview,
        sessions: sessions.filter(|sessions| question.shows(Section::Sessions, sessions.is_empty())),
        logins: logins.filter(|logins| question.shows(Section::Logins, logins.is_empty())),
        services: services.filter(|services| question.shows(Section::Services, services.is_empty())),
        epn: epn.filter(|epn| question.shows(Section::Epn, epn.is_empty())),
        time: time.filter(|time| question.shows(Section::Time, time.is_empty())),
        runs,
        gaps,
    })
}
