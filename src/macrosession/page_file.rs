//! Puts pages where visitors' requests find them, so that each finds the old page or the new one, whole.
//!
//! A page is written beside its place, made to last, and put there in one step. That the new name itself lasts through a
//! power cut is seen to once a folder, at the end of a run ([`Pages::settle`]): until then a cut gives back the old page,
//! which the next run replaces.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, Stat, fchmod, fstat, mkdirat, statat, unlinkat},
    io::Errno,
};

use super::tree::{Identity, Tree, identity_in, is_missing, is_outside};
use crate::{
    failure::{Failure, OrFail, Result, Status},
    files::replacement::Replacement,
};

/// Names of files that are being written begin with this.
const UNFINISHED: &str = ".macrosession-compile-";

/// The folder of the pages.
#[derive(Debug)]
pub struct Pages {
    tree: Tree,
    /// What messages call it.
    shown: PathBuf,
    /// What the names of unfinished files begin with: other runs, into other folders, leave these alone.
    unfinished: String,
    /// The folders in which names have changed.
    changed: Mutex<BTreeSet<PathBuf>>,
}

impl Pages {
    /// The pages in `tree`, which messages call `shown`; `job` names this run's TARGET among those of all runs.
    pub fn new(tree: Tree, shown: PathBuf, job: &str) -> Self {
        let unfinished = format!("{UNFINISHED}{job}-");
        Self { tree, shown, unfinished, changed: Mutex::default() }
    }

    /// The folder.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What messages call a page.
    pub fn shown(&self, page: &Path) -> PathBuf {
        self.shown.join(page)
    }

    /// Puts a page in its place. Missing folders are made, with the rights that `rights_of` gives for each. A page
    /// keeps the owner and the rights that the old one had; a new one may be read by all whom the umask lets.
    ///
    /// # Errors
    /// [`Status::CannotCreate`] if it cannot be made there, or if `is_template` knows what stands there;
    /// [`Status::Io`] if it cannot be written. The old page is still there.
    pub fn put(
        &self,
        page: &Path,
        text: &[u8],
        rights_of: impl Fn(&Path) -> u32,
        is_template: impl Fn(Identity) -> bool,
    ) -> Result<()> {
        let shown = self.shown(page);
        let above = page.parent().unwrap_or(Path::new(""));
        let folder = self.folder(above, rights_of).map_err(|error| no_folder(&shown, error))?;
        let name = page.file_name().unwrap_or_default();
        let old = self.old(&folder, name, &shown, is_template)?;
        let rights = old.as_ref().map_or(0o644, |old| old.st_mode);
        let mut new = Replacement::create(folder.as_fd(), &self.unfinished, rights)
            .or_fail(Status::CannotCreate, || {
                format!("cannot make {}; check who may write into its folder", shown.display())
            })?;
        // What cannot be removed after a failure is removed by the next run.
        let written = new
            .write(text)
            .and_then(|()| old.as_ref().map_or(Ok(()), |old| new.take_after(old)))
            .and_then(|()| new.put(name));
        written.or_fail(Status::Io, || {
            let old = if old.is_some() { "; the old page is still there" } else { "" };
            format!("cannot write {}{old}", shown.display())
        })?;
        self.has_changed(above);
        Ok(())
    }

    /// What stands in the page's place, if it may be replaced.
    fn old(
        &self,
        folder: &OwnedFd,
        name: &OsStr,
        shown: &Path,
        is_template: impl Fn(Identity) -> bool,
    ) -> Result<Option<Stat>> {
        let seen = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(None),
            seen => seen.or_fail(Status::CannotCreate, || format!("cannot look at {}", shown.display()))?,
        };
        let refuse = |why| Err(Failure::new(Status::CannotCreate, format!("{}: {why}", shown.display())));
        match FileType::from_raw_mode(seen.st_mode) {
            FileType::RegularFile if is_template(identity_in(&seen)) => {
                refuse("this page would take the place of a template; give TARGET another folder")
            }
            FileType::RegularFile => Ok(Some(seen)),
            // The link is replaced, not what it leads to, which may be anywhere.
            FileType::Symlink => Ok(None),
            _ => refuse("what stands in the place of this page is no file; remove it"),
        }
    }

    /// Opens a folder of pages, which is made if it is missing.
    fn folder(&self, path: &Path, rights_of: impl Fn(&Path) -> u32) -> io::Result<OwnedFd> {
        match self.tree.folder(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        let mut folder = self.tree.folder(Path::new(""))?;
        let mut way = PathBuf::new();
        for name in path {
            let above = way.clone();
            way.push(name);
            let rights = Mode::from_raw_mode(rights_of(&way) & 0o777 | 0o700);
            let is_new = match mkdirat(&folder, name, rights) {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                Err(error) => return Err(error.into()),
            };
            folder = self.tree.folder(&way)?;
            if is_new {
                self.has_changed(&above);
                // The umask took some away; a group that was passed on stays.
                let inherited = Mode::from_raw_mode(fstat(&folder)?.st_mode) & Mode::SGID;
                fchmod(&folder, rights | inherited)?;
            }
        }
        Ok(folder)
    }

    fn has_changed(&self, folder: &Path) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
    }

    /// Removes what a killed run into the same TARGET left in these folders. Only for who holds the lock: otherwise
    /// these may be files that a run is writing.
    ///
    /// `each` is called with the name of every other entry, from the folder of all pages on.
    pub fn clear<'a>(&self, folders: impl IntoIterator<Item = &'a Path>, each: impl Fn(&Path)) {
        for path in folders {
            match self
                .tree
                .folder(path)
                .and_then(|folder| self.clear_one(&folder, |name| each(&path.join(name))))
            {
                Ok(()) => {}
                Err(error) if is_missing(&error) => {}
                // Who cannot write there is told so when there is something to write.
                Err(error) => {
                    log::info!("cannot look for unfinished pages in {}: {error}", self.shown(path).display())
                }
            }
        }
    }

    fn clear_one(&self, folder: &OwnedFd, each: impl Fn(&OsStr)) -> io::Result<()> {
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name.as_bytes().starts_with(self.unfinished.as_bytes()) {
                log::info!("removing an unfinished page, {}", name.display());
                unlinkat(folder, name, AtFlags::empty())?;
            } else {
                each(name);
            }
        }
        Ok(())
    }

    /// Makes the new names last through a power cut.
    ///
    /// # Errors
    /// [`Status::Io`] with the first folder for which that cannot be done.
    pub fn settle(&self) -> Result<()> {
        let changed = std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner));
        for path in changed {
            let settled = self.tree.folder(&path).and_then(|folder| Ok(rustix::fs::fsync(folder)?));
            match settled {
                // Somebody removed it since.
                Err(error) if is_missing(&error) => {}
                // Not every file system can do that for folders.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
                other => other.or_fail(Status::Io, || {
                    format!("cannot make the pages in {} last", self.shown(&path).display())
                })?,
            }
        }
        Ok(())
    }
}

fn no_folder(shown: &Path, error: io::Error) -> Failure {
    if is_outside(&error) {
        let message =
            format!("{}: its folder is a link that leads out of TARGET; remove the link", shown.display());
        return Failure::new(Status::CannotCreate, message);
    }
    let what = || format!("cannot make the folder of {}; check who may write there", shown.display());
    Err::<(), _>(error)
        .or_fail(Status::CannotCreate, what)
        .err()
        .unwrap_or_else(|| Failure::new(Status::CannotCreate, what()))
}
