//! The figures of a report: one file a section.
//!
//! Owes its callers: all figures are of one moment of the database, so that they agree with one another, and reading
//! them changes and locks nothing. The fields of a model are the keys of its JSON (`stats-report(1)`).

pub mod accounts;
pub mod anonymity;
pub mod course;
pub mod epn;
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

use std::thread::{self, ScopedJoinHandle};

use ::mysql::{Conn, prelude::Queryable};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::ValueEnum;
use serde::Serialize;

use super::{period::Period, sheet::Sheet};
use crate::{
    config::Config,
    failure::{Failure, Result, Status},
    mysql::Link,
    ratelimit::statistics::{self, Statistics},
};
use accounts::Accounts;
use epn::Epn;
use logins::Logins;
use overview::{Overview, RedisServer};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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
}

impl Report {
    /// How many sections it has.
    pub fn sections(&self) -> u64 {
        self.sheets().len() as u64
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
        [overview, sessions, logins, services, epn, time, runs].into_iter().flatten().collect()
    }
}

/// Reads all that is asked for.
///
/// # Errors
/// Those of the database, and those of Redis if a section that needs it is asked for by its name. Else that Redis is out
/// of reach is no error: it is a figure.
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

/// What Redis says, or will say.
enum Counting<'scope> {
    Asked(ScopedJoinHandle<'scope, Result<Counters>>),
    Told(Box<Counters>),
    Failed,
}

impl Counting<'_> {
    /// Waits for it.
    fn told(&mut self) -> Result<&Counters> {
        *self = match std::mem::replace(self, Self::Failed) {
            Self::Asked(asked) => Self::Told(Box::new(asked.join().unwrap_or_else(|_| Err(stopped()))?)),
            other => other,
        };
        match self {
            Self::Told(counters) => Ok(counters),
            _ => Err(stopped()),
        }
    }
}

fn stopped() -> Failure {
    Failure::new(Status::Unavailable, "the conversation with Redis ended in the middle; try again")
}

/// What Redis says. It is no part of the moment of the database.
struct Counters {
    /// None: nobody wants to know.
    server: Option<RedisServer>,
    /// None: nobody wants to know, or it is away.
    statistics: Option<Statistics>,
}

impl Counters {
    fn read(config: &Config, question: &Question<'_>) -> Result<Self> {
        let mut server = question.asks_for(Section::Overview).then(|| RedisServer::ask(&config.redis));
        let is_away = server.as_ref().is_some_and(|server| server.version.is_none());
        let is_named = question.names(Section::Logins) || question.names(Section::Services);
        if !is_named && (server.is_none() || is_away) {
            return Ok(Self { server, statistics: None });
        }
        let days = question.period.days_of_utc(question.now);
        let statistics = match (statistics::read(config, &days), &mut server) {
            (Err(failure), Some(server)) if !is_named => {
                server.note = Some(failure.to_string());
                None
            }
            (read, _) => Some(read?),
        };
        Ok(Self { server, statistics })
    }
}

fn read(
    conn: &mut Conn,
    config: &Config,
    counters: &mut Counting<'_>,
    question: &Question<'_>,
) -> Result<Report> {
    // The overview takes its sums from the sections that list the parts.
    let wanted = question.asks_for(Section::Overview) || question.asks_for(Section::Epn);
    let epn = wanted.then(|| Epn::collect(conn, &config.epn, question)).transpose()?;
    let wanted = question.asks_for(Section::Overview) || question.asks_for(Section::Sessions);
    let sessions =
        wanted.then(|| Sessions::collect(conn, question, config.aggregate.max_sessions)).transpose()?;
    let time = question.asks_for(Section::Time).then(|| Time::collect(conn, question)).transpose()?;
    let Counters { server, statistics } = counters.told()?;
    let overview = server
        .as_ref()
        .zip(epn.as_ref())
        .map(|(redis, epn)| {
            Overview::collect(conn, epn, sessions.as_ref(), statistics.as_ref(), redis.clone())
        })
        .transpose()?;
    let wanted = question.asks_for(Section::Logins) || question.asks_for(Section::Services);
    let (logins, services) = match statistics {
        Some(statistics) if wanted => {
            let accounts = Accounts::read(conn)?;
            let users = Users::new(&accounts, &statistics.users);
            (
                Some(Logins::new(statistics, &accounts, &users, question)),
                Some(Services::new(statistics, &users, question)),
            )
        }
        _ => (None, None),
    };
    let wanted = question.names(Section::Runs) || (question.with_runs && question.sections.is_empty());
    let runs = wanted.then(|| Runs::collect(conn)).transpose()?;
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
    })
}
