//! stats-report: shows what the other commands collected.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use sessionstat::{
    cli::{self, Common},
    report::{self, Format, Language, Moment, Request, Section},
};

/// Show the statistics of a public space: sessions, logins, calls of services, uses of machines, workshops, time online, servers
#[derive(Parser)]
#[command(name = "stats-report", version)]
struct Arguments {
    /// What to show [default: all sections that have data]
    #[arg(value_name = "SECTION", value_enum)]
    sections: Vec<Section>,
    /// Begin of the period: a date, RFC 3339, or seconds since the epoch [default: midnight 30 days before its end]
    #[arg(long, value_name = "TIME", value_parser = Moment::parse, allow_negative_numbers = true)]
    from: Option<Moment>,
    /// End of the period; a date is meant to its end [default: now]
    #[arg(long, value_name = "TIME", value_parser = Moment::parse, allow_negative_numbers = true)]
    to: Option<Moment>,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write to FILE, which is replaced in one step [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Language of tables [default: that of the locale]
    #[arg(long, value_name = "LANGUAGE", value_enum)]
    lang: Option<Language>,
    /// Show N entries of each ranking [default: 10; of the users with the most logins 3]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    #[command(flatten)]
    common: Common,
}

fn main() -> ExitCode {
    cli::main(
        |arguments: &Arguments| &arguments.common,
        |arguments, context| {
            let request = Request {
                sections: arguments.sections,
                from: arguments.from,
                to: arguments.to,
                format: arguments.format,
                output: arguments.output,
                language: arguments.lang,
                top: arguments.top,
            };
            report::run(&context, &request)
        },
    )
}
