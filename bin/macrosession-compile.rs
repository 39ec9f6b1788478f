//! macrosession-compile: templates with session macros into PHP pages that are the same for all visitors.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use sessionstat::{
    cli::{self, Common},
    failure::{Failure, Status},
    macrosession::{Options, run},
};

/// Compile page templates with session macros into PHP pages
#[derive(Parser)]
#[command(name = "macrosession-compile", version)]
struct Arguments {
    /// Template, or folder of templates
    #[arg(value_name = "SOURCE", required_unless_present_any = ["check_config", "completions", "init_db"])]
    source: Option<PathBuf>,
    /// Page, or folder of pages; not needed with --check
    #[arg(value_name = "TARGET", required_unless_present_any = ["check", "check_config", "completions", "init_db"])]
    target: Option<PathBuf>,
    /// Compile all templates and tell what is wrong; write nothing
    #[arg(long, conflicts_with_all = ["dry_run", "init_db"])]
    check: bool,
    /// Name the pages that would be written; write nothing
    #[arg(long, conflicts_with_all = ["json", "watch", "init_db"])]
    dry_run: bool,
    /// Freeze the values in FILE, JSON: {"env": {}, "boucle": {}, "vars": {}}
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// Print errors and warnings as JSON on standard output
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Compile again after each change, until a signal comes
    #[arg(long)]
    watch: bool,
    /// Compile also what is up to date, and replace files that were not compiled
    #[arg(long)]
    force: bool,
    /// Keep blanks and line ends after macros
    #[arg(long)]
    keep_blanks: bool,
    #[command(flatten)]
    common: Common,
}

fn main() -> ExitCode {
    cli::main(
        |arguments: &Arguments| &arguments.common,
        |arguments, context| {
            let source = arguments.source.ok_or_else(|| Failure::new(Status::Usage, "SOURCE is missing"))?;
            let options = Options {
                source,
                target: arguments.target,
                check: arguments.check,
                dry_run: arguments.dry_run,
                context: arguments.context,
                json: arguments.json,
                watch: arguments.watch,
                force: arguments.force,
                keep_blanks: arguments.keep_blanks,
            };
            run(&context, &options)
        },
    )
}
