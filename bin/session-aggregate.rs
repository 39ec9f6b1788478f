//! session-aggregate: session records into statistics of sessions in slots of a quarter of an hour.

use std::{path::PathBuf, process::ExitCode};

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand, ValueEnum};
use sessionstat::{
    cli::{self, Common},
    clock::parse_instant,
    failure::Status,
    sessions::{
        self, Compat, Rebuild, record,
        recording::{self, Closing, NewLimit, Opening},
        summary::Summary,
    },
};

/// Turn session records into statistics of sessions in slots of a quarter of an hour
#[derive(Parser)]
#[command(name = "session-aggregate", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Whose figures: the true ones, or those that ILIAS itself writes
    #[arg(long, value_enum, default_value = "exact", global = true)]
    compat: Compat,
    /// Say what would be done; change nothing
    #[arg(long, conflicts_with = "init_db", global = true)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand)]
enum Command {
    /// Write the statistics of all complete slots, then delete old session records [default]
    Run,
    /// Record that a session begins
    Open {
        /// Its id
        #[arg(long, value_name = "ID")]
        id: String,
        /// Number of its user; sessions of user 0 are not recorded
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        user: i64,
        /// Its kind; only sessions of users and of anonymous visitors are recorded
        #[arg(long = "type", value_name = "TYPE", value_parser = record::parse_type, default_value = "user", allow_negative_numbers = true)]
        kind: i16,
        /// When it begins [default: now]
        #[arg(long, value_name = "TIME", value_parser = parse_instant, allow_negative_numbers = true)]
        at: Option<DateTime<Utc>>,
    },
    /// Record that sessions end
    Close {
        /// Their ids
        #[arg(long, value_name = "ID", num_args = 1.., required_unless_present = "batch")]
        id: Vec<String>,
        /// Why: user, expire, first, idle, limit, login, public, time, ip, simul, inactive, or a number
        #[arg(long, value_name = "CONTEXT", allow_negative_numbers = true)]
        context: Option<record::Context>,
        /// When they end [default: now]
        #[arg(long, value_name = "TIME", value_parser = parse_instant, allow_negative_numbers = true)]
        at: Option<DateTime<Utc>>,
        /// Read lines of id, end and context, with tabs between them, from FILE (-: standard input)
        #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "at", "context"])]
        batch: Option<PathBuf>,
    },
    /// Record a new limit of sessions at once
    Limit {
        /// Most sessions; 0: no limit
        #[arg(value_name = "N")]
        limit: u32,
        /// Number of the user who sets it
        #[arg(long, value_name = "N", default_value = "0", allow_negative_numbers = true)]
        user: i64,
        /// From when on; it counts from the next slot on [default: now]
        #[arg(long, value_name = "TIME", value_parser = parse_instant, allow_negative_numbers = true)]
        at: Option<DateTime<Utc>>,
    },
    /// Write the statistics of a period again
    Rebuild {
        /// Begin of the period
        #[arg(
            long,
            value_name = "TIME",
            value_parser = parse_instant,
            allow_negative_numbers = true,
            required_unless_present = "source"
        )]
        from: Option<DateTime<Utc>>,
        /// End of the period
        #[arg(
            long,
            value_name = "TIME",
            value_parser = parse_instant,
            allow_negative_numbers = true,
            required_unless_present = "source"
        )]
        to: Option<DateTime<Utc>>,
        /// Also where session records have been deleted
        #[arg(long)]
        force: bool,
        /// Instead, rebuild the sessions of a source out of all that it holds
        #[arg(long, value_name = "SOURCE", value_enum, conflicts_with_all = ["from", "to", "force"])]
        source: Option<Rebuilt>,
    },
    /// Read session records from a file
    Import {
        /// Its format
        #[arg(value_enum)]
        format: ImportFormat,
        /// The file
        file: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Rebuilt {
    /// Time online, out of the log of a Moodle or event_log
    Moodle,
}

#[derive(Clone, Copy, ValueEnum)]
enum ImportFormat {
    /// Columns session_id, type, start_time, end_time, end_context, user_id
    Csv,
}

fn main() -> ExitCode {
    cli::main(
        |arguments: &Arguments| &arguments.common,
        |arguments, context| {
            let Arguments { command, compat, dry_run, .. } = arguments;
            let tell = |summary: Summary| {
                if dry_run {
                    cli::print(summary.to_string())?;
                }
                Ok(Status::Done)
            };
            match command.unwrap_or(Command::Run) {
                Command::Run => tell(sessions::aggregate::run(&context, compat, dry_run)?),
                Command::Rebuild { from: Some(from), to: Some(to), force, .. } => {
                    tell(sessions::rebuild::run(&context, compat, dry_run, Rebuild { from, to, force })?)
                }
                Command::Rebuild { .. } => tell(sessions::rebuild::time_online(&context, dry_run)?),
                Command::Open { id, user, kind, at } => {
                    recording::open(&context, Opening { id, user, kind, at }, compat, dry_run)
                }
                Command::Close { batch: Some(file), .. } => recording::batch::close(&context, &file, dry_run),
                Command::Close { id: ids, context: why, at, batch: None } => {
                    recording::close(&context, Closing { ids, context: why, at }, dry_run)
                }
                Command::Limit { limit: most, user, at } => {
                    recording::limit(&context, NewLimit { most, user, at }, dry_run)
                }
                Command::Import { format: ImportFormat::Csv, file } => {
                    recording::import::csv(&context, &file, dry_run)
                }
            }
        },
    )
}
