//! The order of the sources, their files, and what is remembered.

use std::{fs, process::Command, time::Duration};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::samba::workstation::survey::{Answer, Survey};

const NOW: &str = "2027-03-17T13:00:00Z";

fn row(user: &str, machine: Option<&str>, ip: &str) -> Connection {
    Connection {
        user: user.into(),
        domain: None,
        machine: machine.map(Into::into),
        ip: ip.parse().ok(),
        pid: None,
        protocol: None,
        connected: None,
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn machines(connections: &[Connection]) -> Vec<String> {
    let shown = |row: &Connection| format!("{} {}", row.user, row.machine.as_deref().unwrap_or("-"));
    connections.iter().map(shown).collect()
}

/// The addresses that each source is asked about, if each knows every one of them by its own name.
fn asked(connections: &[Connection], resolve: &[Source]) -> Vec<String> {
    let settings = Samba { resolve: resolve.to_vec(), ..Samba::default() };
    let mut asked = Vec::new();
    names(connections, &settings, |source, open| {
        asked.extend(open.iter().map(|ip| format!("{source:?} {ip}")));
        Names::new()
    });
    asked
}

#[test]
fn a_source_behind_the_snapshot_is_asked_where_the_snapshot_knows_no_name() {
    let connections = [
        row("a", Some("PC1"), "10.0.0.1"),
        row("b", None, "10.0.0.2"),
        // Two names at one address: no answer by address fits the third session.
        row("c", Some("PC3"), "10.0.0.3"),
        row("d", Some("PC4"), "10.0.0.3"),
        row("e", None, "10.0.0.3"),
        row("f", None, "unknown"),
    ];
    assert_eq!(asked(&connections, &[Source::Snapshot, Source::Ptr]), ["Ptr 10.0.0.2"]);
    let all = ["Ptr 10.0.0.1", "Ptr 10.0.0.2", "Ptr 10.0.0.3"];
    assert_eq!(asked(&connections, &[Source::Ptr, Source::Snapshot]), all);
    assert_eq!(asked(&connections, &[Source::Ptr]), all);
}

#[test]
fn the_first_answer_wins_and_the_table_outranks_the_snapshot() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let settings = Samba {
        resolve: vec![Source::Table, Source::Snapshot, Source::Journal, Source::Audit, Source::Dhcp],
        table: file("table", "10.0.0.1 table1\n"),
        journal: file(
            "journal",
            "pre|t|u|journal1|10.0.0.1|7\npre|t|u|journal2|10.0.0.2|7\npre|t|u|journal3|10.0.0.3|7\n",
        ),
        audit: folder.path().join("missing"),
        dhcp: vec![
            file("dnsmasq", "1 52:54:00:aa:bb:03 10.0.0.3 dhcp3 *\n1 52:54:00:aa:bb:04 10.0.0.4 dhcp4 *\n"),
            file("isc", "lease 10.0.0.4 {\n  binding state active;\n  client-hostname \"isc4\";\n}\n"),
        ],
        ..Samba::default()
    };
    let mut connections = vec![
        row("d", None, "10.0.0.4"),
        row("c", None, "10.0.0.3"),
        row("b", Some("PC2"), "10.0.0.2"),
        row("a", Some("PC1"), "10.0.0.1"),
        row("e", None, "10.0.0.5"),
    ];
    complete(&mut connections, &settings, None, NOW.parse().unwrap());
    assert_eq!(machines(&connections), ["a TABLE1", "b PC2", "c JOURNAL3", "d DHCP4", "e -"]);
}

#[test]
fn rows_are_sorted_again_by_the_names_that_were_found() {
    let folder = TempDir::new().unwrap();
    let table = folder.path().join("table");
    fs::write(&table, "10.0.0.1 pc1\n").unwrap();
    let settings = Samba { table, resolve: vec![Source::Table], ..Samba::default() };
    let mut connections = vec![row("z", None, "10.0.0.1"), row("a", Some("PC9"), "10.0.0.1")];
    complete(&mut connections, &settings, None, NOW.parse().unwrap());
    assert_eq!(machines(&connections), ["a PC1", "z PC1"]);
}

/// A folder with an nmblookup that knows 10.0.0.1 and counts its calls.
struct Network {
    folder: TempDir,
    settings: Samba,
}

impl Network {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> {}/calls\necho \"Looking up status of $2\"\n[ $2 = 10.0.0.1 ] || exit 1\n\
             printf '\\tPC1             <00> -         B <ACTIVE> \\n'\n",
            folder.path().display()
        );
        let program = folder.path().join("nmblookup");
        let source = folder.path().join("source");
        fs::write(&source, script).unwrap();
        // Written by another process, so that it can be run at once whatever other tests do.
        let installed = Command::new("install").arg("-m755").args([&source, &program]).status();
        assert!(installed.unwrap().success());
        let settings = Samba {
            resolve: vec![Source::Snapshot, Source::Nmblookup],
            nmblookup: program,
            resolve_budget: Duration::from_secs(60),
            ..Samba::default()
        };
        Self { folder, settings }
    }

    fn complete(&self, remember: bool, now: &str) -> Vec<String> {
        let mut connections =
            vec![row("a", None, "10.0.0.1"), row("b", None, "10.0.0.2"), row("c", None, "fd10::3")];
        let state = self.folder.path().join("state");
        complete(&mut connections, &self.settings, remember.then_some(&state), now.parse().unwrap());
        machines(&connections)
    }

    /// How often nmblookup ran since the last look.
    fn calls(&self) -> usize {
        let path = self.folder.path().join("calls");
        let calls = fs::read_to_string(&path).unwrap_or_default().lines().count();
        let _ = fs::remove_file(path);
        calls
    }
}

#[test]
fn answers_of_slow_sources_are_remembered_for_ten_minutes() {
    let network = Network::new();
    let found = ["a PC1", "b -", "c -"];
    for (now, calls) in [
        (NOW, 2),
        // Also that there was no answer.
        ("2027-03-17T13:09:59Z", 0),
        ("2027-03-17T13:10:00Z", 2),
        // A clock that was set back makes the rest a guess.
        ("2027-03-17T12:00:00Z", 2),
    ] {
        assert_eq!(network.complete(true, now), found, "{now}");
        assert_eq!(network.calls(), calls, "{now}");
    }
}

#[test]
fn a_broken_memory_is_written_anew() {
    let network = Network::new();
    let file = network.folder.path().join("state/workstations.json");
    network.complete(true, NOW);
    fs::write(&file, "{\"nmblookup\": {\"10.0.0.1\"").unwrap();
    assert_eq!(network.calls(), 2);
    assert_eq!(network.complete(true, NOW), ["a PC1", "b -", "c -"]);
    assert_eq!(network.calls(), 2);
    network.complete(true, NOW);
    assert_eq!(network.calls(), 0);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn without_a_folder_nothing_is_remembered() {
    let network = Network::new();
    network.complete(false, NOW);
    network.complete(false, NOW);
    assert_eq!(network.calls(), 4);
    assert!(!network.folder.path().join("state").exists());
}

#[test]
fn a_source_that_cannot_be_asked_is_asked_again_next_time() {
    let mut network = Network::new();
    let program = std::mem::replace(&mut network.settings.nmblookup, "/nonexistent/nmblookup".into());
    assert_eq!(network.complete(true, NOW), ["a -", "b -", "c -"]);
    network.settings.nmblookup = program;
    assert_eq!(network.complete(true, NOW), ["a PC1", "b -", "c -"]);
}

#[test]
fn a_question_that_does_not_come_back_is_left_behind() {
    let settings = Samba { resolve_budget: Duration::from_secs(1), ..Samba::default() };
    let mut survey = Survey::new(&settings, None, NOW.parse().unwrap());
    let open = [ip("10.0.0.1"), ip("10.0.0.2")].into();
    let names = survey.ask(Source::Ptr, &open, |asked, _| {
        if asked == ip("10.0.0.1") {
            loop {
                std::thread::park();
            }
        }
        Answer::Name("PC2".into())
    });
    assert_eq!(names.into_iter().collect::<Vec<_>>(), [(ip("10.0.0.2"), "PC2".to_owned())]);
    // The budget is that of the run: nothing is left for the next source.
    let late = survey.ask(Source::Nmblookup, &open, |_, _| Answer::Name("PC1".into()));
    assert!(late.is_empty());
}

#[test]
fn many_addresses_are_asked_all() {
    let mut survey = Survey::new(&Samba::default(), None, NOW.parse().unwrap());
    let open: BTreeSet<IpAddr> = (0..=255).map(|last| IpAddr::from([10, 0, 0, last])).collect();
    let names = survey.ask(Source::Ptr, &open, |ip, _| Answer::Name(ip.to_string()));
    assert_eq!(names.into_keys().collect::<BTreeSet<_>>(), open);
}

#[test]
fn only_the_end_of_a_long_file_is_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal");
    fs::write(&path, "first\nsecond\nthird\n").unwrap();
    assert_eq!(tail(&path, 100).unwrap(), b"first\nsecond\nthird\n");
    assert_eq!(tail(&path, 12).unwrap(), b"third\n");
    assert_eq!(tail(&path, 3).unwrap(), b"");
}

#[test]
fn a_pipe_in_the_place_of_a_file_does_not_block() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert!(tail(&path, 100).is_err());
    assert!(tail(folder.path(), 100).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_survived(lines in prop::collection::vec("(pre\\||1 2 |lease |}|10.0.0.1 |\\t|<00>|#|:|;|[{]|\\PC){0,12}", 0..9), tail: Vec<u8>) {
        let bytes = [lines.join("\n").as_bytes(), &tail].concat();
        let parsers = [journal::parse, audit::parse, dhcp::parse, nmblookup::parse];
        for parse in parsers {
            let _ = parse(&bytes);
        }
        let _ = table::parse(&bytes);
        let _ = table::parse_neighbours(&bytes);
    }
}
