//! The host that is looked at: its files, its processes, its accounts, its clock.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

/// The account that runs what does not need root, in `cron.d/sessionstat` and in the timers.
pub const ACCOUNT: &str = "sessionstat";

/// Where the system's own files are, and what its clock says.
#[derive(Clone, Debug)]
pub struct Host {
    /// The folder in which `etc`, `proc`, `run` and `usr` are looked for: `/`.
    pub root: PathBuf,
    /// The clock on the wall. `--now` does not move it.
    pub wall_clock: fn() -> DateTime<Utc>,
}

impl Default for Host {
    fn default() -> Self {
        Self { root: "/".into(), wall_clock: Utc::now }
    }
}

impl Host {
    /// A file of the system; `path` has no slash before it.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Whether a process runs that has one of these names, as far as this user can see.
    pub fn runs(&self, names: &[&str]) -> bool {
        let processes = fs::read_dir(self.file("proc")).into_iter().flatten().flatten();
        processes.filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit)).any(
            |entry| {
                let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
                names.contains(&name.trim_end())
            },
        )
    }

    /// The accounts of `/etc/passwd`.
    pub fn accounts(&self) -> Vec<Account> {
        let text = fs::read(self.file("etc/passwd")).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().filter_map(Account::read).collect()
    }
}

/// Somebody on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub name: String,
    /// The number of the user.
    pub user: u32,
    /// The number of the user's own group.
    pub group: u32,
}

impl Account {
    fn read(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Self { name, user, group })
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Something else, such as a pipe.
    Other,
}

/// Who may do what with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it is.
    pub kind: Kind,
    /// The number of the user whose it is.
    pub owner: u32,
    /// The number of its group.
    pub group: u32,
    /// The bits of `chmod`.
    pub mode: u32,
}

impl Access {
    /// Looks at a path, behind links. None: nothing is there.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(seen) => {
                let kind = match seen.file_type() {
                    kind if kind.is_file() => Kind::File,
                    kind if kind.is_dir() => Kind::Folder,
                    _ => Kind::Other,
                };
                let (owner, group) = (seen.uid(), seen.gid());
                Ok(Some(Self { kind, owner, group, mode: seen.mode() & 0o7777 }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the bits let somebody make files in this folder. Root needs no bits.
    pub fn lets_make_files(&self, account: &Account) -> bool {
        let bits = match account {
            Account { user: 0, .. } => 7,
            Account { user, .. } if *user == self.owner => self.mode >> 6,
            Account { group, .. } if *group == self.group => self.mode >> 3,
            _ => self.mode,
        };
        bits & 3 == 3
    }

    /// Whether others than its owner may write it.
    pub fn is_open(&self) -> bool {
        self.mode & 0o022 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_owner_group_or_others() {
        let account = |user, group| Account { name: "x".into(), user, group };
        let folder = |mode| Access { kind: Kind::Folder, owner: 7, group: 8, mode };
        let may = |mode| {
            [account(0, 0), account(7, 1), account(1, 8), account(1, 1)]
                .map(|account| folder(mode).lets_make_files(&account))
        };
        assert_eq!(may(0o755), [true, true, false, false]);
        assert_eq!(may(0o077), [true, false, true, true]);
        assert_eq!(may(0o1777), [true; 4]);
        assert_eq!(may(0o772), [true, true, true, false]);
        assert!(folder(0o775).is_open() && folder(0o702).is_open() && !folder(0o755).is_open());
    }

    #[test]
    fn accounts_and_processes_are_those_of_the_files() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            (
                "etc/passwd",
                "root:x:0:0::/root:/bin/sh\nodd\nsessionstat:x:106:112::/nonexistent:/bin/false\n",
            ),
            ("proc/12/comm", "cron\n"),
            ("proc/self/comm", "smbd\n"),
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let host = Host { root: folder.path().into(), ..Host::default() };
        let accounts = host.accounts();
        assert_eq!(accounts.len(), 2);
        assert_eq!(accounts[1], Account { name: "sessionstat".into(), user: 106, group: 112 });
        assert!(host.runs(&["crond", "cron"]) && !host.runs(&["smbd"]));
    }
}
