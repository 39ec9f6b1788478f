//! Files, folders, cron and runs.

use std::{fs, os::unix::fs::PermissionsExt};

use sessionstat::report::check::rule::State;

use super::{database, with};

const CRON: &str = include_str!("../../../cron.d/sessionstat");

#[test]
fn what_nothing_runs_or_cron_passes_over_is_told() {
    let database = database();
    let installation = with(&database);
    installation.write("usr/sbin/epn-ingest", "");
    installation.assert_one(State::Warning, "schedule", "nothing runs epn-ingest", "install -m 644");
    installation.write("etc/passwd", "root:x:0:0::/:/bin/sh\n");
    installation.write("proc/9/comm", "cron\n");
    let file = installation.write("etc/cron.d/sessionstat", CRON);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    // Whose file it is depends on who runs this test.
    let told: Vec<String> = installation.findings().iter().map(ToString::to_string).collect();
    for part in [
        "WARNING schedule: /etc/cron.d/sessionstat can be written by others than root: cron passes over it; chmod 644",
        "WARNING schedule: there is no user sessionstat: cron does not run the lines",
    ] {
        assert!(told.iter().any(|line| line.starts_with(part)), "{part}: {told:#?}");
    }
}

#[test]
fn folders_that_cannot_be_used_and_what_waits_there_are_told() {
    let database = database();
    let mut installation = with(&database);
    let spool = installation.config.spool_dir.clone();
    fs::write(spool.join("samba-snapshot.spool"), "{}\n{}\n").unwrap();
    installation.assert_one(State::Warning, "spool_dir", "2 snapshots wait", "samba-snapshot -v");
    fs::remove_file(spool.join("samba-snapshot.spool")).unwrap();
    fs::set_permissions(&spool, fs::Permissions::from_mode(0o770)).unwrap();
    installation.assert_one(State::Warning, "spool_dir", "others can put", "chmod 700");
    installation.config.spool_dir = installation.write("a-file", "").join("spool");
    installation.assert_one(State::Critical, "spool_dir", "is no folder", "name a folder other than");
    installation.config.spool_dir = spool.join("below/it");
    fs::set_permissions(&spool, fs::Permissions::from_mode(0o700)).unwrap();
    installation.assert_well();
    fs::set_permissions(&installation.config.lock_dir, fs::Permissions::from_mode(0o777)).unwrap();
    installation.assert_one(State::Warning, "lock_dir", "anybody can remove a lock", "chmod +t");
}

#[test]
fn runs_that_failed_are_late_or_missing_are_told() {
    let database = database();
    let installation = with(&database);
    database.run("UPDATE sessionstat_run SET status = 69, failures = 1 WHERE command = 'epn-ingest'");
    installation.assert_one(
        State::Warning,
        "last runs",
        "the last run of epn-ingest on db ended with status 69, it last went well 10 min ago",
        "see that MySQL answers: epn-ingest -v",
    );
    database.run(
        "UPDATE sessionstat_run SET status = 0 WHERE command = 'epn-ingest'; \
         UPDATE sessionstat_run SET started_at = '2026-03-10 18:20' WHERE command = 'samba-snapshot'",
    );
    installation.assert_one(State::Warning, "last runs", "samba-snapshot on nas ran last 40 min ago", "cron");
    database.run("DELETE FROM sessionstat_run");
    installation.assert_well();
    database.run("INSERT INTO users_temp (seen_at, server, login, machine) VALUES (NOW(), 'nas', 'u', 'm')");
    installation.assert_one(
        State::Warning,
        "last runs",
        "although rows wait for it: 1",
        "cron.d/sessionstat",
    );
    // A Samba server that took no snapshot.
    database.run("DELETE FROM users_temp");
    let mut installation = installation;
    installation.write("proc/9/comm", "smbd\n");
    installation.config.samba.server = "nas".to_owned();
    installation.config.samba.smbstatus = installation.write("smbstatus", "");
    installation.assert_one(State::Critical, "samba", "is no program", "chmod 755");
    let smbstatus = &installation.config.samba.smbstatus;
    fs::set_permissions(smbstatus, fs::Permissions::from_mode(0o755)).unwrap();
    installation.assert_one(State::Warning, "last runs", "although Samba runs on this host (nas)", "cron");
    fs::remove_file(smbstatus).unwrap();
    installation.assert_one(State::Critical, "samba", "[samba] smbstatus names it", "install Samba");
}

#[test]
fn files_of_the_configuration_that_others_can_use_are_told() {
    let database = database();
    let mut installation = with(&database);
    let file = installation.write("sessionstat.toml", "");
    let password = installation.write("password", "x");
    for path in [&file, &password] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    installation.config.file = Some(file.clone());
    installation.config.moodle.password_file = Some(password.clone());
    installation.assert_well();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o620)).unwrap();
    installation.assert_one(State::Warning, "configuration", "can be written by others", "chmod go-w");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o604)).unwrap();
    installation.assert_one(State::Critical, "configuration", "is readable by others", "chmod o-rwx");
    fs::remove_file(&password).unwrap();
    installation.assert_one(State::Critical, "configuration", "cannot be read", "chmod 640");
}
