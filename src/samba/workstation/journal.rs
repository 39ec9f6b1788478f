//! The journal of connections that `root preexec = echo "pre|%T|%u|%m|%I|%d"` leaves, one line each.
//!
//! `%m` is the name that NTLM carries, on port 445 too; with Kerberos it is the address.

use super::Names;
use crate::samba::{
    forms::lines,
    normalise::{address, machine},
};

/// The last named workstation at each address. Lines of ended connections (`post`) say nothing new, and may come
/// after the address has passed on to another.
pub fn parse(bytes: &[u8]) -> Names {
    lines(bytes)
        .filter(|line| line.starts_with(b"pre|"))
        .filter_map(|line| {
            let line = String::from_utf8_lossy(line);
            // Logins may hold bars.
            let mut fields = line.rsplit('|');
            let _pid = fields.next()?;
            let ip = address(fields.next()?)?;
            Some((ip, machine(fields.next()?)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_start_names_the_address() {
        let names = parse(
            b"pre|2026/11/22 00:04:04|a|old|192.168.10.1|1\n\
              pre|2026/11/22 00:05:04|b|c|new|192.168.10.1|2\n\
              pre|2026/11/22 00:05:05|b||192.168.10.1|3\n\
              post|2026/11/22 00:06:04|a|old|192.168.10.1|1\n\
              pre|cut short|192.168.10.2",
        );
        let names: Vec<_> = names.into_iter().map(|(ip, name)| format!("{ip} {name}")).collect();
        assert_eq!(names, ["192.168.10.1 NEW"]);
    }
}
