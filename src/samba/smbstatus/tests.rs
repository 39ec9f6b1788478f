//! Programs that fail, hang and lie, made of shell scripts.

use std::{
    fs::{self, File},
    io::Read,
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use super::*;
use crate::samba::normalise;

const EMPTY: &str = r#"echo '{"smb_conf": "/etc/samba/smb.conf", "sessions": {}}'"#;
const ONE: &str = r#"echo '{"sessions": {"1": {"session_id": "1", "username": "adupont", "hostname": "ipv4:10.0.0.1:5"}}}'"#;
const TABLE: &str = "echo 'PID     Username     Group        Machine                                   Protocol Version  Encryption           Signing'
    echo '7       bmartin      g            pc1 (ipv4:10.0.0.1:1)                     SMB3_11           -                    -'";

/// A folder with Samba's programs in it.
struct Samba {
    folder: TempDir,
    settings: super::Samba,
}

impl Samba {
    /// smbstatus is `script`, in which `$*` are the arguments.
    fn with(script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let samba = Self {
            settings: super::Samba {
                smbstatus: folder.path().join("smbstatus"),
                smbcontrol: folder.path().join("elsewhere/smbcontrol"),
                net: folder.path().join("elsewhere/net"),
                ..super::Samba::default()
            },
            folder,
        };
        samba.and("smbstatus", script)
    }

    fn and(self, name: &str, script: &str) -> Self {
        let source = self.folder.path().join("source");
        let calls = self.folder.path().join("calls");
        let call = format!("echo \"{name} $*\" >> {}", calls.display());
        fs::write(&source, format!("#!/bin/sh\n{call}\n{script}\n")).unwrap();
        // Written by another process: one that this process has open for writing, a child of another test may hold
        // open for a moment more, and then it cannot be run.
        let program = self.folder.path().join(name);
        let installed = Command::new("install").arg("-m755").args([&source, &program]).status();
        assert!(installed.unwrap().success());
        self
    }

    fn within(mut self, limit: Duration) -> Self {
        self.settings.timeout = limit;
        self
    }

    /// The logins, or the failure with its folder left out.
    fn collect(&self) -> Result<Vec<String>, String> {
        let folder = format!("{}/", self.folder.path().display());
        collect(&self.settings)
            .map(|listing| listing.sessions.into_iter().map(|session| session.login).collect())
            .map_err(|failure| format!("{}: {failure}", failure.kind).replace(&folder, ""))
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

fn failure(text: &str) -> Result<Vec<String>, String> {
    Err(text.to_owned())
}

fn logins(logins: &[&str]) -> Result<Vec<String>, String> {
    Ok(logins.iter().map(|&login| login.to_owned()).collect())
}

#[test]
fn a_missing_program_is_named() {
    let samba = Samba::with("");
    fs::remove_file(&samba.settings.smbstatus).unwrap();
    assert_eq!(
        samba.collect(),
        failure(
            "smbstatus_failed: cannot run smbstatus (No such file or directory (os error 2)): install samba, or set [samba] smbstatus to where it is"
        )
    );
}

#[test]
fn a_program_that_fails_is_quoted() {
    let samba = Samba::with("echo >&2; echo 'no\tmemory' >&2; exit 3");
    assert_eq!(
        samba.collect(),
        failure(
            "smbstatus_failed: smbstatus -p --json printed nothing and ended with exit code 3 (no memory): run it by hand to see why"
        )
    );
    assert_eq!(samba.calls(), ["smbstatus -p --json"]);
}

#[test]
fn not_root_is_told_from_its_message() {
    for script in [
        r#"echo '{"smb_conf": "/etc/samba/smb.conf"}'; echo 'smbstatus only works as root!' >&2; exit 1"#,
        "echo 'smbstatus only works as root!'; exit 1",
    ] {
        let samba = Samba::with(script);
        assert_eq!(
            samba.collect(),
            failure(
                "not_root: smbstatus -p --json was refused (smbstatus only works as root!): run samba-snapshot as root, for example from /etc/cron.d"
            )
        );
        assert_eq!(samba.calls(), ["smbstatus -p --json"]);
    }
}

#[test]
fn a_program_that_hangs_is_killed_with_its_children() {
    let samba = Samba::with("").within(Duration::from_secs(2));
    let pipe = samba.folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let samba = samba.and("smbstatus", &format!("sleep 600 >{} & wait", pipe.display()));
    // Ends only when nobody has the other end open any more.
    let child_is_gone = std::thread::spawn(move || File::open(pipe).unwrap().read_to_end(&mut Vec::new()));
    assert_eq!(
        samba.collect(),
        failure(
            "timeout: smbstatus -p --json gave no answer within 2s and was killed: another process may hold a lock on Samba's session database; look for hanging smbd processes, or raise [samba] timeout"
        )
    );
    child_is_gone.join().unwrap().unwrap();
    assert_eq!(samba.calls(), ["smbstatus -p --json"]);
}

#[test]
fn a_program_that_closes_its_output_and_stays_is_killed() {
    let samba = Samba::with(&format!("{ONE}; exec >&- 2>&-; sleep 600")).within(Duration::from_millis(300));
    assert!(samba.collect().unwrap_err().starts_with("timeout: "));
}

#[test]
fn garbage_is_no_list() {
    let samba = Samba::with("head -c 5000 /dev/zero | tr '\\0' '\\377'");
    assert_eq!(
        samba.collect(),
        failure(
            "smbstatus_failed: smbstatus -p --json printed neither JSON nor a table of sessions: run it by hand to see why"
        )
    );
}

#[test]
fn half_a_json_is_no_list() {
    let samba = Samba::with(r#"printf '{"sessions": {"1": {"username": "adu'"#);
    assert_eq!(
        samba.collect(),
        failure(
            "bad_json: smbstatus -p --json printed JSON that cannot be read (EOF while parsing a string at line 1 column 36): try again; if it stays, run it by hand"
        )
    );
}

#[test]
fn a_flood_is_cut_off() {
    let samba = Samba::with("head -c 100000000 /dev/zero; sleep 600");
    assert_eq!(
        samba.collect(),
        failure(
            "smbstatus_failed: smbstatus -p --json printed more than 64 MiB and was killed: run it by hand to see what it prints"
        )
    );
}

#[test]
fn many_messages_do_not_block_the_list() {
    let samba = Samba::with(&format!("head -c 1000000 /dev/zero >&2; {ONE}; head -c 1000000 /dev/zero >&2"));
    assert_eq!(samba.collect(), logins(&["adupont"]));
}

#[test]
fn it_runs_in_utc_in_english_and_reads_nothing() {
    let samba = Samba::with(
        r#"read line; echo "{\"sessions\": {\"1\": {\"username\": \"$line|$TZ|$LC_ALL\", \"creation_time\": \"2027-03-17T13:00:00+00:00\"}}}""#,
    );
    assert_eq!(samba.collect(), logins(&["|UTC|C"]));
    assert_eq!(samba.calls(), ["smbstatus -p --json"]);
}

#[test]
fn sessions_without_a_time_get_that_of_their_shares() {
    let samba = Samba::with(&format!(
        r#"case $1 in
        -p) {ONE};;
        -S) echo '{{"tcons": {{"4": {{"session_id": "1", "connected_at": "2027-03-17T13:09:48.9+00:00"}}}}}}';;
        esac"#
    ));
    let listing = collect(&samba.settings).unwrap();
    let row = normalise::connections(&listing, &samba.settings).remove(0);
    assert_eq!(row.connected, Some("2027-03-17T13:09:48Z".parse().unwrap()));
    assert_eq!(samba.calls(), ["smbstatus -p --json", "smbstatus -S --json"]);
}

#[test]
fn shares_that_cannot_be_listed_cost_only_the_time() {
    let samba = Samba::with(&format!("case $1 in -p) {ONE};; -S) echo '{{'; exit 1;; esac"));
    assert_eq!(samba.collect(), logins(&["adupont"]));
}

#[test]
fn text_before_4_16_is_read_as_it_comes() {
    let samba = Samba::with(TABLE);
    assert_eq!(samba.collect(), logins(&["bmartin"]));
    assert_eq!(samba.calls(), ["smbstatus -p --json", "smbstatus -S --json"]);
}

#[test]
fn where_json_is_not_to_be_had_text_is() {
    for no_json in [
        "echo 'JSON support not compiled in' >&2",
        "echo '{}'",
        r#"echo '{"sessions": {}}'; echo 'json_add_string: Unable to add string [username]' >&2"#,
    ] {
        let samba = Samba::with(&format!("case $2 in --json) {no_json};; *) {TABLE};; esac"));
        assert_eq!(samba.collect(), logins(&["bmartin"]), "{no_json}");
        assert_eq!(samba.calls(), ["smbstatus -p --json", "smbstatus -p", "smbstatus -S"]);
    }
}

#[test]
fn where_text_is_not_to_be_had_either_net_is() {
    let samba = Samba::with("").and("net", r"printf '%s\n' '7\cgarcia\g\pc1\ipv4:10.0.0.1:1'");
    assert_eq!(samba.collect(), logins(&["cgarcia"]));
    assert_eq!(samba.calls(), ["smbstatus -p --json", "smbstatus -p", "net status sessions parseable"]);
    // Net prints nothing where nobody is connected: then too, smbd must answer.
    let samba = Samba::with("").and("net", "").and("smbcontrol", "echo PONG from pid 7");
    assert_eq!(samba.collect(), logins(&[]));
}

#[test]
fn where_nothing_is_to_be_had_the_first_failure_tells_why() {
    let truncated = r#"echo '{"sessions": {}}'; echo 'json_add_string: Unable to add string [username]' >&2"#;
    let samba = Samba::with(&format!("case $2 in --json) {truncated};; esac")).and("net", "exit 1");
    assert_eq!(
        samba.collect(),
        failure(
            "json_truncated: smbstatus -p --json left sessions out (json_add_string: Unable to add string [username]): a login that is not UTF-8 is connected; rename it in UTF-8"
        )
    );
}

#[test]
fn a_missing_configuration_is_no_empty_list() {
    let samba = Samba::with(&format!(
        "{EMPTY}; echo \"Can't load /etc/samba/smb.conf - run testparm to debug it\" >&2"
    ))
    .and("smbcontrol", "echo PONG from pid 7");
    assert_eq!(
        samba.collect(),
        failure(
            "smbstatus_failed: smbstatus -p --json could not read Samba's configuration (Can't load /etc/samba/smb.conf - run testparm to debug it): run testparm"
        )
    );
    assert_eq!(samba.calls(), ["smbstatus -p --json"]);
}

#[test]
fn an_empty_list_is_believed_from_an_smbd_that_answers() {
    let samba = Samba::with(EMPTY).and("smbcontrol", "echo PONG from pid 7");
    assert_eq!(samba.collect(), logins(&[]));
    assert_eq!(samba.calls(), ["smbstatus -p --json", "smbcontrol smbd ping"]);
}

#[test]
fn an_empty_list_is_not_believed_from_an_smbd_that_is_silent() {
    for (script, said) in [
        (
            "echo \"Can't find pid for destination 'smbd'\" >&2; exit 1",
            "Can't find pid for destination 'smbd'",
        ),
        ("echo PONG from pid 7; exit 1", "PONG from pid 7"),
        ("", "no word from it"),
        ("sleep 600", "no word from it"),
    ] {
        let samba = Samba::with(EMPTY).and("smbcontrol", script).within(Duration::from_secs(2));
        assert_eq!(
            samba.collect(),
            failure(&format!(
                "smbstatus_failed: smbd does not answer: smbcontrol smbd ping: {said}: an empty list is not believed; start smbd, or see why it hangs"
            ))
        );
    }
}

#[test]
fn an_empty_list_is_believed_where_there_is_nobody_to_ask() {
    assert_eq!(Samba::with(EMPTY).collect(), logins(&[]));
}

#[test]
fn a_list_of_somebody_needs_no_proof() {
    let samba = Samba::with(TABLE).and("smbcontrol", "exit 1");
    assert_eq!(samba.collect(), logins(&["bmartin"]));
}

#[test]
fn programs_of_the_same_folder_belong_together() {
    let samba = Samba::with(EMPTY).and("control", "echo PONG");
    let folder = samba.folder.path();
    let configured = super::Samba { smbcontrol: folder.join("control"), ..samba.settings.clone() };
    assert!(collect(&configured).is_ok());
    assert_eq!(beside(&folder.join("smbstatus"), "control"), Some(folder.join("control")));
    assert_eq!(beside(&folder.join("smbstatus"), "net"), None);
    assert_eq!(beside(Path::new("smbstatus"), "Cargo.toml"), None);
}
