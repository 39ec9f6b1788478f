//! One run of session-aggregate: sessions that are over are closed, other sources brought in, slots written window by
//! window, old records deleted. Each step is one transaction.

use std::time::Duration;

use ::mysql::Conn;

use super::{
    compat::Compat,
    epn::PREFIX as EPN,
    first_slot,
    progress_bar::ProgressBar,
    slot::Slots,
    steps::{Committed, Rehearsal, Steps},
    store::{
        Tables,
        due::{Due, Question},
        endings::{self, Old},
        epn, progress,
        statistics::{self, Writing},
        stays::Counted,
    },
    summary::Summary,
    window::{Job, Window},
};
use crate::{
    cli::Context,
    clock::Clock,
    config::{Aggregate, Config, aggregate::Source},
    failure::{Failure, Result},
    lock::LockFile,
    moodle,
    mysql::{Link, RunRecord, Server, lease::Lease, schema},
};

/// The name of the job, for its lock and lease.
pub(super) const JOB: &str = "session-aggregate";

/// Slots in a window: a hundred days. What counting needs for them stays below 36 MB.
pub(super) const WINDOW: usize = 9_600;

/// Old records deleted in one run: a long backlog must not hold up the runs to come.
const DELETIONS: u64 = 50_000;

/// Writes the statistics of all complete slots, then deletes old records.
///
/// # Errors
/// [`Busy`](crate::failure::Status::Busy) if another run is at work; otherwise those of the database. What was not
/// committed is done by the next run.
pub fn run(context: &Context, compat: Compat, dry_run: bool) -> Result<Summary> {
    let record = RunRecord::begin(JOB, context.clock()?.now);
    let server = Server::new(&context.config.mysql)?;
    let lock = LockFile::take(&context.config.lock_dir, JOB)?;
    let mut link = Link::new(&server);
    if dry_run {
        schema::require(&server)?;
        return link.run(|conn| {
            let run = Run::new(context, compat, Tables::read(conn)?)?;
            let mut rehearsal = Rehearsal::begin(conn)?;
            let done = run.work(&mut rehearsal)?;
            rehearsal.end()?;
            Ok(done)
        });
    }
    schema::ensure(&server, &context.config.lock_dir)?;
    let lease = Lease::of_job(JOB, &lock)?;
    let summary = record.keep(&mut link, Summary::counts, |link| {
        lease.hold(link, |link, lease| {
            let tables = link.run(Tables::read)?;
            Run::new(context, compat, tables)?.work(&mut Committed { link, lease })
        })
    })?;
    summary.to_string().lines().for_each(|line| log::info!("{line}"));
    Ok(summary)
}

struct Run<'a> {
    config: &'a Config,
    settings: &'a Aggregate,
    tables: Tables,
    compat: Compat,
    counted: Counted,
    /// The most seconds between two sightings of one use of a machine.
    gap: i64,
    clock: Clock,
    now: i64,
}

impl<'a> Run<'a> {
    fn new(context: &'a Context, compat: Compat, tables: Tables) -> Result<Self> {
        let settings = &context.config.aggregate;
        let clock = context.clock()?;
        Ok(Self {
            config: &context.config,
            settings,
            tables,
            compat,
            counted: Counted::of(&settings.sources),
            gap: 60 * i64::from(context.config.epn.gap()),
            clock,
            now: clock.now.timestamp(),
        })
    }

    fn work<S: Steps>(&self, steps: &mut S) -> Result<Summary> {
        let mut summary = Summary {
            expired: steps.step(|conn| endings::close_expired(conn, &self.tables, self.now))?,
            aged: self.close_aged(steps)?,
            ..Summary::default()
        };
        if self.settings.sources.contains(&Source::Epn) {
            summary.uses = self.follow_uses(steps)?;
        }
        // A Moodle that is away must not hold up the rest.
        let moodle = self.read_moodle(steps, &mut summary);
        let bar = ProgressBar::default();
        let mut is_first = true;
        while let Some(window) = steps.step(|conn| self.write_window(conn, is_first, &bar))? {
            summary.add(&window);
            is_first = false;
            if window.is_last {
                break;
            }
        }
        // Slots before what is deleted are never written again: sessions that the log still tells would be missing there.
        let is_awaited = moodle.as_ref().err().is_some_and(Failure::is_passing);
        if !is_awaited {
            summary.deleted = self.delete_old(steps)?;
        }
        moodle.map(|()| summary)
    }

    fn read_moodle<S: Steps>(&self, steps: &mut S, summary: &mut Summary) -> Result<()> {
        if self.settings.sources.contains(&Source::Moodle) {
            let done = moodle::read(steps, self.config, self.now)
                .map_err(|failure| failure.context("source moodle"))?;
            (summary.traces, summary.online) = (done.traces, done.sessions);
        }
        Ok(())
    }

    /// ILIAS knows no age at which a session is over.
    fn close_aged<S: Steps>(&self, steps: &mut S) -> Result<u64> {
        let age = seconds(self.settings.max_session);
        if self.compat == Compat::Ilias || age == 0 {
            return Ok(0);
        }
        let made = [(Source::Epn, EPN), (Source::Moodle, moodle::PREFIX)];
        let made = made.into_iter().filter(|(source, _)| self.settings.sources.contains(source));
        let made: Vec<_> = made.map(|(_, prefix)| prefix).collect();
        until_few(|| steps.step(|conn| endings::close_aged(conn, &self.tables, &made, age, self.now)))
    }

    /// Brings the records of uses of machines up to date; returns how many changed.
    fn follow_uses<S: Steps>(&self, steps: &mut S) -> Result<u64> {
        let mut changed = 0;
        let mut next = Some(0);
        while let Some(after) = next {
            let (followed, more) = steps.step(|conn| {
                let complete_from = progress::Progress::load(conn)?.complete_from;
                let (followed, more) = epn::follow_uses(conn, after, complete_from, self.now, self.gap)?;
                followed.since.map_or(Ok(()), |second| progress::doubt(conn, second))?;
                Ok((followed, more))
            })?;
            changed += followed.changed;
            next = more;
        }
        let mut next = Some(String::new());
        while let Some(after) = next {
            let (followed, more) = steps.step(|conn| {
                let (followed, more) = epn::forget_gone(conn, &after)?;
                followed.since.map_or(Ok(()), |second| progress::doubt(conn, second))?;
                Ok((followed, more))
            })?;
            changed += followed.changed;
            next = more;
        }
        Ok(changed)
    }

    /// Writes the slots of the next window; none: all are written.
    fn write_window(&self, conn: &mut Conn, is_first: bool, bar: &ProgressBar) -> Result<Option<Window>> {
        match self.compat {
            Compat::Exact => self.write_exact(conn, is_first, bar),
            Compat::Ilias => self.write_as_ilias(conn, bar),
        }
    }

    fn write_exact(&self, conn: &mut Conn, is_first: bool, bar: &ProgressBar) -> Result<Option<Window>> {
        let question = Question {
            tables: &self.tables,
            counted: self.counted,
            longest: self.longest(),
            now: self.now,
            is_first,
        };
        let Some(Due { slots, mut progress }) = question.due(conn)? else { return Ok(None) };
        let (slots, rest) = slots.split_at(WINDOW);
        let sessions = self.window(slots).write(conn, Writing::Replace, bar)?;
        progress.right_until = Some(slots.end() - 1);
        progress.save(conn)?;
        Ok((slots.count > 0).then_some(Window { slots, sessions, is_last: rest.count == 0 }))
    }

    fn write_as_ilias(&self, conn: &mut Conn, bar: &ProgressBar) -> Result<Option<Window>> {
        let begin = match statistics::span(conn)? {
            Some((_, last)) => last + 1,
            None => first_slot::in_ilias(self.clock.now, self.clock.now, self.clock.zone),
        };
        let (slots, rest) = Slots::complete(begin, self.now).split_at(WINDOW);
        let sessions = self.window(slots).write(conn, Writing::Add, bar)?;
        Ok((slots.count > 0).then_some(Window { slots, sessions, is_last: rest.count == 0 }))
    }

    fn window(&self, slots: Slots) -> Job<'_> {
        Job {
            tables: &self.tables,
            counted: self.counted,
            compat: self.compat,
            max_sessions: self.settings.max_sessions,
            slots,
        }
    }

    fn delete_old<S: Steps>(&self, steps: &mut S) -> Result<u64> {
        let retention = seconds(self.settings.retention);
        if retention == 0 {
            return Ok(0);
        }
        let progress = steps.step(progress::Progress::load)?;
        let Some(old) = Old::new(self.compat, self.now, retention, &progress) else { return Ok(0) };
        if S::REHEARSED {
            return steps.step(|conn| old.count(conn));
        }
        let mut deleted = 0;
        while self.compat == Compat::Ilias || deleted < DELETIONS {
            let some = steps.step(|conn| {
                // What is deleted changes the digest that tells it.
                let is_all_read = |conn: &mut Conn| {
                    Ok(deleted > 0 || progress::is_all_read(conn, &self.tables, &progress.read)?)
                };
                let (some, end) = old.delete(conn, is_all_read)?;
                // ILIAS looks at beginnings: sessions that it deleted may have been active for long afterwards.
                let complete = match self.compat {
                    Compat::Exact => end,
                    Compat::Ilias => end.map(|_| self.now - retention + self.longest()),
                };
                complete.map_or(Ok(()), |complete| progress::complete_from(conn, complete))?;
                Ok(some)
            })?;
            deleted += some;
            if some < endings::ROWS {
                break;
            }
        }
        Ok(deleted)
    }

    /// The longest that sessions last, as far as anybody can say.
    fn longest(&self) -> i64 {
        match seconds(self.settings.max_session) {
            0 => DAY,
            longest => longest,
        }
    }
}

const DAY: i64 = 86_400;

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Does a step that has a limit until it finds less than that; returns the sum.
fn until_few(mut step: impl FnMut() -> Result<u64>) -> Result<u64> {
    let mut sum = 0;
    loop {
        let some = step()?;
        sum += some;
        if some < endings::ROWS {
            return Ok(sum);
        }
    }
}
