//! The figures of a report: one file a section.
//!
//! Owes its callers: all figures are of one moment of the database, so that they agree with one another, and reading
//! them changes and locks nothing. The fields of a model are the keys of its JSON (`stats-report(1)`).

pub mod epn;
pub mod overview;
pub mod places;
pub mod queue;
pub mod uses;

use ::mysql::{Conn, prelude::Queryable};
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde::Serialize;

use super::{period::Period, sheet::Sheet};
use crate::{
    config::Redis,
    failure::Result,
    mysql::{Link, Server},
};
use epn::Epn;
use overview::{Overview, RedisServer};

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
    /// Uses of machines, workshops, balances, connections that match nothing
    Epn,
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
    /// How many people a ranking shows.
    pub top: usize,
}

impl Question<'_> {
    /// Whether a section is asked for, by its name or with all.
    fn asks_for(&self, section: Section) -> bool {
        self.sections.is_empty() || self.sections.contains(&section)
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
    /// Key figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overview: Option<Overview>,
    /// The public space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epn: Option<Epn>,
}

impl Report {
    /// What people see of it.
    pub fn sheets(&self) -> Vec<Sheet> {
        let overview = self.overview.as_ref().map(|section| section.sheet(self.generated_at));
        let epn = self.epn.as_ref().map(Epn::sheet);
        overview.into_iter().chain(epn).collect()
    }
}

/// Reads all that is asked for.
///
/// # Errors
/// Those of the database. Redis out of reach is no error: it is a figure.
pub fn collect(server: &Server, redis: &Redis, question: &Question<'_>) -> Result<Report> {
    let redis = question.asks_for(Section::Overview).then(|| RedisServer::ask(redis));
    Link::new(server).run(|conn| {
        // If something fails in between, the link throws the connection away, and the transaction with it.
        for statement in BEGIN {
            conn.query_drop(statement)?;
        }
        let report = read(conn, redis.as_ref(), question)?;
        conn.query_drop(END)?;
        Ok(report)
    })
}

fn read(conn: &mut Conn, redis: Option<&RedisServer>, question: &Question<'_>) -> Result<Report> {
    // The overview takes its sums from the section that lists the parts.
    let epn = Epn::collect(conn, question)?;
    let overview = redis.map(|redis| Overview::collect(conn, &epn, redis.clone())).transpose()?;
    let by_name = question.sections.contains(&Section::Epn);
    let shown = by_name || (question.asks_for(Section::Epn) && !epn.is_empty());
    Ok(Report {
        version: VERSION,
        from: question.period.from,
        to: question.period.to,
        generated_at: question.now,
        overview,
        epn: shown.then_some(epn),
    })
}
