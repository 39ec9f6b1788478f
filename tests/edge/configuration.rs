//! Mistakes of the command line and of the configuration.

use std::{fs, fs::Permissions, os::unix::fs::PermissionsExt, path::Path};

use crate::support::Tool;

const COMMANDS: [&str; 5] =
    ["samba-snapshot", "epn-ingest", "session-aggregate", "stats-report", "macrosession-compile"];

/// The message of a run with this configuration, which must be refused; FILE stands for the configuration file.
fn refused(config: &str) -> String {
    let run = Tool::new("epn-ingest").exact_config(config).run().expect(78);
    assert_eq!(run.stdout, "");
    let (program, rest) = run.stderr.split_once('/').expect("a path");
    let (_, message) = rest.split_once(".toml").expect("a file");
    format!("{program}FILE{message}")
}

#[test]
fn mistakes_in_the_file_name_file_line_and_key() {
    assert_eq!(
        refused("[epn]\nsnapshot_minutes = 5\ngap_minute = 20\n"),
        "epn-ingest: FILE:3: [epn] gap_minute: unknown key `gap_minute`, expected one of `snapshot_minutes`, \
         `gap_minutes`, `unmatched_keep_days`, `keep_log`, `batch_rows`, `longest_use`, `verify_days`\n"
    );
    assert_eq!(
        refused("lock_dri = \"/tmp\"\n"),
        "epn-ingest: FILE:1: lock_dri: unknown key `lock_dri`, expected one of `lock_dir`, `spool_dir`, `general`, \
         `mysql`, `redis`, `samba`, `epn`, `ratelimit`, `aggregate`, `moodle`, `report`, `macrosession`\n"
    );
    assert_eq!(
        refused("[epn]\ngap_minutes = 3\n"),
        "epn-ingest: FILE:2: [epn] gap_minutes: 3 is not between 5 and 720\n"
    );
    assert_eq!(
        refused("[mysql]\ntimeout = \"soon\"\n"),
        "epn-ingest: FILE:2: [mysql] timeout: \"soon\" is not a duration (expected number at 0); write it as \"20s\", \
         \"15m\" or \"7d\"\n"
    );
}

#[test]
fn a_file_that_is_named_must_exist() {
    let run = Tool::new("epn-ingest").no_config().args(["--config", "/nonexistent/x.toml"]).run().expect(78);
    let expected = "epn-ingest: cannot read the configuration /nonexistent/x.toml: No such file or directory (os error 2)\n";
    assert_eq!(run.stderr, expected);
    let run =
        Tool::new("epn-ingest").no_config().env("SESSIONSTAT_CONFIG", "/nonexistent/x.toml").run().expect(78);
    assert_eq!(run.stderr, expected);
}

#[test]
fn passwords_that_others_can_read_are_refused_and_never_shown() {
    let tool = Tool::new("epn-ingest").no_config();
    let file = tool.home().join("own.toml");
    fs::write(&file, "[mysql]\nurl = \"mysql://sessionstat:hunter2@localhost/x\"\n").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let run = tool.clone().arg("--config").arg(&file).run().expect(78);
    let expected = format!(
        "epn-ingest: {}:2: [mysql] url: holds a password and others can read the file; chmod o-rwx it, or use password_file\n",
        file.display()
    );
    assert_eq!(run.stderr, expected);

    let password = tool.home().join("password");
    fs::write(&password, "hunter2\n").unwrap();
    fs::set_permissions(&password, Permissions::from_mode(0o604)).unwrap();
    let tool = Tool::new("epn-ingest").config(&format!("mysql.password_file = {password:?}\n"));
    let run = tool.run().expect(78);
    let expected =
        format!("epn-ingest: {}: password file is readable by others; chmod o-rwx it\n", password.display());
    assert_eq!(run.stderr, expected);
}

#[test]
fn a_password_in_a_query_is_a_password() {
    let tool = Tool::new("stats-report").no_config();
    let file = tool.home().join("own.toml");
    fs::write(&file, "[redis]\nurl = \"redis+unix:///nonexistent?pass=hunter2\"\n").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let run = tool.arg("--config").arg(&file).run().expect(78);
    assert!(
        run.stderr.contains(":2: [redis] url: holds a password") && !run.stderr.contains("hunter2"),
        "{run:?}"
    );
}

#[test]
fn the_system_s_zone_may_be_named_by_its_file() {
    for zone in [":/etc/localtime", "/usr/share/zoneinfo/Europe/Paris", "Europe/Paris", ""] {
        let tool = Tool::new("samba-snapshot").config("").env("TZ", zone);
        tool.args(["--dry-run", "--input", "-"]).stdin("{\"sessions\": {}}").run().expect(0);
    }
    let run = Tool::new("samba-snapshot").env("TZ", "Mars/Olympus").args(["--dry-run", "--input", "-"]).run();
    let expected = "samba-snapshot: the system's time zone \"Mars/Olympus\" is not a known name; set [general] timezone, \
                    as in \"Europe/Paris\"\n";
    assert_eq!(run.expect(78).stderr, expected);
}

#[test]
fn a_broken_address_is_refused_without_showing_it() {
    let tool = Tool::new("epn-ingest").env("SESSIONSTAT_MYSQL_URL", "mysql//u:hunter2@h/d");
    let run = tool.run().expect(78);
    let expected = "not an address of MySQL; write it as mysql://user@host:3306/database or \
                    mysql://user@localhost/database?socket=PATH\n";
    assert_eq!(run.stderr, format!("epn-ingest: SESSIONSTAT_MYSQL_URL: {expected}"));
    assert_eq!(
        refused("[mysql]\nurl = \"nonsense:hunter2@\"\n"),
        format!("epn-ingest: FILE:2: [mysql] url: {expected}")
    );
    assert_eq!(
        refused("[redis]\nurl = \"http://x\"\n"),
        "epn-ingest: FILE:2: [redis] url: not an address of Redis; write it as redis://host:6379/, \
         rediss://host:6379/ or redis+unix:///PATH\n"
    );
}

#[test]
fn wrong_arguments_are_usage_errors() {
    for command in COMMANDS {
        let run = Tool::new(command).arg("--nonsense").run().expect(2);
        assert!(run.stderr.contains("unexpected argument '--nonsense'"), "{run:?}");
        let run = Tool::new(command).args(["--now", "yesterday"]).run().expect(2);
        let wanted = "neither RFC 3339 (2026-03-10T14:00:00+01:00) nor seconds since the epoch";
        assert!(run.stderr.contains(wanted), "{run:?}");
    }
}

#[test]
fn help_version_and_completions_need_nothing() {
    for command in COMMANDS {
        let help = Tool::new(command).no_config().arg("--help").run().expect(0);
        assert!(help.stdout.contains(&format!("Usage: {command}")), "{help:?}");
        let version = Tool::new(command).no_config().arg("--version").run().expect(0);
        assert_eq!(version.stdout, format!("{command} {}\n", env!("CARGO_PKG_VERSION")));
        for shell in ["bash", "zsh", "fish"] {
            let script = Tool::new(command).no_config().args(["--completions", shell]).run().expect(0);
            assert!(script.stdout.contains(command) && script.stdout.contains("now"), "{script:?}");
        }
    }
}

#[test]
fn limits_that_leave_no_time_and_records_for_ever_are_refused() {
    assert_eq!(
        refused("[mysql]\ntimeout = \"0s\"\n"),
        "epn-ingest: FILE:2: [mysql] timeout: a limit of no time at all leaves none for an answer\n"
    );
    assert_eq!(
        refused("[epn]\nkeep_log = \"2000years\"\n"),
        "epn-ingest: FILE:2: [epn] keep_log: not between a day and a hundred years\n"
    );
}

/// All commands: ratelimit-check has a beginning of its own.
fn all() -> impl Iterator<Item = &'static str> {
    COMMANDS.into_iter().chain(["ratelimit-check"])
}

#[test]
fn a_configuration_can_be_checked_without_anything_else() {
    let nowhere = "[mysql]\nurl = \"mysql://u@localhost/x?socket=/nowhere\"\n[redis]\nurl = \"redis+unix:///nowhere\"\n";
    for command in all() {
        let tool = Tool::new(command).no_config();
        let file = tool.home().join("own.toml");
        let lock = tool.home().join("not-made");
        fs::write(&file, format!("lock_dir = {lock:?}\n{nowhere}")).unwrap();
        let run = tool.clone().arg("--check-config").arg("--config").arg(&file).run();
        let no_errors = format!("{}: no errors\n", file.display());
        assert_eq!((run.status, run.stdout, run.stderr), (0, no_errors, String::new()), "{command}");
        assert!(!lock.exists(), "{command}");
        let run = tool.args(["--check-config", "--init-db"]).run().expect(2);
        assert!(run.stderr.contains("'--check-config' cannot be used with '--init-db'"), "{run:?}");
    }
    // Also behind the commands of a command.
    let tool = Tool::new("stats-report").config("").args(["check", "--all", "--check-config"]);
    assert!(tool.run().expect(0).stdout.ends_with(".toml: no errors\n"));
    if !Path::new("/etc/sessionstat/sessionstat.toml").exists() {
        let run = Tool::new("epn-ingest").no_config().arg("--check-config").run().expect(0);
        let expected = "/etc/sessionstat/sessionstat.toml: no such file, the defaults hold; no errors\n";
        assert_eq!(run.stdout, expected);
    }
}

#[test]
fn mistakes_that_only_show_when_a_configuration_is_used_are_found() {
    let tool = Tool::new("session-aggregate");
    let password = tool.home().join("password");
    fs::write(&password, "hunter2\n").unwrap();
    fs::set_permissions(&password, Permissions::from_mode(0o604)).unwrap();
    let open = password.display();
    for command in all() {
        for (config, zone, told) in [
            (
                format!("moodle.password_file = {password:?}\n"),
                "UTC",
                format!(
                    "[moodle] password_file: {open}: password file is readable by others; chmod o-rwx it"
                ),
            ),
            (
                "redis.password_file = \"/nowhere/password\"\n".to_owned(),
                "UTC",
                "[redis] password_file: /nowhere/password: cannot read the password file: No such file"
                    .to_owned(),
            ),
            (
                "mysql.url = \"mysql://u@localhost\"\n".to_owned(),
                "UTC",
                "[mysql] url names no database; write it as mysql://user@host:3306/database".to_owned(),
            ),
            (String::new(), "Mars/Olympus", "the system's time zone \"Mars/Olympus\" is not".to_owned()),
            ("epn.snapshot_minutes = 90\n".to_owned(), "UTC", "90 is not between 1 and 60".to_owned()),
        ] {
            let run =
                Tool::new(command).config(&config).env("TZ", zone).arg("--check-config").run().expect(78);
            assert!(run.stderr.contains(&told) && run.stderr.lines().count() == 1, "{command}: {run:?}");
            // A page gets its line from ratelimit-check whatever is wrong.
            assert_eq!(run.stdout.contains("\"error\""), command == "ratelimit-check", "{run:?}");
        }
    }
    let run = Tool::new("epn-ingest").env("SESSIONSTAT_MYSQL_URL", "nonsense").arg("--check-config").run();
    assert!(run.expect(78).stderr.contains("SESSIONSTAT_MYSQL_URL: not an address of MySQL"));
}
