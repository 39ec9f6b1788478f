//! `rebuild`: the slots of a period again.

use chrono::{DateTime, Utc};

use super::{
    aggregate::{JOB, WINDOW},
    compat::Compat,
    progress_bar::ProgressBar,
    slot::{LENGTH, Slots},
    steps::{Committed, Rehearsal},
    store::{
        Tables,
        progress::{self, Progress},
        statistics::{self, Writing},
        stays::Counted,
    },
    summary::Summary,
    window::{Job, Window},
};
use crate::{
    cli::Context,
    failure::{Failure, Result, Status},
    lock::LockFile,
    moodle,
    mysql::{Link, Server, lease::Lease, schema},
};

/// Which slots are written again.
#[derive(Clone, Copy, Debug)]
pub struct Rebuild {
    /// Begin of the period.
    pub from: DateTime<Utc>,
    /// End of the period. Slots are written whole, and only if they are complete.
    pub to: DateTime<Utc>,
    /// Also where records have been deleted.
    pub force: bool,
}

/// Writes the slots of a period again, also where there were none.
///
/// # Errors
/// [`Status::Usage`] for a period without a length, [`Status::BadData`] if records of it have been deleted;
/// otherwise those of a run.
pub fn run(context: &Context, compat: Compat, dry_run: bool, asked: Rebuild) -> Result<Summary> {
    if asked.from >= asked.to {
        return Err(Failure::new(
            Status::Usage,
            "--from is not before --to; give a period that has a length",
        ));
    }
    let now = context.clock()?.now.timestamp();
    let server = Server::new(&context.config.mysql)?;
    let lock = LockFile::take(&context.config.lock_dir, JOB)?;
    let mut link = Link::new(&server);
    if dry_run {
        schema::require(&server)?;
    } else {
        schema::ensure(&server, &context.config.lock_dir)?;
    }
    let (tables, are_first, mut rest) = link
        .run(|conn| Ok((Tables::read(conn)?, statistics::span(conn)?.is_none(), slots(conn, asked, now)?)))?;
    let mut summary = Summary::default();
    if dry_run {
        summary.add(&Window { slots: rest, sessions: 0, is_last: true });
        return Ok(summary);
    }
    let settings = &context.config.aggregate;
    let bar = ProgressBar::default();
    Lease::of_job(JOB, &lock)?.hold(&mut link, |link, lease| {
        while rest.count > 0 {
            let (slots, later) = rest.split_at(WINDOW);
            let job = Job {
                tables: &tables,
                counted: Counted::of(&settings.sources),
                compat,
                max_sessions: settings.max_sessions,
                slots,
            };
            let sessions = lease.committed(link, |conn| {
                if are_first {
                    progress::begin_with_oldest(conn)?;
                }
                job.write(conn, Writing::Replace, &bar)
            })?;
            summary.add(&Window { slots, sessions, is_last: later.count == 0 });
            rest = later;
        }
        Ok(())
    })?;
    summary.to_string().lines().for_each(|line| log::info!("{line}"));
    Ok(summary)
}

/// Rebuilds the sessions of time online out of the whole log. The next run brings the slots up to date.
///
/// # Errors
/// [`Status::Config`] if there is no log; otherwise those of a run.
pub fn time_online(context: &Context, dry_run: bool) -> Result<Summary> {
    let now = context.clock()?.now.timestamp();
    let server = Server::new(&context.config.mysql)?;
    let lock = LockFile::take(&context.config.lock_dir, JOB)?;
    let mut link = Link::new(&server);
    let done = if dry_run {
        schema::require(&server)?;
        link.run(|conn| {
            let mut rehearsal = Rehearsal::begin(conn)?;
            let done = moodle::rebuild(&mut rehearsal, &context.config, now)?;
            rehearsal.end()?;
            Ok(done)
        })?
    } else {
        schema::ensure(&server, &context.config.lock_dir)?;
        Lease::of_job(JOB, &lock)?.hold(&mut link, |link, lease| {
            moodle::rebuild(&mut Committed { link, lease }, &context.config, now)
        })?
    };
    let summary = Summary { traces: done.traces, online: done.sessions, ..Summary::default() };
    summary.to_string().lines().for_each(|line| log::info!("{line}"));
    Ok(summary)
}

/// The slots that touch the period, in step with those that are there.
fn slots(conn: &mut ::mysql::Conn, asked: Rebuild, now: i64) -> Result<Slots> {
    let from = asked.from.timestamp();
    let begin = match (statistics::slot_of(conn, from)?, statistics::span(conn)?) {
        (Some(begin), _) => begin,
        (None, Some((first, _))) => first + (from - first).div_euclid(LENGTH) * LENGTH,
        (None, None) => from.div_euclid(LENGTH) * LENGTH,
    };
    let complete_from = Progress::load(conn)?.complete_from;
    if let Some(complete) = complete_from.filter(|complete| begin < *complete && !asked.force) {
        let complete = DateTime::from_timestamp(complete, 0).unwrap_or_default();
        return Err(Failure::new(
            Status::BadData,
            format!(
                "session records from before {} have been deleted, what is known of them would be lost; \
                 rebuild from then on, or add --force",
                complete.to_rfc3339()
            ),
        ));
    }
    let end = asked.to.timestamp().saturating_add(LENGTH - 1).min(now);
    Ok(Slots::complete(begin, end))
}
