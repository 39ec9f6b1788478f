//! Remembers what slow sources answered, also that they had no answer.
//!
//! Owes its callers: a file that is missing, broken, from the future, or that others could have written is as good as an
//! empty one.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::WHOLE;
use crate::{config::samba::Source, files::kept::Kept};

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
        let mut cache = Self::remembered(folder).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                log::info!("the remembered names in {} are not used: {error}", folder.display());
            }
            Self::default()
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

    fn remembered(folder: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        Kept::open(folder)?.file(FILE)?.take(WHOLE).read_to_end(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
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
        Kept::make(folder)?.replace(FILE, &serde_json::to_vec(self)?)?;
        Ok(folder.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "mine\n").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(FILE)).unwrap();
        let file = Cache::default().write(folder.path()).unwrap();
        assert_eq!(std::fs::read(&elsewhere).unwrap(), b"mine\n");
        assert!(std::fs::symlink_metadata(file).unwrap().is_file());
    }
}
