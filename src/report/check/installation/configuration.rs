//! The configuration: whose it is, who may write it, and the files with passwords that it names.

use std::{fs::File, path::PathBuf};

use super::{
    finding::Finding,
    host::{Access, Kind},
};
use crate::{
    config::{Config, DEFAULT_PATH},
    report::check::rule::State,
};

const SUBJECT: &str = "configuration";

/// What there is.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The file; none: the defaults hold.
    file: Option<(PathBuf, Access)>,
    passwords: Vec<Password>,
    /// The number of the user who looks.
    user: u32,
}

#[derive(Clone, Debug)]
struct Password {
    key: &'static str,
    path: PathBuf,
    /// Or why it cannot be read.
    access: Result<Access, String>,
}

/// Looks at the files.
pub fn look(config: &Config) -> Seen {
    let access = |path: &PathBuf| Access::of(path).ok().flatten();
    let file = config.file.as_ref().and_then(|path| Some((path.clone(), access(path)?)));
    let passwords = config.password_files().map(|(key, path)| {
        let seen = Access::of(path).and_then(|seen| match seen {
            // Opening a pipe would wait for its other end.
            Some(Access { kind: Kind::File, .. }) => File::open(path).map(|_| seen),
            _ => Ok(seen),
        });
        let access = seen.map_err(|error| error.to_string());
        let access = access.and_then(|access| access.ok_or_else(|| "it is not there".to_owned()));
        Password { key, path: path.to_owned(), access }
    });
    let passwords = passwords.collect();
    Seen { file, passwords, user: rustix::process::geteuid().as_raw() }
}

/// What that means.
pub fn findings(seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut look_at = |what: &str, path: &PathBuf, access: &Access| {
        let path = path.display();
        // samba-snapshot, which is root, runs the programs that the configuration names.
        if access.owner != 0 && access.owner != seen.user {
            let found = format!("{what}{path} belongs to the user with number {}", access.owner);
            findings.push(Finding::bad(State::Warning, SUBJECT, found, format!("chown root {path}")));
        }
        if access.is_open() {
            let found = format!("{what}{path} can be written by others than its owner");
            findings.push(Finding::bad(State::Warning, SUBJECT, found, format!("chmod go-w {path}")));
        }
    };
    if let Some((path, access)) = &seen.file {
        look_at("", path, access);
    }
    for Password { key, path, access } in &seen.passwords {
        if let Ok(access) = access {
            look_at(&format!("{key} "), path, access);
        }
    }
    for Password { key, path, access } in &seen.passwords {
        let path = path.display();
        let (found, cure) = match access {
            Err(why) => (
                format!("{key} {path} cannot be read: {why}"),
                "let root own it, and the group of the commands' user read it (chmod 640)".to_owned(),
            ),
            Ok(access) if access.mode & 0o004 != 0 => {
                (format!("{key} {path} is readable by others"), format!("chmod o-rwx {path}"))
            }
            Ok(access) if access.kind != Kind::File => {
                (format!("{key} {path} is no file"), "name a file that holds nothing but it".to_owned())
            }
            Ok(_) => continue,
        };
        findings.push(Finding::bad(State::Critical, SUBJECT, found, cure));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(SUBJECT, well(seen)));
    }
    findings
}

fn well(seen: &Seen) -> String {
    let passwords = match seen.passwords.len() {
        0 => String::new(),
        1 => ", and its password file".to_owned(),
        count => format!(", and its {count} password files"),
    };
    match &seen.file {
        Some((path, access)) => format!("{} (mode {:o}){passwords}", path.display(), access.mode),
        None => format!("there is no {DEFAULT_PATH}: the defaults hold"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(owner: u32, mode: u32, password: Result<u32, &str>) -> Seen {
        let access = |mode| Access { kind: Kind::File, owner, group: 0, mode };
        let password = Password {
            key: "[mysql] password_file",
            path: "/etc/p".into(),
            access: password.map(access).map_err(str::to_owned),
        };
        Seen { file: Some(("/etc/s.toml".into(), access(mode))), passwords: vec![password], user: 5 }
    }

    fn told(seen: &Seen) -> Vec<String> {
        findings(seen).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn files_belong_to_root_and_passwords_are_kept() {
        let well = ["OK configuration: /etc/s.toml (mode 640), and its password file"];
        assert_eq!(told(&seen(0, 0o640, Ok(0o600))), well);
        assert_eq!(told(&seen(5, 0o640, Ok(0o600))), well);
        assert_eq!(
            told(&seen(6, 0o660, Err("not there"))),
            [
                "WARNING configuration: /etc/s.toml belongs to the user with number 6; chown root /etc/s.toml",
                "WARNING configuration: /etc/s.toml can be written by others than its owner; chmod go-w /etc/s.toml",
                "CRITICAL configuration: [mysql] password_file /etc/p cannot be read: not there; let root own it, and \
                 the group of the commands' user read it (chmod 640)",
            ]
        );
        assert_eq!(
            told(&seen(0, 0o644, Ok(0o644))),
            [
                "CRITICAL configuration: [mysql] password_file /etc/p is readable by others; chmod o-rwx /etc/p"
            ]
        );
        let defaults = Seen { file: None, passwords: vec![], user: 0 };
        assert_eq!(
            told(&defaults),
            ["OK configuration: there is no /etc/sessionstat/sessionstat.toml: the defaults hold"]
        );
    }
}
