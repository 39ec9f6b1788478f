//! The lock file that keeps two runs of one job on one host apart.
//!
//! Owes its callers: a held lock is told at once, and a killed run leaves nothing to clean up (the kernel drops the lock).

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, OrFail, Result, Status},
    files::open_unlinked,
};

/// A held lock; dropping it lets the next run in.
#[derive(Debug)]
pub struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// Takes the lock of `job` in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// [`Status::Busy`] if another run holds it; [`Status::CannotCreate`] if the file cannot be made, or if
    /// anybody could take it away.
    pub fn take(folder: &Path, job: &str) -> Result<Self> {
        let no_folder = || format!("cannot make the lock folder {} (lock_dir)", folder.display());
        let made = DirBuilder::new().recursive(true).mode(0o755).create(folder);
        made.or_fail(Status::CannotCreate, no_folder)?;
        let mode = fs::metadata(folder).or_fail(Status::CannotCreate, no_folder)?.mode() & 0o7777;
        // Without the sticky bit, two runs could hold two files of one name.
        if mode & 0o1002 == 0o002 {
            let folder = folder.display();
            return Err(Failure::new(
                Status::CannotCreate,
                format!("anybody can remove a lock in {folder} (lock_dir, mode {mode:o}); chmod +t {folder}"),
            ));
        }
        let path = folder.join(format!("sessionstat-{job}.lock"));
        let file = open(&path).or_fail(Status::CannotCreate, || {
            format!("cannot open the lock file {} (remove it, or set lock_dir)", path.display())
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => Err(Failure::new(
                Status::Busy,
                format!("another run of {job} holds {}; try later", path.display()),
            )),
            Err(TryLockError::Error(error)) => {
                Err(error).or_fail(Status::Io, || format!("cannot lock {} (lock_dir)", path.display()))
            }
        }
    }

    /// Which lock file this is, among all hosts: machine, device and inode.
    ///
    /// Who holds a lease under this name and finds it taken under the same name knows that the taker is dead.
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub fn identity(&self) -> Result<String> {
        let seen =
            self.file.metadata().or_fail(Status::Io, || format!("cannot read {}", self.path.display()))?;
        // Containers without a machine id are told apart by their host names.
        let machine = fs::read_to_string("/etc/machine-id").unwrap_or_default();
        Ok(format!("{}/{}/{}:{}", host_name(), machine.trim(), seen.dev(), seen.ino()))
    }
}

/// Opens the file, or makes it. A file that is there is opened without asking for its creation or for the right to
/// write: in a folder such as `/run/lock` the kernel refuses both where another user made it, root included. Whatever
/// else stands in its place (a pipe would wait for its other end) is refused.
fn open(path: &Path) -> io::Result<File> {
    let as_it_is = || open_unlinked(File::options().read(true), path);
    match as_it_is() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match File::options().write(true).create_new(true).mode(0o644).open(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => as_it_is(),
                made => made,
            }
        }
        opened => opened,
    }
}

/// This host's name, as people know it.
pub fn host_name() -> String {
    hostname::get().map(|name| name.to_string_lossy().into_owned()).unwrap_or_else(|_| "localhost".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_second_taker_is_refused_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let first = LockFile::take(folder.path(), "job").unwrap();
        let refused = LockFile::take(folder.path(), "job").unwrap_err();
        assert_eq!(refused.status(), Status::Busy);
        assert!(LockFile::take(folder.path(), "other-job").is_ok());
        drop(first);
        assert!(LockFile::take(folder.path(), "job").is_ok());
    }

    #[test]
    fn a_pipe_in_the_place_of_the_lock_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("sessionstat-job.lock");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(LockFile::take(folder.path(), "job").unwrap_err().status(), Status::CannotCreate);
    }

    #[test]
    fn a_lock_file_that_cannot_be_written_can_be_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessionstat-job.lock");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert!(LockFile::take(folder.path(), "job").is_ok());
    }
}
