//! `stats-report check --all`: the installation from end to end, as far as this host and this account can see.
//!
//! Each subject is looked at, and then judged: what looks has I/O and no opinion, what judges has no I/O.
//!
//! | file | its purpose |
//! |---|---|
//! | [`finding`] | one line: state, what was looked at, what was found, what to do |
//! | [`host`] | files, processes, accounts and clock of the host |
//! | [`configuration`] | the file, and those with passwords |
//! | [`database`] | MySQL, its version, the account, the version of the tables |
//! | [`rights`] | the tables that reports read |
//! | [`triggers`] | those of `epn_booking` |
//! | [`due`] | what there is to do for commands |
//! | [`redis`] | Redis, its account, the counters, what it forgets |
//! | [`samba`] | smbstatus |
//! | [`schedule`] | cron's file and systemd's timers |
//! | [`folders`] | locks and spool |
//! | [`runs`] | when each command ran last, and how that ended |
//! | [`clock`] | the clocks of this host, the servers and other hosts |

pub mod clock;
pub mod configuration;
pub mod database;
pub mod due;
pub mod finding;
pub mod folders;
pub mod host;
pub mod redis;
pub mod rights;
pub mod runs;
pub mod samba;
pub mod schedule;
pub mod triggers;

use std::{
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use super::rule::State;
use crate::{clock::Clock, config::Config, failure::Result, mysql::Server, redis::Trouble};
pub use finding::Finding;
pub use host::Host;

/// What is on this host.
struct Here {
    configuration: configuration::Seen,
    samba: samba::Seen,
    schedule: schedule::Seen,
    folders: folders::Seen,
}

/// Looks at everything, and says what it found. What does not answer before `deadline` is UNKNOWN or CRITICAL; a
/// database that is away is asked again for `retry_for`. Ages of runs are by `clock`, differences of clocks by that of
/// `host`.
pub fn findings(
    config: &Config,
    clock: &Clock,
    host: &Host,
    retry_for: Duration,
    deadline: Instant,
) -> Vec<Finding> {
    let here = {
        let (config, host) = (config.clone(), host.clone());
        begun(move || Here {
            configuration: configuration::look(&config),
            samba: samba::look(&config, &host),
            schedule: schedule::look(&host),
            folders: folders::look(&config, &host),
        })
    };
    let redis = {
        let (config, host) = (config.clone(), host.clone());
        begun(move || redis::look(&config, &host))
    };
    let database = {
        let (settings, host) = (config.mysql.clone(), host.clone());
        begun(move || {
            let server = Server::new(&settings)?.only_read().retrying_for(retry_for);
            database::look(&server, &host)
        })
    };
    judged(config, clock, awaited(&here, deadline), awaited(&database, deadline), awaited(&redis, deadline))
}

/// Looks in a thread of its own, which is not joined: whatever hangs must not keep the answer back.
fn begun<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(look()));
    receiver
}

fn awaited<T>(seen: &Receiver<T>, deadline: Instant) -> Option<T> {
    seen.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

fn judged(
    config: &Config,
    clock: &Clock,
    here: Option<Here>,
    database: Option<Result<database::Seen>>,
    redis: Option<std::result::Result<redis::Seen, Trouble>>,
) -> Vec<Finding> {
    let silent = |state, subject, cure: &str| Finding::bad(state, subject, "no answer in time", cure);
    let mut findings = Vec::new();
    match &here {
        Some(here) => findings.extend(configuration::findings(&here.configuration)),
        None => findings.push(silent(State::Unknown, "host", "see whether a folder hangs (mount)")),
    }
    let seen = match database {
        Some(Ok(seen)) => Some(seen),
        Some(Err(failure)) => {
            findings.push(database::away(&failure));
            None
        }
        None => {
            findings.push(silent(State::Critical, "mysql", "check that it runs, and its load"));
            None
        }
    };
    let runs = seen.as_ref().and_then(|seen| seen.runs.as_ref()?.as_ref().ok());
    let runs = runs.map(Vec::as_slice).unwrap_or_default();
    let mut clocks = Vec::new();
    if let Some(seen) = &seen {
        findings.extend(database::findings(seen));
        findings.extend(seen.unreadable.iter().flat_map(rights::findings));
        findings.extend(seen.triggers.iter().map(triggers::finding));
        clocks.extend(seen.clock.as_ref().ok().map(|(_, skew)| ("MySQL", *skew)));
    }
    match redis {
        Some(Ok(seen)) => {
            findings.extend(redis::findings(&seen));
            clocks.extend(seen.clock.map(|skew| ("Redis", skew)));
        }
        Some(Err(trouble)) => {
            let has_users = seen.as_ref().map(|seen| seen.due.has_accounts);
            findings.push(redis::away(trouble, &config.redis, has_users));
        }
        None => findings.push(silent(State::Critical, "redis", "check that it runs, and its load")),
    }
    findings.extend(clock::findings(&clocks));
    if let Some(here) = &here {
        findings.push(samba::finding(&here.samba, runs, clock.now));
        findings.extend(schedule::findings(&here.schedule));
        findings.extend(folders::findings(&here.folders));
    }
    let Some(seen) = &seen else { return findings };
    if let Ok((database_now, _)) = &seen.clock {
        findings.extend(clock::of_runs(runs, *database_now));
    }
    let samba = here.as_ref().map(|here| &here.samba).filter(|samba| samba.is_server());
    let server = samba.map(|samba| samba.name.as_str());
    match &seen.runs {
        Some(Ok(runs)) => {
            let seen = runs::Seen { runs, due: seen.due, server, closed: &seen.closed };
            findings.extend(runs::findings(&seen, config, clock));
        }
        Some(Err(failure)) => {
            findings.push(Finding::of_failure(State::Unknown, "last runs", failure, "load etc/grants.sql"))
        }
        None => {}
    }
    findings
}
