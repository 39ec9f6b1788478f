//! Which templates a folder holds.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    rc::Rc,
};

use rustix::fs::{Dir, FileType, fstat};

use super::tree::{Identity, Tree, identity, is_missing, is_outside};
use crate::failure::{Failure, OrFail, Result, Status};

/// How many folders are entered through links: folders that link to each other have more ways through them than
/// anybody could walk.
const MOST_LINKED: usize = 10_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The templates, from the folder on, in the order of their names.
    pub templates: Vec<PathBuf>,
    /// What could not be looked at, or leads out of the folder.
    pub failures: Vec<Failure>,
}

/// A folder on the way to the one that is being read.
struct Ancestor {
    identity: Identity,
    parent: Option<Rc<Ancestor>>,
}

struct Walk<'a> {
    tree: &'a Tree,
    shown: &'a Path,
    extensions: &'a [String],
    skipped: Option<Identity>,
    to_read: Vec<(PathBuf, Option<Rc<Ancestor>>, bool)>,
    linked: usize,
    found: Found,
}

/// Finds the regular files with one of these `extensions`, in all subfolders but `skipped`. Hidden names (`.git`) are
/// passed over, and so is what is neither file nor folder. A link to a folder is followed if it stays in the tree, and
/// not into a folder that it lies in. `shown` is what messages call the tree.
pub fn templates(tree: &Tree, shown: &Path, extensions: &[String], skipped: Option<Identity>) -> Found {
    let to_read = vec![(PathBuf::new(), None, false)];
    let mut walk = Walk { tree, shown, extensions, skipped, to_read, linked: 0, found: Found::default() };
    while let Some((folder, parent, is_link)) = walk.to_read.pop() {
        if let Err(error) = walk.read(&folder, parent, is_link) {
            walk.cannot_read(&folder, error);
        }
    }
    walk.found.templates.sort();
    walk.found.failures.sort_by_cached_key(Failure::to_string);
    walk.found
}

impl Walk<'_> {
    fn read(&mut self, path: &Path, parent: Option<Rc<Ancestor>>, is_link: bool) -> io::Result<()> {
        let open = self.tree.folder(path)?;
        let identity = identity(&open)?;
        let mut above = parent.as_deref();
        while let Some(ancestor) = above.filter(|_| is_link) {
            if ancestor.identity == identity {
                log::info!(
                    "{}: leads to a folder that it lies in; not followed",
                    self.shown.join(path).display()
                );
                return Ok(());
            }
            above = ancestor.parent.as_deref();
        }
        if parent.is_some() && self.skipped == Some(identity) {
            return Ok(());
        }
        let here = Rc::new(Ancestor { identity, parent });
        let mut entries = Vec::new();
        for entry in Dir::new(open)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !name.starts_with(b".") {
                entries.push((path.join(OsStr::from_bytes(name)), entry.file_type()));
            }
        }
        // What is told is told in an order that a reader can follow. Folders are taken from the end of their list.
        entries.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
        for (path, kind) in entries {
            self.look_at(path, kind, &here);
        }
        Ok(())
    }

    fn look_at(&mut self, path: PathBuf, kind: FileType, here: &Rc<Ancestor>) {
        match kind {
            FileType::RegularFile if self.is_template(&path) => self.found.templates.push(path),
            FileType::Directory => self.to_read.push((path, Some(Rc::clone(here)), false)),
            FileType::Symlink => self.follow(path, here),
            // Some file systems do not tell kinds when they list names.
            FileType::Unknown => self.follow(path, here),
            _ => {}
        }
    }

    fn follow(&mut self, path: PathBuf, here: &Rc<Ancestor>) {
        let seen = self.tree.place(&path).and_then(|place| Ok(fstat(place)?));
        match seen.map(|seen| FileType::from_raw_mode(seen.st_mode)) {
            Ok(FileType::RegularFile) if self.is_template(&path) => self.found.templates.push(path),
            Ok(FileType::Directory) if self.linked == MOST_LINKED => {
                let shown = self.shown.join(path);
                log::warn!("{}: not followed, as too many links to folders were already", shown.display());
            }
            Ok(FileType::Directory) => {
                self.linked += 1;
                self.to_read.push((path, Some(Rc::clone(here)), true));
            }
            Ok(_) => {}
            Err(error) if self.is_template(&path) => {
                let failure = refused(&self.shown.join(path), error);
                self.found.failures.push(failure);
            }
            // Other files may lead anywhere. A folder may be one of templates: then somebody misses their pages.
            Err(error) if is_outside(&error) && self.shown.join(&path).is_dir() => {
                log::warn!(
                    "{}: leads out of {}; no templates are taken from there",
                    self.shown.join(path).display(),
                    self.shown.display()
                );
            }
            Err(_) => {}
        }
    }

    fn is_template(&self, path: &Path) -> bool {
        let extension = path.extension().unwrap_or_default();
        self.extensions.iter().any(|known| extension == known.as_str())
    }

    fn cannot_read(&mut self, folder: &Path, error: io::Error) {
        // Removed since its name was read.
        if is_missing(&error) && !folder.as_os_str().is_empty() {
            return;
        }
        let shown = self.shown.join(folder);
        let failed: Result<()> = Err(error).or_fail(Status::Io, || {
            format!("cannot read the folder {}; its templates are left out", shown.display())
        });
        self.found.failures.extend(failed.err());
    }
}

/// Why a link with a template's name is none.
fn refused(shown: &Path, error: io::Error) -> Failure {
    if is_outside(&error) {
        let message =
            format!("{}: leads out of the folder of templates; put a copy in its place", shown.display());
        return Failure::new(Status::BadData, message);
    }
    let message = format!("{}: cannot be followed ({error}); mend the link, or remove it", shown.display());
    Failure::new(Status::BadData, message)
}

/// The page of a template: the same name with the extension `php`.
pub fn page_of(template: &Path) -> PathBuf {
    template.with_extension("php")
}

/// `path` with `end` after its last byte.
pub(super) fn with_end(path: PathBuf, end: &str) -> PathBuf {
    let mut bytes = OsString::from(path).into_vec();
    bytes.extend_from_slice(end.as_bytes());
    PathBuf::from(OsString::from_vec(bytes))
}
