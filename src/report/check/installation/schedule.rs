//! What runs the commands: cron's file, systemd's timers, or nothing.

use std::{collections::BTreeSet, fs, process::Command, time::Duration};

use super::{
    finding::Finding,
    host::{Access, Host, Kind},
};
use crate::{
    program::{self, End},
    report::check::rule::State,
};

const SUBJECT: &str = "schedule";
const FOLDER: &str = "etc/cron.d";
const FILE: &str = "/etc/cron.d/sessionstat";
/// The configuration, and as a package brings it. Lines of cron that compare both do nothing while they are the same.
const CONFIGURATION: [&str; 2] =
    ["etc/sessionstat/sessionstat.toml", "usr/share/sessionstat/sessionstat.toml"];
/// The commands that are run so. A report by mail need not be.
const COLLECTORS: [&str; 3] = ["samba-snapshot", "epn-ingest", "session-aggregate"];
const REPORT: &str = "stats-report";
/// Where commands are installed.
const PLACES: [&str; 4] = ["usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin"];
const DAEMONS: [&str; 2] = ["cron", "crond"];
/// For systemd's answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The file of cron.
    cron: Option<Cron>,
    /// Files that look like ours, but whose names cron does not take.
    passed_over: Vec<String>,
    /// Whether cron runs.
    has_daemon: bool,
    /// None: this host has no systemd, or it does not answer.
    timers: Option<Vec<Timer>>,
    /// The commands that are installed here.
    installed: Vec<&'static str>,
}

#[derive(Clone, Debug)]
struct Cron {
    access: Access,
    /// None: this user cannot read it.
    lines: Option<Lines>,
    /// Whether its lines do nothing, because nobody has changed the configuration yet.
    is_idle: bool,
}

/// What cron would run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lines {
    commands: BTreeSet<&'static str>,
    /// Users whom this host does not know.
    strangers: BTreeSet<String>,
    /// Whether the lines do nothing while a timer is active.
    give_way: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Timer {
    command: &'static str,
    is_active: bool,
    is_enabled: bool,
}

/// Looks at the files, and asks systemd where it is the first process.
pub fn look(host: &Host) -> Seen {
    let names = fs::read_dir(host.file(FOLDER)).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let passed_over = names.filter(|name| name.starts_with("sessionstat") && !is_taken(name)).collect();
    let path = host.file(FOLDER).join("sessionstat");
    let cron = Access::of(&path).ok().flatten().map(|access| {
        let text = fs::read_to_string(&path).ok();
        let known: Vec<String> = host.accounts().into_iter().map(|account| account.name).collect();
        let is_idle = text.as_deref().is_some_and(|text| is_idle(text, host));
        Cron { access, lines: text.map(|text| lines(&text, &known)), is_idle }
    });
    // systemd-cron makes timers of cron's files, and has no daemon.
    let generated = fs::read_dir(host.file("run/systemd/generator")).into_iter().flatten().flatten();
    let is_generated = generated
        .into_iter()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("cron-sessionstat"));
    let is_installed = |command: &&str| PLACES.iter().any(|place| host.file(place).join(command).is_file());
    Seen {
        cron,
        passed_over,
        has_daemon: is_generated || host.runs(&DAEMONS),
        timers: host.file("run/systemd/system").is_dir().then(ask_systemd).flatten(),
        installed: COLLECTORS.into_iter().filter(is_installed).collect(),
    }
}

/// Whether cron takes a file of this name.
fn is_taken(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn is_idle(text: &str, host: &Host) -> bool {
    let compares = CONFIGURATION.iter().all(|file| text.contains(&format!(" /{file}")));
    let read = |file: &str| fs::read(host.file(file)).ok();
    let [own, packaged] = CONFIGURATION;
    compares && read(own).is_some_and(|own| Some(own) == read(packaged))
}

/// What the text of a file says, on a host that knows these users.
fn lines(text: &str, known: &[String]) -> Lines {
    let mut lines = Lines { give_way: text.contains("is-active"), ..Lines::default() };
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let is_job = line.starts_with(|first: char| first.is_ascii_digit() || "*@".contains(first));
        let mut fields = line.split_whitespace();
        let times = if line.starts_with('@') { 1 } else { 5 };
        let Some(user) = fields.nth(times).filter(|_| is_job) else { continue };
        let words: Vec<&str> = fields.collect();
        let is_run = |command: &&str| {
            words
                .iter()
                .any(|word| word.rsplit('/').next().unwrap_or_default().trim_end_matches(';') == *command)
        };
        let before = lines.commands.len();
        lines.commands.extend(COLLECTORS.into_iter().chain([REPORT]).filter(is_run));
        if lines.commands.len() > before && !known.is_empty() && !known.iter().any(|name| name == user) {
            lines.strangers.insert(user.to_owned());
        }
    }
    lines
}

fn ask_systemd() -> Option<Vec<Timer>> {
    let mut command = Command::new("systemctl");
    command.args(["show", "--property=Id", "--property=ActiveState", "--property=UnitFileState"]);
    command.args(COLLECTORS.into_iter().chain([REPORT]).map(|name| format!("sessionstat-{name}.timer")));
    let run = program::run(command, PATIENCE).ok()?;
    (run.end == End::Exit(0)).then(|| timers(&String::from_utf8_lossy(&run.stdout)))
}

/// The timers of our commands in what `systemctl show` prints.
fn timers(text: &str) -> Vec<Timer> {
    let of_unit = |unit: &str| {
        let value = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let id = value("Id")?;
        let command = COLLECTORS.into_iter().chain([REPORT]).find(|command| {
            id.strip_prefix("sessionstat-").is_some_and(|id| id == format!("{command}.timer"))
        })?;
        Some(Timer {
            command,
            is_active: value("ActiveState") == Some("active"),
            is_enabled: value("UnitFileState").is_some_and(|state| state.starts_with("enabled")),
        })
    };
    text.split("\n\n").filter_map(of_unit).collect()
}

/// What that means.
pub fn findings(seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut warn = |found: String, cure: String| {
        findings.push(Finding::bad(State::Warning, SUBJECT, found, cure));
    };
    let timers = seen.timers.as_deref().unwrap_or_default();
    let active: BTreeSet<&str> =
        timers.iter().filter(|timer| timer.is_active).map(|timer| timer.command).collect();
    let lines = seen.cron.as_ref().and_then(|cron| cron.lines.clone()).unwrap_or_default();
    for name in &seen.passed_over {
        let found = format!("cron passes over /{FOLDER}/{name}: a name there has no dot and no other mark");
        warn(found, format!("rename it to {FILE}, or remove it"));
    }
    if let Some(Cron { access, lines: read, is_idle }) = &seen.cron {
        if access.owner != 0 {
            let found = format!("{FILE} does not belong to root: cron passes over it");
            warn(found, format!("chown root: {FILE}"));
        }
        if access.is_open() {
            let found = format!("{FILE} can be written by others than root: cron passes over it");
            warn(found, format!("chmod 644 {FILE}"));
        }
        if access.kind != Kind::File {
            warn(
                format!("{FILE} is no file: cron passes over it"),
                format!("copy cron.d/sessionstat to {FILE}"),
            );
        } else if read.is_none() {
            warn(format!("{FILE} cannot be read by this user"), format!("chmod 644 {FILE}"));
        }
        if *is_idle {
            let [own, _] = CONFIGURATION;
            let found = format!("the lines of {FILE} do nothing while /{own} is as the package brought it");
            warn(found, "change it: another comment will do".to_owned());
        }
        if !seen.has_daemon && !lines.commands.is_subset(&active) {
            let cure = "start it (systemctl enable --now cron), or use the timers instead";
            warn("no cron daemon runs".to_owned(), cure.to_owned());
        }
    }
    for user in &lines.strangers {
        let found = format!("there is no user {user}: cron does not run the lines of {FILE} that name it");
        let cure = format!("adduser --system --group --no-create-home --home /nonexistent {user}");
        warn(found, cure);
    }
    if !lines.give_way {
        for command in lines.commands.intersection(&active) {
            let found = format!("{command} is run by cron and by a timer");
            let stop = format!("systemctl disable --now sessionstat-{command}.timer");
            warn(found, format!("put a # before its line in {FILE}, or: {stop}"));
        }
    }
    for Timer { command, .. } in timers.iter().filter(|timer| timer.is_active && !timer.is_enabled) {
        let found =
            format!("sessionstat-{command}.timer will not be there after the next start of this host");
        warn(found, format!("systemctl enable sessionstat-{command}.timer"));
    }
    let is_run = |command: &str| lines.commands.contains(command) || active.contains(command);
    let is_unread = seen.cron.as_ref().is_some_and(|cron| cron.lines.is_none());
    if !is_unread && !seen.installed.is_empty() && !COLLECTORS.into_iter().any(is_run) {
        let found = format!("nothing runs {}: no line of {FILE}, no timer", seen.installed.join(", "));
        let cure = "install -m 644 cron.d/sessionstat /etc/cron.d/, or: systemctl enable --now sessionstat-COMMAND.timer";
        warn(found, cure.to_owned());
    }
    if findings.is_empty() {
        findings.push(Finding::ok(SUBJECT, well(&lines.commands, &active)));
    }
    findings
}

fn well(by_cron: &BTreeSet<&str>, by_timers: &BTreeSet<&str>) -> String {
    let all = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
    match (by_cron.is_empty(), by_timers.is_empty()) {
        (true, true) => "no command that runs by itself is installed here".to_owned(),
        (false, true) => format!("cron runs {}", all(by_cron)),
        (true, false) => format!("timers run {}", all(by_timers)),
        (false, false) => {
            format!("timers run {}; cron runs the others of {}", all(by_timers), all(by_cron))
        }
    }
}

#[cfg(test)]
mod tests;
