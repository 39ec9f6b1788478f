//! The reverse record of the DNS. Whoever keeps the reverse zone may write any name into it, so it counts only if the
//! name leads back to the address.

use std::net::{IpAddr, ToSocketAddrs};

use dns_lookup::LookupErrorKind;

use super::survey::Answer;
use crate::samba::normalise::machine;

/// The name of `ip`, asked of the system's resolver. May take long.
pub(super) fn name(ip: IpAddr) -> Answer {
    let reverse = match dns_lookup::lookup_addr(&ip) {
        Ok(name) => name,
        Err(error) if matches!(error.kind(), LookupErrorKind::NoName) => return Answer::None,
        Err(_) => return Answer::Unknown,
    };
    let forward =
        |name: &str| (name, 0).to_socket_addrs().map(|found| found.map(|found| found.ip()).collect());
    confirmed(ip, &reverse, forward)
}

fn confirmed(ip: IpAddr, reverse: &str, forward: impl Fn(&str) -> std::io::Result<Vec<IpAddr>>) -> Answer {
    match forward(reverse) {
        Ok(found) if found.iter().any(|found| found.to_canonical() == ip) => {
            machine(reverse).map_or(Answer::None, Answer::Name)
        }
        Ok(_) => Answer::None,
        Err(_) => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_does_not_lead_back_is_none() {
        let ip: IpAddr = "10.0.0.1".parse().unwrap();
        let other: IpAddr = "10.0.0.2".parse().unwrap();
        let ask = |forward: Vec<IpAddr>| confirmed(ip, "pc1.epn.example", |_| Ok(forward.clone()));
        assert_eq!(ask(vec![other, ip]), Answer::Name("PC1".into()));
        assert_eq!(ask(vec![other]), Answer::None);
        assert_eq!(confirmed(ip, "10.0.0.1", |_| Ok(vec![ip])), Answer::None);
    }
}
