//! ratelimit-check: may this user go on?
//!
//! It is started for every page of a site, so most of its time is that of starting. That is why it has memory of its
//! own and begins where the C library begins; `make bench` tells what each of these is worth.
#![no_main]

#[path = "ratelimit-check/start.rs"]
mod start;

use std::{ffi::OsString, time::Instant};

use clap::Parser;
use sessionstat::{
    cli::{self, Common},
    failure::Status,
    ratelimit::{
        answer::Format,
        command::{Options, refuse, run},
        question::What,
    },
};

/// Say whether a user may go on, or has reached a limit
#[derive(Parser)]
#[command(name = "ratelimit-check", version)]
struct Arguments {
    /// Who: a number, a login, an e-mail or an address
    #[arg(value_name = "USER", required_unless_present_any = ["batch", "init_db", "completions"])]
    user: Option<OsString>,
    /// Check rule NAME; several have to allow it together [default: login; none with --service]
    #[arg(long = "rule", value_name = "NAME")]
    rules: Vec<String>,
    /// Count a call of service NAME, checked by rule service if it is configured
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    service: Option<String>,
    /// Charge N instead of 1
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    cost: u64,
    /// Say what would be answered, charge and count nothing
    #[arg(long)]
    peek: bool,
    /// Forget what USER was charged, refused and blocked by these rules
    #[arg(long, conflicts_with = "peek")]
    reset: bool,
    /// Read one user a line from standard input, answer one line each
    #[arg(long, conflicts_with = "user")]
    batch: bool,
    /// How to answer
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    #[command(flatten)]
    common: Common,
}

/// Answers, and says the exit status.
fn answer(command_line: Vec<OsString>) -> Status {
    let begin = Instant::now();
    let format = asked_format(&command_line);
    cli::main_for(
        command_line,
        |arguments: &Arguments| &arguments.common,
        |arguments, context| {
            let options = Options {
                rules: arguments.rules,
                service: arguments.service,
                cost: arguments.cost,
                what: match (arguments.peek, arguments.reset) {
                    (true, _) => What::Peek,
                    (_, true) => What::Reset,
                    _ => What::Check,
                },
                format: arguments.format,
                user: arguments.user,
            };
            run(&context, &options, begin)
        },
        |why| refuse(why, format),
    )
}

/// The format that a command line asks for even if the rest of it is wrong.
fn asked_format(command_line: &[OsString]) -> Format {
    let mut before = None;
    for argument in command_line {
        if argument == "--format=text" || (before == Some("--format") && argument == "text") {
            return Format::Text;
        }
        before = argument.to_str();
    }
    Format::Json
}
