//! What holds for every run of every command, whatever befell it.

use std::{sync::LazyLock, time::Duration};

use crate::{case::Run, fault::Fault, strike::End, support::accounts::PASSWORD};

/// The longest that a run may take whose limits are a second or two, on a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(20);

/// Words that belong to the program and not to who reads its messages.
const FOREIGN: [&str; 9] =
    ["panicked", "RUST_BACKTRACE", "unwrap", "Some(", "Err(", "Error {", "IoError", "Kind(", "src/"];

/// What is wrong with the end of a run of `command`.
pub fn of_run(command: &str, run: &Run, end: &End) -> Vec<String> {
    let mut wrong = Vec::new();
    let output = &end.output;
    if end.took > LIMIT {
        wrong.push(format!("took {:?}", end.took));
    }
    if !end.was_killed && !documented(command).contains(&output.status) {
        wrong.push(format!("status {} is not in {command}'s EXIT STATUS", output.status));
    }
    if end.was_killed && !may_be_killed(run.fault) {
        wrong.push(format!("ended by a signal ({}) that nobody sent", output.status));
    }
    for text in [&output.stdout, &output.stderr] {
        if text.contains(PASSWORD) {
            wrong.push("tells the password".to_owned());
        }
    }
    wrong.extend(of_messages(command, run, end));
    if !wrong.is_empty() {
        wrong.push(format!("{output:?}"));
    }
    wrong
}

fn may_be_killed(fault: Fault) -> bool {
    matches!(fault, Fault::Signal { .. } | Fault::SignalAfter { .. } | Fault::SystemCall { error: None, .. })
}

/// A failure is one line: which command, what failed, on what, why. Warnings may stand before it.
fn of_messages(command: &str, run: &Run, end: &End) -> Vec<String> {
    let mut wrong = Vec::new();
    let own = format!("{command}: ");
    let lines: Vec<&str> = end.output.stderr.lines().collect();
    for line in &lines {
        if !line.starts_with(&own) {
            wrong.push(format!("not a message of {command}: {line}"));
        }
        if let Some(word) = FOREIGN.iter().find(|word| line.contains(*word)) {
            wrong.push(format!("{word:?} in a message: {line}"));
        }
    }
    // On what, and what to do: the server by its address, and something to look at.
    for line in lines.iter().filter(|_| end.output.status == 69) {
        let is_told_where = ["/socket", "127.0.0.1:", "/smbstatus"].iter().any(|place| line.contains(place));
        let is_told_what_to_do = line.contains("; ") || line.contains("([mysql] ");
        if !is_told_where || !is_told_what_to_do {
            wrong.push(format!("not told which server, or what to do: {line}"));
        }
    }
    let failures: Vec<_> = lines.iter().filter(|line| !line.contains(": warning: ")).collect();
    // A message that cannot be written is lost.
    let may_be_mute = matches!(run.fault, Fault::SystemCall { .. });
    match (end.output.status, failures.len()) {
        _ if end.was_killed || may_be_mute => {}
        // What ratelimit-check and macrosession-compile mean by "no" needs no word; a refusal is no failure.
        (0 | 1, 0) => {}
        (0, _) if command == "ratelimit-check" => {}
        (0, count) => wrong.push(format!("{count} failures told, and status 0")),
        (_, 0) => wrong.push("failed without a word".to_owned()),
        (_, 1) => {}
        // Each page or question that failed has a line of its own.
        _ if ["macrosession-compile", "ratelimit-check"].contains(&command) => {}
        (_, count) => wrong.push(format!("{count} lines for one failure")),
    }
    wrong
}

/// The statuses that the manual page of a command knows.
fn documented(command: &str) -> Vec<i32> {
    static PAGES: LazyLock<[(&str, Vec<i32>); 6]> = LazyLock::new(|| {
        [
            ("samba-snapshot", include_str!("../../man/samba-snapshot.8")),
            ("epn-ingest", include_str!("../../man/epn-ingest.8")),
            ("session-aggregate", include_str!("../../man/session-aggregate.8")),
            ("ratelimit-check", include_str!("../../man/ratelimit-check.1")),
            ("stats-report", include_str!("../../man/stats-report.1")),
            ("macrosession-compile", include_str!("../../man/macrosession-compile.8")),
        ]
        .map(|(command, page)| (command, statuses(page)))
    });
    PAGES.iter().find(|(name, _)| *name == command).map(|(_, known)| known.clone()).unwrap_or_default()
}

fn statuses(page: &str) -> Vec<i32> {
    let lines = page.lines().skip_while(|line| *line != ".SH EXIT STATUS").skip(1);
    let section = lines.take_while(|line| !line.starts_with(".SH "));
    section.filter_map(|line| line.strip_prefix(".B ")?.parse().ok()).collect()
}
