//! `stats-report check`: rules about the freshest figures, and the installation, in the manner of monitoring plugins.
//!
//! | file | its purpose |
//! |---|---|
//! | [`rule`] | `--rule`: what is measured, and when it is a matter of alarm |
//! | [`range`] | the plugins' ranges |
//! | [`facts`] | what the rules ask for, out of the database and Redis |
//! | [`opening`] | time in which the space is open |
//! | [`installation`] | `--all`: configuration, servers, rights, cron, folders, last runs, clocks |
//! | [`answer`] | what is said on standard output |

pub mod answer;
pub mod facts;
pub mod installation;
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
use answer::{Answer, Verdict, unknown};
use facts::Facts;
use installation::Host;
use rule::{Rule, State};

/// After this time monitoring programs give a plugin up.
const LIMIT: Duration = Duration::from_secs(10);
/// A database that is briefly away (a failover) is asked again for this long.
const RETRY_FOR: Duration = Duration::from_secs(5);

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct Check {
    /// None: only the installation is looked at.
    pub rules: Vec<Rule>,
    /// Whether the installation is looked at, too.
    pub all: bool,
    /// The time in which refusals and seconds at the limit are counted, up to now.
    pub last: Duration,
}

/// Says how the rules stand, and the installation. The status is that of a plugin; whatever keeps the rules from being
/// looked at is UNKNOWN.
///
/// # Errors
/// [`Status::Io`] if the answer cannot be printed.
pub fn run(context: &Context, check: &Check) -> Result<Status> {
    let deadline = Instant::now() + LIMIT;
    let answer = match context.clock() {
        Ok(clock) => answer(&context.config, check, &clock, deadline),
        Err(failure) => Answer::unknown(&failure.to_string()),
    };
    let state = answer.state();
    cli::print(answer.text() + "\n")?;
    Ok(match state {
        State::Ok => Status::Done,
        State::Warning => Status::No,
        // The guidelines have the same number for it.
        State::Critical => Status::Usage,
        State::Unknown => Status::Unknown,
    })
}

fn answer(config: &Config, check: &Check, clock: &Clock, deadline: Instant) -> Answer {
    let clock = Clock { now: clock.now.trunc_subsecs(0), ..*clock };
    let retry_for = RETRY_FOR.min(config.mysql.retry_for);
    let rules = (!check.rules.is_empty()).then(|| {
        let (judged, answered) = mpsc::channel();
        let (config, check) = (config.clone(), check.clone());
        // Not joined: a server that never answers must not keep the answer back.
        thread::spawn(move || judged.send(of_rules(&config, &check, &clock, retry_for)));
        answered
    });
    let findings =
        check.all.then(|| installation::findings(config, &clock, &Host::default(), retry_for, deadline));
    let mut answer =
        match rules.map(|rules| rules.recv_timeout(deadline.saturating_duration_since(Instant::now()))) {
            None => Answer::default(),
            Some(Ok(Ok(judged))) => judged,
            Some(Ok(Err(failure))) => Answer::unknown(&failure.to_string()),
            Some(Err(_)) => Answer::unknown(&format!("no answer within {} s", LIMIT.as_secs())),
        };
    if let Some(findings) = findings {
        answer.add_findings(&findings);
    }
    answer
}

fn of_rules(config: &Config, check: &Check, clock: &Clock, retry_for: Duration) -> Result<Answer> {
    let from = TimeDelta::from_std(check.last).ok().and_then(|last| clock.now.checked_sub_signed(last));
    let from = from.ok_or_else(|| Failure::new(Status::Usage, "--last is longer than there is time"))?;
    let period = Period { from, to: clock.now };
    let server = Server::new(&config.mysql)?.only_read().retrying_for(retry_for);
    schema::require(&server)?;
    let rules = &check.rules;
    let refused = Facts::of_redis(config, period, clock.now, rules);
    let mut facts =
        Link::new(&server).run(|conn| Facts::of_database(conn, config, period, clock.now, rules))?;
    facts.refused = refused;
    let verdicts: Vec<_> =
        rules.iter().map(|rule| Verdict::new(rule, facts.measure(&rule.measure, config, clock))).collect();
    Ok(Answer::of_rules(&verdicts))
}

/// Prints the line for a run that did not even begin.
pub fn refuse(why: &str) {
    // A closed stream leaves only the exit status to tell it.
    let _ = cli::print(unknown(why) + "\n");
}
