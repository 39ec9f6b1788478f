//! Compiles templates one by one, several at a time, and tells of them in their order.
//!
//! A template and its page are in memory while they are compiled, and no longer.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use xxhash_rust::xxh3::xxh3_128;

use super::{
    header::{self, Digest, Header},
    include_graph::IncludeGraph,
    language::{self, Compiled, Context, Diagnostic, Include, Kind, Rules, Severity},
    page_file::Pages,
    php_check::PhpCheck,
    places::Places,
    survey,
    tell::{self, Form},
    tree::{Identity, is_missing},
};
use crate::{
    cli,
    failure::{Failure, Result, Status},
    terminal::safe,
};

/// A template that is to be compiled.
#[derive(Debug)]
pub struct Job {
    /// Its number in the graph.
    pub index: usize,
    /// From the folder of all templates on.
    pub template: PathBuf,
    /// From the folder of all pages on.
    pub page: PathBuf,
    /// The digest of its content when it was looked at.
    pub content: Digest,
    /// The fingerprint of a page of that content.
    pub fingerprint: Digest,
}

/// What is the same for all templates.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Where templates are.
    pub places: &'a Places,
    /// Where pages are written; none: they are not.
    pub pages: Option<&'a Pages>,
    /// Who includes whom.
    pub graph: &'a IncludeGraph,
    /// How to compile.
    pub rules: &'a Rules,
    /// The frozen values.
    pub context: &'a Context,
    /// Their digest, if there are any.
    pub context_digest: Option<Digest>,
    /// Which files are templates: no page may take their place.
    pub identities: &'a HashSet<Identity>,
    /// Asks PHP.
    pub php: PhpCheck,
    /// How diagnostics are told.
    pub form: Form,
    /// TARGET, if pages that would be written are to be named.
    pub names_pages: Option<PathBuf>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Done {
    /// Templates that were compiled.
    pub good: usize,
    /// Templates with errors.
    pub wrong: usize,
    /// The status of the first failure, if there was any.
    pub failed: Option<Status>,
}

/// What became of a template.
struct Outcome {
    told: Vec<String>,
    end: End,
}

enum End {
    Good,
    Wrong,
    Gone,
    Failed(Failure),
}

impl Batch<'_> {
    /// Compiles all, and tells what is wrong.
    ///
    /// # Errors
    /// [`Status::Io`] if standard output cannot be written.
    pub fn run(&self, jobs: &[Job]) -> Result<Done> {
        let mut telling = Telling { batch: self, done: Done::default(), first: true };
        if jobs.is_empty() {
            return telling.end();
        }
        let next = AtomicUsize::new(0);
        let (sender, outcomes) = mpsc::channel();
        let work = |sender: mpsc::Sender<(usize, Outcome)>| {
            let mut template = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(number) else { return };
                // Who told us what to do listens until all is done.
                if sender.send((number, self.compile(job, &mut template))).is_err() {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            let mut workers = 0;
            for _ in 1..=survey::threads(jobs.len().saturating_mul(16)) {
                let sender = sender.clone();
                workers += usize::from(thread::Builder::new().spawn_scoped(scope, || work(sender)).is_ok());
            }
            if workers == 0 {
                work(sender);
            } else {
                drop(sender);
            }
            let mut waiting = BTreeMap::new();
            let mut expected = 0;
            for (number, outcome) in outcomes {
                waiting.insert(number, outcome);
                while let Some(outcome) = waiting.remove(&expected) {
                    let told = telling.tell(&jobs[expected], outcome);
                    if told.is_err() {
                        // The others stop after what they are at.
                        next.store(jobs.len(), Ordering::Relaxed);
                        return told;
                    }
                    expected += 1;
                }
            }
            Ok(())
        })?;
        telling.end()
    }

    fn compile(&self, job: &Job, template: &mut Vec<u8>) -> Outcome {
        let shown = self.places.shown(&job.template);
        match survey::read(&self.places.source, &job.template, template) {
            Ok(_) => {}
            Err(error) if is_missing(&error) => return Outcome { told: Vec::new(), end: End::Gone },
            Err(error) => {
                return Outcome { told: Vec::new(), end: End::Failed(survey::cannot_read(&shown, error)) };
            }
        }
        let Compiled { mut diagnostics, page, includes, has_php } =
            language::compile(template, self.rules, self.context);
        diagnostics.extend(self.circles(job, &includes));
        let content = xxh3_128(template);
        // What has changed since it was looked at includes who knows what: the next run looks again.
        let fingerprint = if content == job.content { job.fingerprint } else { 0 };
        let header = Header { content, includes: header::each_once(&includes), fingerprint };
        let page = page.map(|page| header::write(&page, &job.template, self.context_digest, &header));
        let mut end = End::Wrong;
        if let Some(page) = page {
            end = match self.php_says(has_php, &page, template) {
                Ok(Some(complaint)) => {
                    diagnostics.push(complaint);
                    End::Wrong
                }
                Ok(None) => self.put(job, &page).map_or_else(End::Failed, |()| End::Good),
                Err(failure) => End::Failed(failure.context(format!("{}: not compiled", shown.display()))),
            };
        }
        diagnostics.sort_by_key(|found| found.at);
        // -q: errors only.
        if self.form == Form::Text && !log::log_enabled!(target: "sessionstat", log::Level::Warn) {
            diagnostics.retain(|found| found.kind.severity() == Severity::Error);
        }
        Outcome { told: tell::shown(self.form, &shown, template, &diagnostics), end }
    }

    fn php_says(&self, has_php: bool, page: &[u8], template: &[u8]) -> Result<Option<Diagnostic>> {
        if has_php { self.php.complaint(page, template) } else { Ok(None) }
    }

    fn put(&self, job: &Job, page: &[u8]) -> Result<()> {
        let Some(pages) = self.pages else { return Ok(()) };
        let rights_of = |folder: &Path| {
            let place = self.places.source.place(folder).map(std::fs::File::from);
            place.and_then(|place| place.metadata()).map_or(0o755, |seen| seen.mode())
        };
        pages.put(&job.page, page, rights_of, |identity| self.identities.contains(&identity))
    }

    /// A warning for each include by which the template includes itself.
    fn circles(&self, job: &Job, includes: &[Include]) -> Vec<Diagnostic> {
        let mut known: HashMap<(bool, &[u8]), Option<String>> = HashMap::new();
        let mut found = Vec::new();
        for include in includes {
            let key = (include.form == language::lexer::IncludeForm::Php, &include.name[..]);
            let message = known.entry(key).or_insert_with(|| {
                let way = self.graph.way_round(job.index, include.form, &include.name)?;
                Some(circle(&way, self.graph.circle(job.index)))
            });
            if let Some(message) = message.clone() {
                let (at, length) = (include.at, include.length);
                let kind = Kind::IncludeCycle;
                found.push(Diagnostic {
                    kind,
                    macro_name: String::new(),
                    argument: None,
                    at,
                    length,
                    message,
                });
            }
        }
        found
    }
}

fn circle(way: &[String], templates: usize) -> String {
    let names = way.split_last().map(|(_, through)| through.join(", ")).unwrap_or_default();
    let how_many =
        if way.contains(&"...".to_owned()) { format!(" ({templates} in all)") } else { String::new() };
    match names.is_empty() {
        true => "this template includes itself".to_owned(),
        false => format!("this template includes itself, through {names}{how_many}"),
    }
}

/// Tells of one template after the other.
struct Telling<'a> {
    batch: &'a Batch<'a>,
    done: Done,
    first: bool,
}

impl Telling<'_> {
    fn tell(&mut self, job: &Job, outcome: Outcome) -> Result<()> {
        match self.batch.form {
            Form::Text => {
                // A closed stream leaves only the exit status to tell it.
                let _ = io::stderr().lock().write_all(outcome.told.concat().as_bytes());
            }
            Form::Json if outcome.told.is_empty() => {}
            Form::Json => {
                let before = if std::mem::take(&mut self.first) { "[" } else { ",\n" };
                cli::print(format!("{before}{}", outcome.told.join(",\n")))?;
            }
        }
        let shown = self.batch.places.shown(&job.template);
        match outcome.end {
            End::Good => {
                self.done.good += 1;
                if let Some(target) = &self.batch.names_pages {
                    let page = if self.batch.places.single.is_some() {
                        target.clone()
                    } else {
                        target.join(&job.page)
                    };
                    cli::print(format!("{}\n", safe(&page.to_string_lossy(), true)))?;
                }
                let page = self.batch.pages.map(|pages| pages.shown(&job.page));
                match page {
                    Some(page) => log::info!("compiled {} into {}", shown.display(), page.display()),
                    None => log::info!("{} can be compiled", shown.display()),
                }
            }
            End::Wrong => self.done.wrong += 1,
            End::Gone => log::info!("{}: gone since it was seen; its page is left as it is", shown.display()),
            End::Failed(failure) => {
                log::error!("{failure}");
                self.done.failed.get_or_insert(failure.status());
            }
        }
        Ok(())
    }

    fn end(self) -> Result<Done> {
        if self.batch.form == Form::Json {
            cli::print(if self.first { "[]\n" } else { "]\n" })?;
        }
        Ok(self.done)
    }
}
