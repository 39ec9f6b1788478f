//! When each command ran last, and how that ended.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{due::Due, finding::Finding};
use crate::{
    clock::Clock,
    config::{Config, aggregate::Source},
    report::{
        Language,
        check::{facts::PAST, opening::open_seconds, rule::State},
        model::runs::LastRun,
    },
};

const SUBJECT: &str = "last runs";
const SNAPSHOT: &str = "samba-snapshot";
const INGEST: &str = "epn-ingest";
const AGGREGATE: &str = "session-aggregate";
const REPORT: &str = "stats-report";
/// A run may be missing, and the next one late.
const WARNING: i64 = 3;
/// Two hours of snapshots.
const CRITICAL: i64 = 24;
const RHYTHM: &str = "let cron or a timer run it";

/// What is to be judged.
#[derive(Debug)]
pub struct Seen<'a> {
    /// All that is noted.
    pub runs: &'a [LastRun],
    /// What there is to do.
    pub due: Due,
    /// The name of the snapshots of this host, if it is a Samba server.
    pub server: Option<&'a str>,
    /// Days on which the space is not open.
    pub closed: &'a HashSet<NaiveDate>,
}

/// What that means.
pub fn findings(seen: &Seen<'_>, config: &Config, clock: &Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut well = Vec::new();
    for command in [SNAPSHOT, INGEST, AGGREGATE, REPORT] {
        let runs = present(seen.runs, command);
        findings.extend(never(seen, command, &runs, config));
        for run in runs {
            let mut told = of_run(run, seen.closed, config, clock);
            if told.is_empty() {
                well.push(format!("{command} on {} {} ago", run.host, ago(clock.now - run.started_at)));
            }
            findings.append(&mut told);
        }
    }
    if findings.is_empty() {
        let found =
            if well.is_empty() { "none is noted, and none is due".to_owned() } else { well.join(", ") };
        findings.push(Finding::ok(SUBJECT, found));
    }
    findings
}

/// The runs that count: of each Samba server its own, of other commands the last one, on whatever host.
fn present<'a>(runs: &'a [LastRun], command: &str) -> Vec<&'a LastRun> {
    let of_command = || runs.iter().filter(move |run| run.command == command);
    let newest = of_command().map(|run| run.started_at).max();
    let oldest = newest.map(|newest| if command == SNAPSHOT { newest - PAST } else { newest });
    of_command().filter(|run| oldest.is_some_and(|oldest| run.started_at >= oldest)).collect()
}

/// A command that never ran, although there is work for it.
fn never(seen: &Seen<'_>, command: &str, runs: &[&LastRun], config: &Config) -> Option<Finding> {
    let sources = &config.aggregate.sources;
    let why = match command {
        SNAPSHOT => {
            let server = seen.server.filter(|server| !runs.iter().any(|run| run.host == **server))?;
            format!("Samba runs on this host ({server})")
        }
        _ if !runs.is_empty() => return None,
        INGEST if seen.due.waiting_rows > 0 => format!("rows wait for it: {}", seen.due.waiting_rows),
        AGGREGATE if seen.due.has_uses && sources.contains(&Source::Epn) => "machines were used".to_owned(),
        AGGREGATE if seen.due.has_accounts && sources.contains(&Source::Raw) => {
            "the web site has users".to_owned()
        }
        _ => return None,
    };
    let place = if command == SNAPSHOT { " here" } else { "" };
    let found = format!("no run of {command}{place} is noted, although {why}");
    let cure = format!("{RHYTHM} (cron.d/sessionstat); if it does, load etc/grants.sql: runs are noted then");
    Some(Finding::bad(State::Warning, SUBJECT, found, cure))
}

fn of_run(run: &LastRun, closed: &HashSet<NaiveDate>, config: &Config, clock: &Clock) -> Vec<Finding> {
    let LastRun { command, host, .. } = run;
    let mut findings = Vec::new();
    if let Some((state, waited)) = lateness(command, run.started_at, closed, config, clock) {
        let found = format!("{command} on {host} ran last {} ago{waited}", ago(clock.now - run.started_at));
        let cure = format!("{RHYTHM}: see the schedule there, and what cron mailed");
        findings.push(Finding::bad(state, SUBJECT, found, cure));
    }
    if run.status != 0 {
        let since = match run.succeeded_at {
            Some(at) => format!("it last went well {} ago", ago(clock.now - at)),
            None => "it never went well".to_owned(),
        };
        let late = run.succeeded_at.and_then(|at| lateness(command, at, closed, config, clock));
        let state = late.map_or(State::Warning, |(state, _)| state);
        let found = format!("the last run of {command} on {host} ended with status {}, {since}", run.status);
        findings.push(Finding::bad(state, SUBJECT, found, cure(command, run.status)));
    }
    findings
}

/// How bad it is that the last run was then; none: not at all. With the opening time since, where that alone counts.
fn lateness(
    command: &str,
    since: DateTime<Utc>,
    closed: &HashSet<NaiveDate>,
    config: &Config,
    clock: &Clock,
) -> Option<(State, String)> {
    let open = || open_seconds(since, clock.now, &config.report.opening_hours, closed, clock.zone);
    let (rhythm, waited, is_open) = match command {
        SNAPSHOT => (60 * i64::from(config.epn.snapshot_minutes), open(), true),
        INGEST => (600, open(), true),
        AGGREGATE => (900, (clock.now - since).num_seconds(), false),
        // Whoever wants a report asks for it.
        _ => return None,
    };
    let state = match waited {
        waited if waited > CRITICAL * rhythm => State::Critical,
        waited if waited > WARNING * rhythm => State::Warning,
        _ => return None,
    };
    let told = if is_open {
        format!(", {} of opening hours", ago(TimeDelta::seconds(waited)))
    } else {
        String::new()
    };
    Some((state, told))
}

fn cure(command: &str, status: u8) -> String {
    match status {
        65 => format!("mend what {command} -v names"),
        69 if command == SNAPSHOT => format!("see that smbstatus and MySQL answer: {command} -v"),
        69 => format!("see that MySQL answers: {command} -v"),
        73 | 74 => format!("see that its folders can be written and have room: {command} -v"),
        78 => format!("{command} --check-config, then load etc/grants.sql"),
        _ => format!("see what it says: {command} -v"),
    }
}

/// To the minute, where it is longer than that.
fn ago(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    match seconds {
        0..=59 => Language::En.length(seconds),
        60..=172_799 => Language::En.length(seconds - seconds % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tuesday, 20:00 in Paris: open since 9:00.
    const NOW: &str = "2026-03-10T19:00:00Z";

    fn run(command: &str, host: &str, at: &str, status: u8) -> LastRun {
        let at = at.parse().unwrap();
        LastRun {
            command: command.into(),
            host: host.into(),
            started_at: at,
            duration_seconds: 1.0,
            status,
            succeeded_at: (status == 0).then_some(at),
            runs: 1,
            failures: u64::from(status != 0),
            counts: Default::default(),
        }
    }

    fn told_of(seen: &Seen<'_>) -> Vec<String> {
        let clock = Clock { now: NOW.parse().unwrap(), zone: chrono_tz::Europe::Paris };
        findings(seen, &Config::default(), &clock).iter().map(ToString::to_string).collect()
    }

    fn told(runs: &[LastRun]) -> Vec<String> {
        told_of(&Seen { runs, due: Due::default(), server: None, closed: &HashSet::new() })
    }

    #[test]
    fn runs_are_late_by_their_rhythm_and_only_while_it_is_open() {
        let snapshot = |at| told(&[run(SNAPSHOT, "nas", at, 0)]).remove(0);
        assert_eq!(snapshot("2026-03-10T18:45:00Z"), "OK last runs: samba-snapshot on nas 15 min ago");
        assert!(
            snapshot("2026-03-10T18:44:00Z")
                .starts_with("WARNING last runs: samba-snapshot on nas ran last 16 min")
        );
        assert!(snapshot("2026-03-10T16:59:00Z").starts_with("CRITICAL "));
        // Saturday evening: eleven hours of Tuesday have passed. On the evening before, nothing had.
        let saturday = snapshot("2026-03-07T19:55:00Z");
        assert!(saturday.contains("2 days ago, 11 h 5 min of opening hours; let cron"), "{saturday}");
        let aggregate = |at| told(&[run(AGGREGATE, "db", at, 0)]).remove(0);
        assert!(aggregate("2026-03-10T18:16:00Z").starts_with("OK "));
        assert!(
            aggregate("2026-03-10T18:14:00Z")
                .starts_with("WARNING last runs: session-aggregate on db ran last 46 min ago; ")
        );
        assert!(told(&[run(REPORT, "db", "2025-03-10T18:14:00Z", 0)])[0].starts_with("OK "));
    }

    #[test]
    fn each_server_counts_and_of_other_commands_the_last_run() {
        let told = told(&[
            run(SNAPSHOT, "nas", "2026-03-10T18:55:00Z", 0),
            run(SNAPSHOT, "old", "2026-03-08T18:55:00Z", 0),
            run(SNAPSHOT, "gone", "2025-12-01T18:55:00Z", 0),
            run(INGEST, "moved", "2026-01-10T18:50:00Z", 69),
            run(INGEST, "db", "2026-03-10T18:50:00Z", 0),
        ]);
        assert!(told.len() == 1 && told[0].contains("samba-snapshot on old"), "{told:?}");
    }

    #[test]
    fn a_failure_is_told_with_the_last_success_and_what_to_do() {
        let mut failed = run(INGEST, "db", "2026-03-10T18:55:00Z", 78);
        assert_eq!(
            told(&[failed.clone()]),
            [
                "WARNING last runs: the last run of epn-ingest on db ended with status 78, it never went well; epn-ingest \
              --check-config, then load etc/grants.sql"
            ]
        );
        failed.succeeded_at = Some("2026-03-10T08:00:00Z".parse().unwrap());
        let told = told(&[failed]);
        assert!(
            told[0].starts_with("CRITICAL ") && told[0].contains("it last went well 11 h ago"),
            "{told:?}"
        );
    }

    #[test]
    fn a_command_that_never_ran_is_missed_where_there_is_work_for_it() {
        let of = |due, server| told_of(&Seen { runs: &[], due, server, closed: &HashSet::new() });
        assert_eq!(of(Due::default(), None), ["OK last runs: none is noted, and none is due"]);
        let due = Due { waiting_rows: 3, has_uses: true, has_accounts: false };
        let told = of(due, Some("nas"));
        assert_eq!(told.len(), 3);
        assert!(
            told[0].contains(
                "no run of samba-snapshot here is noted, although Samba runs on this host (nas); let"
            )
        );
        assert!(told[1].contains("no run of epn-ingest is noted, although rows wait for it: 3; let cron"));
        assert!(told[2].contains("no run of session-aggregate is noted, although machines were used; let"));
        assert_eq!(of(Due { has_accounts: true, ..Due::default() }, None).len(), 1);
    }
}
