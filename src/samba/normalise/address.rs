//! Normalisation rule 3: addresses.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The address in `printed`: without the prefix `ipv4:` or `ipv6:`, port and zone; IPv4-mapped ones as IPv4.
/// None if it is no address, but a name for example.
pub fn address(printed: &str) -> Option<IpAddr> {
    let printed = printed.trim();
    // Behind a prefix a port always follows, and IPv6 stands without brackets.
    let prefixed = ["ipv4:", "ipv6:"].iter().find_map(|prefix| printed.strip_prefix(prefix));
    let bare = match prefixed {
        Some(rest) => rest.rsplit_once(':').map_or(rest, |(address, _port)| address),
        None => printed,
    };
    let without_zone = bare.split_once('%').map_or(bare, |(address, _zone)| address);
    without_zone
        .parse::<IpAddr>()
        .or_else(|_| bare.parse::<SocketAddr>().map(|socket| socket.ip()))
        .or_else(|_| {
            let inside = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            inside.unwrap_or_default().parse::<Ipv6Addr>().map(IpAddr::V6)
        })
        .ok()
        .map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_printing_an_address_is_the_address() {
        for (printed, expected) in [
            ("ipv4:192.168.1.11:49512", Some("192.168.1.11")),
            ("ipv6:fd10:cafe::101:41559", Some("fd10:cafe::101")),
            ("ipv6:::1:445", Some("::1")),
            ("ipv6:fe80::1%eth0:445", Some("fe80::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("::ffff:10.0.0.81", Some("10.0.0.81")),
            ("ipv6:::ffff:10.0.0.81:445", Some("10.0.0.81")),
            ("ipv4:10.0.0.1", Some("10.0.0.1")),
            ("10.0.0.1:445", Some("10.0.0.1")),
            ("[2001:db8::1]:445", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("2001:0DB8:0:0::0:1", Some("2001:db8::1")),
            ("pc-pret-1.biblio.exemple", None),
            ("ipv4_1", None),
            ("1234", None),
            ("", None),
            (":", None),
            ("ipv4:", None),
        ] {
            let found = address(printed).map(|ip| ip.to_string());
            assert_eq!(found.as_deref(), expected, "{printed:?}");
        }
    }
}
