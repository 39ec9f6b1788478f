//! `lock_dir` and `spool_dir`: whether they can be used by those who need them and by nobody else, and what waits.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    finding::Finding,
    host::{ACCOUNT, Access, Account, Host, Kind},
};
use crate::{
    config::Config,
    files::{
        open_unlinked,
        way::{self, Doubt},
    },
    report::check::rule::State,
};

const LOCK: &str = "lock_dir";
const SPOOL: &str = "spool_dir";

/// What there is.
#[derive(Clone, Debug)]
pub struct Seen {
    lock: Folder,
    spool: Folder,
    /// Why samba-snapshot would not believe the way to it.
    doubt: Option<Doubt>,
    /// Bytes in the file of waiting snapshots, and lines; none: this user cannot see.
    waiting: Option<usize>,
    /// Lines that were put aside.
    rejected: Option<PathBuf>,
    /// Who makes locks: the user of cron's lines, or whoever looks.
    account: Account,
    /// The number of the user who looks.
    user: u32,
}

#[derive(Clone, Debug)]
struct Folder {
    path: PathBuf,
    /// None: it is still to be made in `parent`.
    access: Option<Access>,
    /// The nearest folder above it that is there.
    parent: Option<(PathBuf, Access)>,
}

impl Folder {
    fn look(path: &Path) -> Self {
        let access = |path: &Path| Access::of(path).ok().flatten();
        let parent = path.ancestors().skip(1).find_map(|above| Some((above.to_owned(), access(above)?)));
        Self { path: path.to_owned(), access: access(path), parent }
    }

    /// Why `account` cannot make files in it, and what to do; none: it can.
    fn hindrance(&self, account: &Account) -> Option<(String, String)> {
        let Account { name, .. } = account;
        let path = self.path.display();
        let (place, access) = match (&self.access, &self.parent) {
            (Some(access), _) => (&self.path, access),
            (None, Some((parent, access))) => (parent, access),
            (None, None) => {
                return Some((format!("{path} cannot be made"), "name another folder".to_owned()));
            }
        };
        let place = place.display();
        if access.kind != Kind::Folder {
            return Some((
                format!("{place} is no folder"),
                format!("remove it, or name a folder other than {path}"),
            ));
        }
        if access.lets_make_files(account) {
            return None;
        }
        Some(match self.access {
            Some(_) => (
                format!("{name} cannot write {path} (mode {:o})", access.mode),
                format!("chown {name} {path}"),
            ),
            None => (
                format!("{path} is missing, and {name} cannot make it in {place}"),
                format!("install -d -o {name} {path}"),
            ),
        })
    }
}

/// Looks at the folders.
pub fn look(config: &Config, host: &Host) -> Seen {
    let user = rustix::process::geteuid().as_raw();
    let accounts = host.accounts();
    let of_number = |number: u32| accounts.iter().find(|account| account.user == number).cloned();
    let unnamed = || Account {
        name: format!("the user with number {user}"),
        user,
        group: rustix::process::getegid().as_raw(),
    };
    let account = match user {
        // Root can do everything; the question is whether the commands can.
        0 => accounts.iter().find(|account| account.name == ACCOUNT).cloned(),
        other => of_number(other),
    };
    let file = config.spool_dir.join("samba-snapshot.spool");
    let mut bytes = Vec::new();
    let read =
        open_unlinked(File::options().read(true), &file).and_then(|mut file| file.read_to_end(&mut bytes));
    let waiting = match read {
        Ok(_) => Some(bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(0),
        Err(_) => None,
    };
    let rejected = file.with_extension("rejected");
    Seen {
        lock: Folder::look(&config.lock_dir),
        spool: Folder::look(&config.spool_dir),
        doubt: way::doubt(&config.spool_dir),
        waiting,
        rejected: rejected.exists().then_some(rejected),
        account: account.unwrap_or_else(unnamed),
        user,
    }
}

/// What that means.
pub fn findings(seen: &Seen) -> Vec<Finding> {
    let mut findings = of_lock(seen);
    findings.extend(of_spool(seen));
    findings
}

fn of_lock(seen: &Seen) -> Vec<Finding> {
    let Seen { lock, account, .. } = seen;
    let path = lock.path.display();
    if let Some((found, cure)) = lock.hindrance(account) {
        return vec![Finding::bad(State::Critical, LOCK, found, cure)];
    }
    vec![match lock.access {
        // The sticky bit keeps others from removing a lock.
        Some(access) if access.mode & 0o1000 == 0 && access.mode & 0o002 != 0 => Finding::bad(
            State::Warning,
            LOCK,
            format!("anybody can remove a lock in {path} (mode {:o})", access.mode),
            format!("chmod +t {path}"),
        ),
        Some(access) => Finding::ok(LOCK, format!("{path} (mode {:o})", access.mode)),
        None => Finding::ok(LOCK, format!("{path} is still to be made, and can be")),
    }]
}

fn of_spool(seen: &Seen) -> Vec<Finding> {
    let Seen { spool, doubt, waiting, rejected, user, .. } = seen;
    let path = spool.path.display();
    let mut findings = Vec::new();
    let mut bad = |state, found: String, cure: String| findings.push(Finding::bad(state, SPOOL, found, cure));
    let root = Account { name: "root".to_owned(), user: 0, group: 0 };
    if let Some((found, cure)) = spool.hindrance(&root) {
        bad(State::Critical, found, cure);
    } else if let Some(access) = spool.access {
        if access.owner != 0 && access.owner != *user {
            let found = format!(
                "{path} belongs to the user with number {}, who could put snapshots there",
                access.owner
            );
            bad(State::Warning, found, format!("chown root {path}"));
        }
        if access.is_open() {
            let found = format!("others can put snapshots into {path} (mode {:o})", access.mode);
            bad(State::Warning, found, format!("chmod 700 {path}"));
        }
    }
    if let Some(Doubt { found, cure }) = doubt {
        let found = format!("samba-snapshot does not use {path}: {found}");
        bad(State::Critical, found, cure.clone());
    }
    if let Some(count @ 1..) = waiting {
        let snapshots =
            if *count == 1 { "1 snapshot waits".to_owned() } else { format!("{count} snapshots wait") };
        let cure = "see why samba-snapshot does not reach MySQL: samba-snapshot -v";
        bad(State::Warning, format!("{snapshots} in {path} for MySQL"), cure.to_owned());
    }
    if let Some(file) = rejected {
        let file = file.display();
        let found = format!("{file} has lines that are no snapshots, torn by a crash");
        bad(State::Warning, found, format!("look at them, then remove {file}"));
    }
    if findings.is_empty() {
        let seen = match (spool.access, waiting) {
            (None, _) => format!("{path} is still to be made, and can be"),
            (_, None) => format!("{path}; what waits there cannot be seen by this user"),
            (Some(access), Some(_)) => format!("{path} (mode {:o}), nothing waits", access.mode),
        };
        findings.push(Finding::ok(SPOOL, seen));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(owner: u32, mode: u32) -> Folder {
        let access = Access { kind: Kind::Folder, owner, group: 0, mode };
        Folder { path: "/x/y".into(), access: Some(access), parent: None }
    }

    fn missing(mode: u32) -> Folder {
        let parent = Access { kind: Kind::Folder, owner: 0, group: 0, mode };
        Folder { path: "/x/y".into(), access: None, parent: Some(("/x".into(), parent)) }
    }

    fn seen(lock: Folder, spool: Folder, waiting: Option<usize>) -> Seen {
        let account = Account { name: ACCOUNT.into(), user: 106, group: 112 };
        Seen { lock, spool, doubt: None, waiting, rejected: None, account, user: 0 }
    }

    fn told(lock: Folder, spool: Folder, waiting: Option<usize>) -> Vec<String> {
        findings(&seen(lock, spool, waiting)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn locks_are_made_by_the_user_of_the_commands() {
        let of = |lock| told(lock, folder(0, 0o700), Some(0)).remove(0);
        assert_eq!(of(folder(0, 0o1777)), "OK lock_dir: /x/y (mode 1777)");
        assert_eq!(
            of(folder(0, 0o755)),
            "CRITICAL lock_dir: sessionstat cannot write /x/y (mode 755); chown sessionstat /x/y"
        );
        assert_eq!(
            of(folder(0, 0o777)),
            "WARNING lock_dir: anybody can remove a lock in /x/y (mode 777); chmod +t /x/y"
        );
        assert!(of(missing(0o1777)).starts_with("OK lock_dir: /x/y is still to be made"));
        assert_eq!(
            of(missing(0o755)),
            "CRITICAL lock_dir: /x/y is missing, and sessionstat cannot make it in /x; install -d -o sessionstat /x/y"
        );
    }

    #[test]
    fn the_spool_is_root_s_alone() {
        let of = |spool, waiting| told(folder(106, 0o700), spool, waiting).split_off(1);
        assert_eq!(of(folder(0, 0o700), Some(0)), ["OK spool_dir: /x/y (mode 700), nothing waits"]);
        assert!(
            of(folder(0, 0o700), None)[0].starts_with("OK spool_dir: /x/y; what waits there cannot be seen")
        );
        assert!(of(missing(0o755), Some(0))[0].starts_with("OK spool_dir: /x/y is still to be made"));
        assert_eq!(
            of(folder(106, 0o777), Some(3)),
            [
                "WARNING spool_dir: /x/y belongs to the user with number 106, who could put snapshots there; chown root /x/y",
                "WARNING spool_dir: others can put snapshots into /x/y (mode 777); chmod 700 /x/y",
                "WARNING spool_dir: 3 snapshots wait in /x/y for MySQL; see why samba-snapshot does not reach MySQL: \
                 samba-snapshot -v",
            ]
        );
        let doubt =
            Some(Doubt { found: "others can rename what is in /x".into(), cure: "chmod go-w /x".into() });
        assert_eq!(
            findings(&Seen { doubt, ..seen(folder(106, 0o700), folder(0, 0o700), Some(0)) })[1].to_string(),
            "CRITICAL spool_dir: samba-snapshot does not use /x/y: others can rename what is in /x; chmod go-w /x"
        );
        let mut file = folder(0, 0o700);
        file.access.as_mut().unwrap().kind = Kind::File;
        assert_eq!(
            of(file, Some(0)),
            ["CRITICAL spool_dir: /x/y is no folder; remove it, or name a folder other than /x/y"]
        );
    }
}
