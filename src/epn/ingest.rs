//! One run of epn-ingest: batch by batch, each one transaction.

use std::{
    collections::BTreeSet,
    thread::{self, ScopedJoinHandle},
};

use ::mysql::prelude::Queryable;

use super::{
    calendar::{Calendar, Minute, Span},
    changes::{Changes, DayKey},
    directory::Directory,
    rows::{Row, Sighting, Sorted, sort},
    rules::{Space, apply},
    store::{history, purge, queue, read, write},
    summary::Summary,
    uses::Lengths,
    workshops::{Act, place},
};
use crate::{
    cli::Context,
    config::Epn,
    failure::Result,
    lock::LockFile,
    mysql::{Link, RunRecord, Server, lease::Lease, schema, transaction},
};

/// The name of the job, for its lock and lease.
pub(super) const JOB: &str = "epn-ingest";

/// Minutes without a sighting that part what is read at once: two days.
const PAUSE: i64 = 2 * 24 * 60;

/// Reservations settled in one batch.
const DUE: usize = 500;

/// Takes the rows of `users_temp` up to now and applies the rules to them.
///
/// # Errors
/// [`Busy`](crate::failure::Status::Busy) if another run is at work; otherwise those of the database. What was not committed is done by the
/// next run.
pub fn run(context: &Context, dry_run: bool) -> Result<Summary> {
    let clock = context.clock()?;
    let record = RunRecord::begin(JOB, clock.now);
    let server = Server::new(&context.config.mysql)?;
    let mut run = Run {
        settings: &context.config.epn,
        calendar: Calendar::new(clock.zone),
        now: Minute::from(clock.now),
        summary: Summary::default(),
    };
    let lock = LockFile::take(&context.config.lock_dir, JOB)?;
    if dry_run {
        schema::require(&server)?;
        run.rehearse(&mut Link::new(&server))?;
        return Ok(run.summary);
    }
    schema::ensure(&server, &context.config.lock_dir)?;
    let lease = Lease::of_job(JOB, &lock)?;
    let before = (clock.now - context.config.epn.keep_log).naive_utc();
    let summary = record.keep(&mut Link::new(&server), Summary::counts, |link| {
        lease.hold(link, |link, lease| {
            run.work(&server, link, lease)?;
            history::refresh(link, lease)?;
            purge::older_than(link, before)
        })?;
        Ok(run.summary)
    })?;
    summary.to_string().lines().for_each(|line| log::info!("{line}"));
    Ok(summary)
}

struct Run<'a> {
    settings: &'a Epn,
    calendar: Calendar,
    now: Minute,
    summary: Summary,
}

/// What one transaction did.
#[derive(Default)]
struct Batch {
    sorted: Sorted,
    changes: Vec<Changes>,
}

impl Run<'_> {
    /// Batch after batch, then the reservations whose end has come, each committed while the lease is held.
    fn work(&mut self, server: &Server, link: &mut Link<'_>, lease: &Lease) -> Result<()> {
        let directory = link.run(read::directory)?;
        self.work_off_queue(server, link, lease, &directory)?;
        let mut more = true;
        while more {
            let (batch, full) = lease.committed(link, |conn| self.settle(conn, &directory))?;
            self.count(batch);
            more = full;
        }
        Ok(())
    }

    /// All batches of the queue. A long one is read ahead by a connection of its own while the server writes: only
    /// this run takes rows out of the queue, so it does not matter that they are read before their transaction begins.
    fn work_off_queue(
        &mut self,
        server: &Server,
        link: &mut Link<'_>,
        lease: &Lease,
        directory: &Directory,
    ) -> Result<()> {
        let (now, most) = (self.now, self.settings.batch_rows);
        thread::scope(|scope| {
            let mut after = Some(0);
            let mut ahead: Option<ScopedJoinHandle<'_, Result<Vec<Row>>>> = None;
            while let Some(id) = after {
                let read = ahead.take().and_then(|reader| reader.join().ok()?.ok());
                let rows = match read {
                    Some(rows) => rows,
                    None => link.run(|conn| queue::rows(conn, id, now, most))?,
                };
                after = self.next(&rows);
                ahead = after.map(|id| {
                    scope.spawn(move || Link::new(server).once(|conn| queue::rows(conn, id, now, most)))
                });
                let mut rest = rows.as_slice();
                loop {
                    let (batch, taken) =
                        lease.committed_some(link, rest, |conn, some| self.ingest(conn, directory, some))?;
                    self.count(batch);
                    rest = rest.get(taken..).unwrap_or_default();
                    if rest.is_empty() {
                        break;
                    }
                }
            }
            Ok(())
        })
    }

    /// The same in one transaction that is rolled back.
    fn rehearse(&mut self, link: &mut Link<'_>) -> Result<()> {
        link.run(|conn| {
            self.summary = Summary::default();
            let directory = read::directory(conn)?;
            transaction::rolled_back(conn, |conn| {
                let mut after = Some(0);
                while let Some(id) = after {
                    let rows = queue::rows(conn, id, self.now, self.settings.batch_rows)?;
                    after = self.next(&rows);
                    let batch = self.ingest(conn, &directory, &rows)?;
                    self.count(batch);
                }
                let mut more = true;
                while more {
                    let (batch, full) = self.settle(conn, &directory)?;
                    self.count(batch);
                    more = full;
                }
                Ok(())
            })
        })
    }

    /// The id after which the queue goes on; `None`: these rows are the last.
    fn next(&self, rows: &[Row]) -> Option<u64> {
        rows.last().filter(|_| rows.len() == self.settings.batch_rows).map(|last| last.id)
    }

    /// Takes a batch of rows.
    fn ingest(&self, conn: &mut impl Queryable, directory: &Directory, rows: &[Row]) -> Result<Batch> {
        let mut sorted = sort(rows, directory, self.now, self.settings.unmatched_keep_days);
        sorted.sightings.sort_unstable_by_key(|sighting| sighting.at);
        let mut changes = Vec::new();
        // A clock that was wrong once must not make this batch read and lock all that lies between.
        for part in sorted.sightings.chunk_by(|a, b| b.at - a.at <= PAUSE) {
            if let [first, ..] = part
                && let [.., last] = part
            {
                let days = self.calendar.day(first.at).hull(&self.calendar.day(last.at));
                changes.push(self.apply(conn, directory, part, &BTreeSet::new(), days)?);
            }
        }
        queue::move_to_log(conn, &sorted.taken, self.now.time())?;
        queue::throw_away(conn, &sorted.expired)?;
        Ok(Batch { sorted, changes })
    }

    /// Gives reservations whose end has come their real end (rule 20).
    /// Returns whether there may be more of them.
    fn settle(&self, conn: &mut impl Queryable, directory: &Directory) -> Result<(Batch, bool)> {
        let mut due = read::due(conn, self.now, DUE)?;
        due.sort_unstable_by_key(|record| record.first);
        let mut changes = Vec::new();
        for part in due.chunk_by(|a, b| b.first - a.first <= PAUSE) {
            let days = part.iter().map(|record| self.calendar.day(record.first));
            let Some(days) = days.reduce(|all, day| all.hull(&day)) else { continue };
            let keys = part.iter().map(|record| DayKey {
                person: record.person,
                day: self.calendar.day(record.first).start,
                computer: record.computer,
            });
            changes.push(self.apply(conn, directory, &[], &keys.collect(), days)?);
        }
        write::settled(conn, &due)?;
        Ok((Batch { sorted: Sorted::default(), changes }, due.len() == DUE))
    }

    /// Reads what is known of these sightings and days, asks the rules, and writes their answer.
    fn apply(
        &self,
        conn: &mut impl Queryable,
        directory: &Directory,
        sightings: &[Sighting],
        due: &BTreeSet<DayKey>,
        days: Span,
    ) -> Result<Changes> {
        let timetable = read::timetable(conn, days)?;
        let lists = read::attendance(conn, &timetable)?;
        let placed = place(sightings, &timetable, &lists, directory);
        let individual = placed.individual.iter().map(|sighting| sighting.person);
        let users = individual.chain(due.iter().map(|key| key.person)).collect();
        let attending = placed.in_workshops.keys().map(|(_, person)| *person).collect();
        let dates = (self.calendar.date(days.start), self.calendar.date(days.end));
        let known = read::known(conn, &users, &attending, days, dates)?;
        let space = Space {
            directory,
            calendar: self.calendar,
            lengths: Lengths {
                interval: i64::from(self.settings.snapshot_minutes),
                gap: i64::from(self.settings.gap()),
            },
            now: self.now,
        };
        let changes = apply(&placed, due, &timetable, &lists, &known, &space);
        write::changes(conn, &changes, &known.balances, self.now.time())?;
        let changed = changes.changed.iter().map(|(_, written)| written);
        history::watch(conn, changes.created.iter().chain(changed).next())?;
        Ok(changes)
    }

    /// Adds what a committed batch did to the sum.
    fn count(&mut self, batch: Batch) {
        let Batch { sorted, changes } = batch;
        let sum = &mut self.summary;
        sum.taken += sorted.taken.len() as u64;
        sum.expired += sorted.expired.len() as u64;
        for (rows, more) in sorted.unmatched {
            sum.unmatched.entry(rows).and_modify(|known| known.add(&more)).or_insert(more);
        }
        for (reason, count) in sorted.ignored {
            *sum.ignored.entry(reason).or_default() += count;
        }
        for changes in changes {
            if changes.dropped > 0 {
                *sum.ignored.entry("closed-workshop").or_default() += changes.dropped;
            }
            sum.uses_created += changes.created.len() as u64;
            sum.uses_changed += (changes.changed.len() + changes.merged.len()) as u64;
            let acts = changes.attendance.iter().filter(|change| change.act != Act::Nothing);
            sum.present += acts.count() as u64;
            sum.notices.extend(changes.notices);
        }
    }
}
