//! One run: a user, or a list of users.

use std::{ffi::OsString, os::unix::ffi::OsStrExt, time::Instant};

use super::{
    answer::{Answer, Format},
    batch,
    check::Checks,
    question::{Question, What},
};
use crate::{
    cli::{self, Context, Unbegun},
    failure::{Failure, Result, Status},
};

/// The last microsecond since the epoch that Redis can count exactly: its scripts know doubles only.
const LATEST: i64 = 1 << 53;

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    /// The rules by name.
    pub rules: Vec<String>,
    /// The service that is called.
    pub service: Option<String>,
    /// What the try costs.
    pub cost: u64,
    /// What is done.
    pub what: What,
    /// How the answers are written.
    pub format: Format,
    /// Who; none: those on standard input.
    pub user: Option<OsString>,
}

/// Answers about the user, or about all users on standard input. The run began at `begin`.
///
/// # Errors
/// [`Status::Config`] for a rule that is not configured; [`Status::Io`] if the answer cannot be written. What Redis
/// does wrong is part of the answer.
pub fn run(context: &Context, options: &Options, begin: Instant) -> Result<Status> {
    let service = options.service.as_deref();
    let asked = Question::new(&context.config, options.what, options.cost, &options.rules, service);
    let mut question = asked.inspect_err(|_| refuse(Unbegun::Config, options.format))?;
    question.now = context.now.map(|now| now.timestamp_micros());
    if question.now.is_some_and(|now| now > LATEST) {
        refuse(Unbegun::Usage, options.format);
        return Err(Failure::new(Status::Usage, "--now lies after 5 June 2255; give an earlier time"));
    }
    let mut checks = Checks::new(&context.config, &question, options.format);
    let Some(user) = &options.user else { return batch::run(checks) };
    let mut line = Vec::with_capacity(256);
    checks.begin([user.as_bytes()], begin);
    checks.finish(&mut line);
    cli::print(&line)?;
    Ok(checks.status())
}

/// Answers a question that could not even be asked, so that the caller always reads a line.
pub fn refuse(why: Unbegun, format: Format) {
    let mut line = Vec::new();
    Answer::unbegun(why).write(format, &mut line);
    // The exit status tells it as well.
    let _ = cli::print(&line);
}
