//! ratelimit-check: may this user go on?
//!
//! It is started for every page of a site, so most of its time is that of starting. That is why it has memory of its
//! own and begins where the C library begins; `make bench` tells what each of these is worth.
#![no_main]

#[path = "ratelimit-check/plain.rs"]
mod plain;
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
    #[arg(value_name = "USER", required_unless_present_any = ["batch", "check_config", "init_db", "completions"])]
    user: Option<OsString>,
    /// Check rule NAME; several have to allow it together [default: login; none with --service]
    #[arg(long = "rule", value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    rules: Vec<String>,
    /// Count a call of service NAME, checked by rule service if it is configured
    #[arg(long, value_name = "NAME", value_parser = service)]
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

impl From<plain::Plain> for Arguments {
    fn from(plain: plain::Plain) -> Self {
        Self {
            user: Some(plain.user),
            rules: plain.rules,
            service: plain.service,
            cost: 1,
            peek: false,
            reset: false,
            batch: false,
            format: plain.format.unwrap_or(Format::Json),
            common: Common { config: plain.config, ..Common::default() },
        }
    }
}

/// Answers, and says the exit status.
fn answer(command_line: Vec<OsString>) -> Status {
    let begin = Instant::now();
    let format = asked_format(&command_line);
    let arguments = match plain::read(&command_line) {
        Some(plain) => Ok(plain.into()),
        None => Arguments::try_parse_from(command_line),
    };
    cli::main_for(
        arguments,
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
            let status = run(&context, &options, begin)?;
            // All is said. Whoever waits for the end of this process need not wait for it to tidy up.
            std::process::exit(status as i32);
        },
        |why, _| refuse(why, format),
    )
}

/// The name of a service is part of many counters.
fn service(name: &str) -> Result<String, &'static str> {
    match name.len() {
        1..=128 => Ok(name.to_owned()),
        _ => Err("give a name of 1 to 128 bytes"),
    }
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
