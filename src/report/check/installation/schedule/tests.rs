use std::os::unix::fs::PermissionsExt;

use super::*;

const CRON: &str = include_str!("../../../../../cron.d/sessionstat");

fn known() -> Vec<String> {
    vec!["root".to_owned(), "sessionstat".to_owned()]
}

/// A host on which cron runs what the file says.
fn well() -> Seen {
    let access = Access { kind: Kind::File, owner: 0, group: 0, mode: 0o644 };
    Seen {
        cron: Some(Cron { access, lines: Some(lines(CRON, &known())), is_idle: false }),
        has_daemon: true,
        installed: COLLECTORS.into(),
        ..Seen::default()
    }
}

fn told(seen: &Seen) -> Vec<String> {
    findings(seen).iter().map(ToString::to_string).collect()
}

/// The only finding says this.
#[track_caller]
fn assert_told(seen: &Seen, what: &[&str]) {
    let told = told(seen);
    assert!(told.len() == 1 && what.iter().all(|part| told[0].contains(part)), "{told:?}");
}

fn timer(command: &'static str, is_enabled: bool) -> Timer {
    Timer { command, is_active: true, is_enabled }
}

#[test]
fn the_file_of_this_package_is_well_and_its_lines_are_understood() {
    assert_told(
        &well(),
        &["OK schedule: cron runs epn-ingest, samba-snapshot, session-aggregate, stats-report"],
    );
    assert_eq!(
        lines("# 1 2 3 4 5 root epn-ingest\nMAILTO=root\n\n@daily root x\n", &known()),
        Lines::default()
    );
    let own = lines("@hourly bob /usr/sbin/epn-ingest --config /x\n* * * * * eve vim epn\n", &known());
    assert_eq!(own.commands, ["epn-ingest"].into());
    assert_eq!(own.strangers, ["bob".to_owned()].into());
}

#[test]
fn what_cron_passes_over_is_told_with_what_to_do() {
    let mut seen = well();
    let cron = seen.cron.as_mut().unwrap();
    cron.access.mode = 0o664;
    assert_told(
        &seen,
        &["WARNING schedule: /etc/cron.d/sessionstat can be written by others", "; chmod 644 "],
    );
    let mut seen = well();
    seen.cron.as_mut().unwrap().access.owner = 1000;
    assert_told(&seen, &["does not belong to root", "; chown root: /etc/cron.d/sessionstat"]);
    let seen = Seen { has_daemon: false, ..well() };
    assert_told(&seen, &["no cron daemon runs; start it"]);
    let mut seen = well();
    seen.cron.as_mut().unwrap().lines = Some(lines(CRON, &["root".to_owned()]));
    assert_told(&seen, &["there is no user sessionstat", "; adduser --system"]);
    let seen = Seen { passed_over: vec!["sessionstat.cron".into()], ..well() };
    assert_told(&seen, &["cron passes over /etc/cron.d/sessionstat.cron", "; rename it"]);
}

#[test]
fn where_nothing_runs_what_is_installed_something_is_wrong() {
    let seen = Seen { cron: None, ..well() };
    assert_told(&seen, &["nothing runs samba-snapshot, epn-ingest, session-aggregate", "; install -m 644 "]);
    let timers = Some(vec![timer("epn-ingest", true)]);
    assert_told(&Seen { cron: None, timers, ..well() }, &["OK schedule: timers run epn-ingest"]);
    assert_told(&Seen { cron: None, installed: vec![], ..well() }, &["OK schedule: no command"]);
}

#[test]
fn a_command_is_run_once() {
    // Lines that ask whether the timer is active do nothing then: those of the file are such.
    let asks = Seen { timers: Some(vec![timer("epn-ingest", true)]), ..well() };
    let mut both = asks.clone();
    both.cron.as_mut().unwrap().lines.as_mut().unwrap().give_way = false;
    assert_told(
        &both,
        &["epn-ingest is run by cron and by a timer; put a # before", "disable --now sessionstat-"],
    );
    assert_told(&asks, &["OK schedule: timers run epn-ingest; cron runs the others of epn-ingest, samba-"]);
    let volatile = Seen { cron: None, timers: Some(vec![timer("epn-ingest", false)]), ..well() };
    assert_told(&volatile, &["after the next start", "; systemctl enable sessionstat-epn-ingest.timer"]);
}

#[test]
fn systemd_tells_the_state_of_each_timer() {
    let text = "Id=sessionstat-epn-ingest.timer\nActiveState=active\nUnitFileState=enabled\n\n\
                Id=sessionstat-samba-snapshot.timer\nActiveState=inactive\nUnitFileState=\n\n\
                Id=other.timer\nActiveState=active\nUnitFileState=enabled\n";
    let stopped = Timer { command: "samba-snapshot", is_active: false, is_enabled: false };
    assert_eq!(timers(text), [timer("epn-ingest", true), stopped]);
}

#[test]
fn the_folders_of_a_host_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host { root: folder.path().into(), ..Host::default() };
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    assert_told(&look(&host), &["OK schedule: no command that runs by itself is installed here"]);
    write("usr/sbin/epn-ingest", "");
    assert_told(&look(&host), &["nothing runs epn-ingest: "]);
    write("etc/passwd", "root:x:0:0::/:/bin/sh\nsessionstat:x:106:112::/:/bin/sh\n");
    write("etc/cron.d/sessionstat", CRON);
    write("proc/77/comm", "cron\n");
    let mut seen = look(&host);
    // Whoever runs this test.
    seen.cron.as_mut().unwrap().access.owner = 0;
    assert_told(&seen, &["OK schedule: cron runs "]);
    // As a package may bring it.
    let [own, packaged] = CONFIGURATION;
    write("etc/cron.d/sessionstat", &format!("# cmp -s /{own} /{packaged}\n{CRON}"));
    write(own, "#\n");
    write(packaged, "");
    assert!(!look(&host).cron.unwrap().is_idle);
    write(packaged, "#\n");
    let mut seen = look(&host);
    seen.cron.as_mut().unwrap().access.owner = 0;
    assert_told(
        &seen,
        &["do nothing while /etc/sessionstat/sessionstat.toml is as the package", "; change it"],
    );
    write(own, "# seen\n");
    let file = host.file("etc/cron.d/sessionstat");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    write("etc/cron.d/sessionstat.dpkg-new", CRON);
    fs::remove_dir_all(host.file("proc")).unwrap();
    let mut seen = look(&host);
    seen.cron.as_mut().unwrap().access.owner = 0;
    let told = told(&seen);
    assert!(told.len() == 3 && told[2].contains("no cron daemon runs"), "{told:?}");
}
