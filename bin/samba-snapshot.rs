//! samba-snapshot: who is connected to this Samba server, from which workstation.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use sessionstat::{
    cli::{self, Common},
    samba::command::{Format, Options, run},
};

/// Note who is connected to this Samba server, from which workstation
#[derive(Parser)]
#[command(name = "samba-snapshot", version)]
struct Arguments {
    /// Run PROGRAM for smbstatus
    #[arg(long, value_name = "PROGRAM")]
    smbstatus: Option<PathBuf>,
    /// Read recorded output of smbstatus from FILE (-: standard input) instead of running it
    #[arg(long, value_name = "FILE", conflicts_with = "smbstatus")]
    input: Option<PathBuf>,
    /// Store the snapshot under the name of server NAME [default: the host name]
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// Print who is connected; store nothing
    #[arg(long, conflicts_with = "init_db")]
    dry_run: bool,
    /// Print who is connected in this form [default with --dry-run: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Fail if MySQL is out of reach, although the snapshot is kept in the spool
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    common: Common,
}

fn main() -> ExitCode {
    cli::main(
        |arguments: &Arguments| &arguments.common,
        |arguments, context| {
            let options = Options {
                smbstatus: arguments.smbstatus,
                input: arguments.input,
                server: arguments.server,
                dry_run: arguments.dry_run,
                format: arguments.format,
                strict: arguments.strict,
            };
            run(&context, &options)
        },
    )
}
