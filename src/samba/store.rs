//! Snapshots into `users_temp` or, while MySQL is away, into the spool.

use std::time::Duration;

use ::mysql::{Conn, TxOpts};

use super::{
    snapshot::Snapshot,
    spool::{Spool, Waiting},
};
use crate::{
    cli::Context,
    failure::{Failure, Result, Status},
    mysql::{Link, Server, bulk, schema},
};

/// A row that is there already (a spool sent twice) stays as it is.
const INSERT: &str = "INSERT IGNORE INTO users_temp (seen_at, server, login, machine, ip)";

/// Stores a snapshot after those that wait in the spool. While MySQL is away it goes there, too; that is a failure
/// only for a `strict` run, or if no waiting can mend it.
///
/// # Errors
/// The spool's, or that of MySQL, after the snapshot has been spooled.
pub fn store(context: &Context, snapshot: &Snapshot, strict: bool) -> Result<()> {
    let spool = Spool::new(&context.config.spool_dir, context.config.samba.spool_mib);
    // A spool that cannot be read must not keep the present snapshot out of MySQL.
    let (waiting, unread) = match spool.read() {
        Ok(waiting) => (waiting, None),
        Err(failure) => (Waiting::default(), Some(failure)),
    };
    match write(context, &waiting.snapshots, snapshot) {
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
        Err(failure) => {
            spool.append(snapshot).map_err(|unspooled| {
                unspooled.context(format!("MySQL did not take the snapshot ({failure})"))
            })?;
            let told =
                format!("{failure}; the snapshot waits in {} for the next run", spool.path().display());
            match (failure.is_passing(), strict) {
                (true, false) => log::warn!("{told}"),
                (true, true) => return Err(Failure::new(Status::Unavailable, told)),
                (false, _) => return Err(Failure::new(failure.status(), told)),
            }
            Ok(())
        }
    }
}

fn write(context: &Context, waiting: &[Snapshot], snapshot: &Snapshot) -> Result<()> {
    // No second try: the spool is it.
    let server = Server::new(&context.config.mysql)?.retrying_for(Duration::ZERO);
    schema::ensure(&server, &context.config.lock_dir)?;
    Link::new(&server).run(|conn| insert(conn, waiting.iter().chain([snapshot])))
}

/// All of them, or none.
fn insert<'a>(conn: &mut Conn, snapshots: impl Iterator<Item = &'a Snapshot>) -> Result<()> {
    let mut transaction = conn.start_transaction(TxOpts::default())?;
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
        bulk::insert(&mut transaction, INSERT, "", &rows)?;
    }
    Ok(transaction.commit()?)
}
