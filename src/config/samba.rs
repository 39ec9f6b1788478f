//! `[samba]`: how samba-snapshot finds out who is connected, and from which workstation.
//!
//! Owes its callers: a plain description of what to run and where to look; nothing here is run or opened.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::duration;

/// Where the name of a workstation may be learnt from, given its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The static file [`Samba::table`].
    Table,
    /// The snapshot itself: the name that the client gave, that of another session of the same address, or its
    /// machine account.
    Snapshot,
    /// The journal that Samba's `root preexec` writes.
    Journal,
    /// Samba's `auth_json_audit` log.
    Audit,
    /// The leases of a DHCP server on this host.
    Dhcp,
    /// The reverse record of the DNS, if the name leads back to the address.
    Ptr,
    /// A NetBIOS node status request to the workstation.
    Nmblookup,
}

/// `[samba]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Samba {
    /// Samba's `smbstatus`. Default `/usr/bin/smbstatus`.
    pub smbstatus: PathBuf,
    /// Samba's `smbcontrol`, where none stands beside [`Samba::smbstatus`]. Default `/usr/bin/smbcontrol`.
    pub smbcontrol: PathBuf,
    /// Samba's `net`, where none stands beside [`Samba::smbstatus`]. Default `/usr/bin/net`.
    pub net: PathBuf,
    /// Samba's `nmblookup`. Default `/usr/bin/nmblookup`.
    pub nmblookup: PathBuf,
    /// Limit for each of the first three programs; one that takes longer is killed. Default `"20s"`.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// Name under which this server's snapshots are stored. Default `""`: the host name.
    pub server: String,
    /// Logins that stand for nobody, compared without case. Default: `nobody`, `guest`, `invité`, `smbguest`,
    /// `pcguest`, `anonymous logon`.
    pub guests: Vec<String>,
    /// What separates domain and user besides `\`, if winbind is configured so, as in `"+"`. Default `""`: nothing.
    pub winbind_separator: String,
    /// Where names of workstations are looked for, in this order; the first answer wins. Default: all, in the order
    /// `table`, `snapshot`, `journal`, `audit`, `dhcp`, `ptr`, `nmblookup`. What the snapshot says is never thrown
    /// away: where `snapshot` is not listed, it comes last.
    pub resolve: Vec<Source>,
    /// File of lines `IP-or-MAC name`. Default `/etc/sessionstat/workstations`.
    pub table: PathBuf,
    /// File of lines `pre|date|user|machine|ip|pid`. Default `/var/log/samba/connections.log`.
    pub journal: PathBuf,
    /// File of Samba's `auth_json_audit` messages. Default `/var/log/samba/auth_audit.log`.
    pub audit: PathBuf,
    /// Lease files of dnsmasq or ISC dhcpd. Default: both programs' places on Debian.
    pub dhcp: Vec<PathBuf>,
    /// Limit for all questions that `ptr` and `nmblookup` ask in a run. Default `"5s"`.
    #[serde(with = "duration")]
    pub resolve_budget: Duration,
    /// How long their answers, and that there was none, are remembered. Default `"10m"`.
    #[serde(with = "duration")]
    pub resolve_cache: Duration,
    /// Most MiB of snapshots that wait for MySQL in `spool_dir`. Default 64: years of a usual room.
    pub spool_mib: u64,
}

impl Default for Samba {
    fn default() -> Self {
        Self {
            smbstatus: "/usr/bin/smbstatus".into(),
            smbcontrol: "/usr/bin/smbcontrol".into(),
            net: "/usr/bin/net".into(),
            nmblookup: "/usr/bin/nmblookup".into(),
            timeout: Duration::from_secs(20),
            server: String::new(),
            guests: ["nobody", "guest", "invité", "smbguest", "pcguest", "anonymous logon"]
                .map(Into::into)
                .into(),
            winbind_separator: String::new(),
            resolve: vec![
                Source::Table,
                Source::Snapshot,
                Source::Journal,
                Source::Audit,
                Source::Dhcp,
                Source::Ptr,
                Source::Nmblookup,
            ],
            table: "/etc/sessionstat/workstations".into(),
            journal: "/var/log/samba/connections.log".into(),
            audit: "/var/log/samba/auth_audit.log".into(),
            dhcp: vec!["/var/lib/misc/dnsmasq.leases".into(), "/var/lib/dhcp/dhcpd.leases".into()],
            resolve_budget: Duration::from_secs(5),
            resolve_cache: Duration::from_secs(600),
            spool_mib: 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default() {
        let samba: Samba = toml::from_str("").unwrap();
        assert_eq!(format!("{samba:?}"), format!("{:?}", Samba::default()));
    }

    #[test]
    fn sources_are_lower_case_words_and_durations_texts() {
        let samba: Samba =
            toml::from_str("resolve = [\"nmblookup\", \"snapshot\"]\ntimeout = \"1m\"").unwrap();
        assert_eq!(samba.resolve, [Source::Nmblookup, Source::Snapshot]);
        assert_eq!(samba.timeout, Duration::from_secs(60));
        assert!(toml::from_str::<Samba>("smbstatsu = \"/x\"").is_err());
    }
}
