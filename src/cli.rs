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
    config::{Config, DEFAULT_PATH},
    failure::{OrFail, Result, Status},
    mysql::{Server, schema},
    terminal::{is_unsafe, safe},
};

/// Flags of every command.
#[derive(clap::Args, Debug, Default)]
pub struct Common {
    /// Configuration file [default: /etc/sessionstat/sessionstat.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Take TIME for the clock: RFC 3339, or seconds since the epoch
    #[arg(long, value_name = "TIME", value_parser = parse_instant, allow_negative_numbers = true, global = true)]
    pub now: Option<DateTime<Utc>>,
    /// Create or migrate the database tables, then exit
    #[arg(long, global = true)]
    pub init_db: bool,
    /// Check the configuration and what it names, without asking a server, then exit
    #[arg(long, conflicts_with = "init_db", global = true)]
    pub check_config: bool,
    /// Tell more on standard error (-vv: everything)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Tell only errors
    #[arg(short, long, conflicts_with = "verbose", global = true)]
    pub quiet: bool,
    /// Print the completions for SHELL, then exit
    #[arg(long, value_name = "SHELL", value_enum, global = true)]
    pub completions: Option<Shell>,
}

/// What the edge hands to a command.
#[derive(Debug)]
pub struct Context {
    /// The checked configuration.
    pub config: Config,
    /// What `--now` says.
    pub now: Option<DateTime<Utc>>,
}

impl Context {
    /// The moment and the time zone of the run.
    ///
    /// # Errors
    /// [`Status::Config`] if the system's zone cannot be known.
    pub fn clock(&self) -> Result<Clock> {
        Ok(Clock { now: self.now.unwrap_or_else(Utc::now), zone: self.config.timezone()? })
    }
}

/// Why a command did not even begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbegun {
    /// Its arguments are wrong.
    Usage,
    /// Its configuration is wrong.
    Config,
}

/// Runs a command: reads its arguments, of which `common` are those of all commands, and the configuration, calls
/// `run`, prints an error if there is one.
pub fn main<A: Parser>(
    common: impl Fn(&A) -> &Common,
    run: impl FnOnce(A, Context) -> Result<Status>,
) -> ExitCode {
    report_full_files();
    main_for(A::try_parse(), common, run, |_, _| ()).into()
}

/// A file that would grow beyond the limit of the process (`ulimit -f`, `LimitFSIZE=`) is an error of its own, as on a
/// full disk. Left alone, the kernel ends the process without a word, and what was half written stays.
#[allow(unsafe_code)]
pub fn report_full_files() {
    // SAFETY: no handler is installed, and there is no second thread yet.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// The same for a caller that reads standard output and nothing else: `unbegun` tells it what became of its question,
/// and why, if `run` was never called.
pub fn main_for<A: Parser>(
    arguments: std::result::Result<A, clap::Error>,
    common: impl Fn(&A) -> &Common,
    run: impl FnOnce(A, Context) -> Result<Status>,
    unbegun: impl FnOnce(Unbegun, &str),
) -> Status {
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(other) => {
            let told = other.to_string();
            if !other.use_stderr() {
                let _ = other.print();
                return Status::Done;
            }
            // It quotes the arguments. A closed stream leaves only the exit status to tell it.
            let _ = if told.chars().any(|character| character != '\n' && is_unsafe(character)) {
                let lines = told.lines().map(|line| safe(line, true) + "\n");
                io::stderr().write_all(lines.collect::<String>().as_bytes())
            } else {
                other.print()
            };
            let paragraph: Vec<&str> =
                told.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
            unbegun(Unbegun::Usage, paragraph.join(" ").trim_start_matches("error: "));
            return Status::Usage;
        }
    };
    let ended = match prepare(&arguments, &common) {
        Ok(Some(context)) => run(arguments, context),
        Ok(None) => Ok(Status::Done),
        Err(failure) => {
            unbegun(Unbegun::Config, &failure.to_string());
            Err(failure)
        }
    };
    ended.unwrap_or_else(|failure| {
        let _ = writeln!(io::stderr(), "{}: {failure}", name::<A>());
        failure.status()
    })
}

fn name<A: Parser>() -> String {
    A::command().get_name().to_owned()
}

/// What `run` is given; nothing if there is nothing left to do.
fn prepare<A: Parser>(arguments: &A, common: impl Fn(&A) -> &Common) -> Result<Option<Context>> {
    let common = common(arguments);
    start_log::<A>(common);
    if let Some(shell) = common.completions {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut A::command(), name::<A>(), &mut script);
        print(script)?;
        return Ok(None);
    }
    let config = Config::load(common.config.as_deref())?;
    if common.check_config {
        config.check_use()?;
        // These read the files that encryption needs, and contact nobody.
        Server::new(&config.mysql)?;
        crate::moodle::log::server(&config)?;
        print(match &config.file {
            Some(file) => format!("{}: no errors\n", safe(&file.display().to_string(), true)),
            None => format!("{DEFAULT_PATH}: no such file, the defaults hold; no errors\n"),
        })?;
        return Ok(None);
    }
    if common.init_db {
        schema::ensure(&Server::new(&config.mysql)?, &config.lock_dir)?;
        return Ok(None);
    }
    Ok(Some(Context { config, now: common.now }))
}

/// Writes `text` to standard output. A reader that has gone away (`| head`) is no failure.
///
/// # Errors
/// [`Status::Io`] if it cannot be written.
pub fn print(text: impl AsRef<[u8]>) -> Result<()> {
    write(text).map(|_| ())
}

/// The same; says whether there still is a reader.
///
/// # Errors
/// [`Status::Io`] if it cannot be written.
pub fn write(text: impl AsRef<[u8]>) -> Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        other => other.or_fail(Status::Io, || "cannot write to standard output").map(|()| true),
    }
}

/// Logs go to standard error; `SESSIONSTAT_LOG` (syntax of RUST_LOG) wins over `-v` and `-q`.
fn start_log<A: Parser>(common: &Common) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, _) => LevelFilter::Debug,
    };
    let mut builder = env_logger::Builder::new();
    builder.filter_module("sessionstat", level);
    if let Ok(filters) = std::env::var("SESSIONSTAT_LOG") {
        builder.parse_filters(&filters);
    }
    builder
        .format(|out, record| {
            let level = match record.level() {
                log::Level::Error => "error",
                log::Level::Warn => "warning",
                log::Level::Info => "info",
                log::Level::Debug | log::Level::Trace => "debug",
            };
            let line = safe(&record.args().to_string(), true);
            writeln!(out, "{}: {level}: {line}", name::<A>())
        })
        .init();
}
