//! The static table: lines `IP-or-MAC name`, `#` begins a comment.

use std::{collections::BTreeMap, net::IpAddr, path::Path};

use super::{Names, WHOLE, read};
use crate::samba::{
    forms::lines,
    normalise::{address, machine},
};

/// A hardware address, whichever way it was written.
pub type Mac = [u8; 6];

/// What a table says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Names by address.
    pub by_ip: Names,
    /// Names by hardware address.
    pub by_mac: BTreeMap<Mac, String>,
}

/// Reads `file`, and the kernel's neighbours for the hardware addresses in it.
pub fn names(file: &Path) -> Names {
    let table = read(file, WHOLE, parse);
    if table.by_mac.is_empty() {
        return table.by_ip;
    }
    // Files of the kernel have no length to find the end by.
    let neighbours = match std::fs::read("/proc/net/arp") {
        Ok(bytes) => parse_neighbours(&bytes),
        Err(error) => {
            log::debug!("not asking /proc/net/arp: {error}");
            BTreeMap::new()
        }
    };
    join(table, &neighbours)
}

/// The lines of a table; the last one about an address wins. Lines that are neither are passed over.
pub fn parse(bytes: &[u8]) -> Table {
    let mut table = Table::default();
    for line in lines(bytes) {
        let line = String::from_utf8_lossy(line);
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some((key, name)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        let Some(name) = machine(name) else { continue };
        if let Some(mac) = mac(key) {
            table.by_mac.insert(mac, name);
        } else if let Some(ip) = address(key) {
            table.by_ip.insert(ip, name);
        } else {
            log::debug!("{key:?} is neither an address nor a hardware address");
        }
    }
    table
}

/// `/proc/net/arp`: address, type, flags (0x0: no answer yet), hardware address, mask, device.
pub fn parse_neighbours(bytes: &[u8]) -> BTreeMap<IpAddr, Mac> {
    lines(bytes)
        .filter_map(|line| {
            let line = String::from_utf8_lossy(line);
            let mut words = line.split_ascii_whitespace();
            let ip = address(words.next()?)?;
            let flags = words.nth(1)?;
            let mac = mac(words.next()?)?;
            (flags != "0x0").then_some((ip, mac))
        })
        .collect()
}

/// Names by address; a line about the address itself outranks one about its hardware.
pub fn join(table: Table, neighbours: &BTreeMap<IpAddr, Mac>) -> Names {
    let mut names: Names =
        neighbours.iter().filter_map(|(ip, mac)| Some((*ip, table.by_mac.get(mac)?.clone()))).collect();
    names.extend(table.by_ip);
    names
}

/// Six pairs of hexadecimal digits between `:` or `-`.
fn mac(text: &str) -> Option<Mac> {
    let mut mac = Mac::default();
    let mut pairs = text.split([':', '-']);
    for byte in &mut mac {
        let pair = pairs.next().filter(|pair| pair.len() == 2)?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_addresses_and_hardware() {
        let table = parse(
            b"# salle 1\n192.168.10.1\tposte01  # near the door\n52-54-00-AA-BB-01 Poste02\r\n\
              fd10:cafe::1 pc salle 2\nnonsense name\n192.168.10.9\n52:54:00:aa:bb:02 poste03.epn.example\n",
        );
        let neighbours = parse_neighbours(
            b"IP address       HW type     Flags       HW address            Mask     Device\n\
              192.168.10.2     0x1         0x2         52:54:00:aa:bb:01     *        eth0\n\
              192.168.10.3     0x1         0x0         52:54:00:aa:bb:02     *        eth0\n\
              192.168.10.1     0x1         0x2         52:54:00:aa:bb:02     *        eth0\n",
        );
        let names = join(table, &neighbours);
        let names: Vec<_> = names.iter().map(|(ip, name)| format!("{ip} {name}")).collect();
        assert_eq!(names, ["192.168.10.1 POSTE01", "192.168.10.2 POSTE02", "fd10:cafe::1 PC SALLE 2"]);
    }
}
