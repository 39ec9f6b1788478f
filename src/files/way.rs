//! The way to a folder. Whoever may rename one of the folders on it can put another folder into the place of the last
//! one, however well that one is kept: so each is looked at, as OpenSSH does on the way to `authorized_keys`.

use std::{
    error::Error,
    ffi::{OsStr, OsString},
    fmt, io,
    os::{fd::OwnedFd, unix::ffi::OsStringExt},
    path::{Component, Path, PathBuf, absolute},
};

use rustix::{
    fs::{FileType, Mode, OFlags, Stat, fstat, mkdirat, open, openat, readlinkat},
    io::Errno,
};

use super::is_trusted;

/// As many links on one way as the kernel follows.
const MOST_LINKS: usize = 40;

/// Why a folder on the way is not believed. Displays as one line: what is so, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What is so.
    pub found: String,
    /// What to do.
    pub cure: String,
}

impl fmt::Display for Doubt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.found, self.cure)
    }
}

impl Error for Doubt {}

/// Whether a folder that is missing is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Like those on the way that are missing, too, for its owner alone.
    Make,
    /// It stays missing.
    Leave,
}

/// Opens the folder `path`, not for reading (`O_PATH`), by a way that nobody but root and this user could have changed.
/// Each folder above it, up to `/`, belongs to one of them; if others may write there, it has the sticky bit, with which
/// they can rename nothing of somebody else. Links are followed if they belong to one of them. The folder itself is not
/// looked at.
///
/// # Errors
/// It is not there, cannot be made, or the way is not believed: then the error holds a [`Doubt`].
pub fn walk(path: &Path, missing: Missing) -> io::Result<OwnedFd> {
    let root = open("/", DIRECTORY, Mode::empty())?;
    // Whoever owns `/` makes all that can be seen here. It is root, but for a user namespace without one.
    let first = fstat(&root)?.st_uid;
    let mut at = (root, PathBuf::from("/"));
    // The last step stands first.
    let mut steps = steps(&absolute(path)?);
    let mut links = 0;
    while let Some(step) = steps.pop() {
        if step == "/" {
            at = (open("/", DIRECTORY, Mode::empty())?, PathBuf::from("/"));
            continue;
        }
        believe(&fstat(&at.0)?, &at.1, first)?;
        match enter(&at.0, &step, missing)? {
            Found::Folder(folder) if step == ".." => {
                at.1.pop();
                at.0 = folder;
            }
            Found::Folder(folder) => {
                at.1.push(&step);
                at.0 = folder;
            }
            Found::Link(owner, target) => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Errno::LOOP.into());
                }
                if !is_believed(owner, first) {
                    let link = at.1.join(&step);
                    return Err(stranger(owner, &link, "chown -h root"));
                }
                steps.extend(self::steps(&target));
            }
        }
    }
    Ok(at.0)
}

/// Why the way to `path` is not believed; none: it is, as far as it is there and can be seen.
pub fn doubt(path: &Path) -> Option<Doubt> {
    let error = walk(path, Missing::Leave).err()?;
    error.get_ref()?.downcast_ref::<Doubt>().cloned()
}

const DIRECTORY: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

enum Found {
    Folder(OwnedFd),
    Link(u32, PathBuf),
}

fn enter(folder: &OwnedFd, name: &OsStr, missing: Missing) -> io::Result<Found> {
    // As a folder first: so the kernel mounts what is mounted when it is asked for.
    let opened = match openat(folder, name, DIRECTORY, Mode::empty()) {
        Err(Errno::NOENT) if missing == Missing::Make => {
            match mkdirat(folder, name, Mode::from_raw_mode(0o700)) {
                Ok(()) | Err(Errno::EXIST) => openat(folder, name, DIRECTORY, Mode::empty()),
                Err(error) => Err(error),
            }
        }
        opened => opened,
    };
    match opened {
        Err(Errno::NOTDIR | Errno::LOOP) => {}
        opened => return Ok(Found::Folder(opened?)),
    }
    // Held, so that the link that is looked at is the one that is read.
    let seen = openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let stat = fstat(&seen)?;
    if !FileType::from_raw_mode(stat.st_mode).is_symlink() {
        return Err(Errno::NOTDIR.into());
    }
    let target = readlinkat(&seen, "", Vec::new())?;
    Ok(Found::Link(stat.st_uid, PathBuf::from(OsString::from_vec(target.into_bytes()))))
}

/// The parts of a path, the last one first; `/` is a part.
fn steps(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev().filter(|part| *part != Component::CurDir);
    parts.map(|part| part.as_os_str().to_owned()).collect()
}

fn believe(seen: &Stat, path: &Path, first: u32) -> io::Result<()> {
    if !is_believed(seen.st_uid, first) {
        return Err(stranger(seen.st_uid, path, "chown root"));
    }
    let mode = seen.st_mode & 0o7777;
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        let path = path.display();
        return Err(refused(
            format!("others can rename what is in {path} (mode {mode:o}), on the way to it"),
            format!("chmod go-w {path}, or name a folder elsewhere"),
        ));
    }
    Ok(())
}

fn is_believed(owner: u32, first: u32) -> bool {
    is_trusted(owner) || owner == first
}

fn stranger(owner: u32, path: &Path, cure: &str) -> io::Error {
    let path = path.display();
    refused(
        format!(
            "{path}, on the way to it, belongs to the user with number {owner}, who could lead it elsewhere"
        ),
        format!("{cure} {path}, or name a folder elsewhere"),
    )
}

fn refused(found: String, cure: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, Doubt { found, cure })
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    };

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn identity(path: &Path) -> (u64, u64) {
        let seen = fs::metadata(path).unwrap();
        (seen.dev(), seen.ino())
    }

    fn arrives(path: &Path) -> bool {
        let Ok(folder) = walk(path, Missing::Leave) else { return false };
        let seen = fstat(&folder).unwrap();
        assert_eq!((seen.st_dev, seen.st_ino), identity(path), "{}", path.display());
        true
    }

    #[test]
    fn links_dots_and_sticky_folders_lead_where_the_kernel_goes() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        symlink("a/b", at("relative")).unwrap();
        symlink(at("relative"), at("absolute")).unwrap();
        symlink("../../relative/..", at("a/b/back")).unwrap();
        symlink("round", at("round")).unwrap();
        fs::write(at("file"), "").unwrap();
        for way in ["a", "a/b", "a/./b/", "a/../a/b", "relative", "absolute", "a/b/back", "a/b/back/b"] {
            assert!(arrives(&at(way)), "{way}");
        }
        assert!(arrives(Path::new("/")) && arrives(Path::new(".")) && arrives(Path::new("..")));
        for way in ["nothing", "file", "file/b", "round"] {
            assert!(!arrives(&at(way)) && doubt(&at(way)).is_none(), "{way}");
        }
        set_mode(&at("a"), 0o1777);
        assert!(arrives(&at("a/b")) && arrives(&at("absolute")));
    }

    #[test]
    fn a_folder_on_the_way_that_others_may_write_is_named_also_behind_a_link() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir_all(at("open/b")).unwrap();
        symlink(at("open/b"), at("link")).unwrap();
        for mode in [0o777, 0o775, 0o2770] {
            set_mode(&at("open"), mode);
            // Its own rights are for others to look at.
            assert!(arrives(&at("open")));
            for way in ["open/b", "link", "open/missing", "open/b/.."] {
                let doubt = doubt(&at(way)).unwrap();
                let named = format!("in {}/open (mode {mode:o}), on the way", home.path().display());
                assert!(doubt.found.contains(&named), "{way}: {doubt}");
            }
            assert!(walk(&at("open/new/folder"), Missing::Make).is_err() && !at("open/new").exists());
        }
    }

    #[test]
    fn what_is_missing_is_made_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let new = home.path().join("new/folder");
        walk(&new, Missing::Make).unwrap();
        for folder in [&new, new.parent().unwrap()] {
            assert_eq!(fs::metadata(folder).unwrap().mode() & 0o7777, 0o700);
        }
        assert!(arrives(&new));
    }
}
