//! The addresses of the two servers: what is wrong with one, said without quoting it, since it may hold a password.
//!
//! Only an address that somebody wrote is looked at: the built-in ones are right.

use ::mysql::Opts;
use ::redis::{ConnectionAddr, IntoConnectionInfo};
use serde::{Deserialize, Deserializer, de::Error};

use super::Secret;

/// Reads `[mysql] url`.
pub(super) fn of_mysql<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    checked(deserializer, complaint_about_mysql)
}

/// Reads an address of MySQL that need not be there.
pub(super) fn of_mysql_if_any<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Secret>, D::Error> {
    of_mysql(deserializer).map(Some)
}

/// Reads `[redis] url`.
pub(super) fn of_redis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    checked(deserializer, complaint_about_redis)
}

fn checked<'de, D: Deserializer<'de>>(
    deserializer: D,
    complaint: impl Fn(&Secret) -> Option<&'static str>,
) -> Result<Secret, D::Error> {
    let url = Secret::deserialize(deserializer)?;
    complaint(&url).map_or(Ok(url), |complaint| Err(D::Error::custom(complaint)))
}

/// What is wrong with an address of MySQL, if something is.
pub(super) fn complaint_about_mysql(url: &Secret) -> Option<&'static str> {
    mysql_hosts(url).err()
}

/// Whether an address of MySQL says which database is meant.
pub(super) fn names_database(url: &Secret) -> bool {
    let has_name = |opts: &Opts| opts.get_db_name().is_some_and(|name| !name.is_empty());
    mysql_hosts(url).is_ok_and(|hosts| hosts.iter().all(has_name))
}

/// Whether an address of MySQL leads to a Unix socket.
pub(super) fn is_socket(url: &Secret) -> bool {
    mysql_hosts(url).is_ok_and(|hosts| hosts.iter().any(|opts| opts.get_socket().is_some()))
}

/// The hosts of an address of MySQL, in the order in which they are written: each with the account and the database.
///
/// # Errors
/// What is wrong with the address; its text is not in it.
pub fn mysql_hosts(url: &Secret) -> Result<Vec<Opts>, &'static str> {
    const WRONG: &str = "not an address of MySQL; write it as mysql://user@host:3306/database or \
        mysql://user@localhost/database?socket=PATH";
    let (scheme, rest) = url.reveal().split_once("://").ok_or(WRONG)?;
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (account, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    // The driver takes more of them: one switches off what tls promises, others win over the account and the host.
    let query = behind.split_once('?').map_or("", |(_, query)| query).split('#').next().unwrap_or_default();
    if query.split('&').any(|parameter| !parameter.is_empty() && !parameter.starts_with("socket=")) {
        return Err(
            "behind the question mark stands only socket=PATH; encryption and time limits have keys of their \
            own (tls, timeout)",
        );
    }
    let parsed: Vec<Opts> = hosts
        .split(',')
        .map(|host| Opts::from_url(&format!("{scheme}://{account}{host}{behind}")))
        .collect::<Result<_, _>>()
        .map_err(|_| match hosts.contains(',') {
            true => {
                "not a list of hosts; write it as mysql://user@host1:3306,host2:3306/database, without blanks"
            }
            false => WRONG,
        })?;
    // The driver would ask the nameless socket, and port 0, for as long as it may.
    if parsed.iter().any(|opts| opts.get_socket() == Some("") || opts.get_tcp_port() == 0) {
        return Err(WRONG);
    }
    if parsed.len() > 1 && parsed.iter().any(|opts| opts.get_socket().is_some()) {
        return Err("a Unix socket leads to one server; leave out the other hosts, or ?socket=");
    }
    Ok(parsed)
}

/// What is wrong with an address of Redis, if something is.
pub(super) fn complaint_about_redis(url: &Secret) -> Option<&'static str> {
    match url.reveal().into_connection_info() {
        Ok(info) if matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. }) => Some(
            "a server whose certificate nobody checks may be anybody; leave out #insecure, and name its authority in tls_ca_file",
        ),
        Ok(info) if info.redis_settings().db() >= 0 => None,
        _ => Some(
            "not an address of Redis; write it as redis://host:6379/, rediss://host:6379/ or redis+unix:///PATH",
        ),
    }
}

/// Whether an address of Redis asks for encryption.
pub(super) fn is_encrypted(url: &Secret) -> bool {
    let info = url.reveal().into_connection_info();
    info.is_ok_and(|info| matches!(info.addr(), ConnectionAddr::TcpTls { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(url: &str) -> Result<Vec<String>, &'static str> {
        let hosts = mysql_hosts(&Secret::new(url))?;
        let told = |opts: &Opts| {
            let (user, pass) = (opts.get_user().unwrap_or("-"), opts.get_pass().unwrap_or("-"));
            let (host, port) = (opts.get_ip_or_hostname(), opts.get_tcp_port());
            format!("{user}:{pass}@{host}:{port}/{}", opts.get_db_name().unwrap_or("-"))
        };
        Ok(hosts.iter().map(told).collect())
    }

    #[test]
    fn each_host_of_a_list_has_its_port_and_all_have_the_account() {
        assert_eq!(hosts("mysql://u@db/d").unwrap(), ["u:-@db:3306/d"]);
        assert_eq!(
            hosts("mysql://u:a,b%40c@db1:3307,[2001:db8::1]:3308,192.0.2.1/d").unwrap(),
            ["u:a,b@c@db1:3307/d", "u:a,b@c@[2001:db8::1]:3308/d", "u:a,b@c@192.0.2.1:3306/d"]
        );
        assert_eq!(hosts("mysql://db1,db2:1/d?").unwrap(), ["-:-@db1:3306/d", "-:-@db2:1/d"]);
    }

    #[test]
    fn a_list_that_is_none_is_refused() {
        for list in
            ["db1,", ",db1", "db1,,db2", "db1, db2", "db1:x,db2", "db1:3306:1,db2", "[::1,db2", "::1,db2"]
        {
            let refused = hosts(&format!("mysql://u:secret@{list}/d")).unwrap_err();
            assert!(refused.starts_with("not a list of hosts; "), "{list}: {refused}");
        }
        let none = ["mysql://u@/d", "mysql:///d", "mysql://u@db1:99999/d", "mysql://u@db1,db2:0/d"];
        for wrong in ["", "db1", "redis://db1/", "mysql://u@localhost/d?socket="].iter().chain(&none) {
            assert!(hosts(wrong).unwrap_err().starts_with("not an address of MySQL; "), "{wrong}");
        }
        assert!(
            hosts("mysql://u@a,b/d?socket=/s").unwrap_err().starts_with("a Unix socket leads to one server")
        );
    }

    #[test]
    fn nothing_in_the_address_weakens_what_the_keys_say() {
        for query in
            ["require_ssl=true&verify_ca=false", "socket=/s&enable_cleartext_plugin=true", "host=evil", "x"]
        {
            let refused = hosts(&format!("mysql://u@db/d?{query}")).unwrap_err();
            assert!(refused.starts_with("behind the question mark"), "{query}: {refused}");
        }
        assert!(is_socket(&Secret::new("mysql://u@localhost/d?socket=/s")));
        assert!(!is_socket(&Secret::new("mysql://u@localhost/d")));
    }
}
