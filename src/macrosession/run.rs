//! One pass over all templates: what is not up to date is compiled.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
};

use super::{
    batch::{Batch, Job},
    header::Digest,
    include_graph::{Digester, IncludeGraph, Node},
    language::{Context, Escape, Rules, UnknownFilters},
    page_file::Pages,
    php_check::PhpCheck,
    places::Places,
    survey::{Asked, Page, Seen, Survey, Template, page_at},
    tell::Form,
    walk, watch,
};
use crate::{
    cli,
    config::Config,
    failure::{Failure, OrFail, Result, Status},
};

/// The arguments.
#[derive(Clone, Debug)]
pub struct Options {
    /// SOURCE
    pub source: PathBuf,
    /// TARGET; none: nothing can be written.
    pub target: Option<PathBuf>,
    /// Compile all, write nothing.
    pub check: bool,
    /// Name the pages that would be written, write nothing.
    pub dry_run: bool,
    /// The file of the frozen values.
    pub context: Option<PathBuf>,
    /// Diagnostics as JSON on standard output.
    pub json: bool,
    /// Go on until a signal ends the run.
    pub watch: bool,
    /// Compile all, also what is up to date, and replace files that are no pages.
    pub force: bool,
    /// Blanks after macros stay.
    pub keep_blanks: bool,
}

/// Compiles templates.
///
/// # Errors
/// What keeps all templates from being compiled: SOURCE, TARGET, the frozen values, the lock. What concerns one template
/// is told, and decides the status.
pub fn run(context: &cli::Context, options: &Options) -> Result<Status> {
    if options.watch {
        watch::run(&context.config, options)
    } else {
        pass(&context.config, options).map(|passed| passed.status)
    }
}

/// What a pass came to.
#[derive(Debug)]
pub(super) struct Passed {
    /// How it ended.
    pub(super) status: Status,
    /// Where SOURCE is a file: the folders of all templates that it includes.
    pub(super) folders: Vec<PathBuf>,
}

/// Compiles what is not up to date now.
pub(super) fn pass(config: &Config, options: &Options) -> Result<Passed> {
    let context = read_context(options.context.as_deref())?;
    let settings = &config.macrosession;
    let rules = Rules {
        escape: settings.escape,
        unknown_filters: settings.unknown_filters,
        extra_filters: settings.extra_filters.clone(),
        keep_blanks: options.keep_blanks,
    };
    let places = Places::find(&options.source, options.target.as_deref())?;
    let writes = !options.check && !options.dry_run;
    let (pages, _lock) = match writes {
        true => places.pages_to_write(&config.lock_dir).map(|(pages, lock)| (Some(pages), Some(lock)))?,
        false => (places.pages_to_read().filter(|_| !options.check), None),
    };

    let mut found = Found::default();
    // Who compiles all asks no page.
    let asked_pages = pages.as_ref().filter(|_| !options.check).map(Pages::tree);
    let survey = Survey { places: &places, pages: asked_pages };
    found.look(survey, &settings.extensions);
    let Found { templates, mut failures, .. } = found;
    if let Some(pages) = pages.as_ref().filter(|_| writes) {
        look_into_folders(pages, &templates);
    }

    let graph = IncludeGraph::new(templates.iter().map(node).collect());
    let base = fingerprint_base(&rules, &context);
    let is_same_folder = pages
        .as_ref()
        .is_some_and(|pages| places.single.is_none() && pages.tree().identity() == places.source.identity());
    let mut jobs = Vec::new();
    let (mut all, mut fresh) = (0, 0);
    for (index, (asked, template)) in templates.iter().enumerate() {
        let (Some(page), Some(template)) = (&asked.page, template) else { continue };
        all += 1;
        let fingerprint = fingerprint(base, &asked.template, graph.closure(index));
        let is_fresh = matches!(&template.page, Page::Known(header) if header.fingerprint == fingerprint);
        if is_fresh && !options.force && !options.check {
            fresh += 1;
            continue;
        }
        if is_same_folder && template.page == Page::Foreign && !options.force {
            failures.push(not_ours(&places.shown(&asked.template), &places.shown(page)));
            continue;
        }
        let content = template.content;
        jobs.push(Job { index, template: asked.template.clone(), page: page.clone(), content, fingerprint });
    }
    let identities: HashSet<_> =
        templates.iter().filter_map(|(_, template)| Some(template.as_ref()?.identity)).collect();
    let folders = match places.single {
        Some(_) => folders_of(&places, &templates),
        None => Vec::new(),
    };
    drop(templates);

    let batch = Batch {
        places: &places,
        pages: pages.as_ref().filter(|_| writes),
        graph: &graph,
        rules: &rules,
        context: &context,
        context_digest: options.context.as_ref().map(|_| context_digest(&context)),
        identities: &identities,
        php: PhpCheck::new(settings.php.clone()),
        form: if options.json { Form::Json } else { Form::Text },
        names_pages: options.dry_run.then(|| options.target.clone().unwrap_or_default()),
    };
    failures.iter().for_each(|failure| log::error!("{failure}"));
    let done = batch.run(&jobs)?;
    let settled = pages.as_ref().filter(|_| writes).map_or(Ok(()), Pages::settle);
    if let Err(failure) = &settled {
        log::error!("{failure}");
    }
    let (good, wrong) = (done.good, done.wrong);
    log::info!("templates: {all}, compiled: {good}, with errors: {wrong}, up to date: {fresh}");
    let statuses =
        failures.iter().map(Failure::status).chain(done.failed).chain(settled.err().map(|f| f.status()));
    let status = statuses.into_iter().next().unwrap_or(if wrong > 0 { Status::No } else { Status::Done });
    Ok(Passed { status, folders })
}

fn folders_of(places: &Places, templates: &[(Asked, Option<Template>)]) -> Vec<PathBuf> {
    let included = templates.iter().filter(|(asked, _)| asked.page.is_none());
    let folders =
        included.filter_map(|(asked, _)| asked.template.parent().filter(|path| !path.as_os_str().is_empty()));
    folders.map(|folder| places.shown.join(folder)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What is there: templates that can be read, and what keeps others from that.
#[derive(Default)]
struct Found {
    /// In the order of their names; no template if it cannot be read.
    templates: Vec<(Asked, Option<Template>)>,
    failures: Vec<Failure>,
}

impl Found {
    fn look(&mut self, survey: Survey<'_>, extensions: &[String]) {
        let places = survey.places;
        let seen = match &places.single {
            Some(single) => survey.look_around(single, extensions),
            None => {
                let found = walk::templates(&places.source, &places.shown, extensions, places.not_walked());
                self.failures.extend(found.failures);
                let pages_of = found.templates.into_iter().map(|template| {
                    let page = Some(walk::page_of(&template));
                    Asked { template, page }
                });
                let asked: Vec<_> = pages_of.collect();
                let seen = survey.look(&asked);
                asked.into_iter().zip(seen).collect()
            }
        };
        for (asked, seen) in seen {
            match seen {
                Seen::Template(template) => self.templates.push((asked, Some(template))),
                Seen::Page => {}
                Seen::Gone => {
                    log::info!("{}: gone since it was seen", places.shown(&asked.template).display())
                }
                Seen::Failed(failure) => {
                    self.failures.push(failure);
                    self.templates.push((asked, None));
                }
            }
        }
        self.refuse_doubles(places);
    }

    /// Two templates of one page have none.
    fn refuse_doubles(&mut self, places: &Places) {
        let mut makers: HashMap<PathBuf, Vec<usize>> = HashMap::new();
        for (index, (asked, _)) in self.templates.iter().enumerate() {
            if let Some(page) = &asked.page {
                makers.entry(page.clone()).or_default().push(index);
            }
        }
        let mut doubles: Vec<_> = makers.into_iter().filter(|(_, makers)| makers.len() > 1).collect();
        doubles.sort();
        let mut refused = HashSet::new();
        for (page, makers) in doubles {
            let shown =
                |&index: &usize| places.shown(&self.templates[index].0.template).display().to_string();
            let names: Vec<_> = makers.iter().map(shown).collect();
            let message = format!(
                "{} are templates of one page, {}; rename all but one",
                names.join(" and "),
                page.display()
            );
            self.failures.push(Failure::new(Status::BadData, message));
            refused.extend(makers);
        }
        let mut index = 0..;
        self.templates.retain(|_| index.next().is_some_and(|index| !refused.contains(&index)));
    }
}

fn node((asked, template): &(Asked, Option<Template>)) -> Node {
    Node {
        path: asked.template.clone(),
        content: template.as_ref().map(|template| template.content),
        includes: template.as_ref().map(|template| template.includes.clone()).unwrap_or_default(),
    }
}

/// Removes what a killed run left, and tells of pages without a template. These are left alone: a template may be away
/// for a moment (a deployment, an editor that writes a new file), and its page may be asked for by others.
fn look_into_folders(pages: &Pages, templates: &[(Asked, Option<Template>)]) {
    let known: HashSet<&Path> = templates.iter().filter_map(|(asked, _)| asked.page.as_deref()).collect();
    let folders: BTreeSet<&Path> = known.iter().filter_map(|page| page.parent()).collect();
    pages.clear(folders, |page| {
        if log::log_enabled!(log::Level::Info)
            && page.extension().is_some_and(|extension| extension == "php")
            && !known.contains(page)
            && matches!(page_at(pages.tree(), page, &mut Vec::new()), Ok(Page::Known(_) | Page::Spoilt))
        {
            log::info!(
                "{}: this page's template is gone; the page is left as it is",
                pages.shown(page).display()
            );
        }
    });
}

fn not_ours(template: &Path, page: &Path) -> Failure {
    let message = format!(
        "{}: this file was not compiled, and the page of {} would take its place; move it away, or compile with --force",
        page.display(),
        template.display()
    );
    Failure::new(Status::CannotCreate, message)
}

/// All that a page depends on besides templates.
fn fingerprint_base(rules: &Rules, context: &Context) -> Digest {
    let mut extra: Vec<_> = rules.extra_filters.iter().map(|name| name.to_lowercase()).collect();
    extra.sort();
    let mut digest = Digester::default();
    digest.text(env!("CARGO_PKG_VERSION").as_bytes());
    digest.number(usize::from(rules.escape == Escape::Html));
    digest.number(usize::from(rules.unknown_filters == UnknownFilters::Allow));
    digest.number(usize::from(rules.keep_blanks));
    digest.number(extra.len());
    extra.iter().for_each(|name| digest.text(name.as_bytes()));
    digest.text(context.canonical().as_bytes());
    digest.digest()
}

fn fingerprint(base: Digest, template: &Path, closure: Digest) -> Digest {
    let mut digest = Digester::default();
    digest.text(&base.to_le_bytes());
    digest.text(template.as_os_str().as_encoded_bytes());
    digest.text(&closure.to_le_bytes());
    digest.digest()
}

fn context_digest(context: &Context) -> Digest {
    xxhash_rust::xxh3::xxh3_128(context.canonical().as_bytes())
}

fn read_context(file: Option<&Path>) -> Result<Context> {
    let Some(file) = file else { return Ok(Context::default()) };
    let shown = file.display();
    let text = std::fs::read(file).or_fail(Status::BadData, || format!("cannot read {shown} (--context)"))?;
    Context::from_json(&text).map_err(|wrong| {
        let (line, column) = (wrong.line(), wrong.column());
        let message = wrong.to_string();
        let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
        Failure::new(Status::BadData, format!("{shown}:{line}:{column}: {what} (--context)"))
    })
}
