//! A whole file in the place of an old one, in one step: who opens the place finds the old file or the new one.

use std::{
    ffi::{CStr, OsStr},
    fs::File,
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Write},
    os::fd::{AsFd, BorrowedFd},
    process,
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, Gid, Mode, OFlags, Stat, Uid, fchmod, fchown, fstat, openat, renameat,
        unlinkat,
    },
    io::Errno,
    process::geteuid,
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
                Ok(file) => {
                    let file = File::from(file);
                    // A file system without locks has no sweeping either.
                    let _ = file.lock();
                    // Before it was locked, another run may have taken it for one that was left.
                    if fstat(&file)?.st_nlink > 0 {
                        return Ok(Self { folder, name, file, is_placed: false });
                    }
                }
                Err(Errno::EXIST) => {}
                Err(error) => {
                    refused = error;
                    break;
                }
            }
        }
        Err(refused.into())
    }

    /// Removes what runs of this user that were killed have left in `folder` under such names. What cannot be removed
    /// stays.
    pub fn sweep(folder: BorrowedFd<'_>, begin: &str) {
        for entry in Dir::read_from(folder).into_iter().flatten().flatten() {
            let is_left = entry.file_name().to_str().is_ok_and(|name| is_unfinished(name, begin));
            if is_left && is_abandoned(folder, entry.file_name()) {
                let _ = unlinkat(folder, entry.file_name(), AtFlags::empty());
            }
        }
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

/// Whether [`Replacement::create`] makes such names.
fn is_unfinished(name: &str, begin: &str) -> bool {
    let parts = name.strip_prefix(begin).and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(process, chance)| {
        let are_digits =
            |text: &str, base| !text.is_empty() && text.chars().all(|digit| digit.is_digit(base));
        are_digits(process, 10) && chance.len() == 16 && are_digits(chance, 16)
    })
}

/// Whether this is a file of ours that nobody writes any more: whoever does holds its lock.
fn is_abandoned(folder: BorrowedFd<'_>, name: &CStr) -> bool {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(file) = openat(folder, name, flags, Mode::empty()) else { return false };
    let is_ours = fstat(&file).is_ok_and(|seen| {
        FileType::from_raw_mode(seen.st_mode).is_file() && seen.st_uid == geteuid().as_raw()
    });
    is_ours && File::from(file).try_lock().is_ok()
}

impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            // What cannot be removed either is no further news.
            let _ = unlinkat(self.folder, &self.name, AtFlags::empty());
        }
    }
}
