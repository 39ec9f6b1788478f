//! What all commands share at their edge: flags, logging, the clock, and how a run ends.
//!
//! Owes its callers: a command is its arguments and one library call; everything that must look the same in all
//! commands (flags, exit status, the one line of an error) happens here.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use chrono::{DateTime, Utc};
use clap::Parser;
use clap_complete::Shell;
use log::LevelFilter;

use crate::{
    clock::{Clock, parse_instant},
    config::Config,
    failure::{OrFail, Result, Status},
    mysql::{Server, schema},
    terminal::safe,
};

/// Flags of every command.
#[derive(clap::Args, Debug)]
pub struct Common {
    /// Configuration file [default: /etc/sessionstat/sessionstat.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Take TIME for the clock: RFC 3339, or seconds since the epoch
    #[arg(long, value_name = "TIME", value_parser = parse_instant, allow_negative_numbers = true)]
    pub now: Option<DateTime<Utc>>,
    /// Create or migrate the database tables, then exit
    #[arg(long)]
    pub init_db: bool,
    /// Tell more on standard error (-vv: everything)
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Tell only errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print the completions for SHELL, then exit
    #[arg(long, value_name = "SHELL", value_enum)]
    pub completions: Option<Shell>,
}

/// What the edge hands to a command.
#[derive(Debug)]
pub struct Context {
    /// The checked configuration.
    pub config: Config,
    /// The moment and the time zone of the run.
    pub clock: Clock,
}

/// Runs a command: reads its arguments, of which `common` are those of all commands, and the configuration, calls
/// `run`, prints an error if there is one.
pub fn main<A: Parser>(
    common: impl Fn(&A) -> &Common,
    run: impl FnOnce(A, Context) -> Result<Status>,
) -> ExitCode {
    let arguments = A::parse();
    let program = A::command().get_name().to_owned();
    start_log(&program, common(&arguments));
    match prepare_and_run(arguments, common, run) {
        Ok(status) => status.into(),
        Err(failure) => {
            // A closed standard error leaves only the exit status to tell it.
            let _ = writeln!(io::stderr(), "{program}: {failure}");
            failure.status().into()
        }
    }
}

fn prepare_and_run<A: Parser>(
    arguments: A,
    common: impl Fn(&A) -> &Common,
    run: impl FnOnce(A, Context) -> Result<Status>,
) -> Result<Status> {
    let common = common(&arguments);
    if let Some(shell) = common.completions {
        let mut command = A::command();
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, name, &mut script);
        print(&String::from_utf8_lossy(&script))?;
        return Ok(Status::Done);
    }
    let config = Config::load(common.config.as_deref())?;
    if common.init_db {
        schema::install(&Server::new(&config.mysql)?, &config.lock_dir)?;
        return Ok(Status::Done);
    }
    let clock = Clock { now: common.now.unwrap_or_else(Utc::now), zone: config.timezone()? };
    run(arguments, Context { config, clock })
}

/// Writes `text` to standard output. A reader that has gone away (`| head`) is no failure.
///
/// # Errors
/// [`Status::Io`] if it cannot be written.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.or_fail(Status::Io, || "cannot write to standard output"),
    }
}

/// Logs go to standard error; `SESSIONSTAT_LOG` (syntax of RUST_LOG) wins over `-v` and `-q`.
fn start_log(program: &str, common: &Common) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, _) => LevelFilter::Debug,
    };
    let program = program.to_owned();
    let mut builder = env_logger::Builder::new();
    builder.filter_module("sessionstat", level);
    if let Ok(filters) = std::env::var("SESSIONSTAT_LOG") {
        builder.parse_filters(&filters);
    }
    builder
        .format(move |out, record| {
            let level = match record.level() {
                log::Level::Error => "error",
                log::Level::Warn => "warning",
                log::Level::Info => "info",
                log::Level::Debug | log::Level::Trace => "debug",
            };
            let line = safe(&record.args().to_string(), true);
            writeln!(out, "{program}: {level}: {line}")
        })
        .init();
}
