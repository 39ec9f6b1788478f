//! The demo's stand-in for smbstatus prints what the real one prints: the same people at the same machines give the
//! captured output of Samba 4.17 (JSON) and 4.13 (text), but for numbers that differ from run to run.

// clippy.toml allows it in the test functions only, not in those beside them.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::Tool;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The people of the captures `417-json-five-nbt` and `417-text-five-nbt`; columns as in `demo/day.tsv`.
const FIVE: &str = "\
SERVER	cgarcia	usagers	poste03	192.168.10.103	14:08	20:00
SERVER	adupont	usagers	poste01	192.168.10.101	14:08	20:00
SERVER	bmartin	usagers	poste02	192.168.10.102	14:08	20:00
SERVER	usager001	usagers	poste05	192.168.10.105	14:08	20:00
SERVER	animatrice	animateurs	accueil	192.168.10.104	14:08	20:00
SERVER	gone	usagers	poste06	192.168.10.106	13:00	14:08
SERVER	comes.later	usagers	poste06	192.168.10.106	14:09	20:00
other	elsewhere	usagers	poste07	192.168.10.107	14:08	20:00
";

/// What the stand-in prints at 14:08 for the five, with clocks of its host in `zone`.
fn smbstatus(server: &str, zone: &str, arguments: &[&str]) -> String {
    let tool = Tool::program(Path::new(ROOT).join("demo/smbstatus")).no_config().args(arguments);
    let day = tool.home().join("day.tsv");
    std::fs::write(&day, FIVE.replace("SERVER", server)).unwrap();
    let tool = tool.env("DEMO_DAY", day).env("DEMO_SERVER", server).env("TZ", zone);
    tool.env("DEMO_NOW", "2027-03-17T14:08:00+01:00").run().expect(0).stdout
}

fn captured(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(ROOT).join("tests/golden/samba").join(name)).unwrap()
}

/// All digits as 9: addresses, ids and times keep their form.
fn masked(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
}

/// The entries of a section; a number of any length is 9.
fn entries(json: &str, section: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(json).unwrap();
    let own_id = if section == "tcons" { "tcon_id" } else { "session_id" };
    let entry = |(key, entry): (&String, &Value)| {
        assert_eq!(entry[own_id], **key);
        let mut text: Vec<char> = masked(&entry.to_string()).chars().collect();
        text.dedup_by(|one, other| (*one, *other) == ('9', '9'));
        text.into_iter().collect()
    };
    let mut entries: Vec<String> = value[section].as_object().unwrap().iter().map(entry).collect();
    entries.sort();
    entries
}

#[test]
fn json_is_that_of_samba_4_17() {
    let real = captured("417-json-five-nbt.json");
    let ours = smbstatus("serveur1", "Europe/Paris", &["--json"]);
    for section in ["sessions", "tcons"] {
        assert_eq!(entries(&ours, section), entries(&real, section));
    }
    let head = |text: &str| masked(text.split("sessions").next().unwrap());
    assert_eq!(head(&ours), head(&real));
}

#[test]
fn json_sections_are_those_that_were_asked_for() {
    let keys = |arguments: &[&str]| {
        let value: Value = serde_json::from_str(&smbstatus("serveur1", "UTC", arguments)).unwrap();
        value.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys(&["-p", "--json"]), ["sessions", "smb_conf", "timestamp", "version"]);
    assert_eq!(keys(&["-S", "--json"]), ["smb_conf", "tcons", "timestamp", "version"]);
}

#[test]
fn text_is_that_of_samba_4_13_which_ignores_json() {
    let lines = |text: &str| {
        let text = masked(&text.replace("AES-128-GMAC", "AES-128-CMAC").replace("4.17.12", "4.13.13"));
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let real = lines(&captured("417-text-five-nbt.txt"));
    assert_eq!(lines(&smbstatus("serveur2", "Europe/Paris", &["-p", "--json"])), real);

    let shares = smbstatus("serveur2", "UTC", &["-S", "--json"]);
    let real = captured("413-text-mixed-full.txt");
    let header = real.lines().skip_while(|line| !line.starts_with("Service")).take(2).collect::<Vec<_>>();
    assert_eq!(shares.lines().skip(1).take(2).collect::<Vec<_>>(), header);
    let of = |text: &str, machine: &str| {
        let line = text.lines().find(|line| line.starts_with("commun") && line.contains(machine)).unwrap();
        masked(line).replace("Wed Mar", "Sun Nov").replace("UTC", "CET")
    };
    assert_eq!(of(&shares, "poste03"), of(&real, "poste04"));
}
