//! smbstatus: whether it is there, on a host on which samba-snapshot runs.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{
    finding::Finding,
    host::{Access, Host, Kind},
};
use crate::{
    config::{Config, Samba},
    lock::host_name,
    report::{
        check::{facts::PAST, rule::State},
        model::runs::LastRun,
    },
};

const SUBJECT: &str = "samba";

/// What there is of Samba on this host.
#[derive(Clone, Debug)]
pub struct Seen {
    smbstatus: PathBuf,
    access: Option<Access>,
    /// Whether the configuration names another place than the usual one.
    is_named: bool,
    /// Whether Samba's server runs.
    runs: bool,
    /// The name of its snapshots.
    pub name: String,
}

impl Seen {
    /// Whether snapshots of this host are to be expected.
    pub fn is_server(&self) -> bool {
        self.is_program() && self.runs
    }

    fn is_program(&self) -> bool {
        matches!(self.access, Some(Access { kind: Kind::File, mode, .. }) if mode & 0o111 != 0)
    }
}

/// Looks for it.
pub fn look(config: &Config, host: &Host) -> Seen {
    let Samba { smbstatus, server, .. } = &config.samba;
    Seen {
        access: Access::of(smbstatus).ok().flatten(),
        is_named: *smbstatus != Samba::default().smbstatus,
        smbstatus: smbstatus.clone(),
        runs: host.runs(&["smbd", "samba"]),
        name: if server.is_empty() { host_name() } else { server.clone() },
    }
}

/// What that means where these commands ran.
pub fn finding(seen: &Seen, runs: &[LastRun], now: DateTime<Utc>) -> Finding {
    let path = Path::display(&seen.smbstatus);
    let is_here = |run: &LastRun| run.command == "samba-snapshot" && run.host == seen.name;
    let ran_here = runs.iter().any(|run| is_here(run) && now - run.started_at <= PAST);
    let why = match seen {
        _ if seen.is_program() => return Finding::ok(SUBJECT, format!("{path} is there")),
        Seen { access: Some(_), .. } => {
            let cure = format!("chmod 755 {path}, or name Samba's program in [samba] smbstatus");
            return Finding::bad(State::Critical, SUBJECT, format!("{path} is no program"), cure);
        }
        _ if ran_here => "samba-snapshot ran on this host",
        Seen { is_named: true, .. } => "[samba] smbstatus names it",
        Seen { runs: true, .. } => "Samba runs on this host",
        _ => return Finding::ok(SUBJECT, format!("there is no {path}: no Samba server")),
    };
    let cure = "install Samba (Debian: apt-get install samba), or mend [samba] smbstatus";
    Finding::bad(State::Critical, SUBJECT, format!("there is no {path}, but {why}"), cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smbstatus_is_missed_where_snapshots_were_taken_or_it_was_named() {
        let run = |host: &str| LastRun {
            command: "samba-snapshot".into(),
            host: host.into(),
            started_at: DateTime::UNIX_EPOCH,
            duration_seconds: 0.0,
            status: 0,
            succeeded_at: None,
            runs: 1,
            failures: 0,
            counts: Default::default(),
        };
        let seen = |mode: Option<u32>, is_named, runs| Seen {
            smbstatus: "/usr/bin/smbstatus".into(),
            access: mode.map(|mode| Access { kind: Kind::File, owner: 0, group: 0, mode }),
            is_named,
            runs,
            name: "nas".into(),
        };
        let finding = |seen: &Seen, runs: &[LastRun]| finding(seen, runs, DateTime::UNIX_EPOCH + PAST);
        assert_eq!(finding(&seen(Some(0o755), false, true), &[]).state, State::Ok);
        assert_eq!(finding(&seen(Some(0o644), false, true), &[]).state, State::Critical);
        assert_eq!(finding(&seen(None, false, false), &[run("web")]).state, State::Ok);
        assert_eq!(finding(&seen(None, true, false), &[]).state, State::Critical);
        assert_eq!(finding(&seen(None, false, true), &[]).state, State::Critical);
        assert!(seen(Some(0o755), false, true).is_server() && !seen(Some(0o644), false, true).is_server());
        let missed = finding(&seen(None, false, false), &[run("nas")]).to_string();
        assert!(missed.contains("samba-snapshot ran on this host; install Samba"), "{missed}");
    }
}
