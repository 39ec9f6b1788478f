//! The file for `/etc/cron.d`.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use crate::{
    command::commands,
    examples::assert_calls,
    read,
    support::{MariaDb, Tool},
};

/// A line that cron runs.
struct Job {
    /// Minute, hour, day of the month, month, day of the week.
    times: Vec<String>,
    user: String,
    /// What the shell is given.
    command: String,
}

/// The environment that the file sets at its top, and its jobs.
fn file() -> (Vec<(String, String)>, Vec<Job>) {
    let text = read("cron.d/sessionstat");
    let mut environment = Vec::new();
    let mut jobs = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once('=') {
            Some((name, value)) if name.chars().all(|character| character.is_ascii_uppercase()) => {
                environment.push((name.to_owned(), value.to_owned()));
            }
            _ => jobs.push(job(line)),
        }
    }
    (environment, jobs)
}

/// The jobs that the file offers: without the `#` before them, cron would run them.
fn offered() -> Vec<Job> {
    let text = read("cron.d/sessionstat");
    let lines = text.lines().filter_map(|line| line.strip_prefix('#'));
    lines
        .filter(|line| line.starts_with(|first: char| first == '*' || first.is_ascii_digit()))
        .map(job)
        .collect()
}

fn job(line: &str) -> Job {
    let mut rest = line;
    let mut field = || {
        let (field, more) = rest.trim_start().split_once([' ', '\t']).unwrap_or_else(|| panic!("{line}"));
        rest = more;
        field.to_owned()
    };
    let times = (0..5).map(|_| field()).collect();
    let user = field();
    // A bare % would end the command: what follows it is its input.
    let given = rest.trim_start();
    assert!(!given.replace("\\%", "").contains('%'), "a bare % in: {line}");
    Job { times, user, command: given.replace("\\%", "%") }
}

/// Runs a job as cron does, with these commands installed, and with the file's environment but for the PATH.
fn shell(job: &Job, installed: &[&str]) -> Tool {
    let mut tool = Tool::program("/bin/sh").no_config().args(["-c", &job.command]);
    for (name, value) in file().0 {
        tool = tool.env(&name, value);
    }
    let folder = tool.home().join("bin");
    fs::create_dir(&folder).unwrap();
    let built = std::env::current_exe().unwrap();
    let built = built.parent().and_then(Path::parent).unwrap();
    for command in installed {
        symlink(built.join(command), folder.join(command)).unwrap();
    }
    tool.env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
}

/// Whether a field holds numbers, ranges and steps within these bounds.
fn is_field(text: &str, least: u8, most: u8) -> bool {
    let in_bounds = |text: &str| text.parse::<u8>().is_ok_and(|number| (least..=most).contains(&number));
    text.split(',').all(|part| {
        let (span, step) = part.split_once('/').unwrap_or((part, "1"));
        let spans = match span.split_once('-') {
            _ if span == "*" => true,
            Some((first, last)) => in_bounds(first) && in_bounds(last),
            None => in_bounds(span),
        };
        spans && step.parse::<u8>().is_ok_and(|step| step > 0)
    })
}

#[test]
fn cron_takes_the_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cron.d");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let allowed = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
        assert!(name.chars().all(allowed), "cron passes over a file named {name}");
    }
    let text = read("cron.d/sessionstat");
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
    let (environment, jobs) = file();
    let names: Vec<&str> = environment.iter().map(|(name, _)| name.as_str()).collect();
    assert!(["SHELL", "PATH", "MAILTO"].iter().all(|name| names.contains(name)), "{names:?}");
    for job in jobs.iter().chain(&offered()) {
        let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
        for (field, (least, most)) in job.times.iter().zip(bounds) {
            assert!(is_field(field, least, most), "{field} in the line of: {}", job.command);
        }
        // Only root sees Samba's sessions; nothing else needs it.
        let expected = if job.command.contains("samba-snapshot") { "root" } else { "sessionstat" };
        assert_eq!(job.user, expected, "{}", job.command);
    }
}

#[test]
fn every_command_is_run_in_the_rhythm_that_the_defaults_expect() {
    let (_, jobs) = file();
    let times = |command: &str| -> Vec<String> {
        let of = jobs
            .iter()
            .filter(|job| job.command.ends_with(command) || job.command.contains(&format!("; {command} ")));
        of.map(|job| job.times.join(" ")).collect()
    };
    let minutes = sessionstat::config::Config::default().epn.snapshot_minutes;
    assert_eq!(times("samba-snapshot"), [format!("*/{minutes} 9-20 * * 2-6")]);
    assert_eq!(times("epn-ingest"), ["*/10 9-20 * * 2-6", "10 21 * * 2-6"]);
    // Slots end at each quarter of an hour, all day long.
    assert_eq!(times("session-aggregate"), ["2,17,32,47 * * * *"]);
    assert_eq!(times("stats-report"), ["0 8 * * 1"]);
}

#[test]
fn the_commands_of_the_file_exist_and_take_their_arguments() {
    let (_, jobs) = file();
    let lines: Vec<&str> = jobs.iter().map(|job| job.command.as_str()).collect();
    assert_calls("cron.d/sessionstat", &lines);
    let offered = offered();
    let more: Vec<&str> = offered.iter().map(|job| job.command.as_str()).collect();
    assert_calls("cron.d/sessionstat, offered", &more);
    let text = read("cron.d/sessionstat");
    for command in commands() {
        let elsewhere = text.contains(&format!("\n# {command} is not run by cron"));
        let runs = lines.iter().any(|line| line.contains(&command));
        assert!(runs != elsewhere, "{command} is neither run nor said to be run elsewhere, or both");
    }
}

#[test]
fn without_the_commands_nothing_happens_and_nothing_is_mailed() {
    for job in file().1.into_iter().chain(offered()) {
        shell(&job, &[]).run().silent();
    }
}

#[test]
fn the_weekly_line_mails_a_report_and_the_others_nothing() {
    let database = MariaDb::shared().database();
    Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
    for job in file().1 {
        if job.command.contains("samba-snapshot") {
            continue; // There is no Samba here.
        }
        let tool = shell(&job, &["epn-ingest", "session-aggregate", "stats-report"]).url(&database);
        let file = config(&tool);
        let run = tool.env("SESSIONSTAT_CONFIG", file).run();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
        let reports = job.command.contains("stats-report");
        assert_eq!(
            run.stdout.contains("OVERVIEW") && run.stdout.contains("PUBLIC SPACE"),
            reports,
            "{run:?}"
        );
    }
}

/// Systemd's timers and cron never run a command both, and never leave it out both.
#[test]
fn a_line_stands_aside_while_the_timer_of_its_command_is_active() {
    let database = MariaDb::shared().database();
    Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
    let weekly = file().1.into_iter().find(|job| job.command.contains("stats-report")).unwrap();
    // What systemctl says, and whether the line then runs its command.
    for (answer, runs) in [
        ("echo active", false),
        ("echo inactive; exit 3", true),
        ("echo failed; exit 3", true),
        // A container, a chroot, a system with another init, a bus that is away.
        ("echo 'not been booted with systemd' >&2; exit 1", true),
        ("echo 'Running in chroot, ignoring command' >&2; exit 0", true),
    ] {
        let tool = shell(&weekly, &["stats-report"]).url(&database);
        let systemctl = tool.home().join("bin/systemctl");
        let asked = tool.home().join("asked");
        fs::write(&systemctl, format!("#!/bin/sh\necho \"$*\" >>'{}'\n{answer}\n", asked.display())).unwrap();
        fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
        let run = tool.run();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{answer}: {run:?}");
        assert_eq!(run.stdout.contains("OVERVIEW"), runs, "{answer}: {run:?}");
        assert_eq!(fs::read_to_string(asked).unwrap(), "is-active sessionstat-stats-report.timer\n");
    }
}

/// A configuration with the folders of the host that `tool` is.
fn config(tool: &Tool) -> std::path::PathBuf {
    let file = tool.home().join("sessionstat.toml");
    fs::write(&file, format!("lock_dir = \"{}\"\n", tool.home().join("lock").display())).unwrap();
    file
}
