//! Sessions end, any number of them, read from a file: lines of id, end and context, with tabs between them.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use super::{
    Desk,
    lines::{Lines, Mistakes},
    say, server,
};
use crate::{
    cli,
    clock::parse_instant,
    failure::{OrFail, Result, Status},
    mysql::transaction,
    sessions::{
        record::{Context, Ending},
        store::records::{self, Met},
    },
};

/// Lines in one transaction.
const LINES: usize = 4_000;

/// Closes the sessions that `file` (`-`: standard input) names. Bad lines are told and left out. Nothing is lost by
/// doing it again.
///
/// # Errors
/// [`Status::BadData`] if there were bad lines, [`Status::Io`] if the file cannot be read; those of the server.
pub fn close(context: &cli::Context, file: &Path, rehearsal: bool) -> Result<Status> {
    let (input, name): (Box<dyn BufRead>, _) = if file == Path::new("-") {
        (Box::new(io::stdin().lock()), "standard input".to_owned())
    } else {
        let name = file.display().to_string();
        let open = File::open(file).or_fail(Status::Io, || format!("cannot read {name}"))?;
        (Box::new(BufReader::with_capacity(1 << 16, open)), name)
    };
    let server = server(context, rehearsal)?;
    let mut desk = Desk::of(&server)?;
    let mut lines = Lines::new(input, &name);
    let mut mistakes = Mistakes::of(&name);
    let mut endings = Vec::with_capacity(LINES);
    let (mut count, mut met) = (0, Met::default());
    loop {
        let line = lines.next_line()?;
        let is_last = line.is_none();
        if let Some(line) = line {
            match line
                .text
                .and_then(ending)
                .and_then(|ending| desk.bounds.check_ending(&ending).map(|()| ending))
            {
                Ok(ending) => endings.push(ending),
                Err(what) => mistakes.tell(line.number, what),
            }
        }
        if endings.len() == LINES || is_last {
            count += endings.len() as u64;
            met += apply(&mut desk, &mut endings, rehearsal)?;
        }
        if is_last {
            break;
        }
    }
    tell(&name, count, met, rehearsal)?;
    mistakes.end("the others are done. Mend these and run it again: what is closed stays as it is")?;
    Ok(Status::Done)
}

/// Closes these sessions in one transaction, and empties the list.
fn apply(desk: &mut Desk<'_>, endings: &mut Vec<Ending>, rehearsal: bool) -> Result<Met> {
    if endings.is_empty() {
        return Ok(Met::default());
    }
    // Of several lines of an id the first counts.
    let mut seen = HashSet::with_capacity(endings.len());
    endings.retain(|ending| seen.insert(ending.id.clone()));
    // Sessions that end together lie together in the table. And two runs that take rows in the same order do not lock
    // each other out.
    endings.sort_by(|one, other| (one.end, &one.id).cmp(&(other.end, &other.id)));
    let met = desk.link.run(|conn| {
        transaction::committed(conn, |conn| records::close_all(conn, &desk.tables, endings, rehearsal))
    })?;
    endings.clear();
    Ok(met)
}

/// Reads a line. What the columns of the table hold is not looked at.
///
/// # Errors
/// What is wrong with the line.
pub fn ending(line: &str) -> std::result::Result<Ending, String> {
    let mut fields = line.split('\t');
    let (Some(id), Some(end), context, None) = (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err("not id, end and perhaps context, with tabs between them".to_owned());
    };
    let at = parse_instant(end).map_err(|why| format!("end {end:?}: {why}"))?;
    let context = match context {
        None | Some("") => None,
        Some(text) => {
            let context: Context = text.parse().map_err(|why| format!("context {text:?}: {why}"))?;
            context.stored()
        }
    };
    Ok(Ending { id: id.to_owned(), end: at.timestamp(), context })
}

/// What came of it, for those who ask.
fn tell(name: &str, count: u64, met: Met, rehearsal: bool) -> Result<()> {
    let without = count.saturating_sub(met.open);
    if rehearsal {
        say(&format!("would end {} open sessions; {without} lines of {count} name none", met.open))?;
    } else {
        log::info!("{name}: {} sessions closed; {without} lines of {count} name no open session", met.open);
    }
    if met.backwards > 0 {
        log::warn!(
            "{name}: {} sessions end before they begin: was a clock set back, or another unit of time used?",
            met.backwards
        );
    }
    Ok(())
}
