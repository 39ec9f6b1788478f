//! `stats-report check`: rules about the freshest figures, in the manner of monitoring plugins.
//!
//! | file | its purpose |
//! |---|---|
//! | [`rule`] | `--rule`: what is measured, and when it is a matter of alarm |
//! | [`range`] | the plugins' ranges |
//! | [`facts`] | what the rules ask for, out of the database and Redis |
//! | [`opening`] | time in which the space is open |
//! | [`answer`] | the one line on standard output |

pub mod answer;
pub mod facts;
pub mod opening;
pub mod range;
pub mod rule;

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use chrono::{SubsecRound, TimeDelta};

use super::period::Period;
use crate::{
    cli::{self, Context},
    clock::Clock,
    config::Config,
    failure::{Failure, Result, Status},
    mysql::{Link, Server, schema},
};
use answer::{Verdict, line, unknown};
use facts::Facts;
use rule::{Rule, State};

/// After this time monitoring programs give a plugin up.
const LIMIT: Duration = Duration::from_secs(10);
/// A database that is briefly away (a failover) is asked again for this long.
const RETRY_FOR: Duration = Duration::from_secs(5);

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct Check {
    /// At least one.
    pub rules: Vec<Rule>,
    /// The time in which refusals and seconds at the limit are counted, up to now.
    pub last: Duration,
}

/// Says in one line how the rules stand. The status is that of a plugin; whatever keeps the rules from being looked at
/// is UNKNOWN.
///
/// # Errors
/// [`Status::Io`] if the line cannot be printed.
pub fn run(context: &Context, check: &Check) -> Result<Status> {
    let began = Instant::now();
    let (answer, answered) = mpsc::channel();
    let (config, check, clock) = (context.config.clone(), check.clone(), context.clock());
    // Not joined: a server that never answers must not keep the line back.
    thread::spawn(move || answer.send(clock.and_then(|clock| judged(&config, &check, &clock))));
    let (state, line) = match answered.recv_timeout(LIMIT.saturating_sub(began.elapsed())) {
        Ok(Ok(judged)) => judged,
        Ok(Err(failure)) => (State::Unknown, unknown(&failure.to_string())),
        Err(_) => (State::Unknown, unknown(&format!("no answer within {} s", LIMIT.as_secs()))),
    };
    cli::print(format!("{line}\n"))?;
    Ok(match state {
        State::Ok => Status::Done,
        State::Warning => Status::No,
        // The guidelines have the same number for it.
        State::Critical => Status::Usage,
        State::Unknown => Status::Unknown,
    })
}

fn judged(config: &Config, check: &Check, clock: &Clock) -> Result<(State, String)> {
    let clock = Clock { now: clock.now.trunc_subsecs(0), ..*clock };
    let from = TimeDelta::from_std(check.last).ok().and_then(|last| clock.now.checked_sub_signed(last));
    let from = from.ok_or_else(|| Failure::new(Status::Usage, "--last is longer than there is time"))?;
    let period = Period { from, to: clock.now };
    let server = Server::new(&config.mysql)?.retrying_for(RETRY_FOR.min(config.mysql.retry_for));
    schema::require(&server)?;
    let rules = &check.rules;
    let refused = Facts::of_redis(config, period, clock.now, rules);
    let mut facts =
        Link::new(&server).run(|conn| Facts::of_database(conn, config, period, clock.now, rules))?;
    facts.refused = refused;
    let verdicts: Vec<_> =
        rules.iter().map(|rule| Verdict::new(rule, facts.measure(&rule.measure, config, &clock))).collect();
    Ok(line(&verdicts))
}

/// Prints the line for a run that did not even begin.
pub fn refuse(why: &str) {
    // A closed stream leaves only the exit status to tell it.
    let _ = cli::print(unknown(why) + "\n");
}
