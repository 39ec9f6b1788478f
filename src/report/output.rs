//! Where a report goes: standard output, or a file that is never half written.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::{fd::AsFd, unix::fs::DirBuilderExt},
    path::Path,
};

use rustix::fs::{FileType, fsync};

use crate::{
    cli,
    failure::{OrFail, Result, Status},
    files::{
        place::{self, Place},
        replacement::Replacement,
    },
};

/// Writes `text` to standard output, or to `file` (`-` is standard output, too).
///
/// A file is written beside its place and then put there in one step: who reads it, reads the old report or the new
/// one. It keeps the owner and the rights that the old one had. A link is followed if it belongs to root or to this user;
/// a device or a pipe is written to as it is.
///
/// # Errors
/// [`Status::CannotCreate`] if the file cannot be made, [`Status::Io`] if it cannot be written.
pub fn write(text: &str, file: Option<&Path>) -> Result<()> {
    let Some(file) = file.filter(|file| *file != Path::new("-")) else { return cli::print(text) };
    match place::find(file) {
        Ok(place) if place.old.as_ref().is_none_or(is_file) => replace(&place, file, text),
        // What a link of the kernel's own (/dev/stdout) leads to need not have a name.
        Err(error) if error.kind() == io::ErrorKind::NotFound && leads_somewhere(file) => pass(file, text),
        Ok(_) => pass(file, text),
        Err(error) => Err(error).or_fail(Status::CannotCreate, || no_place(file)),
    }
}

fn is_file(seen: &rustix::fs::Stat) -> bool {
    FileType::from_raw_mode(seen.st_mode).is_file()
}

fn leads_somewhere(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|seen| !seen.is_file())
}

/// Writes to a device or a pipe.
fn pass(file: &Path, text: &str) -> Result<()> {
    let mut open = File::options()
        .write(true)
        .open(file)
        .and_then(|open| {
            // It was none a moment ago.
            if open.metadata()?.is_file() { Err(io::Error::other("it has become a file")) } else { Ok(open) }
        })
        .or_fail(Status::CannotCreate, || format!("cannot write to {} (--output)", file.display()))?;
    open.write_all(text.as_bytes()).or_fail(Status::Io, || format!("cannot write to {}", file.display()))
}

/// Writes files, given by name and text, into `folder`, which is made if it is missing. Each takes the place of an old
/// one in one step; others stay.
///
/// # Errors
/// Those of [`fn@write`], and [`Status::CannotCreate`] if there can be no such folder.
pub fn write_into(folder: &Path, files: &[(String, String)]) -> Result<()> {
    match DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !folder.is_dir() => {
            return Err(error).or_fail(Status::CannotCreate, || {
                format!("cannot make the folder {} (--output)", folder.display())
            });
        }
        _ => (),
    }
    files.iter().try_for_each(|(name, text)| write(text, Some(&folder.join(name))))
}

fn replace(place: &Place, file: &Path, text: &str) -> Result<()> {
    let begin = format!(".{}.", place.name.to_string_lossy());
    let rights = place.old.as_ref().map_or(0o644, |old| old.st_mode);
    Replacement::sweep(place.folder.as_fd(), &begin);
    let mut new = Replacement::create(place.folder.as_fd(), &begin, rights)
        .or_fail(Status::CannotCreate, || no_place(file))?;
    new.write(text.as_bytes())
        .and_then(|()| place.old.as_ref().map_or(Ok(()), |old| new.take_after(old)))
        .and_then(|()| new.put(&place.name))
        .or_fail(Status::Io, || {
            format!("cannot write {} (--output); the old one is still there", file.display())
        })?;
    fsync(&place.folder).or_fail(Status::Io, || {
        format!("{} (--output) is written, and may not outlast a power cut", file.display())
    })
}

fn no_place(file: &Path) -> String {
    format!("cannot create {} (--output); check that its folder exists and may be written to", file.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_new_report_takes_the_place_of_the_old_one_in_one_step() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.txt");
        write("old\n", Some(&file)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        // Who has the old one open goes on reading it.
        let mut reader = File::open(&file).unwrap();
        write("new\n", Some(&file)).unwrap();
        assert_eq!(io::read_to_string(&mut reader).unwrap(), "old\n");
        assert_eq!(fs::read_to_string(&file).unwrap(), "new\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(names(folder.path()), ["report.txt"]);
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_another_run_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("report.txt");
        let (left, other) = (".report.txt.12-00112233445566ff", ".other.txt.12-00112233445566ff");
        for name in [left, other, ".report.txt.12-", ".report.txt.swp"] {
            fs::write(folder.path().join(name), "half a rep").unwrap();
        }
        let open = File::open(folder.path()).unwrap();
        let _written = Replacement::create(open.as_fd(), ".report.txt.", 0o644).unwrap();
        let mut before = names(folder.path());
        assert!(before.len() == 5 && before.contains(&left.to_owned()));
        write("new\n", Some(&place)).unwrap();
        before.retain(|name| name != left);
        before.push("report.txt".to_owned());
        before.sort();
        assert_eq!(names(folder.path()), before);
    }

    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("report.txt"), folder.path().join("link"));
        fs::write(&file, "old\n").unwrap();
        symlink("report.txt", &link).unwrap();
        write("new\n", Some(&link)).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new\n");
        let null = folder.path().join("null");
        symlink("/dev/null", &null).unwrap();
        write("gone\n", Some(&null)).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nowhere/report.txt");
        let failure = write("text\n", Some(&missing)).unwrap_err();
        assert_eq!(failure.status(), Status::CannotCreate);
        assert!(failure.to_string().contains("nowhere/report.txt (--output)"), "{failure}");
        assert_eq!(write("text\n", Some(folder.path())).unwrap_err().status(), Status::CannotCreate);
        assert_eq!(write("text\n", Some(Path::new("/dev/full"))).unwrap_err().status(), Status::Io);
        assert!(names(folder.path()).is_empty());
    }
}
