//! Snapshots into `users_temp` or, while MySQL is away, into the spool.

use std::time::Duration;

use ::mysql::Conn;

use super::{
    snapshot::Snapshot,
    spool::{Spool, Waiting},
};
use crate::{
    cli::Context,
    failure::{Failure, Result, Status},
    mysql::{Link, RunRecord, Server, bulk, schema, transaction},
};

/// A row that is there already (a spool sent twice) stays as it is.
const INSERT: &str = "INSERT IGNORE INTO users_temp (seen_at, server, login, machine, ip)";

/// Stores a snapshot after those that wait in the spool. While MySQL is away it goes there, too; that is a failure
/// only for a `strict` run, or if no waiting can mend it. A run to which MySQL answered is recorded.
///
/// # Errors
/// The spool's, or that of MySQL, after the snapshot has been spooled.
pub fn store(context: &Context, snapshot: &Snapshot, strict: bool, record: RunRecord) -> Result<()> {
    let spool = Spool::new(&context.config.spool_dir, context.config.samba.spool_mib);
    // A spool that cannot be read must not keep the present snapshot out of MySQL.
    let (waiting, unread) = match spool.read() {
        Ok(waiting) => (waiting, None),
        Err(failure) => (Waiting::default(), Some(failure)),
    };
    let server = match server(context) {
        Ok(server) => server,
        Err(failure) => return keep(&spool, snapshot, failure, strict),
    };
    let mut link = Link::new(&server);
    let record = record.named(&snapshot.server);
    let ended = match write(context, &server, &mut link, &waiting.snapshots, snapshot) {
        Ok(()) => {
            if !waiting.snapshots.is_empty() {
                log::info!(
                    "{} snapshots that waited in {} are stored",
                    waiting.snapshots.len(),
                    spool.path().display()
                );
            }
            unread.map_or_else(|| spool.clear(&waiting), Err)
        }
        Err(failure) if failure.is_passing() => return keep(&spool, snapshot, failure, strict),
        Err(failure) => keep(&spool, snapshot, failure, strict),
    };
    let counts =
        vec![("connections", snapshot.rows.len() as u64), ("from_spool", waiting.snapshots.len() as u64)];
    record.write(&mut link, ended.as_ref().map(|()| counts).map_err(|failure| failure.status()));
    ended
}

/// Records a run that has no snapshot to store. That MySQL is away is no further news.
pub fn record_failure(context: &Context, record: &RunRecord, status: Status) {
    match server(context) {
        Ok(server) => record.write(&mut Link::new(&server), Err(status)),
        Err(failure) => log::info!("this run is not recorded: {failure}"),
    }
}

/// Puts a snapshot that MySQL did not take into the spool.
fn keep(spool: &Spool, snapshot: &Snapshot, failure: Failure, strict: bool) -> Result<()> {
    spool
        .append(snapshot)
        .map_err(|unspooled| unspooled.context(format!("MySQL did not take the snapshot ({failure})")))?;
    let told = format!("{failure}; the snapshot waits in {} for the next run", spool.path().display());
    match (failure.is_passing(), strict) {
        (true, false) => log::warn!("{told}"),
        (true, true) => return Err(Failure::new(Status::Unavailable, told)),
        (false, _) => return Err(Failure::new(failure.status(), told)),
    }
    Ok(())
}

/// No second try: the spool is it.
fn server(context: &Context) -> Result<Server> {
    Ok(Server::new(&context.config.mysql)?.retrying_for(Duration::ZERO))
}

fn write(
    context: &Context,
    server: &Server,
    link: &mut Link<'_>,
    waiting: &[Snapshot],
    snapshot: &Snapshot,
) -> Result<()> {
    schema::ensure(server, &context.config.lock_dir)?;
    link.run(|conn| insert(conn, waiting.iter().chain([snapshot])))
}

/// All of them, or none.
fn insert<'a>(conn: &mut Conn, snapshots: impl Iterator<Item = &'a Snapshot>) -> Result<()> {
    transaction::committed(conn, |conn| {
        for snapshot in snapshots {
            let rows: Vec<_> = snapshot
                .rows
                .iter()
                .map(|row| {
                    vec![
                        snapshot.seen_at.naive_utc().into(),
                        snapshot.server.as_str().into(),
                        row.login.as_str().into(),
                        row.machine.as_str().into(),
                        row.ip.as_deref().into(),
                    ]
                })
                .collect();
            bulk::insert(conn, INSERT, "", &rows)?;
        }
        Ok(())
    })
}
