//! Any bytes as what smbstatus and net printed, and as what the sources of workstations' names hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sessionstat::{
    config::Samba,
    samba::{
        forms,
        normalise::connections,
        snapshot::Snapshot,
        workstation::{audit, dhcp, journal, nmblookup, table},
    },
};

/// Characters of a workstation's NetBIOS name.
const LONGEST_MACHINE: usize = 15;

fuzz_target!(|data: &[u8]| {
    drop(forms::read_shares(data));
    if let Ok(mut listing) = forms::read(data) {
        let settings = Samba::default();
        let of_all = connections(&listing, &settings);
        for connection in &of_all {
            assert!(!connection.user.is_empty(), "a connection of nobody: {connection:?}");
            let machine = connection.machine.as_deref().unwrap_or("PC");
            assert!(!machine.is_empty() && machine.chars().count() <= LONGEST_MACHINE, "{connection:?}");
        }
        listing.sessions.reverse();
        listing.shares.reverse();
        assert_eq!(connections(&listing, &settings), of_all, "the order of printing changed the result");
        // What waits in the spool is what was seen.
        let snapshot = Snapshot::new(&of_all, "server", chrono::DateTime::UNIX_EPOCH);
        let line = serde_json::to_vec(&snapshot).expect("a line of the spool");
        assert!(!line.contains(&b'\n'), "a snapshot of several lines");
        let back: Snapshot = serde_json::from_slice(&line).expect("a snapshot");
        assert_eq!(back, snapshot);
    }
    let names = [audit::parse(data), dhcp::parse(data), journal::parse(data), nmblookup::parse(data)];
    for name in names.iter().chain([&table::parse(data).by_ip]).flat_map(|names| names.values()) {
        assert!(!name.is_empty() && name.chars().count() <= LONGEST_MACHINE, "{name:?}");
    }
});
