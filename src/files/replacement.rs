//! A whole file in the place of an old one, in one step: who opens the place finds the old file or the new one.

use std::{
    ffi::OsStr,
    fs::File,
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Write},
    os::fd::{AsFd, BorrowedFd},
    process,
};

use rustix::{
    fs::{AtFlags, Gid, Mode, OFlags, Stat, Uid, fchmod, fchown, fstat, openat, renameat, unlinkat},
    io::Errno,
};

/// How many names are tried: nobody else takes so many that were made by chance.
const MOST_NAMES: usize = 100;

/// A new file beside the place that it will take. Dropped before that, it vanishes.
#[derive(Debug)]
pub struct Replacement<'f> {
    folder: BorrowedFd<'f>,
    name: String,
    file: File,
    is_placed: bool,
}

impl<'f> Replacement<'f> {
    /// Makes a file in `folder` with at most these rights, under a name that begins with `begin` and that nobody has.
    ///
    /// # Errors
    /// There can be no such file.
    pub fn create(folder: BorrowedFd<'f>, begin: &str, rights: u32) -> io::Result<Self> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut refused = Errno::EXIST;
        for _ in 0..MOST_NAMES {
            // Each such hasher begins with keys of its own.
            let chance = RandomState::new().build_hasher().finish();
            let name = format!("{begin}{}-{chance:016x}", process::id());
            match openat(folder, &name, flags, Mode::from_raw_mode(rights & 0o777)) {
                Ok(file) => return Ok(Self { folder, name, file: file.into(), is_placed: false }),
                Err(Errno::EXIST) => {}
                Err(error) => {
                    refused = error;
                    break;
                }
            }
        }
        Err(refused.into())
    }

    /// Writes all that it shall hold.
    ///
    /// # Errors
    /// The disk is full, or such.
    pub fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.file.write_all(content)
    }

    /// Gives it the owner and the rights of the file whose place it takes. Rights beyond reading, writing and running are
    /// not passed on.
    ///
    /// # Errors
    /// The rights cannot be changed. Root alone may give a file away; for others, that is no error.
    pub fn take_after(&self, old: &Stat) -> io::Result<()> {
        let own = fstat(&self.file)?;
        if (own.st_uid, own.st_gid) != (old.st_uid, old.st_gid) {
            let _ =
                fchown(self.file.as_fd(), Some(Uid::from_raw(old.st_uid)), Some(Gid::from_raw(old.st_gid)));
        }
        Ok(fchmod(&self.file, Mode::from_raw_mode(old.st_mode & 0o777))?)
    }

    /// Makes its content last, and puts it in its place. That the new name lasts, too, needs the folder to be synced.
    ///
    /// # Errors
    /// It cannot be done: the old file is still there.
    pub fn put(mut self, name: &OsStr) -> io::Result<()> {
        self.file.sync_all()?;
        renameat(self.folder, &self.name, self.folder, name)?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            // What cannot be removed either is no further news.
            let _ = unlinkat(self.folder, &self.name, AtFlags::empty());
        }
    }
}
