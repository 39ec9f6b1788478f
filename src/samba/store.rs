//! Snapshots into `users_temp` or, while MySQL is away, into the spool.

use std::time::Duration;

use ::mysql::{Conn, TxOpts};

use super::{snapshot::Snapshot, spool::Spool};
use crate::{
    cli::Context,
    failure::Result,
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
    let Err(failure) = write(context, &spool, snapshot) else { return Ok(()) };
    spool
        .append(snapshot)
        .map_err(|unspooled| unspooled.context(format!("MySQL did not take the snapshot ({failure})")))?;
    let kept = format!("the snapshot waits in {} for the next run", spool.path().display());
    if strict || !failure.is_passing() {
        return Err(failure.context(kept));
    }
    log::warn!("{failure}; {kept}");
    Ok(())
}

fn write(context: &Context, spool: &Spool, snapshot: &Snapshot) -> Result<()> {
    // No second try: the spool is it.
    let server = Server::new(&context.config.mysql)?.retrying_for(Duration::ZERO);
    schema::ensure(&server)?;
    let waiting = spool.read()?;
    Link::new(&server).run(|conn| insert(conn, waiting.iter().chain([snapshot])))?;
    if !waiting.is_empty() {
        log::info!("{} snapshots that waited in {} are stored", waiting.len(), spool.path().display());
    }
    spool.clear()
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
