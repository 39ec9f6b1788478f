//! What the command prints.

use std::{
    os::unix::net::UnixListener,
    time::{Duration, Instant},
};

use super::database;
use crate::{
    space::report,
    support::{MariaDb, Redis, Tool},
};

/// The first line, its state, and the lines below.
fn parts(stdout: &str) -> (&str, &str, Vec<&str>) {
    let mut lines = stdout.lines();
    let first = lines.next().unwrap();
    let state = first.strip_prefix("SESSIONSTAT ").unwrap().split(' ').next().unwrap();
    (first, state, lines.collect())
}

#[test]
fn the_command_says_it_line_by_line_and_changes_nothing() {
    let database = database();
    let tables = ["users_temp", "sessionstat_run", "sessionstat_lease", "sessionstat_schema"];
    let before = database.dump(&tables);
    let tool = report(&database).redis(Redis::shared());
    for arguments in [&["check", "--all"][..], &["check", "--all", "--rule=waiting_rows,@0:0"]] {
        let run = tool.clone().args(arguments).run();
        let (first, state, lines) = parts(&run.stdout);
        let states = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];
        assert_eq!(states[run.status as usize], state, "{run:?}");
        assert!(lines.iter().all(|line| states.contains(&line.split(' ').next().unwrap())), "{run:?}");
        for line in ["OK mysql: ", "OK schema: ", "OK rights: ", "OK redis: ", "OK lock_dir: "] {
            assert_eq!(lines.iter().filter(|found| found.starts_with(line)).count(), 1, "{line} {run:?}");
        }
        let has_rule = arguments.len() == 3;
        assert_eq!(first.contains("waiting_rows 0 (warning @0)"), has_rule, "{run:?}");
        assert_eq!(first.ends_with(" | 'waiting_rows'=0;@0;;0"), has_rule, "{run:?}");
        assert_eq!(run.stderr, "");
        assert!(!run.stdout[first.len()..].contains('|'));
    }
    assert_eq!(database.dump(&tables), before);

    // What keeps rules from being looked at is found, too.
    let bare = MariaDb::shared().database();
    let run = report(&bare).args(["check", "--all", "--rule=waiting_rows"]).run().expect(2);
    let (first, _, lines) = parts(&run.stdout);
    assert!(
        first.contains("schema: the database has no tables") && first.contains("are missing or older"),
        "{run:?}"
    );
    assert!(lines.iter().any(|line| line.contains("; run epn-ingest --init-db")), "{run:?}");
}

#[test]
fn servers_that_stay_silent_are_told_within_ten_seconds_beside_all_else() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("silent");
    // Connections queue up here and nobody answers.
    let _silent = UnixListener::bind(&socket).unwrap();
    let tool = Tool::new("stats-report")
        .env("SESSIONSTAT_MYSQL_URL", format!("mysql://root@localhost/x?socket={}", socket.display()))
        .env("SESSIONSTAT_REDIS_URL", format!("redis+unix://{}", socket.display()))
        .config("mysql.connect_timeout = \"1m\"\n")
        .env("TZ", "UTC");
    let began = Instant::now();
    let run = tool.args(["check", "--all"]).run().expect(2);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let (_, _, lines) = parts(&run.stdout);
    for line in ["CRITICAL mysql: no answer in time; check", "CRITICAL redis: ", "OK lock_dir: "] {
        assert!(lines.iter().any(|found| found.starts_with(line)), "{line}: {run:?}");
    }
}
