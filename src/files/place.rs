//! The file that a name leads to. Somebody who may write into a folder on the way could otherwise lead root to any file
//! of the system with a link; the kernel's own protection (protected_symlinks) is for opening, not for replacing.

use std::{
    ffi::OsString,
    io,
    os::{fd::OwnedFd, unix::ffi::OsStringExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FileType, Mode, OFlags, Stat, fstat, open, openat, readlinkat},
    io::Errno,
};

use super::is_trusted;

/// As many links on one way as the kernel follows.
const MOST_LINKS: usize = 40;

/// Where a file is, or may be made.
#[derive(Debug)]
pub struct Place {
    /// Its folder.
    pub folder: OwnedFd,
    /// Its name there.
    pub name: OsString,
    /// What stands there, which is no link; none: nothing.
    pub old: Option<Stat>,
}

/// Finds the place of `path`. Links at its end are followed if they belong to root or to this user.
///
/// # Errors
/// A folder on the way is missing; a link belongs to somebody else; or another user has put something into the place, in
/// a folder into which everybody may write.
pub fn find(path: &Path) -> io::Result<Place> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().ok_or(Errno::ISDIR)?;
        let folder = open(above, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        // Held, so that what is looked at is what is read.
        let seen =
            match openat(&folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
                Err(Errno::NOENT) => return Ok(Place { name: name.to_owned(), folder, old: None }),
                seen => seen?,
            };
        let old = fstat(&seen)?;
        refuse_planted(&folder, &old)?;
        if !FileType::from_raw_mode(old.st_mode).is_symlink() {
            return Ok(Place { name: name.to_owned(), folder, old: Some(old) });
        }
        if !is_trusted(old.st_uid) {
            return Err(stranger(&old, "the link"));
        }
        let target = readlinkat(&seen, "", Vec::new())?;
        path = above.join(PathBuf::from(OsString::from_vec(target.into_bytes())));
    }
    Err(Errno::LOOP.into())
}

/// In a folder into which everybody may write, only its owner, root and this user can have meant what stands there.
fn refuse_planted(folder: &OwnedFd, seen: &Stat) -> io::Result<()> {
    let around = fstat(folder)?;
    let is_open = around.st_mode & 0o002 != 0;
    if is_open && !is_trusted(seen.st_uid) && seen.st_uid != around.st_uid {
        return Err(stranger(seen, "what stands there, where everybody may write,"));
    }
    Ok(())
}

fn stranger(seen: &Stat, what: &str) -> io::Error {
    let message =
        format!("{what} belongs to the user with number {}; remove it, or take another folder", seen.st_uid);
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}
