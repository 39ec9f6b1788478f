//! `--rule NAME[,WARNING[,CRITICAL]]`: what is measured, and when it is a matter of alarm.

use std::fmt;

use super::range::{Range, Unit};

/// The commands that note how they ran.
const COMMANDS: [&str; 4] = ["samba-snapshot", "epn-ingest", "session-aggregate", "stats-report"];

/// Names of rules, for messages.
const NAMES: &str = "last_aggregation_age, snapshot_age[:SERVER], missing_snapshots[:SERVER], waiting_rows, \
    unmatched_rows, seconds_at_limit, refused_logins, run_age:COMMAND[@HOST], run_success_age:COMMAND[@HOST], \
    run_status:COMMAND[@HOST]";

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Time since the end of the newest slot of sessions.
    LastAggregationAge,
    /// Opening time since the last snapshot, of one Samba server or of the one that is silent for longest.
    SnapshotAge(Option<String>),
    /// Snapshots that should have come in in that time.
    MissingSnapshots(Option<String>),
    /// Rows of `users_temp`.
    WaitingRows,
    /// Those of them that match nothing.
    UnmatchedRows,
    /// Seconds at the limit of sessions at once.
    SecondsAtLimit,
    /// Refused tries.
    RefusedLogins,
    /// Time since the begin of the last run.
    RunAge(Runs),
    /// Time since the begin of the last run with status 0.
    RunSuccessAge(Runs),
    /// The exit status of the last run.
    RunStatus(Runs),
}

/// The runs of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    /// Which.
    pub command: String,
    /// On which host; none: on any.
    pub host: Option<String>,
}

/// What is measured, and when it is a matter of alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What is measured.
    pub measure: Measure,
    /// As it was written: the label of its performance data.
    pub name: String,
    /// None: never.
    pub warning: Option<Range>,
    /// None: never.
    pub critical: Option<Range>,
}

/// What a rule says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing is wrong.
    Ok,
    /// It could not be measured.
    Unknown,
    /// Somebody should look at it.
    Warning,
    /// Somebody must look at it now.
    Critical,
}

impl State {
    /// The exit status of a plugin.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ok => "OK",
            Self::Unknown => "UNKNOWN",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        })
    }
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with the text, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default();
        let measure = measure(name)?;
        let mut range = || {
            let range = parts.next().filter(|range| !range.is_empty());
            range.map(|range| Range::parse(range, measure.unit())).transpose()
        };
        let (warning, critical) = (range()?, range()?);
        if parts.next().is_some() {
            return Err("more than NAME,WARNING,CRITICAL".to_owned());
        }
        Ok(Self { measure, name: name.to_owned(), warning, critical })
    }

    /// What it says of a value; none: it could not be measured.
    pub fn judge(&self, value: Option<f64>) -> State {
        let alarms = |range: Option<Range>, value| range.is_some_and(|range| range.alarms(value));
        match value {
            None => State::Unknown,
            Some(value) if alarms(self.critical, value) => State::Critical,
            Some(value) if alarms(self.warning, value) => State::Warning,
            Some(_) => State::Ok,
        }
    }
}

impl Measure {
    /// What its values are.
    pub fn unit(&self) -> Unit {
        match self {
            Self::LastAggregationAge
            | Self::SnapshotAge(_)
            | Self::SecondsAtLimit
            | Self::RunAge(_)
            | Self::RunSuccessAge(_) => Unit::Seconds,
            Self::MissingSnapshots(_)
            | Self::WaitingRows
            | Self::UnmatchedRows
            | Self::RefusedLogins
            | Self::RunStatus(_) => Unit::Count,
        }
    }
}

fn measure(name: &str) -> Result<Measure, String> {
    let (kind, of) = match name.split_once(':') {
        Some((kind, of)) => (kind, Some(of)),
        None => (name, None),
    };
    let named = |of: Option<&str>| of.map(str::to_owned);
    let measure = match (kind, of) {
        ("last_aggregation_age", None) => Measure::LastAggregationAge,
        ("run_age" | "run_success_age" | "run_status", None | Some("")) => {
            return Err(format!("{kind} of which command? write it as {kind}:epn-ingest"));
        }
        ("snapshot_age", server) if server != Some("") => Measure::SnapshotAge(named(server)),
        ("missing_snapshots", server) if server != Some("") => Measure::MissingSnapshots(named(server)),
        ("waiting_rows", None) => Measure::WaitingRows,
        ("unmatched_rows", None) => Measure::UnmatchedRows,
        ("seconds_at_limit", None) => Measure::SecondsAtLimit,
        ("refused_logins", None) => Measure::RefusedLogins,
        ("run_age", Some(of)) => Measure::RunAge(runs(of)?),
        ("run_success_age", Some(of)) => Measure::RunSuccessAge(runs(of)?),
        ("run_status", Some(of)) => Measure::RunStatus(runs(of)?),
        _ => return Err(format!("{name:?} is no rule; there are {NAMES}")),
    };
    Ok(measure)
}

fn runs(of: &str) -> Result<Runs, String> {
    let (command, host) = match of.split_once('@') {
        Some((command, host)) => (command, Some(host).filter(|host| !host.is_empty())),
        None => (of, None),
    };
    if !COMMANDS.contains(&command) {
        return Err(format!("no runs of {command:?} are recorded, only those of {}", COMMANDS.join(", ")));
    }
    Ok(Runs { command: command.to_owned(), host: host.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_range_decides_and_an_absent_one_never_alarms() {
        let rule = Rule::parse("last_aggregation_age,30m,2h").unwrap();
        let states = [1_800.0, 1_801.0, 7_200.0, 7_201.0].map(|value| rule.judge(Some(value)));
        assert_eq!(states, [State::Ok, State::Warning, State::Warning, State::Critical]);
        assert_eq!(rule.judge(None), State::Unknown);
        let rule = Rule::parse("unmatched_rows,,10").unwrap();
        assert_eq!([10.0, 11.0].map(|value| rule.judge(Some(value))), [State::Ok, State::Critical]);
        assert_eq!(Rule::parse("waiting_rows").unwrap().judge(Some(1e9)), State::Ok);
        let only_one = Rule::parse("run_status:epn-ingest,0").unwrap();
        assert_eq!(only_one.judge(Some(69.0)), State::Warning);
        assert!(State::Critical > State::Warning && State::Warning > State::Unknown);
    }

    #[test]
    fn what_is_measured_may_have_a_name() {
        let measure = |text: &str| Rule::parse(text).unwrap().measure;
        assert_eq!(measure("snapshot_age"), Measure::SnapshotAge(None));
        assert_eq!(measure("missing_snapshots:nas,1,3"), Measure::MissingSnapshots(Some("nas".into())));
        let runs = Runs { command: "samba-snapshot".into(), host: Some("nas".into()) };
        assert_eq!(measure("run_age:samba-snapshot@nas,15m"), Measure::RunAge(runs));
    }

    #[test]
    fn mistakes_are_told_with_what_would_be_right() {
        for (text, what) in [
            ("", "there are last_aggregation_age, "),
            ("unmatched", "is no rule"),
            ("unmatched_rows:x", "is no rule"),
            ("snapshot_age:,1h", "is no rule"),
            ("run_age,1h", "write it as run_age:epn-ingest"),
            ("run_age:", "write it as run_age:epn-ingest"),
            ("run_age:ratelimit-check,1h", "no runs of \"ratelimit-check\" are recorded"),
            ("unmatched_rows,1,2,3", "more than NAME,WARNING,CRITICAL"),
            ("unmatched_rows,1h", "\"1h\" is no number"),
            ("snapshot_age,x", "no length of time"),
        ] {
            let said = Rule::parse(text).unwrap_err();
            assert!(said.contains(what), "{text:?}: {said}");
        }
    }
}
