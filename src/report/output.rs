//! Where a report goes: standard output, or a file that is never half written.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    cli,
    failure::{OrFail, Result, Status},
};

/// Writes `text` to standard output, or to `file` (`-` is standard output, too).
///
/// A file is written beside its place and then put there in one step: who reads it, reads the old report or the new
/// one. It keeps the rights that the old one had. A device or a pipe is written to as it is.
///
/// # Errors
/// [`Status::CannotCreate`] if the file cannot be made, [`Status::Io`] if it cannot be written.
pub fn write(text: &str, file: Option<&Path>) -> Result<()> {
    let Some(file) = file.filter(|file| *file != Path::new("-")) else { return cli::print(text) };
    match fs::metadata(file) {
        Ok(known) if !known.is_file() => {
            let mut open = File::options()
                .write(true)
                .open(file)
                .or_fail(Status::CannotCreate, || format!("cannot write to {} (--output)", file.display()))?;
            open.write_all(text.as_bytes())
                .or_fail(Status::Io, || format!("cannot write to {}", file.display()))
        }
        // A link stays one: the file that it leads to is replaced.
        Ok(known) => {
            let place = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
            replace(&place, text, Some(known.permissions()))
        }
        Err(_) => replace(file, text, None),
    }
}

/// Writes files, given by name and text, into `folder`, which is made if it is missing. Each takes the place of an old
/// one in one step; others stay.
///
/// # Errors
/// Those of [`fn@write`], and [`Status::CannotCreate`] if there can be no such folder.
pub fn write_into(folder: &Path, files: &[(String, String)]) -> Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !folder.is_dir() => {
            return Err(error).or_fail(Status::CannotCreate, || {
                format!("cannot make the folder {} (--output)", folder.display())
            });
        }
        _ => (),
    }
    files.iter().try_for_each(|(name, text)| write(text, Some(&folder.join(name))))
}

fn replace(place: &Path, text: &str, permissions: Option<fs::Permissions>) -> Result<()> {
    let beside = beside(place);
    let mut open =
        File::options().write(true).create_new(true).open(&beside).or_fail(Status::CannotCreate, || {
            format!(
                "cannot create {} (--output); check that its folder exists and may be written to",
                place.display()
            )
        })?;
    let written = permissions
        .map_or(Ok(()), |permissions| open.set_permissions(permissions))
        .and_then(|()| open.write_all(text.as_bytes()))
        .and_then(|()| open.sync_all())
        .and_then(|()| fs::rename(&beside, place))
        .and_then(|()| sync_folder(place));
    if written.is_err() {
        // What cannot be removed either is no further news.
        let _ = fs::remove_file(&beside);
    }
    written.or_fail(Status::Io, || {
        format!("cannot write {} (--output); the old one is still there", place.display())
    })
}

/// A name in the same folder that no other run takes.
fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    place.with_file_name(format!(".{name}.{}-{}", process::id(), now.subsec_nanos()))
}

/// Makes the new name last through a power cut.
fn sync_folder(place: &Path) -> io::Result<()> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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
