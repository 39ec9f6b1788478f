//! What recorded outputs do not pin down, and bytes that nobody would print.

use std::{fs, path::PathBuf, sync::LazyLock};

use proptest::prelude::*;

use super::*;
use crate::{config::Samba, samba::normalise};

const SINCE_4_4: &str = "PID     Username     Group        Machine                                   Protocol Version  Encryption           Signing              \n";
const BEFORE: &str = "PID     Username      Group         Machine                        \n";

/// `login|machine|address|protocol` of each session.
fn sessions(text: &str) -> Vec<String> {
    let listing = read(text.as_bytes()).unwrap();
    let shown = |row: Session| {
        let protocol = row.protocol.unwrap_or_default();
        format!("{}|{}|{}|{protocol}", row.login, row.machine, row.address)
    };
    listing.sessions.into_iter().map(shown).collect()
}

#[test]
fn fields_of_any_width_are_found_since_4_4() {
    let long_user = "u".repeat(300);
    for (user, group, machine, seen) in [
        ("abcdefghijk", "abcdefghijk", "pc 1", "pc 1"),
        ("abcdefghijkl", "abcdefghijk", "pc 1", "pc 1"),
        ("abcdefghijklm", "abcdefghijk", "", ""),
        ("a", "abcdefghijkl", "pc1", "pc1"),
        ("a", "abcdefghijkl", "", ""),
        ("a b", "abcdefghijklm", "pc1", "pc1"),
        ("a", "abcdefghijkl mno p", "pc1", "pc1"),
        ("a", "abcdefghijkl mno p", "", ""),
        ("a", "x", "pc1", "pc1"),
        ("a", "x (lab)", "", ""),
        (&long_user, "g", "192.168.1.1", "192.168.1.1"),
        // 11 characters, 12 bytes.
        ("élévation_x", "élèves", "pc1", "pc1"),
    ] {
        // printf pads by bytes, Rust by characters.
        let pad =
            |text: &str, width: usize| format!("{text}{}", " ".repeat(width.saturating_sub(text.len())));
        let both = pad(&format!("{} {}", pad(user, 12), pad(group, 12)), 25);
        let place = pad(&format!("{machine} (ipv4:10.0.0.1:445)"), 41);
        let line = format!(
            "{} {both} {place} {} {} {}\n",
            pad("4194303", 7),
            pad("SMB3_11", 17),
            pad("anonymous(AES-128-GCM)", 20),
            pad("-", 21)
        );
        assert_eq!(
            sessions(&format!("{SINCE_4_4}{line}")),
            [format!("{user}|{seen}|ipv4:10.0.0.1:445|SMB3_11")],
            "{line}"
        );
    }
}

#[test]
fn an_unfinished_login_keeps_its_machine() {
    let line = "18919   (auth in progress)        pc salle 2 (ipv4:10.0.0.1:34063)          Unknown (0x02ff)  -                    -                    \n";
    assert_eq!(
        sessions(&format!("{SINCE_4_4}{line}")),
        ["(auth in progress)|pc salle 2|ipv4:10.0.0.1:34063|Unknown (0x02ff)"]
    );
}

#[test]
fn names_with_parentheses_do_not_hide_the_address() {
    let line = "7       a (b)        x (lab)      pc1 (ipv4:10.0.0.1:1)                     SMB3_11           -                    -\n";
    assert_eq!(sessions(&format!("{SINCE_4_4}{line}")), ["a (b)|pc1|ipv4:10.0.0.1:1|SMB3_11"]);
    let line = "7         a (b)         x (lab)       pc (2)       (10.0.0.1)\n";
    assert_eq!(sessions(&format!("{BEFORE}{line}")), ["a (b)|pc (2)|10.0.0.1|"]);
}

#[test]
fn fields_of_any_width_are_found_before_4_4() {
    for (user, group, machine) in [
        ("abcdefghijkl", "abcdefghijkl", "abcdefghijkl"),
        ("abcdefghijklm", "abcdefghijkl mno", "pc 1"),
        ("a b c", "g", ""),
        ("a", "abcdefghijkl mno", ""),
    ] {
        let line = format!("{:<7}   {user:<12}  {group:<12}  {machine:<12} (::ffff:10.0.0.1)\r\n", 12);
        assert_eq!(sessions(&format!("{BEFORE}{line}")), [format!("{user}|{machine}|::ffff:10.0.0.1|")]);
    }
}

#[test]
fn lines_that_are_no_sessions_are_passed_over() {
    let text = format!(
        "7       a            g            pc1 (ipv4:10.0.0.1:1) SMB3_11\n{SINCE_4_4}\nNo locked files\n\
         x       a            g            pc1 (ipv4:10.0.0.1:1) SMB3_11\n7\n7 \n7 a\n(\n ( \n()\n7 (\n7 ()\n\
         9999999999999999999999 a b c (ipv4:10.0.0.1:1)\nLocked files:\n\
         8       a            g            pc1 (ipv4:10.0.0.1:1)                     SMB3_11\n"
    );
    assert_eq!(sessions(&text), [""; 0]);
}

#[test]
fn text_without_the_header_is_no_list() {
    for text in ["", "\n", "root:x:0:0:root:/root:/bin/bash\n", "Service      pid     Machine\n"] {
        assert_eq!(read(text.as_bytes()), Err(NoList::NoHeader), "{text:?}");
    }
}

#[test]
fn times_of_shares_are_read_only_where_they_are_certain() {
    let share = |rest: &str| {
        let text = format!("Service      pid     Machine\n{rest}\n");
        let shares = read_shares(text.as_bytes()).unwrap();
        shares.into_iter().map(|share| format!("{} {}", share.key, share.connected.to_rfc3339())).next()
    };
    for (line, expected) in [
        (
            "commun       10720   poste02       Wed Mar 17 14:05:04 2027 CET     -            -",
            Some("10720 2027-03-17T14:05:04+01:00"),
        ),
        (
            "commun       10720   poste02       Wed Jun 16 14:05:04 2027 CEST    -            -",
            Some("10720 2027-06-16T14:05:04+02:00"),
        ),
        (
            "commun       1:2049.3 pc salle 2   Wed Mar 17 14:05:04 2027 UTC     AES-128-CCM  partial(X)",
            Some("1:2049.3 2027-03-17T14:05:04+00:00"),
        ),
        // A service with spaces and digits; one without a Latin letter at byte 12.
        (
            "salle 2 etage 10720   poste02       Wed Mar 17 14:05:04 2027 -03     -            -",
            Some("10720 2027-03-17T14:05:04-03:00"),
        ),
        (
            "ééééééééééé 10720   poste02       Wed Mar 17 14:05:04 2027 +1030   -            -",
            Some("10720 2027-03-17T14:05:04+10:30"),
        ),
        ("commun       10720   poste02       Wed Mar 17 14:05:04 2027 IST     -            -", None),
        ("commun       10720   poste02       Wed Mar 17 02:05:04 PM 2027 CET  -            -", None),
        ("commun       10720   poste02       mer. mars 17 14:05:04 2027 CET   -            -", None),
        ("homes        3051   pc-pret-1     Tue Feb 14 10:02:11 2012", None),
        ("commun       10720   poste02       Wed Feb 30 14:05:04 2027 CET     -            -", None),
        ("commun       10720   poste02       Wed Mar 17 14:05:04 2027 +99     -            -", None),
        ("commun       10720   poste02       Wed Mar 17 14:05:04 2027 +é      -            -", None),
    ] {
        assert_eq!(share(line).as_deref(), expected, "{line}");
    }
}

#[test]
fn what_stands_where_in_nets_lines_is_found_from_the_right() {
    for (line, login) in [
        (r"1\user\group\pc1\ipv4:10.0.0.1:5", r"user"),
        (r"1\DOM\USER\group\pc1\ipv4:10.0.0.1:5", r"DOM\USER"),
        (r"1\user\DOM\group\pc1\ipv4:10.0.0.1:5", r"user"),
        (r"1\USER@REALM\DOM\group\pc1\ipv4:10.0.0.1:5", r"USER@REALM"),
        (r"1\DOM\user\DOM\group\pc1\ipv4:10.0.0.1:5", r"DOM\user"),
        (r"1\DOM\user\DOM\gr\oup\pc1\ipv4:10.0.0.1:5", r"DOM\user"),
    ] {
        let found = sessions(&format!("Ignoring unknown parameter\n{line}\n1\\cut\\short\n"));
        assert_eq!(found, [format!("{login}|pc1|ipv4:10.0.0.1:5|")], "{line}");
    }
}

#[test]
fn one_odd_session_in_json_costs_none_of_the_others() {
    let json = r#" {"sessions": {"1": 5, "2": null, "3": {"username": 7, "server_id": "x", "uid": {}, "hostname": []},
        "4": {"username": "a", "server_id": {"pid": 12}, "session_dialect": "", "creation_time": "yesterday"}},
        "timestamp": 5, "tcons": [{}, 1, {"connected_at": "2027-03-17T14:09:48+01:00"}], "new": {"key": [1]}}"#;
    let listing = read(json.as_bytes()).unwrap();
    assert_eq!(sessions(json), ["7|||", "a|||"]);
    assert_eq!(listing.sessions[1].pid, Some(12));
    assert_eq!(listing.sessions[1].key, "4");
    assert_eq!(listing.shares, []);
}

#[test]
fn json_without_a_list_says_what_it_is() {
    let no_sessions = |smb_conf| Err(NoList::NoSessions { smb_conf });
    assert_eq!(read(b"{}"), no_sessions(false));
    assert_eq!(read(br#"{"smb_conf": "/etc/samba/smb.conf", "sessions": null}"#), no_sessions(true));
    for bad in [
        "{",
        "{\"sessions\": 5}",
        "{\"sessions\": {}} x",
        "{\"sessions\": {\"1\": {\"username\": \"a",
        &"{\"sessions\":".repeat(10_000),
        &format!("{{\"sessions\":{}", "[".repeat(100_000)),
    ] {
        assert!(matches!(read(bad.as_bytes()), Err(NoList::BadJson(_))), "{bad:.40}");
    }
}

#[test]
fn a_login_that_is_not_utf_8_is_shown_as_far_as_it_goes() {
    let json = b"{\"sessions\": {\"1\": {\"username\": \"fran\xe7ois\"}}}";
    assert_eq!(read(json).unwrap().sessions[0].login, "fran\u{fffd}ois");
    let net = b"1\\fran\xe7ois\\g\\pc\xff\\10.0.0.1\n";
    assert_eq!(read(net).unwrap().sessions[0].login, "fran\u{fffd}ois");
}

#[test]
fn a_process_may_have_a_node_and_a_task() {
    for (token, expected) in [
        ("5", Some(5)),
        ("0:31002", Some(31002)),
        ("1:2049.3", Some(2049)),
        ("", None),
        (":5", None),
        ("5.", None),
        ("-5", None),
        ("99999999999999999999", None),
    ] {
        assert_eq!(process(token), expected, "{token:?}");
    }
}

static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/samba");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    let files = paths.iter().filter(|path| path.is_file());
    files.map(|path| fs::read(path).unwrap()).filter(|bytes| bytes.len() < 6000).collect()
});

fn swallow(bytes: &[u8]) {
    if let Ok(listing) = read(bytes) {
        let _ = normalise::connections(&listing, &Samba::default());
    }
    let _ = read_shares(bytes);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>, form in 0..3_usize) {
        let start = ["", SINCE_4_4, "{\"sessions\":"][form];
        swallow(&[start.as_bytes(), &bytes].concat());
    }

    /// Recorded outputs with bytes replaced, cut out and doubled.
    #[test]
    fn any_damage_is_survived(
        fixture: prop::sample::Index,
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, any::<u8>(), 0..3), 1..20),
    ) {
        let mut bytes = fixture.get(&FIXTURES).clone();
        for (at, length, byte, kind) in damages {
            let at = at.index(bytes.len() + 1);
            let end = bytes.len().min(at + length);
            let part = match kind {
                0 => vec![],
                1 => vec![byte; end - at],
                _ => bytes[at..end].repeat(2),
            };
            bytes.splice(at..end, part);
        }
        swallow(&bytes);
    }
}
