//! Tells a list of sessions from its many look-alikes.
//!
//! Owes its callers: no failure passes as "nobody is connected", as far as the output tells. (Samba that is not
//! running prints the same as Samba without users: whoever runs the program must ask further.)

use super::{
    failure::{Failure, Kind},
    forms::{self, Form, NoList},
    program::{End, MOST_OUTPUT, Run},
    session::Listing,
};

/// Exit code of `timeout(1)`, in which some wrap smbstatus.
const EXIT_OF_TIMEOUT: i32 = 124;

/// The list that a program printed, knowing all about its run.
///
/// # Errors
/// By the table of failures.
pub fn of_run(run: &Run) -> Result<Listing, Failure> {
    let command = &run.command;
    match run.end {
        End::TimedOut { after } => {
            return Err(Failure::new(
                Kind::Timeout,
                format!(
                    "{command} gave no answer within {} and was killed",
                    humantime::format_duration(after)
                ),
                "another process may hold a lock on Samba's session database; look for hanging smbd processes, or raise [samba] timeout",
            ));
        }
        End::TooMuch => {
            return Err(Failure::new(
                Kind::SmbstatusFailed,
                format!("{command} printed more than {} MiB and was killed", MOST_OUTPUT >> 20),
                "run it by hand to see what it prints",
            ));
        }
        End::Exit(_) | End::Signal => {}
    }
    let form = forms::sniff(&run.stdout);
    // Before 4.17 the messages stand on standard output, among the text.
    let said = |start: &str| {
        message(&run.stderr, start).or_else(|| {
            let listed = if form == Form::Json { &[][..] } else { &run.stdout[..] };
            message(listed, start)
        })
    };
    if let Some(line) = said("smbstatus only works as root")
        .or_else(|| said("Failed to initialize session_global: NT_STATUS_ACCESS_DENIED"))
    {
        return Err(Failure::new(
            Kind::NotRoot,
            format!("{command} was refused ({line})"),
            "run samba-snapshot as root, for example from /etc/cron.d",
        ));
    }
    let failed = |seen: String, advice: &str| Err(Failure::new(Kind::SmbstatusFailed, seen, advice));
    if let Some(line) = said("Can't load") {
        return failed(format!("{command} could not read Samba's configuration ({line})"), "run testparm");
    }
    if let Some(line) = said("PANIC") {
        return failed(format!("{command} crashed ({line})"), "run it by hand; an update of Samba may help");
    }
    if run.stdout.trim_ascii().is_empty() {
        if run.end == End::Exit(EXIT_OF_TIMEOUT) {
            return Err(Failure::new(
                Kind::Timeout,
                format!("{command} was killed by a time limit of its own"),
                "another process may hold a lock on Samba's session database; look for hanging smbd processes",
            ));
        }
        return failed(format!("{command} printed nothing{}", ending(run)), "run it by hand to see why");
    }
    if form == Form::Json
        && let Some(line) = said("json_add_")
    {
        return Err(Failure::new(
            Kind::JsonTruncated,
            format!("{command} left sessions out ({line})"),
            "a login that is not UTF-8 is connected; rename it in UTF-8",
        ));
    }
    let listing = forms::read(&run.stdout).map_err(|none| {
        let (kind, ending, advice) = match none {
            NoList::BadJson(_) => (Kind::BadJson, String::new(), "try again; if it stays, run it by hand"),
            NoList::NoSessions { .. } | NoList::NoHeader => {
                (Kind::SmbstatusFailed, ending(run), "run it by hand to see why")
            }
        };
        Failure::new(kind, format!("{command} printed {none}{ending}"), advice)
    })?;
    if run.end != End::Exit(0) {
        return failed(
            format!("{command} may have printed only a part{}", ending(run)),
            "run it by hand to see why",
        );
    }
    Ok(listing)
}

/// The list in `bytes`, taken elsewhere: how the program ended is not known. `name` says where they are from.
///
/// # Errors
/// By the table of failures, as far as an output alone shows them.
pub fn of_input(name: &str, bytes: Vec<u8>) -> Result<Listing, Failure> {
    let run = Run {
        command: format!("smbstatus, as recorded in {name},"),
        stdout: bytes,
        stderr: Vec::new(),
        end: End::Exit(0),
    };
    of_run(&run).map_err(|failure| match forms::read(&run.stdout) {
        Err(NoList::NoSessions { smb_conf: true }) => Failure::new(
            Kind::NotRoot,
            format!("{} printed JSON without \"sessions\"", run.command),
            "run it as root",
        ),
        _ => failure,
    })
}

/// Whether Samba said that it has no configuration: no other form of asking helps then.
pub(super) fn lacks_configuration(run: &Run) -> bool {
    message(&run.stderr, "Can't load").is_some()
}

/// The first line of `bytes` that begins with `start`, blanks aside, before the list of shares: their names are users'.
fn message(bytes: &[u8], start: &str) -> Option<String> {
    forms::lines(bytes)
        .take_while(|line| !forms::is_share_header(line))
        .map(<[u8]>::trim_ascii)
        .find(|line| line.starts_with(start.as_bytes()))
        .map(excerpt)
}

/// How the program ended, and the first thing it said about that, to be put behind a message.
fn ending(run: &Run) -> String {
    let end = match run.end {
        End::Exit(0) => String::new(),
        End::Exit(code) => format!(" and ended with exit code {code}"),
        _ => " and was killed by a signal".to_owned(),
    };
    let said = forms::lines(&run.stderr).map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    match said {
        Some(line) => format!("{end} ({})", excerpt(line)),
        None => end,
    }
}

/// A line that others wrote, fit for one of ours.
pub(super) fn excerpt(line: &[u8]) -> String {
    const LONGEST: usize = 160;
    let text = String::from_utf8_lossy(line.get(..LONGEST * 4).unwrap_or(line));
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    let mut shown: String = text.chars().take(LONGEST).map(plain).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"PID     Username     Group        Machine                                   Protocol Version  Encryption           Signing\n7       a            g            pc1 (ipv4:10.0.0.1:1)                     SMB3_11           -                    -\n";

    fn judged(stdout: &[u8], stderr: &str, end: End) -> Result<Listing, String> {
        of_run(&Run {
            command: "smbstatus".to_owned(),
            stdout: stdout.to_vec(),
            stderr: stderr.as_bytes().to_vec(),
            end,
        })
        .map_err(|failure| format!("{}: {failure}", failure.kind))
    }

    #[test]
    fn a_list_counts_only_from_a_program_that_ended_well() {
        assert_eq!(judged(TABLE, "Ignoring unknown parameter", End::Exit(0)).unwrap().sessions.len(), 1);
        for (stderr, end, failure) in [
            (
                "",
                End::Exit(1),
                "smbstatus_failed: smbstatus may have printed only a part and ended with exit code 1: run it by hand to see why",
            ),
            (
                "",
                End::Signal,
                "smbstatus_failed: smbstatus may have printed only a part and was killed by a signal: run it by hand to see why",
            ),
            (
                "\n  Can't load /etc/samba/smb.conf - run testparm to debug it\n",
                End::Exit(0),
                "smbstatus_failed: smbstatus could not read Samba's configuration (Can't load /etc/samba/smb.conf - run testparm to debug it): run testparm",
            ),
            (
                "PANIC: assert failed\u{1b}[31m",
                End::Exit(0),
                "smbstatus_failed: smbstatus crashed (PANIC: assert failed [31m): run it by hand; an update of Samba may help",
            ),
        ] {
            assert_eq!(judged(TABLE, stderr, end), Err(failure.to_owned()));
        }
    }

    #[test]
    fn a_message_among_the_text_counts_unless_a_user_wrote_it() {
        let refused = [TABLE, b"Failed to initialize session_global: NT_STATUS_ACCESS_DENIED\n"].concat();
        assert!(judged(&refused, "", End::Exit(0)).unwrap_err().starts_with("not_root: "));
        let share =
            [TABLE, b"Service      pid     Machine\nPANIC        7       pc1\nCan't load   7       pc1\n"]
                .concat();
        assert_eq!(judged(&share, "", End::Exit(0)).unwrap().sessions.len(), 1);
    }

    #[test]
    fn a_recorded_output_is_named_by_where_it_is_from() {
        let failure = of_input("/tmp/x", b"hello\n".to_vec()).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "smbstatus, as recorded in /tmp/x, printed neither JSON nor a table of sessions: run it by hand to see why"
        );
        let failure = of_input("/tmp/x", b"{\"smb_conf\": \"/etc/samba/smb.conf\"}".to_vec()).unwrap_err();
        assert_eq!(failure.kind, Kind::NotRoot);
        assert_eq!(
            failure.to_string(),
            "smbstatus, as recorded in /tmp/x, printed JSON without \"sessions\": run it as root"
        );
        assert_eq!(of_input("x", b"{}".to_vec()).unwrap_err().kind, Kind::SmbstatusFailed);
        assert_eq!(of_input("x", b" \n".to_vec()).unwrap_err().kind, Kind::SmbstatusFailed);
    }

    #[test]
    fn a_long_message_is_cut() {
        let failure = judged(b"", &"é".repeat(100_000), End::Exit(0)).unwrap_err();
        assert_eq!(
            failure,
            format!(
                "smbstatus_failed: smbstatus printed nothing ({}…): run it by hand to see why",
                "é".repeat(160)
            )
        );
    }
}
