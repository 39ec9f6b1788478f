//! A folder of files that a later run believes, often as root: who could write them could make it say anything.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, fsync, openat, unlinkat},
    io::Errno,
};

use super::{
    is_trusted,
    replacement::Replacement,
    way::{Missing, walk},
};

/// An open folder that belongs to root or to this user, that nobody else may write, and in whose place nobody else could
/// have put another one.
#[derive(Debug)]
pub struct Kept {
    folder: OwnedFd,
}

impl Kept {
    /// Opens it. All that is done through it is done in that folder, whatever takes its name later.
    ///
    /// # Errors
    /// It is not there, or others could have written there or changed the way to it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::at_the_end(path, Missing::Leave)
    }

    /// The same; a folder that is missing is made, for its owner alone.
    ///
    /// # Errors
    /// Those of [`Self::open`], or it cannot be made.
    pub fn make(path: &Path) -> io::Result<Self> {
        Self::at_the_end(path, Missing::Make)
    }

    fn at_the_end(path: &Path, missing: Missing) -> io::Result<Self> {
        let found = walk(path, missing)?;
        let folder =
            openat(&found, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        believe(&fstat(&folder)?, "the folder")?;
        Ok(Self { folder })
    }

    /// Opens a file of the folder for reading.
    ///
    /// # Errors
    /// It is not there, or is not a file that only its owner could have written.
    pub fn file(&self, name: &str) -> io::Result<File> {
        self.believed(name, OFlags::RDONLY)
    }

    /// Opens a file for reading, and for writing at its end; makes it, for its owner alone, if it is missing.
    ///
    /// # Errors
    /// It cannot be made, or is not a file that only its owner could have written.
    pub fn appended(&self, name: &str) -> io::Result<File> {
        self.believed(name, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE)
    }

    /// Puts a file, which its owner alone may read, in the place of what had that name.
    ///
    /// # Errors
    /// It cannot be written: the old one is still there.
    pub fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut new = Replacement::create(self.folder.as_fd(), &format!(".{name}-"), 0o600)?;
        new.write(content)?;
        new.put(name.as_ref())
    }

    /// Removes a file.
    ///
    /// # Errors
    /// It is not there, or cannot be removed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.folder, name, AtFlags::empty())?)
    }

    /// Makes new names last through a power cut.
    ///
    /// # Errors
    /// This file system cannot do that.
    pub fn settle(&self) -> io::Result<()> {
        Ok(fsync(&self.folder)?)
    }

    fn believed(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let careful = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file =
            openat(&self.folder, name, flags | careful, Mode::from_raw_mode(0o600)).map_err(|error| {
                match error {
                    Errno::LOOP => io::Error::other("it is a link; remove it"),
                    other => other.into(),
                }
            })?;
        let seen = fstat(&file)?;
        if !FileType::from_raw_mode(seen.st_mode).is_file() {
            return Err(io::Error::other("not a file"));
        }
        believe(&seen, "it")?;
        if seen.st_nlink > 1 {
            // Another name of it may lie where others can write, or be a file of the system.
            return Err(io::Error::other("it has another name, too; remove it"));
        }
        Ok(file.into())
    }
}

/// Whether nobody but root and this user could have written it.
fn believe(seen: &Stat, what: &str) -> io::Result<()> {
    if !is_trusted(seen.st_uid) {
        let message = format!(
            "{what} belongs to the user with number {}, who could have written anything there; chown it",
            seen.st_uid
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    if seen.st_mode & 0o022 != 0 {
        let mode = seen.st_mode & 0o7777;
        let message = format!("{what} can be written by others (mode {mode:o}); chmod go-w it");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    Ok(())
}
