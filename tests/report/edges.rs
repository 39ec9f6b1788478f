//! Where a report goes, and what happens when something is wrong.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::{
    space::{DAY, empty, filled, report},
    support::{Database, Tool},
};

/// What stats-report prints on a terminal of 100 columns.
#[track_caller]
fn on_a_terminal(database: &Database, environment: &[(&str, &str)]) -> String {
    let command = format!("stty rows 30 cols 100; {} overview", env!("CARGO_BIN_EXE_stats-report"));
    let tool = Tool::program("/usr/bin/script")
        .no_config()
        .args(["-qec", &command, "/dev/null"])
        .url(database)
        .env("SESSIONSTAT_CONFIG", "/dev/null")
        .env("SESSIONSTAT_REDIS_URL", "redis+unix:///nowhere/redis.sock")
        .env("PATH", "/usr/bin:/bin")
        .env("TERM", "xterm")
        .env("TZ", "Europe/Paris");
    environment.iter().fold(tool, |tool, (name, value)| tool.env(name, value)).run().expect(0).stdout
}

#[test]
fn a_terminal_gets_its_whole_width_and_colour_unless_it_refuses() {
    let database = empty();
    let shown = on_a_terminal(&database, &[]);
    assert!(shown.contains("\u{1b}[1mOVERVIEW\u{1b}[0m\r\n"), "{shown:?}");
    let longest = shown.lines().map(|line| line.trim_end().len()).max().unwrap();
    assert!((81..=100).contains(&longest), "{longest}: {shown}");
    for refusal in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = on_a_terminal(&database, &[refusal]);
        assert!(shown.contains("\r\nOVERVIEW\r\n") && !shown.contains('\u{1b}'), "{refusal:?}: {shown:?}");
    }
}

#[test]
fn a_pipe_gets_no_escape_code_whatever_the_terminal_is() {
    let database = filled();
    let run = report(&database).env("TERM", "xterm").env("COLUMNS", "100").args(DAY).run().expect(0);
    assert!(run.stdout.contains("bad\\u{1b}[31m\\n") && !run.stdout.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn a_file_is_replaced_in_one_step_or_left_as_it_was() {
    let database = filled();
    let tool = report(&database).args(DAY);
    let file = tool.home().join("report.txt");
    let expected = tool.run().expect(0).stdout;
    let to_file = tool.clone().arg("--output").arg(&file);
    to_file.run().silent();
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    let names =
        || fs::read_dir(to_file.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    assert!(!names().iter().any(|name| name.to_string_lossy().starts_with('.')), "{:?}", names());

    // A run that fails leaves the old report.
    to_file
        .clone()
        .env("SESSIONSTAT_MYSQL_URL", "mysql://localhost/x?socket=/nowhere")
        .config("mysql.retry_for = \"0s\"")
        .run()
        .expect(69);
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    assert_eq!(tool.clone().args(["--output", "-"]).run().expect(0).stdout, expected);

    let nowhere = tool.clone().args(["--output", "/nowhere/report.txt"]).run().expect(73);
    assert_eq!(nowhere.stdout, "");
    assert_eq!(
        nowhere.stderr,
        "stats-report: cannot create /nowhere/report.txt (--output); check that its folder exists and may be written to: No such file or directory (os error 2)\n"
    );
    tool.clone().args(["--output", "/dev/full"]).run().expect(74);
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let database = filled();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_stats-report"))
        .env_clear()
        .env("SESSIONSTAT_CONFIG", "/dev/null")
        .env("SESSIONSTAT_MYSQL_URL", database.url_of("stats-report"))
        .env("SESSIONSTAT_REDIS_URL", "redis+unix:///nowhere/redis.sock")
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|child| child.wait_with_output())
        .unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn mysql_away_is_one_line_without_the_password() {
    let run = Tool::new("stats-report")
        .env("SESSIONSTAT_MYSQL_URL", "mysql://reader:hunter2@localhost/stats?socket=/nowhere/mysqld.sock")
        .config("general.timezone = \"Europe/Paris\"\nmysql.retry_for = \"0s\"\n")
        .run()
        .expect(69);
    assert_eq!(run.stdout, "");
    assert_eq!(
        run.stderr,
        "stats-report: cannot use MySQL at /nowhere/mysqld.sock (database stats): No such file or directory (os error 2); check that it runs and [mysql] url\n"
    );
}

#[test]
fn periods_that_nobody_can_mean_are_told_in_one_line() {
    let tool = Tool::new("stats-report").env("SESSIONSTAT_MYSQL_URL", "mysql://localhost/x?socket=/nowhere");
    for (arguments, said) in [
        (
            &["--from=0000-01-01", "--to=0000-12-31"][..],
            "a time in the year 0: give one of the years 1970 to 9998",
        ),
        (&["--from=-0044-03-15"], "a time in the year -44: "),
        (&["--from=1725-01-01", "--to=2025-12-31"], "a time in the year 1725: "),
        (&["--from=9999-12-31", "--to=9999-12-31"], "a time in the year 9999: "),
        (&["--from=2027-01-01"], "--from (2027-01-01T00:00:00"),
        (&["--from=1773097200", "--to=1773097200"], "is not before --to ("),
        (&["--from=2026-02-30"], "invalid value '2026-02-30' for '--from <TIME>': no date (2026-03-10)"),
        (&["--to=10/03/2026"], "invalid value '10/03/2026' for '--to <TIME>': no date (2026-03-10)"),
        (&["--from=2026-03"], "invalid value '2026-03' "),
        (&["--from=2026-03-10T14:00"], "invalid value '2026-03-10T14:00' "),
        (&["--from="], "invalid value '' "),
        (&["--from=99999999999999999999"], "invalid value '99999999999999999999' "),
        // As seconds it would be a day of 1970.
        (&["--from=20260310"], "invalid value '20260310' for '--from <TIME>': a date is written 2026-03-10"),
    ] {
        let run = tool.clone().args(["--now=2026-03-10T20:00:00+01:00"]).args(arguments).run().expect(2);
        assert!(run.stdout.is_empty() && run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.lines().filter(|line| !line.is_empty()).count() <= 2, "{}", run.stderr);
    }
}

#[test]
fn periods_in_which_nothing_happened_are_reports_of_nothing() {
    let database = filled();
    for period in [["--from=2026-01-04", "--to=2026-01-04"], ["--from=2027-01-01", "--to=2027-12-31"]] {
        for format in ["table", "json", "html", "prometheus"] {
            let run = report(&database).args(period).args(["--format", format]).run().expect(0);
            assert!(run.stderr.is_empty() && !run.stdout.contains("NaN"), "{format}: {}", run.stdout);
        }
        report(&database).args(period).args(["--mail", "--lang=fr"]).run().expect(0);
        let table = report(&database).args(period).arg("epn").run().expect(0).stdout;
        assert!(table.contains("\n  Nobody came in this period.\n"), "{table}");
    }
    // All years that there are, in all formats.
    let period = ["--from=1970-01-02", "--to=9998-12-30"];
    let whole = report(&database).args(period).args(["epn", "--format=json"]).run().expect(0);
    assert!(whole.stdout.contains("\"month\": \"2026-03\""), "{}", whole.stdout);
    report(&database).args(period).args(["--mail"]).run().expect(0);
}

#[test]
fn a_wrong_command_line_is_told_before_anything_is_asked() {
    let tool = Tool::new("stats-report").env("SESSIONSTAT_MYSQL_URL", "mysql://localhost/x?socket=/nowhere");
    let wrong = |arguments: &[&str]| tool.clone().args(arguments).run().expect(2).stderr;
    let section = wrong(&["epm"]);
    assert!(
        section.contains("'epm'")
            && section.contains("[possible values: overview, sessions, logins, services, epn, time, runs]"),
        "{section}"
    );
    assert!(wrong(&["--from=yesterday"]).contains("2026-03-10"));
    assert!(wrong(&["--format=xml"]).contains("table"));
    let period = wrong(&["--from=2026-03-11", "--to=2026-03-10T00:00:00+01:00"]);
    assert!(period.starts_with("stats-report: --from (2026-03-11T00:00:00"), "{period}");
    wrong(&["--now=999999999999"]);
}
