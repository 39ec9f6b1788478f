//! `stats-report check`: one line and a status for monitoring programs.

use std::{
    os::unix::net::UnixListener,
    time::{Duration, Instant},
};

use crate::{
    runs,
    site::Site,
    slots::evening,
    space::{empty, filled, report, report_at},
    support::{Database, Output, Tool},
};

/// The rules looked at on the evening of `space::NOW`, 20:00 in Paris.
#[track_caller]
fn check(database: &Database, rules: &[&str]) -> Output {
    of(&report(database), rules)
}

#[track_caller]
fn of(tool: &Tool, rules: &[&str]) -> Output {
    let run = tool.clone().arg("check").args(rules.iter().flat_map(|rule| ["--rule", rule])).run();
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    let state = run.stdout.strip_prefix("SESSIONSTAT ").unwrap().split(' ').next().unwrap();
    let states = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];
    assert_eq!(states[run.status as usize], state, "{run:?}");
    run
}

/// Each rule with its name alone measures this much, and alarms as it should.
#[track_caller]
fn assert_measures(tool: &Tool, name: &str, value: i64, unit: &str) {
    let run = of(tool, &[name]).expect(0);
    let data = format!(" | '{name}'={value}{unit};;;0\n");
    assert!(run.stdout.ends_with(&data), "{}not {data}", run.stdout);
    // At the end of a range nothing is wrong, behind it everything.
    let (at, below) = (value.to_string(), (value - 1).max(0).to_string());
    assert_eq!(of(tool, &[&format!("{name},{at},{at}")]).status, 0);
    assert_eq!(of(tool, &[&format!("{name},@{at}:{at}")]).status, 1);
    assert_eq!(of(tool, &[&format!("{name},,@{at}:{at}")]).status, 2);
    if value > 0 {
        assert_eq!(of(tool, &[&format!("{name},{below}")]).status, 1);
        assert_eq!(of(tool, &[&format!("{name},{below},{below}")]).status, 2);
    }
}

#[test]
fn every_rule_measures_what_it_says() {
    let space = filled();
    runs::fill(&space);
    let of_space = report(&space);
    assert_measures(&of_space, "waiting_rows", 9, "");
    assert_measures(&of_space, "unmatched_rows", 6, "");
    for (name, value) in [
        // serveur3 is silent since Sunday 1 March: five opening days, and eleven hours of this one.
        ("snapshot_age", (5 * 12 + 11) * 3_600),
        ("snapshot_age:serveur2", 600),
        ("snapshot_age:nas", 300),
        ("snapshot_age:serveur1", 0),
        ("run_age:epn-ingest", 600),
        ("run_success_age:epn-ingest", 1_200),
        ("run_age:samba-snapshot", 300),
        ("run_age:samba-snapshot@nas", 300),
    ] {
        assert_measures(&of_space, name, value, "s");
    }
    assert_measures(&of_space, "run_status:epn-ingest", 69, "");
    assert_measures(&of_space, "run_status:samba-snapshot", 0, "");
    assert_measures(&of_space, "missing_snapshots:nas", 0, "");
    assert_measures(&of_space, "missing_snapshots:serveur2", 1, "");

    let sessions = evening();
    let of_sessions = report(&sessions);
    // The last slot ended at 19:45.
    assert_measures(&of_sessions, "last_aggregation_age", 900, "s");
    assert_measures(&of_sessions, "seconds_at_limit", 960, "s");
    let run = of_sessions.clone().args(["check", "--rule=seconds_at_limit", "--last=20m"]).run().expect(0);
    assert!(run.stdout.contains("'seconds_at_limit'=300s;"), "{run:?}");

    let site = Site::filled();
    let of_site = report(&site.database).redis(&site.redis);
    let refused =
        site.json(&["logins", "--from=2026-03-09T20:00:00+01:00"])["logins"]["refused"].as_i64().unwrap();
    assert!(refused > 0);
    assert_measures(&of_site, "refused_logins", refused, "");
}

#[test]
fn the_worst_rule_decides_and_is_told_first() {
    let space = filled();
    runs::fill(&space);
    let run = check(
        &space,
        &["waiting_rows,100", "unmatched_rows,5,50", "run_status:epn-ingest,,0", "run_age:stats-report,8d"],
    );
    assert_eq!(
        run,
        Output {
            status: 2,
            stdout: "SESSIONSTAT CRITICAL - run_status:epn-ingest 69 (critical 0), unmatched_rows 6 (warning 5), \
                     run_age:stats-report: no run of stats-report is recorded | 'waiting_rows'=9;100;;0 \
                     'unmatched_rows'=6;5;50;0 'run_status:epn-ingest'=69;;0;0 'run_age:stats-report'=U;691200;;0\n"
                .to_owned(),
            stderr: String::new(),
        }
    );
}

#[test]
fn nobody_misses_a_snapshot_at_night_and_everybody_in_the_morning() {
    let database = empty();
    database.run(
        "SET time_zone = '+00:00'; INSERT INTO users_temp (seen_at, server, login, machine) \
         VALUES ('2026-03-10 19:55', 'nas', 'u', 'm')",
    );
    let at = |now: &str| of(&report_at(&database, now), &["missing_snapshots,0,2"]);
    for (now, status, missing) in [
        // Closed since 21:00 in Paris.
        ("2026-03-10T20:59:00Z", 0, 0),
        ("2026-03-11T07:59:00Z", 0, 0),
        ("2026-03-11T08:04:00Z", 0, 0),
        ("2026-03-11T08:05:00Z", 1, 1),
        ("2026-03-11T08:20:00Z", 2, 4),
        // Sunday and Monday: as on Saturday evening.
        ("2026-03-15T12:00:00Z", 2, 576),
        ("2026-03-16T12:00:00Z", 2, 576),
    ] {
        let run = at(now).expect(status);
        assert!(run.stdout.contains(&format!("'missing_snapshots'={missing};")), "{now}: {run:?}");
    }
    // An empty room: samba-snapshot ran, and saw nobody.
    database.run(
        "INSERT INTO sessionstat_run VALUES \
         ('samba-snapshot', 'nas', '2026-03-11 08:20', 1, 0, '2026-03-11 08:20', 1, 0, '{}')",
    );
    at("2026-03-11T08:20:00Z").expect(0);
    // Other hours.
    let config = "general.timezone = \"UTC\"\nreport.opening_hours = \"mon-sun 0:00-24:00\"\n";
    let run =
        of(&report_at(&database, "2026-03-11T20:20:00Z").config(config), &["missing_snapshots,0"]).expect(1);
    assert!(run.stdout.contains("'missing_snapshots'=143;"), "{run:?}");
    let bad = report(&database).config("report.opening_hours = \"lun 9-12\"\n");
    let run = of(&bad, &["missing_snapshots"]).expect(3);
    assert!(run.stdout.contains("[report] opening_hours: \"lun 9-12\": \"lun\" is no day"), "{run:?}");
    assert!(run.stderr.contains("\"lun\" is no day"), "{run:?}");
}

#[test]
fn what_cannot_be_measured_is_unknown_and_spoils_nothing_else() {
    let database = empty();
    let run = check(
        &database,
        &[
            "last_aggregation_age,1h",
            "snapshot_age",
            "run_age:epn-ingest@x",
            "refused_logins",
            "waiting_rows,5",
        ],
    );
    assert_eq!(run.status, 3);
    for part in [
        "last_aggregation_age: no session has ever been counted, ",
        "snapshot_age: no snapshot has come in, ",
        "run_age:epn-ingest@x: no run of epn-ingest on x is recorded, ",
        "refused_logins: cannot reach Redis at redis+unix:///nowhere/redis.sock",
        " 'waiting_rows'=0;5;;0\n",
    ] {
        assert!(run.stdout.contains(part), "{part}: {run:?}");
    }
    assert_eq!(run.stderr, "");
    // What is wrong is worse than what is not known.
    database
        .run("INSERT INTO users_temp (seen_at, server, login, machine) VALUES ('2026-03-10', 's', 'u', 'm')");
    assert_eq!(check(&database, &["refused_logins", "waiting_rows,0"]).status, 1);
}

#[test]
fn whatever_keeps_it_from_looking_is_unknown_too() {
    let database = empty();
    let away = report(&database)
        .env("SESSIONSTAT_MYSQL_URL", "mysql://root:hunter2@localhost/x?socket=/nowhere")
        .config("mysql.retry_for = \"0s\"\n");
    let run = of(&away, &["waiting_rows"]).expect(3);
    assert!(run.stdout.contains("cannot use MySQL at /nowhere") && !run.stdout.contains('|'), "{run:?}");
    assert!(!run.stdout.contains("hunter2"));
    let run = of(&report(&database).env("SESSIONSTAT_MYSQL_URL", "nonsense"), &["waiting_rows"]).expect(3);
    assert!(run.stdout.contains("SESSIONSTAT_MYSQL_URL"), "{run:?}");
    let bare = crate::support::MariaDb::shared().database();
    assert!(of(&report(&bare), &["waiting_rows"]).expect(3).stdout.contains("--init-db"));

    let tool = report(&database);
    for (arguments, told) in [
        (&["check"][..], "the following required arguments were not provided: --rule <EXPR>"),
        (&["check", "--rule=unmatched,1"], "\"unmatched\" is no rule; there are last_aggregation_age, "),
        (&["check", "--rule=waiting_rows,x"], "\"x\" is no number"),
        (&["check", "--rule=waiting_rows", "--last=1"], "--last <DURATION>"),
        (&["check", "--no-such-flag"], "--no-such-flag"),
        (
            &["--format=json", "check", "--rule=waiting_rows"],
            "check takes no sections and no options of reports",
        ),
        (&["epn", "check"], "'check'"),
    ] {
        let run = tool.clone().args(arguments).run().expect(3);
        assert!(run.stdout.starts_with("SESSIONSTAT UNKNOWN - "), "{run:?}");
        assert!(run.stdout.contains(told) && run.stdout.lines().count() == 1, "{told}: {run:?}");
    }
    // Elsewhere the command line is wrong as ever.
    let run = tool.clone().args(["--no-such-flag"]).run().expect(2);
    assert_eq!(run.stdout, "");
}

#[test]
fn a_server_that_stays_silent_is_left_after_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("silent");
    // Connections queue up here and nobody answers.
    let _silent = UnixListener::bind(&socket).unwrap();
    let url = format!("mysql://root@localhost/x?socket={}", socket.display());
    let patient = "mysql.connect_timeout = \"1m\"\n";
    let tool = Tool::new("stats-report").env("SESSIONSTAT_MYSQL_URL", url).env("TZ", "UTC").config(patient);
    let began = Instant::now();
    let run = of(&tool, &["waiting_rows"]).expect(3);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(run.stdout, "SESSIONSTAT UNKNOWN - no answer within 10 s\n");
}

#[test]
fn it_changes_nothing() {
    let database = filled();
    let tables = ["users_temp", "users_log", "sessionstat_run", "sessionstat_lease"];
    let before = database.dump(&tables);
    check(&database, &["waiting_rows", "unmatched_rows", "snapshot_age", "last_aggregation_age"]);
    assert_eq!(database.dump(&tables), before);
}
