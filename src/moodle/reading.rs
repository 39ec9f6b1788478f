//! The new rows of the log into sessions, batch by batch. A batch is read in one snapshot of the log's database, and
//! its sessions and its state are committed in one transaction.

use std::{
    collections::{BTreeMap, HashMap},
    sync::mpsc,
    thread,
};

use super::{
    batches::{self, Batch, fetch},
    log::{Log, server},
    recent::Recent,
    rules::{Parameters, Session},
    store::{
        self, Progress, sessions,
        users::{self, User},
    },
    trace::Trace,
};
use crate::{
    config::{Config, Moodle},
    failure::{Failure, OrFail, Result, Status},
    mysql::{Link, Server},
    sessions::{
        steps::Steps,
        store::{made::Followed, progress},
    },
};

/// Users whose sessions are written at once when the log has no more to say.
const USERS: usize = 5_000;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows that say something.
    pub traces: u64,
    /// Sessions written, those of users who are still there included.
    pub sessions: u64,
}

/// Reads what is new in the log and writes its sessions.
///
/// # Errors
/// [`Status::Unavailable`] if the log's database is out of reach, [`Status::Config`] if the log is not there; those of
/// `steps`. What was not committed is done by the next run.
pub fn read(steps: &mut impl Steps, config: &Config, now: i64) -> Result<Done> {
    read_by(batches::ROWS, steps, config, now)
}

/// The same with batches of `rows` rows that say something.
///
/// # Errors
/// As of [`read`].
pub fn read_by(rows: usize, steps: &mut impl Steps, config: &Config, now: i64) -> Result<Done> {
    let Some(mut reading) = Reading::begin(steps, config, now)? else { return Ok(Done::default()) };
    reading.all(steps, rows)
}

/// Forgets what was read, and reads all of the log again. Sessions that began before its oldest row are kept.
///
/// # Errors
/// As of [`read`]; [`Status::Config`] if there is no log.
pub fn rebuild(steps: &mut impl Steps, config: &Config, now: i64) -> Result<Done> {
    let Some(mut reading) = Reading::begin(steps, config, now)? else {
        return Err(Failure::new(
            Status::Config,
            format!(
                "there is no log {}logstore_standard_log; check [moodle] url and prefix",
                config.moodle.prefix
            ),
        ));
    };
    reading.forget(steps)?;
    reading.all(steps, batches::ROWS)
}

struct Reading {
    server: Server,
    log: Log,
    parameters: Parameters,
    now: i64,
    progress: Progress,
    /// Users whose sessions may go on in the next batch.
    users: HashMap<i64, User>,
    done: Done,
}

/// What a batch changes.
#[derive(Default)]
struct Outcome {
    sessions: Vec<Session>,
    /// Users of whom a row came late, and from when on their sessions are written anew.
    rebuilt: Vec<(i64, i64)>,
    /// Users of whom a row was read.
    changed: Vec<i64>,
    /// Numbers and times of rows whose time has not come.
    later: Vec<(u64, i64)>,
}

impl Reading {
    fn begin(steps: &mut impl Steps, config: &Config, now: i64) -> Result<Option<Self>> {
        let server = server(config)?;
        let mut link = Link::new(&server);
        let Some(log) = link.run(|conn| Log::find(conn, config))? else { return Ok(None) };
        let parameters = parameters(&config.moodle);
        let written = serde_json::to_string(&parameters).or_fail(Status::Io, || "writing the settings")?;
        // In the main database, its table is enough: there are several ways to write the address of one server.
        let name = match &config.moodle.url {
            None => log.table().to_owned(),
            Some(_) => format!("{} {}", server.identity(), log.table()),
        };
        let before = steps.step(Progress::load)?;
        let fresh = Progress { log: name, parameters: written, last_id: 0, recent: Recent::default() };
        let is_same = |before: &Progress| before.log == fresh.log && before.parameters == fresh.parameters;
        let is_other = before.as_ref().is_some_and(|before| !is_same(before));
        let progress = before.filter(is_same).unwrap_or(fresh);
        // Moodle's log has that index. Said once: cron mails what is said.
        if progress.last_id == 0 && !link.run(|conn| log.has_index_on_time(conn))? {
            log::warn!(
                "{table} of {} has no index on timecreated: late rows are found slowly; CREATE INDEX timecreated ON {table} (timecreated)",
                server.label(),
                table = log.table()
            );
        }
        let last = link.run(|conn| log.last(conn))?;
        let has_shrunk = last.is_some_and(|last| last < progress.last_id);
        let mut reading =
            Self { server, log, parameters, now, progress, users: HashMap::new(), done: Done::default() };
        if is_other {
            log::info!("the settings of [moodle] have changed: all of the log is read again");
            reading.forget(steps)?;
        } else if has_shrunk {
            log::warn!(
                "the last rows of {} are gone, others may have got their numbers: all of it is read again",
                reading.log.table()
            );
            reading.forget(steps)?;
        }
        Ok(Some(reading))
    }

    fn forget(&mut self, steps: &mut impl Steps) -> Result<()> {
        let mut link = Link::new(&self.server);
        let oldest = link.run(|conn| self.log.oldest(conn))?.unwrap_or(i64::MAX);
        self.progress.last_id = 0;
        self.progress.recent = Recent::default();
        steps.step(|conn| {
            store::reset(conn, oldest)?;
            self.progress.save(conn)
        })
    }

    /// All batches. The next one is read while one is written.
    fn all(&mut self, steps: &mut impl Steps, rows: usize) -> Result<Done> {
        let due = steps.step(|conn| store::due(conn, self.now))?;
        let (server, log, before) = (self.server.clone(), self.log.clone(), self.progress.clone());
        let missed = due.clone();
        thread::scope(|scope| -> Result<()> {
            let (fetched, batches) = mpsc::sync_channel(0);
            scope.spawn(move || fetch(&server, &log, &before, rows, missed, &fetched));
            let mut due = Some(due);
            for batch in batches {
                self.take(steps, batch?, &due.take().unwrap_or_default())?;
            }
            Ok(())
        })?;
        self.settle(steps)?;
        Ok(self.done)
    }

    /// Takes a batch and writes what comes of it.
    fn take(&mut self, steps: &mut impl Steps, batch: Batch, due: &[u64]) -> Result<()> {
        let Batch { traces, until, recent } = batch;
        let is_news = until != self.progress.last_id || recent != self.progress.recent || !traces.is_empty();
        self.done.traces += traces.len() as u64;
        let outcome = self.apply(steps, traces, until)?;
        (self.progress.last_id, self.progress.recent) = (until, recent);
        if is_news || !due.is_empty() {
            self.write(steps, &outcome, due)?;
        }
        self.done.sessions += outcome.sessions.len() as u64;
        self.forget_idle(&outcome);
        Ok(())
    }

    /// Hands traces to the machines of their users.
    fn apply(&mut self, steps: &mut impl Steps, mut traces: Vec<Trace>, until: u64) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        traces.retain(|trace| {
            let has_come = trace.at <= self.now;
            if !has_come {
                outcome.later.push((trace.id, trace.at));
            }
            has_come
        });
        traces.sort_unstable_by_key(|trace| (trace.at, trace.id));
        outcome.changed = traces.iter().map(|trace| trace.user).collect();
        outcome.changed.sort_unstable();
        outcome.changed.dedup();
        self.load_users(steps, &outcome.changed)?;
        let mut late: BTreeMap<i64, i64> = BTreeMap::new();
        for trace in &traces {
            let Some(user) = self.users.get_mut(&trace.user) else { continue };
            if trace.at < user.kept_until {
                continue;
            }
            // A row of the same second as the last one of an earlier run may take away what was written.
            if (trace.at, trace.id) <= user.last || trace.at <= user.written_until {
                late.entry(trace.user).or_insert(trace.at);
            } else {
                user.last = (trace.at, trace.id);
                user.machine.take(trace, &self.parameters, |session| outcome.sessions.push(session));
            }
        }
        if !late.is_empty() {
            outcome.sessions.retain(|session| !late.contains_key(&session.user));
            self.read_again(steps, &late, until, &mut outcome)?;
        }
        Ok(outcome)
    }

    fn load_users(&mut self, steps: &mut impl Steps, users: &[i64]) -> Result<()> {
        let unknown: Vec<i64> = users.iter().filter(|user| !self.users.contains_key(user)).copied().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let (known, kept) = steps.step(|conn| {
            let known = users::known(conn, &unknown)?;
            let rest: Vec<_> = unknown.iter().filter(|user| !known.contains_key(user)).copied().collect();
            Ok((known, users::kept(conn, &rest)?))
        })?;
        let new = unknown.iter().map(|user| (*user, User::unknown(*user, kept.get(user).copied())));
        self.users.extend(new);
        self.users.extend(known);
        Ok(())
    }

    /// Users of whom a row came late are read again from the begin of the session that it may belong to.
    fn read_again(
        &mut self,
        steps: &mut impl Steps,
        late: &BTreeMap<i64, i64>,
        until: u64,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let mut link = Link::new(&self.server);
        let oldest = link.run(|conn| self.log.oldest(conn))?.unwrap_or(i64::MAX);
        // What is done outside of all courses belongs to the session before, and would begin one of its own.
        let are_chained = self.parameters.one_session_per_course && self.parameters.site_events;
        for (number, at) in late {
            let (start, kept_until) =
                steps.step(|conn| sessions::before(conn, *number, *at, oldest, are_chained))?;
            // What the log no longer tells stays as it is.
            let from = start.unwrap_or(i64::MIN).max(oldest).max(kept_until.unwrap_or(i64::MIN));
            let (user, sessions, later) = link.run(|conn| {
                let mut user = User::unknown(*number, None);
                let (mut sessions, mut later) = (Vec::new(), Vec::new());
                self.log.of_user(conn, *number, from, until, |trace| {
                    if trace.at > self.now {
                        later.push((trace.id, trace.at));
                        return;
                    }
                    user.last = (trace.at, trace.id);
                    user.machine.take(trace, &self.parameters, |session| sessions.push(session));
                })?;
                Ok((user, sessions, later))
            })?;
            outcome.sessions.extend(sessions);
            outcome.later.extend(later);
            outcome.rebuilt.push((*number, from));
            self.users.insert(*number, user);
        }
        Ok(())
    }

    fn write(&self, steps: &mut impl Steps, outcome: &Outcome, due: &[u64]) -> Result<()> {
        steps.step(|conn| {
            let mut followed = Followed::default();
            for (user, from) in &outcome.rebuilt {
                followed = followed.and(sessions::delete(conn, *user, *from)?);
            }
            let complete_from = progress::Progress::load(conn)?.complete_from;
            followed = followed.and(sessions::write(conn, &outcome.sessions, complete_from)?);
            let changed = outcome.changed.iter().filter_map(|user| Some((*user, self.users.get(user)?)));
            users::save(conn, changed)?;
            store::put_off(conn, &outcome.later, due)?;
            followed.since.map_or(Ok(()), |second| progress::doubt(conn, second))?;
            self.progress.save(conn)
        })
    }

    /// Memory grows with the users who may have a session open, not with all of them.
    fn forget_idle(&mut self, outcome: &Outcome) {
        let Some(newest) = outcome.changed.iter().filter_map(|user| Some(self.users.get(user)?.last.0)).max()
        else {
            return;
        };
        let threshold = self.parameters.threshold;
        self.users.retain(|_, user| user.last.0 >= newest.saturating_sub(threshold));
    }

    /// Writes the sessions that may go on as they are now.
    fn settle(&mut self, steps: &mut impl Steps) -> Result<()> {
        let mut after = i64::MIN;
        loop {
            let users = steps.step(|conn| users::unsettled(conn, after, USERS))?;
            let Some((last, _)) = users.last() else { return Ok(()) };
            after = *last;
            let (mut sessions, mut settled) = (Vec::new(), Vec::new());
            for (number, user) in &users {
                // A clock that was set back must not end a session before its last row.
                let now = self.now.max(user.last.0);
                let mut machine = user.machine.clone();
                sessions.extend(machine.end_of_trace(now, &self.parameters));
                if machine.live().is_none() {
                    settled.push(*number);
                }
            }
            steps.step(|conn| {
                let complete_from = progress::Progress::load(conn)?.complete_from;
                sessions::forget_courses(conn, &sessions)?;
                let followed = sessions::write(conn, &sessions, complete_from)?;
                followed.since.map_or(Ok(()), |second| progress::doubt(conn, second))?;
                users::settle(conn, &settled)
            })?;
            self.done.sessions += sessions.len() as u64;
            if users.len() < USERS {
                return Ok(());
            }
        }
    }
}

/// The settings, in seconds.
fn parameters(settings: &Moodle) -> Parameters {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Parameters {
        threshold: seconds(settings.threshold),
        credit: seconds(settings.credit),
        heartbeat_period: seconds(settings.heartbeat_period),
        inactivity_cap: seconds(settings.inactivity_cap),
        one_session_per_course: settings.one_session_per_course,
        site_events: settings.site_events,
    }
}
