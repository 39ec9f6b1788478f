//! Whole session records from a file, all of them or none.

use std::{
    fs::File,
    io::{BufReader, Seek},
    path::Path,
};

use super::{Desk, csv::Records, lines::Mistakes, say, server};
use crate::{
    cli::Context,
    failure::{Failure, OrFail, Result, Status},
    mysql::transaction,
    sessions::{
        record::Record,
        store::{Bounds, records},
    },
};

/// Records in one transaction: one statement, so that others see few records arrive late.
const RECORDS: usize = 1_000;

/// Writes the session records of a file of CSV into the table, after all of it was checked. Those that are there
/// already stay, but those that are open there and not in the file are closed.
///
/// # Errors
/// [`Status::BadData`] for a file with mistakes, of which nothing is imported; [`Status::Io`] if it cannot be read;
/// those of the server.
pub fn csv(context: &Context, path: &Path, rehearsal: bool) -> Result<Status> {
    let name = path.display().to_string();
    let unreadable = || format!("cannot read {name}");
    // Looked at before it is opened: a pipe would wait for its other end.
    if !path.metadata().or_fail(Status::Io, unreadable)?.is_file() {
        let what = format!("{name} is not a file: import reads twice, once to check; save it first");
        return Err(Failure::new(Status::Io, what));
    }
    let mut file = File::open(path).or_fail(Status::Io, unreadable)?;
    let server = server(context, rehearsal)?;
    let mut desk = Desk::of(&server)?;
    let count = check(&file, &name, &desk.bounds)?;
    if rehearsal {
        say(&format!("would import {count} session records; those that are there already stay"))?;
        return Ok(Status::Done);
    }
    file.rewind().or_fail(Status::Io, unreadable)?;
    let moved = write(&mut desk, &file, &name)?;
    log::info!("{name}: {count} session records imported; {moved} of them had ids of others");
    Ok(Status::Done)
}

/// Reads the whole file and tells all mistakes. Returns the number of records.
fn check(file: &File, name: &str, bounds: &Bounds) -> Result<u64> {
    let mut records = Records::new(BufReader::with_capacity(1 << 16, file), name);
    let mut mistakes = Mistakes::of(name);
    let mut count = 0;
    if let Err((line, what)) = records.header()? {
        mistakes.tell(line, what);
    }
    while let Some((line, record)) = records.next_record()? {
        count += 1;
        if let Err(what) = record.and_then(|record| bounds.check(&record)) {
            mistakes.tell(line, what);
        }
    }
    mistakes.end("nothing was imported. Mend the file and run it again")?;
    Ok(count)
}

/// Writes the records of a file that was checked. Returns how many were not written under their own ids at once.
fn write(desk: &mut Desk<'_>, file: &File, name: &str) -> Result<usize> {
    let mut input = Records::new(BufReader::with_capacity(1 << 16, file), name);
    let changed = |line: u64, what: String| {
        Failure::new(Status::BadData, format!("{name}:{line}: {what}; the file changed while it was read"))
    };
    input.header()?.map_err(|(line, what)| changed(line, what))?;
    let mut batch = Vec::with_capacity(RECORDS);
    let mut moved = 0;
    loop {
        let next = input.next_record()?;
        let is_last = next.is_none();
        if let Some((line, record)) = next {
            let record = record.and_then(|record| desk.bounds.check(&record).map(|()| record));
            batch.push(record.map_err(|what| changed(line, what))?);
        }
        if batch.len() == RECORDS || is_last {
            moved += write_batch(desk, &batch)?;
            batch.clear();
        }
        if is_last {
            return Ok(moved);
        }
    }
}

fn write_batch(desk: &mut Desk<'_>, batch: &[Record]) -> Result<usize> {
    let longest = desk.bounds.id.longest;
    desk.link.run(|conn| {
        transaction::committed(conn, |conn| {
            let left = records::write_all(conn, &desk.tables, batch)?;
            for record in &left {
                let steps = records::steps(conn, &desk.tables, longest, record, true)?;
                records::take(conn, &steps)?;
            }
            Ok(left.len())
        })
    })
}
