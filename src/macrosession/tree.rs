//! A folder, and nothing but what is beneath it.
//!
//! Owes its callers: whatever is opened through a [`Tree`] lies in it, also while somebody moves folders and links
//! about. Links that stay in the tree are followed, wherever they are written as going through; others are refused.

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{ffi::OsStringExt, fs::MetadataExt},
    },
    path::{Component, Path, PathBuf, absolute},
};

use rustix::{
    fs::{FileType, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat, openat2, readlinkat},
    io::Errno,
};

/// As many links on one way as the kernel follows.
const MOST_LINKS: usize = 40;

/// Which file or folder it is, whatever its names: device and inode.
pub type Identity = (u64, u64);

/// An open folder.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
    /// The folder's names from `/` on: as it was named, and without links.
    names: [PathBuf; 2],
    identity: Identity,
}

impl Tree {
    /// Opens a folder. Links on the way to it are followed.
    ///
    /// # Errors
    /// It is not there, is no folder, or may not be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let root = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let named = absolute(folder)?;
        let names = [named.canonicalize().unwrap_or_else(|_| named.clone()), named];
        let identity = identity(&root)?;
        Ok(Self { root, names, identity })
    }

    /// Which folder it is.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Opens a file for reading, and looks at it; never waits for the other end of a pipe.
    ///
    /// # Errors
    /// It is not there, may not be read, is no regular file, or is not in the tree (see [`is_outside`]).
    pub fn file(&self, path: &Path) -> io::Result<(File, Stat)> {
        let file = self.beneath(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let seen = fstat(&file)?;
        if FileType::from_raw_mode(seen.st_mode).is_file() {
            Ok((file.into(), seen))
        } else {
            Err(io::Error::other("not a regular file"))
        }
    }

    /// Opens a folder; an empty path is the tree itself.
    ///
    /// # Errors
    /// It is not there, may not be read, is no folder, or is not in the tree (see [`is_outside`]).
    pub fn folder(&self, path: &Path) -> io::Result<OwnedFd> {
        self.beneath(path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// Looks for whatever is there, without opening it.
    ///
    /// # Errors
    /// It is not there, or is not in the tree (see [`is_outside`]).
    pub fn place(&self, path: &Path) -> io::Result<OwnedFd> {
        self.beneath(path, OFlags::PATH)
    }

    fn beneath(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let flags = flags | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match openat2(&self.root, path, flags, Mode::empty(), resolve) {
            Ok(opened) => Ok(opened),
            // Not to be had here (before Linux 5.6, or in a sandbox), disturbed, or a link that leaves the tree,
            // perhaps only to come back: step by step.
            Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN | Errno::XDEV | Errno::INVAL) => {
                Ok(self.step_by_step(path, flags)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens one folder after the other without following links, and follows the links by itself.
    fn step_by_step(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let mut steps: VecDeque<OsString> = steps(path).collect();
        let mut folders: Vec<OwnedFd> = Vec::new();
        let mut links = 0;
        while let Some(step) = steps.pop_front() {
            if step == ".." && folders.pop().is_some() {
                continue;
            }
            let here = folders.last().map_or(self.root.as_fd(), |folder| folder.as_fd());
            let target = if step == ".." {
                // Out of the tree: perhaps back into it.
                self.names[0].parent().map(Path::to_owned).ok_or(Errno::XDEV)?
            } else {
                match one_step(here, &step, steps.is_empty(), flags) {
                    Ok(opened) if steps.is_empty() => return Ok(opened),
                    Ok(opened) => {
                        folders.push(opened);
                        continue;
                    }
                    Err(error @ (Errno::LOOP | Errno::NOTDIR)) => {
                        let target = readlinkat(here, &step, Vec::new()).map_err(|_| error)?;
                        PathBuf::from(OsString::from_vec(target.into_bytes()))
                    }
                    Err(error) => return Err(error),
                }
            };
            links += 1;
            if links > MOST_LINKS {
                return Err(Errno::LOOP);
            }
            if target.is_absolute() {
                let whole: PathBuf = [target].into_iter().chain(steps.drain(..).map(PathBuf::from)).collect();
                steps = self::steps(&self.inside(&whole).ok_or(Errno::XDEV)?).collect();
                folders.clear();
            } else {
                let rest = self::steps(&target).chain(steps.drain(..)).collect();
                steps = rest;
            }
        }
        // The path ended with "..", or is the tree itself.
        let here = folders.last().map_or(self.root.as_fd(), |folder| folder.as_fd());
        openat(here, ".", flags, Mode::empty())
    }

    /// The way from the tree to an absolute path in it.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let plain = without_dots(path)?;
        self.names.iter().find_map(|name| plain.strip_prefix(name).ok().map(Path::to_owned))
    }
}

fn one_step(here: BorrowedFd<'_>, step: &OsStr, is_last: bool, flags: OFlags) -> Result<OwnedFd, Errno> {
    let wanted = if is_last { flags } else { OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC };
    let opened = openat(here, step, wanted | OFlags::NOFOLLOW, Mode::empty())?;
    // O_PATH opens the link itself.
    if is_last && flags.contains(OFlags::PATH) && is_link(&opened)? {
        return Err(Errno::LOOP);
    }
    Ok(opened)
}

fn is_link(place: &OwnedFd) -> Result<bool, Errno> {
    Ok(FileType::from_raw_mode(fstat(place)?.st_mode).is_symlink())
}

fn steps(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

/// `path` with each `..` taken back by its text; nothing if it leads above the beginning.
pub(super) fn without_dots(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => plain.pop().then_some(())?,
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    Some(plain)
}

/// Which file or folder is open.
///
/// # Errors
/// It cannot be looked at.
pub fn identity(open: impl AsFd) -> io::Result<Identity> {
    Ok(identity_in(&fstat(open)?))
}

/// Which file or folder was looked at.
// The widths of these numbers differ between machines.
#[allow(clippy::unnecessary_cast)]
pub fn identity_in(seen: &Stat) -> Identity {
    (seen.st_dev as u64, seen.st_ino as u64)
}

/// Which file or folder has that name; links are followed.
///
/// # Errors
/// There is none, or it cannot be looked at.
pub fn identity_of(path: &Path) -> io::Result<Identity> {
    let seen = path.metadata()?;
    Ok((seen.dev(), seen.ino()))
}

/// Whether something was refused since it is not in the tree.
pub fn is_outside(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::XDEV)
}

/// Whether there is nothing of that name.
pub fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::read_to_string, os::unix::fs::symlink};

    use super::*;

    /// `tree/a/file` and, beside the tree, `outside/secret`.
    fn folders() -> (tempfile::TempDir, Tree) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("tree/a/file", "inside"), ("outside/secret", "secret")] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let tree = Tree::open(&folder.path().join("tree")).unwrap();
        (folder, tree)
    }

    /// What a path gives, with openat2 and without it: the text of a file, or whether it was refused as outside.
    fn read(tree: &Tree, path: &str) -> Result<String, bool> {
        let one = tree.file(Path::new(path)).map(|(file, _)| file).map_err(|error| is_outside(&error));
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let other = tree
            .step_by_step(Path::new(path), flags)
            .map(File::from)
            .map_err(|error| is_outside(&error.into()));
        let [one, other] = [one, other].map(|file| file.map(|file| read_to_string(file).unwrap()));
        assert_eq!(one, other, "{path}");
        one
    }

    #[test]
    fn links_in_the_tree_are_followed_and_others_refused() {
        let (folder, tree) = folders();
        let root = folder.path().join("tree");
        for (link, target) in [
            ("near", "a/file"),
            ("a/up", "../a/./file"),
            ("folder", "a"),
            ("twice", "folder/up"),
            ("whole", root.join("a/file").to_str().unwrap()),
            ("a/round", "../../tree/a/file"),
            ("a/rounder", "../../outside/../tree/a/file"),
            ("out", "../outside/secret"),
            ("far", folder.path().join("outside/secret").to_str().unwrap()),
            ("above", ".."),
            ("passwd", "/etc/passwd"),
            ("magic", "/proc/self/root/etc/passwd"),
            ("loop", "loop"),
            ("nothing", "nowhere"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        for path in
            ["a/file", "near", "a/up", "folder/file", "folder/up", "twice", "whole", "a/round", "a/rounder"]
        {
            assert_eq!(read(&tree, path), Ok("inside".to_owned()), "{path}");
        }
        for path in ["out", "far", "above/outside/secret", "passwd", "magic", "../outside/secret"] {
            assert_eq!(read(&tree, path), Err(true), "{path}");
        }
        for path in ["loop", "nothing", "a/file/beyond", "nowhere/file"] {
            assert_eq!(read(&tree, path), Err(false), "{path}");
        }
        assert!(is_outside(&tree.folder(Path::new("above")).unwrap_err()));
        assert_eq!(
            identity(tree.place(Path::new("folder")).unwrap()).unwrap(),
            identity_of(&root.join("a")).unwrap()
        );
        assert_eq!(identity(tree.folder(Path::new("")).unwrap()).unwrap(), tree.identity());
    }

    #[test]
    fn a_pipe_is_refused_at_once() {
        let (folder, tree) = folders();
        let pipe = folder.path().join("tree/pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(tree.file(Path::new("pipe")).is_err());
        assert!(tree.file(Path::new("a")).is_err());
        assert!(tree.place(Path::new("pipe")).is_ok());
    }
}
