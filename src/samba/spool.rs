//! Snapshots that wait for MySQL, in a file: one line of JSON each.
//!
//! Owes its callers: what was appended is on the disk; a line that a crash tore is told and put aside, and spoils
//! no other; the file never grows beyond its limit, only its owner reads it, and nobody else could have written it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use chrono::Datelike;

use super::snapshot::Snapshot;
use crate::{
    clock::YEARS,
    failure::{Failure, OrFail, Result, Status},
    files::kept::Kept,
};

const FILE: &str = "samba-snapshot.spool";
const REJECTED: &str = "samba-snapshot.rejected";

/// What a spool holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// In order.
    pub snapshots: Vec<Snapshot>,
    /// Lines that are none.
    rejected: Vec<Vec<u8>>,
}

/// The file of a folder `spool_dir`.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    path: PathBuf,
    most_bytes: u64,
}

impl Spool {
    /// The spool in `folder`, of at most `most_mib` MiB.
    pub fn new(folder: &Path, most_mib: u64) -> Self {
        Self { folder: folder.to_owned(), path: folder.join(FILE), most_bytes: most_mib << 20 }
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a snapshot and waits until the disk has it.
    ///
    /// # Errors
    /// [`Status::CannotCreate`] or [`Status::Io`]: this snapshot is lost, earlier ones are not.
    pub fn append(&self, snapshot: &Snapshot) -> Result<()> {
        let mut line = serde_json::to_vec(snapshot).or_fail(Status::Io, || "writing a snapshot as JSON")?;
        line.push(b'\n');
        let folder = Kept::make(&self.folder).or_fail(Status::CannotCreate, || {
            format!("cannot use the spool folder {} (spool_dir)", self.folder.display())
        })?;
        let mut file = folder
            .appended(FILE)
            .or_fail(Status::CannotCreate, || format!("cannot open the spool {}", self.path.display()))?;
        let length = self.io(file.metadata(), "look at")?.len();
        if length + line.len() as u64 > self.most_bytes {
            return Err(Failure::new(
                Status::Io,
                format!(
                    "the spool {} has reached its limit of {} MiB ([samba] spool_mib): this snapshot is lost; bring MySQL back",
                    self.path.display(),
                    self.most_bytes >> 20
                ),
            ));
        }
        let torn = self.io(ends_torn(&mut file, length), "read")?;
        if torn {
            line.insert(0, b'\n');
        }
        let written = file.write_all(&line).and_then(|()| file.sync_all());
        if written.is_err() {
            // Half a line would be told as torn later; better that nothing of it stays.
            let _ = file.set_len(length);
        }
        self.io(written, "write to")?;
        // A new file is only there after a crash if its folder is on the disk, too.
        let _ = folder.settle();
        Ok(())
    }

    /// What waits, in order. Lines that are no snapshots are told.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(&self) -> Result<Waiting> {
        let file = match Kept::open(&self.folder).and_then(|folder| folder.file(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Waiting::default()),
            other => self.io(other, "open")?,
        };
        let mut waiting = Waiting::default();
        for (number, line) in BufReader::new(file).split(b'\n').enumerate() {
            let line = self.io(line, "read")?;
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice::<Snapshot>(&line) {
                Ok(snapshot) if YEARS.contains(&snapshot.seen_at.year()) => waiting.snapshots.push(snapshot),
                _ => {
                    log::warn!(
                        "{}:{}: not a whole snapshot (torn by a crash?); skipped, and kept in {}",
                        self.path.display(),
                        number + 1,
                        self.rejected().display()
                    );
                    waiting.rejected.push(line);
                }
            }
        }
        Ok(waiting)
    }

    /// Empties the spool after its snapshots have come to where they belong. What was rejected is kept beside it.
    ///
    /// # Errors
    /// The files cannot be written or removed: the snapshots will be sent again, which changes nothing.
    pub fn clear(&self, waiting: &Waiting) -> Result<()> {
        if !waiting.rejected.is_empty() {
            let mut lines = waiting.rejected.join(&b'\n');
            lines.push(b'\n');
            let kept = Kept::open(&self.folder)
                .and_then(|folder| folder.appended(REJECTED))
                .and_then(|mut file| file.write_all(&lines));
            self.io(kept, "keep the rejected lines of")?;
        }
        match Kept::open(&self.folder).and_then(|folder| folder.remove(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => self.io(other, "empty"),
        }
    }

    fn rejected(&self) -> PathBuf {
        self.folder.join(REJECTED)
    }

    fn io<T>(&self, result: io::Result<T>, what: &str) -> Result<T> {
        result.or_fail(Status::Io, || format!("cannot {what} the spool {}", self.path.display()))
    }
}

/// Whether the last line of a file has no end.
fn ends_torn(file: &mut File, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn snapshot(minute: u32) -> Snapshot {
        let at = format!("2026-03-10T10:{minute:02}:00Z");
        serde_json::from_str(&format!(
            "{{\"seen_at\":\"{at}\",\"server\":\"nas\",\"rows\":[{{\"login\":\"zoé\",\"machine\":\"PC\",\"ip\":null}}]}}"
        ))
        .unwrap()
    }

    #[test]
    fn snapshots_come_back_in_order_and_a_torn_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path(), 1);
        assert_eq!(spool.read().unwrap(), Waiting::default());
        spool.append(&snapshot(1)).unwrap();
        let torn = fs::read(spool.path()).unwrap();
        let mut file = File::options().append(true).open(spool.path()).unwrap();
        file.write_all(&torn[..torn.len() / 2]).unwrap();
        spool.append(&snapshot(2)).unwrap();
        let waiting = spool.read().unwrap();
        assert_eq!(waiting.snapshots, [snapshot(1), snapshot(2)]);
        spool.clear(&waiting).unwrap();
        assert_eq!(spool.read().unwrap(), Waiting::default());
        let rejected = fs::read(folder.path().join("samba-snapshot.rejected")).unwrap();
        assert_eq!(rejected, [&torn[..torn.len() / 2], b"\n"].concat());
        spool.clear(&Waiting::default()).unwrap();
    }

    #[test]
    fn links_are_not_followed_to_other_files() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path(), 1);
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "mine\n").unwrap();
        for name in [spool.path().to_owned(), spool.rejected()] {
            std::os::unix::fs::symlink(&elsewhere, name).unwrap();
        }
        assert!(spool.append(&snapshot(1)).is_err() && spool.read().is_err());
        let torn = Waiting { snapshots: Vec::new(), rejected: vec![b"torn".to_vec()] };
        assert!(spool.clear(&torn).is_err());
        assert_eq!(fs::read(&elsewhere).unwrap(), b"mine\n");
    }

    #[test]
    fn a_full_spool_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path(), 0);
        let refused = spool.append(&snapshot(1)).unwrap_err();
        assert_eq!(refused.status(), Status::Io);
        assert!(
            refused.to_string().contains("has reached its limit of 0 MiB ([samba] spool_mib)"),
            "{refused}"
        );
        assert_eq!(fs::read(spool.path()).unwrap(), b"");
    }
}
