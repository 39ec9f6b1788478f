//! What rules are about, read from the database and from Redis: no more than they ask for.

use std::collections::HashSet;

use ::mysql::{Conn, prelude::Queryable};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    opening::open_seconds,
    rule::{Measure, Rule, Runs as Of},
};
use crate::{
    clock::Clock,
    config::Config,
    epn::calendar::Minute,
    failure::Result,
    mysql::rows,
    ratelimit::statistics,
    report::{
        model::{
            epn::unmatched,
            overview::{LastSnapshot, WAITING, snapshots},
            runs::{LastRun, Runs},
            slots::{Slots, after},
        },
        period::Period,
    },
};

const CLOSED_DAYS: &str = "SELECT day FROM epn_closed_day WHERE room_id IS NULL";
const SNAPSHOT: &str = "samba-snapshot";
/// Commands that cron runs in opening hours only.
const IN_OPENING_HOURS: [&str; 2] = [SNAPSHOT, "epn-ingest"];

/// A server that was silent for longer while others were not is a server of the past, as in the overview.
pub const PAST: TimeDelta = TimeDelta::days(31);

/// A value, or why there is none.
pub type Measured = std::result::Result<f64, String>;

/// Refused tries, or why nobody knows.
pub type Refused = std::result::Result<u64, String>;

/// The local days on which all rooms are closed.
///
/// # Errors
/// The server's.
pub fn closed_days(conn: &mut Conn) -> Result<HashSet<NaiveDate>> {
    Ok(rows::<NaiveDate>(conn, "epn_closed_day", CLOSED_DAYS, ())?.into_iter().collect())
}

/// What was read.
#[derive(Default)]
pub struct Facts {
    /// None: nobody asked.
    slots: Option<Slots>,
    snapshots: Vec<LastSnapshot>,
    waiting: u64,
    unmatched: u64,
    runs: Vec<LastRun>,
    /// Local days on which all rooms are closed.
    closed: HashSet<NaiveDate>,
    /// None: nobody asked.
    pub refused: Option<Refused>,
}

impl Facts {
    /// Reads from Redis what `rules` ask for, or why it cannot be read. That Redis is away spoils no other rule.
    pub fn of_redis(config: &Config, period: Period, now: DateTime<Utc>, rules: &[Rule]) -> Option<Refused> {
        let is_asked = rules.iter().any(|rule| rule.measure == Measure::RefusedLogins);
        is_asked.then(|| {
            statistics::refused(config, &period.days_of_utc(now)).map_err(|failure| failure.to_string())
        })
    }

    /// Reads from the database what they ask for.
    ///
    /// # Errors
    /// The server's.
    pub fn of_database(
        conn: &mut Conn,
        config: &Config,
        period: Period,
        now: DateTime<Utc>,
        rules: &[Rule],
    ) -> Result<Self> {
        let asks = |wanted: fn(&Measure) -> bool| rules.iter().any(|rule| wanted(&rule.measure));
        let of_snapshots =
            |measure: &Measure| matches!(measure, Measure::SnapshotAge(_) | Measure::MissingSnapshots(_));
        let of_runs = |measure: &Measure| {
            matches!(measure, Measure::RunAge(_) | Measure::RunSuccessAge(_) | Measure::RunStatus(_))
        };
        let mut facts = Self::default();
        if asks(|measure| matches!(measure, Measure::LastAggregationAge | Measure::SecondsAtLimit)) {
            facts.slots = Some(Slots::read(conn, period, config.aggregate.max_sessions)?);
        }
        if asks(of_snapshots) {
            facts.snapshots = snapshots(conn)?;
        }
        if asks(|measure| *measure == Measure::WaitingRows) {
            facts.waiting = conn.query_first(WAITING)?.unwrap_or(0);
        }
        if asks(|measure| *measure == Measure::UnmatchedRows) {
            facts.unmatched = unmatched::read(conn, Minute::from(now))?.iter().map(|rows| rows.count).sum();
        }
        if asks(of_snapshots) || asks(of_runs) {
            facts.runs = Runs::collect(conn)?.last_runs;
            facts.closed = closed_days(conn)?;
        }
        Ok(facts)
    }

    /// What a rule is about.
    pub fn measure(&self, measure: &Measure, config: &Config, clock: &Clock) -> Measured {
        let open = |since| {
            let hours = &config.report.opening_hours;
            open_seconds(since, clock.now, hours, &self.closed, clock.zone) as f64
        };
        let age = |since: DateTime<Utc>| (clock.now - since).num_seconds().max(0) as f64;
        match measure {
            Measure::LastAggregationAge => {
                let last = self.slots.as_ref().and_then(|slots| slots.last);
                last.map(|last| age(after(last))).ok_or_else(|| "no session has ever been counted".to_owned())
            }
            Measure::SecondsAtLimit => {
                let slots = self.slots.iter().flat_map(|slots| &slots.slots);
                Ok(slots.map(|slot| slot.maxed_out_seconds).sum::<i64>() as f64)
            }
            Measure::SnapshotAge(server) => self.last_snapshot(server.as_deref()).map(open),
            Measure::MissingSnapshots(server) => {
                let interval = f64::from(60 * config.epn.snapshot_minutes);
                // The next one may take as long as that.
                self.last_snapshot(server.as_deref())
                    .map(|last| ((open(last) / interval).floor() - 1.0).max(0.0))
            }
            Measure::WaitingRows => Ok(self.waiting as f64),
            Measure::UnmatchedRows => Ok(self.unmatched as f64),
            Measure::RefusedLogins => match &self.refused {
                Some(Ok(count)) => Ok(*count as f64),
                Some(Err(why)) => Err(why.clone()),
                None => Ok(0.0),
            },
            Measure::RunAge(of) | Measure::RunSuccessAge(of) => {
                let is_success = matches!(measure, Measure::RunSuccessAge(_));
                let runs = self.runs_of(of)?;
                let began = |run: &&LastRun| if is_success { run.succeeded_at } else { Some(run.started_at) };
                let began: Vec<_> = runs.iter().map(began).collect();
                let oldest = began.into_iter().min().flatten();
                let oldest =
                    oldest.ok_or_else(|| format!("no run of {} has ended with status 0", of.command))?;
                Ok(if IN_OPENING_HOURS.contains(&&*of.command) { open(oldest) } else { age(oldest) })
            }
            Measure::RunStatus(of) => {
                let runs = self.runs_of(of)?;
                Ok(runs.iter().map(|run| run.status).max().map_or(0.0, f64::from))
            }
        }
    }

    /// When a Samba server, or the one that is silent for longest, was last looked at: a run that saw nobody counts, too.
    fn last_snapshot(&self, server: Option<&str>) -> std::result::Result<DateTime<Utc>, String> {
        let seen = self.snapshots.iter().map(|snapshot| (snapshot.server.as_str(), snapshot.last_seen));
        let runs = self.runs.iter().filter(|run| run.command == SNAPSHOT);
        let looked = runs.filter_map(|run| Some((run.host.as_str(), run.succeeded_at?)));
        let all: Vec<(&str, DateTime<Utc>)> = seen.chain(looked).collect();
        let last_of =
            |server: &str| all.iter().filter(|(known, _)| *known == server).map(|(_, at)| *at).max();
        match server {
            Some(server) => last_of(server).ok_or_else(|| format!("no snapshot of {server} has come in")),
            None => {
                let newest = all.iter().map(|(_, at)| *at).max();
                let last = all.iter().filter_map(|(server, _)| last_of(server));
                let present = last.filter(|at| newest.is_some_and(|newest| newest - *at <= PAST));
                present.min().ok_or_else(|| "no snapshot has come in".to_owned())
            }
        }
    }

    /// The last runs that a rule is about. Each Samba server has runs of its own; of other commands there is one job,
    /// on whatever host.
    fn runs_of(&self, of: &Of) -> std::result::Result<Vec<&LastRun>, String> {
        let mut runs: Vec<&LastRun> = self
            .runs
            .iter()
            .filter(|run| run.command == of.command && of.host.as_ref().is_none_or(|host| run.host == *host))
            .collect();
        let Some(newest) = runs.iter().map(|run| run.started_at).max() else {
            let place = of.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            return Err(format!("no run of {}{place} is recorded", of.command));
        };
        let oldest = if of.command == SNAPSHOT { newest - PAST } else { newest };
        runs.retain(|run| run.started_at >= oldest);
        Ok(runs)
    }
}
