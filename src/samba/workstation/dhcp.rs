//! Leases of dnsmasq and of ISC dhcpd, told apart by their looks.

use std::net::IpAddr;

use super::Names;
use crate::samba::{
    forms::lines,
    normalise::{address, machine},
};

/// The names that clients gave with the leases they hold.
pub fn parse(bytes: &[u8]) -> Names {
    if lines(bytes).any(|line| isc_lease(&String::from_utf8_lossy(line)).is_some()) {
        isc(bytes)
    } else {
        dnsmasq(bytes)
    }
}

/// `expiry mac address name client-id`, IPv6 with an association id in place of the mac; `*` is no name.
/// dnsmasq drops what has expired.
fn dnsmasq(bytes: &[u8]) -> Names {
    lines(bytes)
        .filter_map(|line| {
            let line = String::from_utf8_lossy(line);
            let mut words = line.split_ascii_whitespace();
            let ip = address(words.nth(2)?)?;
            let name = words.next().filter(|name| *name != "*")?;
            Some((ip, machine(name)?))
        })
        .collect()
}

/// A journal of `lease ADDRESS { ... }`: the last block about an address holds, if it is active.
fn isc(bytes: &[u8]) -> Names {
    let mut names = Names::new();
    let mut block: Option<(IpAddr, bool, Option<String>)> = None;
    for line in lines(bytes) {
        let line = String::from_utf8_lossy(line);
        let statement = line.trim().trim_end_matches(';');
        if let Some(ip) = isc_lease(&line) {
            block = Some((ip, false, None));
        } else if statement == "}" {
            match block.take() {
                Some((ip, true, Some(name))) => drop(names.insert(ip, name)),
                Some((ip, _, _)) => drop(names.remove(&ip)),
                None => {}
            }
        } else if let Some((_, active, name)) = &mut block {
            if let Some(state) = statement.strip_prefix("binding state ") {
                *active = state == "active";
            } else if let Some(given) = statement.strip_prefix("client-hostname ") {
                *name = machine(given.trim_matches('"'));
            }
        }
    }
    names
}

fn isc_lease(line: &str) -> Option<IpAddr> {
    address(line.trim().strip_prefix("lease ")?.strip_suffix('{')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_block_about_an_address_holds() {
        let lease =
            |state: &str, name: &str| format!("lease 10.0.0.1 {{\n  binding state {state};\n{name}}}\n");
        let named = lease("active", "  client-hostname \"PC1\";\n");
        assert_eq!(parse(named.as_bytes()).len(), 1);
        for after in [lease("free", ""), lease("active", "")] {
            assert!(parse(format!("{named}{after}").as_bytes()).is_empty(), "{after}");
        }
        // A block that is still being written says nothing yet.
        let cut = format!("{named}lease 10.0.0.1 {{\n  binding state fr");
        assert_eq!(parse(cut.as_bytes()).len(), 1);
    }
}
