//! Where a report is to go, and somebody else was before.

use std::{
    ffi::OsString,
    fs,
    os::unix::{
        ffi::OsStringExt,
        fs::{MetadataExt, lchown, symlink},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    files::{STRANGER, is_root, make_pipe, mode, set_mode},
    output::assert_harmless,
    servers::Servers,
    support::Output,
};

/// stats-report into a file.
fn report(servers: &Servers, file: &Path) -> Output {
    let tool = servers.tool("stats-report").args(["runs", "--output"]).arg(file);
    tool.limit(Duration::from_secs(30)).run()
}

#[test]
fn a_report_goes_to_no_place_that_a_stranger_has_prepared() {
    let servers = Servers::start();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // The rights stay, but not those to become the owner.
    fs::write(at("report"), "old").unwrap();
    set_mode(&at("report"), 0o4640);
    report(&servers, &at("report")).silent();
    assert_eq!(mode(&at("report")), 0o640);
    // Our own links are followed, in any number.
    symlink("report", at("one")).unwrap();
    symlink(at("one"), at("two")).unwrap();
    fs::write(at("report"), "old").unwrap();
    report(&servers, &at("two")).silent();
    assert_ne!(fs::read_to_string(at("report")).unwrap(), "old");
    symlink("loop", at("loop")).unwrap();
    report(&servers, &at("loop")).expect(73);
    // Another name of the old report keeps the old text.
    fs::hard_link(at("report"), at("linked")).unwrap();
    fs::write(at("linked"), "kept").unwrap();
    report(&servers, &at("report")).silent();
    assert_eq!(fs::read_to_string(at("linked")).unwrap(), "kept");
    if !is_root() {
        return;
    }
    set_mode(folder.path(), 0o1777);
    fs::write(at("victim"), "kept").unwrap();
    symlink(at("victim"), at("planted")).unwrap();
    fs::write(at("file"), "planted").unwrap();
    make_pipe(&at("pipe"));
    for name in ["planted", "file", "pipe"] {
        lchown(at(name), Some(STRANGER), None).unwrap();
        let run = report(&servers, &at(name)).expect(73);
        assert!(run.stderr.contains("belongs to the user with number 65534"), "{name}: {run:?}");
    }
    assert_eq!(fs::read_to_string(at("victim")).unwrap(), "kept");
    // In a folder of the stranger's own, too, a link leads root nowhere; but a file there stays the stranger's.
    let own = at("own");
    fs::create_dir(&own).unwrap();
    symlink(at("victim"), own.join("link")).unwrap();
    fs::write(own.join("file"), "old").unwrap();
    for path in [own.join("link"), own.join("file"), own.clone()] {
        lchown(path, Some(STRANGER), Some(STRANGER)).unwrap();
    }
    report(&servers, &own.join("link")).expect(73);
    report(&servers, &own.join("file")).silent();
    let seen = fs::metadata(own.join("file")).unwrap();
    assert_eq!((seen.uid(), seen.gid()), (STRANGER, STRANGER));
    let csv = servers.tool("stats-report").args(["runs", "--format=csv", "--output"]).arg(&own);
    symlink(at("victim"), own.join("runs.csv")).unwrap();
    lchown(own.join("runs.csv"), Some(STRANGER), None).unwrap();
    csv.run();
    assert_eq!(fs::read_to_string(at("victim")).unwrap(), "kept");
}

#[test]
fn a_stranger_who_is_fast_wins_no_race() {
    // Two users are needed: what one user does to his own files is no attack.
    if !is_root() {
        return;
    }
    let servers = Servers::start();
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o1777);
    let victim = folder.path().join("victim");
    fs::write(&victim, "kept").unwrap();
    set_mode(&victim, 0o600);
    let place = folder.path().join("report");
    let script = "while [ -e go ]; do ln -s victim report; rm -f report; true >report; rm -f report; mkfifo report; rm -f report; done";
    fs::write(folder.path().join("go"), "").unwrap();
    let mut stranger = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder.path())
        .uid(STRANGER)
        .gid(STRANGER)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let (mut runs, mut refused) = (0, 0);
    while runs < 60 || refused == 0 {
        runs += 1;
        let run = report(&servers, &place);
        assert!([0, 73, 74].contains(&run.status), "{run:?}");
        refused += u32::from(run.status != 0);
        assert_eq!((fs::read_to_string(&victim).unwrap().as_str(), mode(&victim)), ("kept", 0o600));
        if begin.elapsed() > Duration::from_secs(60) {
            break;
        }
        // Once it is root's, the stranger cannot remove it any more: the race begins anew.
        let _ = fs::remove_file(&place);
    }
    fs::remove_file(folder.path().join("go")).unwrap();
    stranger.wait().unwrap();
    assert!(refused > 0, "the stranger was never in the way: no race has been run");
}

#[test]
fn names_of_files_that_are_no_text_are_told_and_not_obeyed() {
    let servers = Servers::start();
    let tool = servers.tool("stats-report").args(["runs", "--output"]);
    let name = OsString::from_vec(b"a\x1b[31m\xff\x9b2J\n.txt".to_vec());
    tool.clone().arg(tool.home().join(&name)).run().silent();
    assert!(tool.home().join(&name).is_file());
    let run = tool.clone().arg(tool.home().join("no").join(&name)).run().expect(73);
    assert_harmless(&run, "a name of a file");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
}
