//! Snapshots into MySQL and into the spool.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::support::{Database, MariaDb, Output, Tool};

const ROWS: &str = "SELECT seen_at, server, login, machine, ip FROM users_temp ORDER BY seen_at, ip, login";

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/samba").join(name)
}

/// samba-snapshot of a recorded listing. The file sources of names are off: a developer's machine may have some.
fn snapshot(name: &str, config: &str) -> Tool {
    Tool::new("samba-snapshot")
        .config(&format!("{config}\nsamba.resolve = [\"snapshot\"]\nsamba.server = \"nas1\"\n"))
        .arg("--input")
        .arg(capture(name))
}

fn at(tool: &Tool, time: &str) -> Output {
    tool.clone().arg("--now").arg(time).run()
}

/// The columns of a row, NULL as "-".
fn rows(database: &Database) -> Vec<String> {
    let text =
        |row: Vec<Option<String>>| row.into_iter().map(|cell| cell.unwrap_or("-".into())).collect::<Vec<_>>();
    database.query(ROWS).into_iter().map(|row| text(row).join(" ")).collect()
}

#[test]
fn a_listing_becomes_rows_of_one_moment_and_the_same_run_again_adds_none() {
    let database = MariaDb::shared().database();
    let tool = snapshot("417-json-five-nbt.json", "").url(&database);
    at(&tool, "2026-03-10T10:05:59+01:00").silent();
    let first = rows(&database);
    assert_eq!(first.len(), 5);
    assert_eq!(first[0], "2026-03-10 09:05:00 nas1 adupont POSTE01 192.168.10.101");
    at(&tool, "2026-03-10T10:05:00+01:00").silent();
    assert_eq!(rows(&database), first);
    at(&tool, "2026-03-10T10:10:00+01:00").silent();
    assert_eq!(rows(&database).len(), 10);
}

#[test]
fn somebody_at_two_workstations_without_names_is_two_rows() {
    let database = MariaDb::shared().database();
    let text = "{\"sessions\": {\
        \"1\": {\"username\": \"zoé\", \"remote_machine\": \"10.0.0.1\", \"hostname\": \"ipv4:10.0.0.1:50000\"}, \
        \"2\": {\"username\": \"zoé\", \"remote_machine\": \"10.0.0.2\", \"hostname\": \"ipv4:10.0.0.2:50000\"}}}";
    let tool = Tool::new("samba-snapshot").config("samba.resolve = [\"snapshot\"]").url(&database);
    let tool = tool.args(["--input", "-", "--server", "nas2"]).stdin(text);
    at(&tool, "2026-03-10T10:00:00Z").silent();
    at(&tool, "2026-03-10T10:00:00Z").silent();
    let expected = ["2026-03-10 10:00:00 nas2 zoé  10.0.0.1", "2026-03-10 10:00:00 nas2 zoé  10.0.0.2"];
    assert_eq!(rows(&database), expected);
}

#[test]
fn names_are_data_whatever_they_hold() {
    let database = MariaDb::shared().database();
    let long = "é".repeat(300);
    let logins = ["'; DROP TABLE users_temp; -- ", "a\\u001b[2J\\n", long.as_str(), "𝔘𝔫𝔦"];
    let session = |(index, login): (usize, &&str)| {
        format!("\"{index}\": {{\"username\": \"{login}\", \"hostname\": \"ipv4:10.0.0.{index}:50000\"}}")
    };
    let sessions: Vec<_> = logins.iter().enumerate().map(session).collect();
    let tool = Tool::new("samba-snapshot").config("samba.resolve = [\"snapshot\"]").url(&database);
    let tool = tool.args(["--input", "-"]).stdin(format!("{{\"sessions\": {{{}}}}}", sessions.join(", ")));
    let run = at(&tool, "2026-03-10T10:00:00Z").expect(0);
    let warning =
        format!("samba-snapshot: warning: a name of 300 characters was cut to 191: {}\n", "é".repeat(191));
    assert_eq!(run.stderr, warning);
    let stored = database.query("SELECT login FROM users_temp ORDER BY ip");
    let stored: Vec<_> = stored.into_iter().map(|mut row| row.remove(0).unwrap()).collect();
    assert_eq!(stored, ["'; DROP TABLE users_temp; -- ", "a\u{1b}[2J\n", &"é".repeat(191), "𝔘𝔫𝔦"]);
}

#[test]
fn mysql_away_for_an_hour_loses_no_snapshot_and_doubles_none() {
    let mut server = MariaDb::start();
    let database = server.database();
    let tool = snapshot("417-json-five-nbt.json", "").url(&database);
    at(&tool, "2026-03-10T10:00:00Z").silent();
    server.stop();
    let spool = tool.home().join("spool/samba-snapshot.spool");
    for minute in (5..60).step_by(5) {
        let run = at(&tool, &format!("2026-03-10T10:{minute:02}:00Z")).expect(0);
        let start =
            format!("samba-snapshot: warning: cannot use MySQL at {} (database ", server.socket().display());
        assert!(run.stderr.starts_with(&start), "{run:?}");
        let end = format!("; the snapshot waits in {} for the next run\n", spool.display());
        assert!(run.stderr.ends_with(&end), "{run:?}");
    }
    let strict = at(&tool.clone().arg("--strict"), "2026-03-10T11:00:00Z").expect(69);
    let end = format!("; the snapshot waits in {} for the next run\n", spool.display());
    assert!(strict.stderr.ends_with(&end) && strict.stderr.lines().count() == 1, "{strict:?}");
    assert_eq!(fs::read_to_string(&spool).unwrap().lines().count(), 12);
    let copy = fs::read(&spool).unwrap();
    server.restart();
    at(&tool, "2026-03-10T11:05:00Z").silent();
    assert!(!spool.exists());
    let stored = rows(&database);
    assert_eq!(stored.len(), 14 * 5);
    // Killed after the commit and before the spool was removed: the same lines come again.
    fs::write(&spool, copy).unwrap();
    at(&tool, "2026-03-10T11:05:00Z").silent();
    assert_eq!(rows(&database), stored);
}

#[test]
fn a_torn_line_is_told_and_skipped() {
    let database = MariaDb::shared().database();
    let tool = snapshot("417-json-one.json", "").url(&database);
    let spool = tool.home().join("spool/samba-snapshot.spool");
    let whole = "{\"seen_at\":\"2026-03-10T09:00:00Z\",\"server\":\"nas1\",\"rows\":[{\"login\":\"zoé\",\"machine\":\"PC\",\"ip\":null}]}\n";
    fs::write(&spool, format!("{whole}{}", &whole[..40])).unwrap();
    let run = at(&tool, "2026-03-10T10:00:00Z").expect(0);
    let warning = format!(
        "samba-snapshot: warning: {}:2: not a whole snapshot (torn by a crash?); skipped, and kept in {}\n",
        spool.display(),
        spool.with_extension("rejected").display()
    );
    assert_eq!(run.stderr, warning);
    let expected = ["2026-03-10 09:00:00 nas1 zoé PC -", "2026-03-10 10:00:00 nas1 adupont  192.168.10.101"];
    assert_eq!(rows(&database), expected);
}

/// A tool whose database is not there.
fn without_mysql(config: &str) -> Tool {
    let nowhere = "mysql://root@localhost/x?socket=/nonexistent/socket";
    snapshot("417-json-one.json", config).env("SESSIONSTAT_MYSQL_URL", nowhere)
}

#[test]
fn a_spool_at_its_limit_refuses_and_says_so() {
    let tool = without_mysql("samba.spool_mib = 0\n");
    let run = at(&tool, "2026-03-10T10:00:00Z").expect(74);
    let spool = tool.home().join("spool/samba-snapshot.spool");
    let expected = format!(
        "samba-snapshot: MySQL did not take the snapshot (cannot use MySQL at /nonexistent/socket (database x): \
         No such file or directory (os error 2); check that it runs and [mysql] url): the spool {} has reached its \
         limit of 0 MiB ([samba] spool_mib): this snapshot is lost; bring MySQL back\n",
        spool.display()
    );
    assert_eq!(run.stderr, expected);
}

#[test]
fn a_full_disk_is_told_and_tears_nothing() {
    let host = without_mysql("");
    let spool = host.home().join("spool");
    // A disk of 16 KiB, seen by this command alone, filled until it is full.
    let script = format!(
        "mount -t tmpfs -o size=16k,mode=700 tmpfs '{0}' || exit 99; for run in $(seq 500); do \
         '{1}' --config '{2}' --input '{3}' --now 2026-03-10T10:00:00Z 2>'{2}.said'; status=$?; \
         [ $status = 0 ] || break; done; cat '{2}.said'; echo; cat '{0}/samba-snapshot.spool'; exit $status",
        spool.display(),
        tool_path().display(),
        config_of(&host).display(),
        capture("417-json-one.json").display(),
    );
    let run = Tool::program("/usr/bin/unshare")
        .no_config()
        .args(own_mounts())
        .args(["/bin/sh", "-c", &script])
        .env("SESSIONSTAT_MYSQL_URL", "mysql://root@localhost/x?socket=/nonexistent/socket")
        .env("PATH", "/usr/bin:/bin")
        .run()
        .expect(74);
    let (said, kept) = run.stdout.split_once("\n\n").unwrap();
    let wanted = format!(
        "cannot write to the spool {}/samba-snapshot.spool: No space left on device",
        spool.display()
    );
    assert!(said.contains(&wanted) && said.lines().count() == 1, "{said}");
    assert!(kept.lines().count() > 10 && kept.ends_with("}\n"), "whole lines only: {kept}");
}

/// How unshare gives a command mounts of its own: root just may, others need to be root of a user namespace.
fn own_mounts() -> &'static [&'static str] {
    match fs::metadata("/proc/self").unwrap().uid() {
        0 => &["--mount"],
        _ => &["--mount", "--map-root-user"],
    }
}

fn tool_path() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("samba-snapshot")
}

fn config_of(host: &Tool) -> PathBuf {
    let file = host.home().join("own.toml");
    let (spool, lock) = (host.home().join("spool"), host.home().join("lock"));
    fs::write(&file, format!("spool_dir = {spool:?}\nlock_dir = {lock:?}\n")).unwrap();
    file
}

#[test]
fn failures_of_smbstatus_have_their_status_and_their_word() {
    let fake = Tool::new("samba-snapshot").config("samba.resolve = []\n");
    let script = fake.home().join("smbstatus");
    for (body, status, kind) in [
        ("echo 'smbstatus only works as root!' >&2; exit 1", 69, "not_root"),
        ("echo PANIC: oh >&2; exit 1", 69, "smbstatus_failed"),
        ("printf '{\"sessions\": {\"1\": {'; exit 0", 65, "bad_json"),
        ("exec sleep 60", 69, "timeout"),
    ] {
        fs::write(&script, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
        let tool = fake.clone().config("samba.resolve = []\nsamba.timeout = \"1s\"\n");
        let run = tool.arg("--smbstatus").arg(&script).args(["--dry-run", "--format", "json"]).run();
        assert_eq!((run.status, run.stdout), (status, format!("{{\"error\":\"{kind}\"}}\n")), "{body}");
        assert!(
            run.stderr.starts_with("samba-snapshot: ") && run.stderr.lines().count() == 1,
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_rehearsal_touches_neither_mysql_nor_files() {
    let tool = without_mysql("").args(["--dry-run", "--format", "json"]);
    let run = tool.run().expect(0);
    let expected = "[{\"user\":\"adupont\",\"domain\":null,\"machine\":null,\"ip\":\"192.168.10.101\",\
         \"pid\":31011,\"protocol\":\"SMB3_11\",\"connected\":\"2026-11-21T23:06:16Z\"}]\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (expected, ""));
    for folder in ["lock", "spool"] {
        assert_eq!(fs::read_dir(tool.home().join(folder)).unwrap().count(), 0);
    }
}

#[test]
fn a_second_run_on_the_same_host_waits_for_another_time() {
    let tool = without_mysql("");
    let path = tool.home().join("lock/sessionstat-samba-snapshot.lock");
    let lock = File::create(&path).unwrap();
    lock.lock().unwrap();
    let run = tool.run().expect(75);
    let expected =
        format!("samba-snapshot: another run of samba-snapshot holds {}; try later\n", path.display());
    assert_eq!(run.stderr, expected);
}

#[test]
fn the_spool_is_its_owners_and_a_line_from_another_age_is_skipped() {
    let tool = without_mysql("");
    let spool = tool.home().join("spool/samba-snapshot.spool");
    at(&tool, "2026-03-10T10:00:00Z").expect(0);
    assert_eq!(fs::metadata(&spool).unwrap().mode() & 0o777, 0o600);
    let database = MariaDb::shared().database();
    fs::write(&spool, "{\"seen_at\":\"9999-12-31T23:59:00Z\",\"server\":\"nas1\",\"rows\":[]}\n").unwrap();
    let run = at(&tool.clone().url(&database), "2026-03-10T10:00:00Z").expect(0);
    assert!(run.stderr.contains(":1: not a whole snapshot"), "{run:?}");
}

#[test]
fn a_spool_that_cannot_be_read_does_not_keep_the_snapshot_out_of_mysql() {
    let database = MariaDb::shared().database();
    for make in ["mkdir", "mkfifo"] {
        let tool = snapshot("417-json-one.json", "").url(&database);
        let spool = tool.home().join("spool/samba-snapshot.spool");
        assert!(std::process::Command::new(make).arg(&spool).status().unwrap().success());
        let run = at(&tool, "2026-03-10T10:00:00Z").expect(74);
        let expected = format!("samba-snapshot: cannot open the spool {}: not a file\n", spool.display());
        assert_eq!(run.stderr, expected, "{make}");
        assert_eq!(rows(&database), ["2026-03-10 10:00:00 nas1 adupont  192.168.10.101"], "{make}");
    }
}

#[test]
fn a_listing_without_end_is_refused() {
    let tool = Tool::new("samba-snapshot").args(["--dry-run", "--input", "/dev/zero"]);
    let run = tool.run().expect(65);
    assert_eq!(
        run.stderr,
        "samba-snapshot: /dev/zero (--input) is larger than 64 MiB: no output of smbstatus\n"
    );
}
