//! stats-report: shows what the other commands collected.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use sessionstat::{
    cli::{self, Common},
    config::report::parse_address,
    failure::{Failure, Status},
    report::{
        self, Format, Language, Moment, Request, Section,
        check::{self, Check, rule::Rule},
    },
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
    /// How to write it [default: table; of a mail html]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write the page as a mail for "sendmail -t", to ADDRESS[,ADDRESS...] [default: those of the configuration]
    #[arg(long, value_name = "ADDRESS", num_args = 0.., require_equals = true, value_delimiter = ',', value_parser = parse_address)]
    mail: Option<Vec<String>>,
    /// Write to FILE, which is replaced in one step; of CSV a folder [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Language of tables, pages and mails [default: that of the locale]
    #[arg(long, value_name = "LANGUAGE", value_enum)]
    lang: Option<Language>,
    /// Show N entries of each ranking [default: 10; of the users with the most logins 3]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Leave out who people are: numbers instead of logins and e-mails, small groups hidden
    #[arg(long)]
    anonymous: bool,
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand)]
enum Command {
    /// Say whether all is well, as a monitoring plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    Check {
        /// What to look at, and when it is a matter of alarm: NAME[,WARNING[,CRITICAL]], as in unmatched_rows,10,50
        #[arg(long = "rule", value_name = "EXPR", value_parser = Rule::parse, required_unless_present = "all")]
        rules: Vec<Rule>,
        /// Look at the installation: configuration, servers, rights, cron, folders, last runs, clocks
        #[arg(long)]
        all: bool,
        /// Count refusals and seconds at the limit of this time up to now
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "1d")]
        last: Duration,
    },
}

impl Arguments {
    /// Checks what the parser cannot: a check is no report.
    fn checked(self) -> Result<Self, clap::Error> {
        let Self { sections, from, to, format, output, lang, top, .. } = &self;
        let is_report = !sections.is_empty()
            || from.is_some()
            || to.is_some()
            || format.is_some()
            || output.is_some()
            || lang.is_some()
            || top.is_some();
        if self.command.is_some() && is_report {
            let message = "check takes no sections and no options of reports";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        Ok(self)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().and_then(Arguments::checked);
    let is_check = match &arguments {
        Ok(arguments) => arguments.command.is_some(),
        Err(_) => std::env::args_os().any(|argument| argument == "check"),
    };
    let mut has_begun = true;
    cli::report_full_files();
    let status = cli::main_for(
        arguments,
        |arguments: &Arguments| &arguments.common,
        |arguments, context| {
            if let Some(Command::Check { rules, all, last }) = arguments.command {
                return check::run(&context, &Check { rules, all, last });
            }
            if arguments.mail.is_some() && arguments.format.is_some_and(|format| format != Format::Html) {
                let message = "--mail is for --format html; leave --format out";
                return Err(Failure::new(Status::Usage, message));
            }
            let request = Request {
                sections: arguments.sections,
                from: arguments.from,
                to: arguments.to,
                format: arguments.format.unwrap_or(Format::Table),
                mail: arguments.mail,
                output: arguments.output,
                language: arguments.lang,
                top: arguments.top,
                anonymous: arguments.anonymous,
            };
            report::run(&context, &request)
        },
        |_, why| {
            has_begun = false;
            if is_check {
                check::refuse(why);
            }
        },
    );
    match status {
        // What the guidelines call CRITICAL is what a wrong command line is elsewhere.
        Status::Usage if has_begun => status,
        Status::Done | Status::No => status,
        _ if is_check => Status::Unknown,
        _ => status,
    }
    .into()
}
