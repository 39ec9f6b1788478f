//! What templates and pages there are, and which pages are not what their templates say.
//!
//! Passing over a template costs reading it and the first bytes of its page, whose header tells the rest.

use std::{
    collections::HashSet,
    fs::File,
    io,
    num::NonZero,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use rustix::{buffer::spare_capacity, fs::Stat, io::Errno};
use xxhash_rust::xxh3::xxh3_128;

use super::{
    header::{self, Beginning, Digest, Header, Included},
    include_graph::page_meant,
    language,
    places::{Places, Single},
    tree::{Identity, Tree, identity_in, is_missing, is_outside},
    walk::{page_of, with_end},
};
use crate::failure::{Failure, OrFail, Result, Status};

/// So many templates are not worth a thread.
const FEW: usize = 64;
/// Most threads: these wait for the disk or the kernel more than they compute.
const MOST_THREADS: usize = 4;
/// Bytes of a page that mostly hold its header.
const FIRST_BYTES: usize = 2048;
/// Bytes that hold every header that is believed; a longer one is not.
const MOST_HEADER: usize = 16 << 20;
/// Bytes for which room is made at once, however long a file says that it is.
const MOST_AT_ONCE: usize = 64 << 20;

/// A template to be looked at, and its page.
#[derive(Debug)]
pub struct Asked {
    /// From the folder of all templates on.
    pub template: PathBuf,
    /// From the folder of all pages on; none if the template is only included.
    pub page: Option<PathBuf>,
}

/// What there is in a page's place.
#[derive(Debug, PartialEq, Eq)]
pub enum Page {
    /// Nothing, or an empty file.
    Absent,
    /// Something that this command did not write.
    Foreign,
    /// A page of ours that is not as it was written, or by another version.
    Spoilt,
    /// A page of ours.
    Known(Header),
}

/// What was seen of a template.
#[derive(Debug)]
pub struct Template {
    /// The digest of its content.
    pub content: Digest,
    /// Which file it is.
    pub identity: Identity,
    /// What it includes.
    pub includes: Vec<Included>,
    /// What stands in its page's place.
    pub page: Page,
}

/// What a name turned out to be.
#[derive(Debug)]
pub enum Seen {
    /// A template.
    Template(Template),
    /// A page that this command wrote, beside the templates.
    Page,
    /// Nothing: it was removed meanwhile.
    Gone,
    /// It cannot be read.
    Failed(Failure),
}

/// What is used again for each template.
#[derive(Default)]
struct Buffers {
    template: Vec<u8>,
    page: Vec<u8>,
}

/// Where is looked, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Survey<'a> {
    /// Where templates are.
    pub places: &'a Places,
    /// Where the headers of pages are read; none: they are not asked for.
    pub pages: Option<&'a Tree>,
}

impl Survey<'_> {
    /// Looks at all `asked`, in any order, with a few threads; answers in the order of the questions.
    pub fn look(&self, asked: &[Asked]) -> Vec<Seen> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut seen = Vec::new();
            let mut buffers = Buffers::default();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(one) = asked.get(index) else { return seen };
                seen.push((index, self.look_at(one, &mut buffers)));
            }
        };
        let mut seen: Vec<_> = thread::scope(|scope| {
            // A thread that cannot be had leaves its work to the others.
            let helpers: Vec<_> =
                (1..threads(asked.len())).map(|_| thread::Builder::new().spawn_scoped(scope, work)).collect();
            let mut seen = work();
            seen.extend(helpers.into_iter().flatten().filter_map(|helper| helper.join().ok()).flatten());
            seen
        });
        seen.sort_unstable_by_key(|(index, _)| *index);
        seen.into_iter().map(|(_, seen)| seen).collect()
    }

    /// Looks at the one template, and at all that it includes, directly or not.
    pub fn look_around(&self, single: &Single, extensions: &[String]) -> Vec<(Asked, Seen)> {
        let first = Asked { template: single.template.clone(), page: Some(single.page.clone()) };
        let mut met = HashSet::from([page_of(&single.template)]);
        let (mut to_look, mut all) = (vec![first], Vec::new());
        let mut buffers = Buffers::default();
        while let Some(asked) = to_look.pop() {
            let seen = self.look_at(&asked, &mut buffers);
            if let Seen::Template(template) = &seen {
                for include in &template.includes {
                    let Some(page) = page_meant(&asked.template, include.form, &include.name) else {
                        continue;
                    };
                    if !met.insert(page.clone()) {
                        continue;
                    }
                    let named =
                        |extension: &String| with_end(page.with_extension(""), &format!(".{extension}"));
                    let found =
                        extensions.iter().map(named).find(|path| self.places.source.place(path).is_ok());
                    to_look.extend(found.map(|template| Asked { template, page: None }));
                }
            }
            all.push((asked, seen));
        }
        all
    }

    fn look_at(&self, asked: &Asked, buffers: &mut Buffers) -> Seen {
        let text = &mut buffers.template;
        let identity = match read(&self.places.source, &asked.template, text) {
            Ok(identity) => identity,
            Err(error) if is_missing(&error) => return Seen::Gone,
            Err(error) => return Seen::Failed(cannot_read(&self.places.shown(&asked.template), error)),
        };
        let is_page = || header::read(text, text.len() as u64) != Beginning::Foreign;
        if self.places.single.is_none() && asked.page.as_ref() == Some(&asked.template) && is_page() {
            return Seen::Page;
        }
        let content = xxh3_128(text);
        let page = match (self.pages, &asked.page) {
            // Whatever stands in the way is told when the page is written.
            (Some(tree), Some(page)) => page_at(tree, page, &mut buffers.page).unwrap_or(Page::Absent),
            _ => Page::Absent,
        };
        let includes = match &page {
            Page::Known(header) if header.content == content => header.includes.clone(),
            _ => header::each_once(&language::includes(text)),
        };
        Seen::Template(Template { content, identity, includes, page })
    }
}

/// How many threads so much work is worth.
pub fn threads(work: usize) -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    processors.min(MOST_THREADS).min(work.div_ceil(FEW)).max(1)
}

/// Reads a template into `buffer`; tells which file it is.
///
/// # Errors
/// Those of [`Tree::file`] and of reading.
pub fn read(source: &Tree, template: &Path, buffer: &mut Vec<u8>) -> io::Result<Identity> {
    let (file, seen) = source.file(template)?;
    let length = length(&seen);
    buffer.clear();
    // A file that grows meanwhile is read to where it ended, or further.
    while read_on(&file, length.saturating_add(1).min(MOST_AT_ONCE), buffer)? && buffer.len() != length {}
    Ok(identity_in(&seen))
}

/// Adds what one reading gives, of at least `room` bytes; says whether that was anything.
fn read_on(file: &File, room: usize, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.reserve(room);
    loop {
        match rustix::io::read(file, spare_capacity(buffer)) {
            Err(Errno::INTR) => {}
            read => return Ok(read? > 0),
        }
    }
}

fn length(seen: &Stat) -> usize {
    usize::try_from(seen.st_size).unwrap_or(0)
}

/// Why a template has no page.
pub fn cannot_read(shown: &Path, error: io::Error) -> Failure {
    if is_outside(&error) {
        let message =
            format!("{}: leads out of the folder of templates; put a copy in its place", shown.display());
        return Failure::new(Status::BadData, message);
    }
    let failed: Result<()> = Err(error).or_fail(Status::Io, || format!("cannot read {}", shown.display()));
    failed.err().unwrap_or_else(|| Failure::new(Status::Io, "cannot read a template"))
}

/// What stands in a page's place; its beginning is read into `first`.
///
/// # Errors
/// Those of [`Tree::file`] and of reading.
pub fn page_at(pages: &Tree, page: &Path, first: &mut Vec<u8>) -> io::Result<Page> {
    let (file, seen) = pages.file(page)?;
    let length = length(&seen);
    first.clear();
    loop {
        let goes_on = read_on(&file, FIRST_BYTES, first)?;
        return Ok(match header::read(first, length as u64) {
            Beginning::Cut if goes_on && first.len() < MOST_HEADER => continue,
            Beginning::Cut | Beginning::Spoilt => Page::Spoilt,
            Beginning::Known(header) => Page::Known(header),
            Beginning::Foreign if length == 0 => Page::Absent,
            Beginning::Foreign => Page::Foreign,
        });
    }
}
