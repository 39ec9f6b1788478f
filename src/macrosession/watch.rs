//! Compiles again whenever templates or frozen values change, until a signal ends the run.
//!
//! A signal may come at any moment: pages are put in their places in one step.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant},
};

use notify::{
    Config as Watching, ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::ModifyKind,
};

use super::{
    places::Places,
    run::{Options, Passed, pass},
    tree::{Identity, identity_of},
};
use crate::{
    config::Config,
    failure::{Failure, OrFail, Result, Status},
};

/// So long nothing may change before a pass: editors and deployments write several files.
const QUIET: Duration = Duration::from_millis(150);
/// A pass comes after so long even if changes go on.
const LONGEST_QUIET: Duration = Duration::from_secs(2);
/// How often that is looked at which the kernel does not tell: SOURCE replaced as a whole, or a link that leads elsewhere.
const LOOK: Duration = Duration::from_secs(1);
/// When to try again what another run keeps from us.
const AGAIN: Duration = Duration::from_millis(500);
/// The kernel told of more than it could keep, perhaps of our own reading: no pass so soon after the last one.
const AFTER_OVERFLOW: Duration = Duration::from_secs(5);

/// What the watcher tells.
enum Message {
    /// Something changed.
    Change,
    /// Something may have changed.
    Overflow,
    /// There are more folders than the kernel watches.
    TooMany,
}

/// Watches, compiles, and never ends by itself, unless nothing can be watched.
pub(super) fn run(config: &Config, options: &Options) -> Result<Status> {
    // What is wrong with the arguments is told before anything is watched.
    Places::find(&options.source, options.target.as_deref())?;
    let (sender, receiver) = mpsc::channel();
    let mut watch =
        Watch { config, options, sender, watcher: None, watched: None, frozen: None, is_lost: false };
    let mut due = None;
    let mut last = Instant::now();
    loop {
        if watch.renew()? {
            due = Some(Instant::now());
        }
        if due.is_some_and(|due| due <= Instant::now()) {
            due = watch.compile()?.then(|| Instant::now() + AGAIN);
            last = Instant::now();
        }
        let pause = due.map_or(LOOK, |due: Instant| due.saturating_duration_since(Instant::now()).min(LOOK));
        match receiver.recv_timeout(pause) {
            Ok(message) => match settled(message, &receiver) {
                Message::Change => due = Some(Instant::now()),
                Message::Overflow => due = due.or(Some(last + AFTER_OVERFLOW)),
                Message::TooMany => return Err(too_many(&options.source)),
            },
            Err(RecvTimeoutError::Timeout) if watch.frozen != stamp(options.context.as_deref()) => {
                due = Some(Instant::now());
            }
            // We hold a sender ourselves: nobody else can hang up.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
}

/// Waits until nothing changes for a moment; the weightiest of all messages.
fn settled(first: Message, receiver: &Receiver<Message>) -> Message {
    let begun = Instant::now();
    let mut weightiest = first;
    while begun.elapsed() < LONGEST_QUIET {
        match receiver.recv_timeout(QUIET) {
            Ok(Message::TooMany) => return Message::TooMany,
            Ok(Message::Change) => weightiest = Message::Change,
            Ok(Message::Overflow) => {}
            Err(_) => break,
        }
    }
    weightiest
}

struct Watch<'a> {
    config: &'a Config,
    options: &'a Options,
    sender: Sender<Message>,
    watcher: Option<RecommendedWatcher>,
    /// The folder that is watched.
    watched: Option<Identity>,
    /// The file of the frozen values, as it was when it was last read.
    frozen: Option<Stamp>,
    is_lost: bool,
}

impl Watch<'_> {
    /// The folder of the templates.
    fn folder(&self) -> PathBuf {
        let source = &self.options.source;
        if source.is_dir() || (self.is_lost && !source.is_file()) {
            return source.clone();
        }
        let above = source.parent().filter(|above| !above.as_os_str().is_empty());
        above.unwrap_or(Path::new(".")).to_owned()
    }

    /// Watches SOURCE anew if it is another folder than before. Says whether that is so.
    fn renew(&mut self) -> Result<bool> {
        let folder = self.folder();
        let now = identity_of(&folder).ok().filter(|_| self.options.source.exists());
        let Some(identity) = now else {
            if !self.is_lost {
                log::error!(
                    "{} (SOURCE) is gone; waiting for it to come back",
                    self.options.source.display()
                );
                self.is_lost = true;
            }
            return Ok(false);
        };
        if self.watched == now && !self.is_lost {
            return Ok(false);
        }
        self.is_lost = false;
        self.watcher = None;
        let source = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        match self.watch(&source) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                return Err(too_many(&self.options.source));
            }
            // It vanished this moment: the next look tells.
            Err(_) if identity_of(&folder).ok() != Some(identity) => return Ok(false),
            Err(error) => {
                return Err(error)
                    .or_fail(Status::Io, || format!("cannot watch {} (SOURCE)", folder.display()));
            }
        }
        self.watched = Some(identity);
        Ok(true)
    }

    fn watch(&self, source: &Path) -> notify::Result<RecommendedWatcher> {
        let context = self.options.context.as_deref().and_then(|file| file.canonicalize().ok());
        let concern = Concern {
            source: source.to_owned(),
            context: context.clone(),
            extensions: self.config.macrosession.extensions.clone(),
        };
        let sender = self.sender.clone();
        let tell = move |event: notify::Result<Event>| {
            if let Some(message) = concern.message(event) {
                // Nobody listens any more when the run ends.
                let _ = sender.send(message);
            }
        };
        // Links that stay in SOURCE lead to folders that are watched anyway; others would have us watch the whole disk.
        let settings = Watching::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(tell, settings)?;
        let is_folder = self.options.source.is_dir();
        let mode = if is_folder { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        watcher.watch(source, mode)?;
        if let Some(folder) = context.as_deref().and_then(Path::parent)
            && !(folder.starts_with(source) && (is_folder || folder == source))
            && let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive)
        {
            log::info!("{}: looked at each second, as it cannot be watched ({error})", folder.display());
        }
        Ok(watcher)
    }

    /// One pass. Says whether another run is in the way.
    fn compile(&mut self) -> Result<bool> {
        self.frozen = stamp(self.options.context.as_deref());
        match pass(self.config, self.options) {
            Ok(Passed { folders, .. }) => {
                self.watch_folders(folders);
                Ok(false)
            }
            Err(failure) if failure.status() == Status::Busy => {
                log::info!("{failure}");
                Ok(true)
            }
            Err(failure) if failure.status() == Status::Usage => Err(failure),
            Err(failure) => {
                // That SOURCE is gone is told where it is noticed.
                if self.options.source.exists() {
                    log::error!("{failure}");
                }
                Ok(false)
            }
        }
    }

    /// Watches the folders of what a single template includes.
    fn watch_folders(&mut self, folders: Vec<PathBuf>) {
        for folder in folders {
            if let Some(watcher) = &mut self.watcher
                && let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive)
            {
                log::info!("{} is not watched: {error}", folder.display());
            }
        }
    }
}

/// Which events call for a pass.
struct Concern {
    source: PathBuf,
    context: Option<PathBuf>,
    extensions: Vec<String>,
}

impl Concern {
    fn message(&self, event: notify::Result<Event>) -> Option<Message> {
        match event {
            Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => Some(Message::TooMany),
            Err(error) => {
                log::debug!("watching: {error}");
                Some(Message::Overflow)
            }
            Ok(event) if event.need_rescan() => Some(Message::Overflow),
            Ok(event) => self.is_change(&event).then_some(Message::Change),
        }
    }

    /// Our own reading and writing is none.
    fn is_change(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::Access(_) => false,
            EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => {
                event.paths.iter().any(|path| self.is_context(path) || self.is_template(path))
            }
            // Of folders and links that come and go.
            _ => event.paths.iter().any(|path| self.is_context(path) || self.may_hold_templates(path)),
        }
    }

    fn is_context(&self, path: &Path) -> bool {
        self.context.as_deref() == Some(path)
    }

    fn is_template(&self, path: &Path) -> bool {
        !self.is_hidden(path) && path.extension().is_some_and(|extension| self.is_known(extension))
    }

    fn may_hold_templates(&self, path: &Path) -> bool {
        let is_page =
            path.extension().is_some_and(|extension| extension == "php" && !self.is_known(extension));
        path.starts_with(&self.source) && !self.is_hidden(path) && !is_page
    }

    fn is_known(&self, extension: &OsStr) -> bool {
        self.extensions.iter().any(|known| extension == known.as_str())
    }

    fn is_hidden(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.source).unwrap_or(path);
        below.iter().any(|name| name.as_encoded_bytes().starts_with(b"."))
    }
}

/// A file as it is now, as far as that can be told without reading it.
type Stamp = (u64, u64, u64, i64, i64);

fn stamp(file: Option<&Path>) -> Option<Stamp> {
    let seen = fs::metadata(file?).ok()?;
    Some((seen.dev(), seen.ino(), seen.len(), seen.mtime(), seen.mtime_nsec()))
}

fn too_many(source: &Path) -> Failure {
    let message = format!(
        "cannot watch all folders of {} (SOURCE): raise fs.inotify.max_user_watches, or run without --watch",
        source.display()
    );
    Failure::new(Status::Io, message)
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, RemoveKind, RenameMode};

    use super::*;

    #[test]
    fn templates_and_frozen_values_call_for_a_pass_and_our_own_work_does_not() {
        let concern = Concern {
            source: "/site".into(),
            context: Some("/etc/site/frozen.json".into()),
            extensions: vec!["html".to_owned()],
        };
        let changes = |kind: EventKind, paths: &[&str]| {
            let event = paths.iter().fold(Event::new(kind), |event, path| event.add_path(path.into()));
            concern.is_change(&event)
        };
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
        assert!(changes(written, &["/site/a/b.html"]));
        assert!(changes(written, &["/etc/site/frozen.json"]));
        assert!(changes(EventKind::Create(CreateKind::Folder), &["/site/new"]));
        assert!(changes(EventKind::Remove(RemoveKind::Folder), &["/site"]));
        assert!(changes(renamed, &["/site/.b.html.swp", "/site/b.html"]));
        assert!(!changes(written, &["/site/.git/b.html"]));
        assert!(!changes(written, &["/site/notes.txt"]));
        assert!(!changes(EventKind::Create(CreateKind::File), &["/etc/site/other.json"]));
        assert!(!changes(EventKind::Create(CreateKind::File), &["/site/.macrosession-compile-1-2-3"]));
        assert!(!changes(renamed, &["/site/.macrosession-compile-1-2-3", "/site/b.php"]));
        assert!(!changes(EventKind::Access(notify::event::AccessKind::Any), &["/site/b.html"]));
    }
}
