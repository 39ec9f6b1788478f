//! One run of samba-snapshot.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde::Serialize;

use super::{
    failure::{self, Kind},
    judge, normalise,
    program::MOST_OUTPUT,
    session::Connection,
    smbstatus,
    snapshot::Snapshot,
    store, table, workstation,
};
use crate::{
    cli::{self, Context},
    config::{Samba, samba::Source},
    failure::{Failure, OrFail, Result, Status},
    lock::{LockFile, host_name},
    mysql::RunRecord,
    terminal::safe_json,
};

/// The name of the job, for its lock. It has no lease: each Samba server has snapshots of its own.
const JOB: &str = "samba-snapshot";

/// What a run is asked to do.
#[derive(Debug, Default)]
pub struct Options {
    /// Another program than `[samba] smbstatus`.
    pub smbstatus: Option<PathBuf>,
    /// Recorded output of smbstatus instead of running it; `-`: standard input.
    pub input: Option<PathBuf>,
    /// Another name than `[samba] server`.
    pub server: Option<String>,
    /// Print instead of storing.
    pub dry_run: bool,
    /// Print in this form, also when storing.
    pub format: Option<Format>,
    /// Fail if the snapshot could only be spooled.
    pub strict: bool,
}

/// How connections are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// An array, or `{"error": KIND}`.
    Json,
    /// Columns for people.
    Table,
}

/// Notes who is connected from which workstation.
///
/// # Errors
/// No list of sessions, a held lock, or a snapshot that could not be kept.
pub fn run(context: &Context, options: &Options) -> Result<Status> {
    let clock = context.clock()?;
    let record = RunRecord::begin(JOB, clock.now);
    let mut settings = context.config.samba.clone();
    settings.smbstatus = options.smbstatus.clone().unwrap_or(settings.smbstatus);
    settings.server = options.server.clone().unwrap_or(settings.server);
    let print = options.format.or(options.dry_run.then_some(Format::Table));
    let recorded = options.input.as_deref().map(read).transpose()?;
    // Two runs at once would mix their spools. A rehearsal touches nothing.
    let _lock = match options.dry_run {
        true => None,
        false => Some(LockFile::take(&context.config.lock_dir, JOB)?),
    };
    let state = (!options.dry_run).then_some(context.config.spool_dir.as_path());
    let server = if settings.server.is_empty() { host_name() } else { settings.server.clone() };
    let snapshot = |connections: &[Connection]| Snapshot::new(connections, &server, clock.now);
    let connections = match connections(&settings, recorded, state, clock.now) {
        Ok(connections) => connections,
        Err(failure) => {
            if print == Some(Format::Json) {
                print_json(&failure)?;
            }
            let failure = Failure::from(failure);
            if !options.dry_run {
                store::record_failure(context, &record.named(&snapshot(&[]).server), failure.status());
            }
            return Err(failure);
        }
    };
    match print {
        Some(Format::Json) => print_json(&connections)?,
        Some(Format::Table) => cli::print(table::render(&connections, clock.zone))?,
        None => {}
    }
    if !options.dry_run {
        store::store(context, &snapshot(&connections), options.strict, record)?;
    }
    Ok(Status::Done)
}

/// Who is connected, normalised and with the names of workstations.
fn connections(
    settings: &Samba,
    recorded: Option<Recorded>,
    state: Option<&Path>,
    now: DateTime<Utc>,
) -> std::result::Result<Vec<Connection>, failure::Failure> {
    let mut settings = settings.clone();
    let listing = match recorded {
        None => smbstatus::collect(&settings)?,
        Some(recorded) => {
            // The network of now may not be that of the recording.
            settings.resolve.retain(|source| !matches!(source, Source::Ptr | Source::Nmblookup));
            judge::of_input(&recorded.name, recorded.bytes)?
        }
    };
    let mut connections = normalise::connections(&listing, &settings);
    workstation::complete(&mut connections, &settings, state, now);
    Ok(connections)
}

/// Output of smbstatus from elsewhere.
struct Recorded {
    name: String,
    bytes: Vec<u8>,
}

fn read(path: &Path) -> Result<Recorded> {
    let (name, input): (String, io::Result<Box<dyn Read>>) = if path == Path::new("-") {
        ("standard input".to_owned(), Ok(Box::new(io::stdin())))
    } else {
        (path.display().to_string(), File::open(path).map(|file| Box::new(file) as Box<dyn Read>))
    };
    let mut bytes = Vec::new();
    input
        .and_then(|input| input.take(MOST_OUTPUT as u64 + 1).read_to_end(&mut bytes))
        .or_fail(Status::Io, || format!("cannot read {name} (--input)"))?;
    if bytes.len() > MOST_OUTPUT {
        return Err(Failure::new(
            Status::BadData,
            format!("{name} (--input) is larger than {} MiB: no output of smbstatus", MOST_OUTPUT >> 20),
        ));
    }
    Ok(Recorded { name, bytes })
}

fn print_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value).or_fail(Status::Io, || "cannot write JSON")?;
    cli::print(safe_json(&text) + "\n")
}

impl From<failure::Failure> for Failure {
    fn from(failure: failure::Failure) -> Self {
        let status = match failure.kind {
            Kind::NotRoot | Kind::SmbstatusFailed | Kind::Timeout => Status::Unavailable,
            Kind::BadJson | Kind::JsonTruncated => Status::BadData,
        };
        Self::new(status, failure.to_string())
    }
}
