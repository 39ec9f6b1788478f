//! The clocks: of this host beside those of the servers, and of other hosts by what their runs noted.

use chrono::{DateTime, TimeDelta, Utc};

use super::finding::Finding;
use crate::report::{Language, check::rule::State, model::runs::LastRun};

const SUBJECT: &str = "clock";
/// Above this many seconds, sightings of one moment fall apart.
const WARNING: f64 = 2.0;
/// Above this many, they belong to other minutes than they say.
const CRITICAL: f64 = 60.0;
const CURE: &str =
    "let both hosts follow time servers (systemd-timesyncd, chrony): timedatectl tells whether they do";

/// How far a server's clock is from that of this host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Skew {
    /// Seconds by which this host is ahead; below 0: behind.
    ahead: f64,
    /// The answer may have been made so much earlier or later.
    uncertain: f64,
}

impl Skew {
    /// A server said `theirs` at some time between two moments of this host.
    pub fn between(before: DateTime<Utc>, theirs: DateTime<Utc>, after: DateTime<Utc>) -> Self {
        let seconds = |delta: TimeDelta| delta.as_seconds_f64();
        let uncertain = (seconds(after - before) / 2.0).max(0.0);
        Self { ahead: seconds(before - theirs) + uncertain, uncertain }
    }

    /// How far at least.
    fn least(self) -> f64 {
        (self.ahead.abs() - self.uncertain).max(0.0)
    }
}

/// Beside the servers.
pub fn findings(servers: &[(&str, Skew)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (server, skew) in servers {
        let Some(state) = state(skew.least()) else { continue };
        let side = if skew.ahead > 0.0 { "ahead of" } else { "behind" };
        let found = format!("this host is {} {side} {server}", told(skew.ahead.abs()));
        findings.push(Finding::bad(state, SUBJECT, found, CURE));
    }
    if findings.is_empty() && !servers.is_empty() {
        let names: Vec<&str> = servers.iter().map(|(server, _)| *server).collect();
        let found = format!("this host agrees with {} within {WARNING} s", names.join(" and "));
        findings.push(Finding::ok(SUBJECT, found));
    }
    findings
}

/// Of the hosts whose runs ended in the future, by the clock of the database. That a clock is behind cannot be told: its
/// runs look as if they were old.
pub fn of_runs(runs: &[LastRun], database_now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in runs {
        let ahead = (run.started_at - database_now).as_seconds_f64() + run.duration_seconds;
        let Some(state) = state(ahead) else { continue };
        let found = format!(
            "the last run of {} on {} ended {} in the future: the clock there is ahead of MySQL",
            run.command,
            run.host,
            told(ahead)
        );
        findings.push(Finding::bad(state, SUBJECT, found, CURE));
    }
    findings
}

fn state(seconds: f64) -> Option<State> {
    match seconds {
        seconds if seconds > CRITICAL => Some(State::Critical),
        seconds if seconds > WARNING => Some(State::Warning),
        _ => None,
    }
}

fn told(seconds: f64) -> String {
    if seconds < CRITICAL { format!("{seconds:.1} s") } else { Language::En.length(seconds as i64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_way_of_an_answer_explains_is_no_skew() {
        let at =
            |milliseconds: i64| DateTime::from_timestamp_millis(1_773_000_000_000 + milliseconds).unwrap();
        let told = |before, theirs, after| {
            let findings = findings(&[("MySQL", Skew::between(at(before), at(theirs), at(after)))]);
            findings[0].to_string()
        };
        assert_eq!(told(0, 1_000, 10), "OK clock: this host agrees with MySQL within 2 s");
        // Six seconds for an answer: the server may have looked at its clock at once, or just now.
        assert!(told(0, 7_900, 6_000).starts_with("OK "));
        assert!(
            told(0, 8_100, 6_000).starts_with("WARNING clock: this host is 5.1 s behind MySQL; let both")
        );
        assert!(told(2_500, 0, 2_500).starts_with("WARNING clock: this host is 2.5 s ahead of MySQL; "));
        assert!(
            told(61_000, 0, 61_000).starts_with("CRITICAL clock: this host is 1 min 1 s ahead of MySQL; ")
        );
        assert!(findings(&[]).is_empty());
    }
}
