//! Samba's `auth_json_audit` log: one JSON object a line, behind the log's own words or alone.

use serde::Deserialize;

use super::Names;
use crate::samba::{
    forms::lines,
    normalise::{address, machine},
};

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "Authentication")]
    authentication: Authentication,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    status: String,
    remote_address: String,
    workstation: Option<String>,
}

/// The last workstation that logged in successfully at each address. A refused one may claim any name.
pub fn parse(bytes: &[u8]) -> Names {
    lines(bytes)
        .filter_map(|line| {
            let start = line.iter().position(|&byte| byte == b'{')?;
            let object = String::from_utf8_lossy(line.get(start..)?);
            // Other messages (Authorization, passwords) have no such member.
            let Message { authentication } = serde_json::from_str(&object).ok()?;
            if authentication.status != "NT_STATUS_OK" {
                return None;
            }
            Some((address(&authentication.remote_address)?, machine(&authentication.workstation?)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_log_before_the_object_do_not_matter() {
        let names = parse(
            br#"[2026/11/22 00:04:04.819697,  3] ../../lib/audit_logging/audit_logging.c:96(audit_log_json)
  JSON Authentication: {"Authentication": {"status": "NT_STATUS_OK", "remoteAddress": "ipv4:10.0.0.1:4", "workstation": "\\Pc1"}}
  JSON Authorization: {"type": "Authorization", "Authorization": {"remoteAddress": "ipv4:10.0.0.2:4"}}
  {"Authentication": {"status": "NT_STATUS_OK", "remoteAddress": "ipv4:10.0.0.3:4", "works"#,
        );
        let names: Vec<_> = names.into_iter().map(|(ip, name)| format!("{ip} {name}")).collect();
        assert_eq!(names, ["10.0.0.1 \\PC1"]);
    }
}
