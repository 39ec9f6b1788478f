//! `net status sessions parseable`: lines `PID\USER\GROUP\MACHINE\ADDRESS`, in all versions.
//!
//! Logins and groups hold `\` too, unquoted: what stands where is found out from the right (Normalisation rule 8).

use super::{Printed, lines, lossy, process};
use crate::samba::session::Session;

/// Whether `line` is such a line.
pub(super) fn is_row(line: &[u8]) -> bool {
    let mut fields = line.split(|&byte| byte == b'\\');
    let pid = fields.next().unwrap_or_default();
    std::str::from_utf8(pid).is_ok_and(|pid| process(pid).is_some()) && fields.count() >= 4
}

pub(super) fn read(bytes: &[u8]) -> Printed {
    Printed { sessions: Some(lines(bytes).filter_map(session).collect()), ..Printed::default() }
}

fn session(line: &[u8]) -> Option<Session> {
    let line = lossy(line);
    let (pid, rest) = line.split_once('\\')?;
    let (rest, address) = rest.rsplit_once('\\')?;
    let (names, machine) = rest.rsplit_once('\\')?;
    let names: Vec<&str> = names.splitn(4, '\\').collect();
    let login = match *names.as_slice() {
        [user, _group] => user.to_owned(),
        // Either `user\DOM\group` or `DOM\user\group`: a NetBIOS domain has neither `@` nor lower case.
        [user, _domain, _group] if user.contains(is_of_a_user) => user.to_owned(),
        [domain, user, _] | [domain, user, _, _] => format!("{domain}\\{user}"),
        _ => return None,
    };
    Some(Session {
        login,
        machine: machine.to_owned(),
        address: address.to_owned(),
        pid: Some(process(pid)?),
        key: pid.to_owned(),
        ..Session::default()
    })
}

fn is_of_a_user(character: char) -> bool {
    character == '@' || character.is_lowercase()
}
