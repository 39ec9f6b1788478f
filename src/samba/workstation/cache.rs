//! Remembers what slow sources answered, also that they had no answer.
//!
//! Owes its callers: a file that is missing, broken or from the future is as good as an empty one.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File},
    io::{self, Write},
    net::IpAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{WHOLE, read};
use crate::{config::samba::Source, samba::spool};

/// The file, in the folder for state.
const FILE: &str = "workstations.json";

/// Answers by source and address.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Cache(BTreeMap<Source, BTreeMap<IpAddr, Remembered>>);

#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    machine: Option<String>,
    asked: DateTime<Utc>,
}

impl Cache {
    /// What is remembered in `folder` and not older than `keep` at `now`.
    pub(super) fn read(folder: &Path, keep: Duration, now: DateTime<Utc>) -> Self {
        let mut cache: Self = read(&folder.join(FILE), WHOLE, |bytes| {
            serde_json::from_slice(bytes).unwrap_or_else(|error| {
                log::debug!("the remembered names cannot be read, and are written anew: {error}");
                Self::default()
            })
        });
        let fresh = |asked: DateTime<Utc>| {
            let age = now.signed_duration_since(asked).to_std();
            age.is_ok_and(|age| age < keep)
        };
        for answers in cache.0.values_mut() {
            answers.retain(|_, remembered| fresh(remembered.asked));
        }
        cache
    }

    /// What `source` answered about `ip`: a name, or that there is none.
    pub(super) fn get(&self, source: Source, ip: IpAddr) -> Option<Option<&str>> {
        let remembered = self.0.get(&source)?.get(&ip)?;
        Some(remembered.machine.as_deref())
    }

    /// Remembers what `source` answered.
    pub(super) fn insert(
        &mut self,
        source: Source,
        ip: IpAddr,
        machine: Option<String>,
        asked: DateTime<Utc>,
    ) {
        let answers = self.0.entry(source).or_default();
        answers.insert(ip, Remembered { machine, asked });
    }

    /// Puts all of it into `folder`, in one step: a reader finds the old file or the new one.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub(super) fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join(FILE);
        let beside = folder.join(format!("{FILE}.new"));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file =
            spool::open(File::options().create(true).truncate(true).write(true).mode(0o600), &beside)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        fs::rename(&beside, &path)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_the_place_of_the_new_file_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "mine\n").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join("workstations.json.new")).unwrap();
        assert!(Cache::default().write(folder.path()).is_err());
        assert_eq!(fs::read(&elsewhere).unwrap(), b"mine\n");
    }
}
