//! Snapshots that wait for MySQL, in a file: one line of JSON each.
//!
//! Owes its callers: what was appended is on the disk; a line that a crash tore is told and skipped, and spoils no
//! other; the file never grows beyond its limit, and only its owner reads it.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use chrono::Datelike;

use super::snapshot::Snapshot;
use crate::{
    clock::YEARS,
    failure::{Failure, OrFail, Result, Status},
};

/// The file of a folder `spool_dir`.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    most_bytes: u64,
}

impl Spool {
    /// The spool in `folder`, of at most `most_mib` MiB.
    pub fn new(folder: &Path, most_mib: u64) -> Self {
        Self { path: folder.join("samba-snapshot.spool"), most_bytes: most_mib << 20 }
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
        let folder = self.path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).or_fail(Status::CannotCreate, || {
            format!("cannot make the spool folder {} (spool_dir)", folder.display())
        })?;
        let mut file = File::options()
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&self.path)
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
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// The snapshots that wait, in order. Lines that are none are told and skipped.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(&self) -> Result<Vec<Snapshot>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => self.io(other, "open")?,
        };
        let mut snapshots = Vec::new();
        for (number, line) in BufReader::new(file).split(b'\n').enumerate() {
            let line = self.io(line, "read")?;
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice::<Snapshot>(&line) {
                Ok(snapshot) if YEARS.contains(&snapshot.seen_at.year()) => snapshots.push(snapshot),
                _ => log::warn!(
                    "{}:{}: not a whole snapshot (torn by a crash?); skipped",
                    self.path.display(),
                    number + 1
                ),
            }
        }
        Ok(snapshots)
    }

    /// Forgets everything, after it has come to where it belongs.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn clear(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => self.io(other, "remove"),
        }
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
        assert!(spool.read().unwrap().is_empty());
        spool.append(&snapshot(1)).unwrap();
        let torn = fs::read(spool.path()).unwrap();
        let mut file = File::options().append(true).open(spool.path()).unwrap();
        file.write_all(&torn[..torn.len() / 2]).unwrap();
        spool.append(&snapshot(2)).unwrap();
        assert_eq!(spool.read().unwrap(), [snapshot(1), snapshot(2)]);
        spool.clear().unwrap();
        assert!(spool.read().unwrap().is_empty());
        spool.clear().unwrap();
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
