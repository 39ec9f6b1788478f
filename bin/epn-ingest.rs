//! epn-ingest: snapshots of connected users into workshop attendance, uses of machines and charges.

use std::process::ExitCode;

use clap::Parser;
use sessionstat::{
    cli::{self, Common},
    epn::{self, erase},
    failure::{OrFail, Status},
    terminal::safe_json,
};

/// Turn snapshots of connected users into workshop attendance, uses of machines and charges
#[derive(Parser)]
#[command(name = "epn-ingest", version)]
struct Arguments {
    /// Say what would be done; change nothing
    #[arg(long, conflicts_with = "init_db")]
    dry_run: bool,
    /// Print a summary of the run as JSON
    #[arg(long)]
    json: bool,
    /// Forget the person with this login, instead of a run
    #[arg(long, value_name = "LOGIN", conflicts_with_all = ["json", "init_db"])]
    erase: Option<String>,
    /// With --erase: the connection record, too
    #[arg(long, requires = "erase")]
    with_log: bool,
    #[command(flatten)]
    common: Common,
}

fn main() -> ExitCode {
    cli::main(
        |arguments: &Arguments| &arguments.common,
        |arguments, context| {
            if let Some(login) = arguments.erase {
                let request =
                    erase::Request { login, with_log: arguments.with_log, dry_run: arguments.dry_run };
                cli::print(erase::run(&context, &request)?.to_string())?;
                return Ok(Status::Done);
            }
            let summary = epn::run(&context, arguments.dry_run)?;
            if arguments.json {
                let text = serde_json::to_string(&summary).or_fail(Status::Io, || "writing the summary")?;
                cli::print(safe_json(&text) + "\n")?;
            } else if arguments.dry_run {
                cli::print(summary.to_string())?;
            }
            Ok(Status::Done)
        },
    )
}
