//! `runs`: how each command ran last, and how often. What the commands noted when they ended.

use std::collections::BTreeMap;

use ::mysql::Conn;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use crate::{
    failure::{OrFail, Result, Status},
    mysql::rows,
    report::{
        sheet::{Block, Cell, Column, Sheet, Table},
        texts,
    },
};

const RUNS: &str = "SELECT command, host, started_at, duration_ms, status, succeeded_at, runs, failures, counts \
    FROM sessionstat_run ORDER BY command, host";

/// The section.
#[derive(Debug, Default, Serialize)]
pub struct Runs {
    /// One entry a command and host.
    pub last_runs: Vec<LastRun>,
}

/// The last run of a command on a host, and all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastRun {
    /// Its name.
    pub command: String,
    /// Where it ran; of samba-snapshot: the name of the Samba server.
    pub host: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, to the millisecond.
    pub duration_seconds: f64,
    /// Its exit status.
    pub status: u8,
    /// Begin of the last run with status 0; none: there was none.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// How many there were.
    pub runs: u64,
    /// How many of them had another status than 0.
    pub failures: u64,
    /// What the last one did; empty: it failed.
    pub counts: BTreeMap<String, u64>,
}

/// Those of [`RUNS`].
type Columns = (String, String, NaiveDateTime, u32, u8, Option<NaiveDateTime>, u64, u64, String);

impl Runs {
    /// Reads the section.
    ///
    /// # Errors
    /// The server's, and [`Status::BadData`] for a row that no command wrote.
    pub fn collect(conn: &mut Conn) -> Result<Self> {
        let found: Vec<Columns> = rows(conn, "sessionstat_run", RUNS, ())?;
        Ok(Self { last_runs: found.into_iter().map(last_run).collect::<Result<_>>()? })
    }

    /// What people see of it.
    pub fn sheet(&self) -> Sheet {
        let row = |run: &LastRun| {
            vec![
                Cell::Name(run.command.clone()),
                Cell::Name(run.host.clone()),
                Cell::Time(run.started_at),
                Cell::Number((run.duration_seconds * 1_000.0).round() as i64),
                Cell::Number(run.status.into()),
                run.succeeded_at.map_or(Cell::Nothing, Cell::Time),
                Cell::count(run.failures),
            ]
        };
        let table = Table {
            title: texts::LAST_RUNS,
            columns: vec![
                Column::words(texts::COMMAND),
                Column::words(texts::HOST),
                Column::numbers(texts::BEGAN),
                Column::numbers(texts::MILLISECONDS),
                Column::numbers(texts::STATUS),
                Column::numbers(texts::LAST_SUCCESS),
                Column::numbers(texts::FAILURES),
            ],
            rows: self.last_runs.iter().map(row).collect(),
            empty: texts::NO_RUN,
        };
        Sheet { title: texts::RUNS, blocks: vec![Block::Table(table)] }
    }
}

fn last_run(columns: Columns) -> Result<LastRun> {
    let (command, host, started_at, milliseconds, status, succeeded_at, runs, failures, counts) = columns;
    let counts = serde_json::from_str(&counts).or_fail(Status::BadData, || {
        format!("sessionstat_run holds counts of {command} on {host} that cannot be read; delete that row")
    })?;
    Ok(LastRun {
        command,
        host,
        started_at: started_at.and_utc(),
        duration_seconds: f64::from(milliseconds) / 1_000.0,
        status,
        succeeded_at: succeeded_at.map(|at| at.and_utc()),
        runs,
        failures,
        counts,
    })
}
