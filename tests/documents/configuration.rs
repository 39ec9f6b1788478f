//! The sample configuration and sessionstat.toml(5): every key, with the default that it has in the program.

use std::collections::BTreeMap;

use sessionstat::config::Config;
use toml::{Table, Value};

use crate::{page::Page, read, support::Tool};

/// Keys that are not set unless somebody sets them: the sample shows an example.
const WITHOUT_DEFAULT: [&str; 3] = ["general.timezone", "mysql.password_file", "epn.gap_minutes"];

const SMBSTATUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/samba/417-json-one.json");

fn sample() -> String {
    read("etc/sessionstat.toml")
}

/// The sample with every key set.
fn sample_in_force() -> String {
    let is_key = |line: &str| {
        line.split_once(" = ").is_some_and(|(key, _)| {
            !key.is_empty() && key.chars().all(|character| character.is_ascii_lowercase() || character == '_')
        })
    };
    let line = |line: &str| match line.strip_prefix('#').filter(|rest| is_key(rest)) {
        Some(setting) => format!("{setting}\n"),
        None => format!("{line}\n"),
    };
    sample().lines().map(line).collect()
}

/// `section.key` and value of every key in a text.
fn settings(text: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (name, value) in text.parse::<Table>().unwrap() {
        match value {
            Value::Table(section) => {
                all.extend(section.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            value => drop(all.insert(name, value)),
        }
    }
    all
}

/// The keys that a section may have, or the file for "", as a command lists them when it finds another one.
fn known_in(section: &str) -> Vec<String> {
    let header = if section.is_empty() { String::new() } else { format!("[{section}]\n") };
    let run = Tool::new("epn-ingest").exact_config(&format!("{header}no_such_key = 1\n")).run().expect(78);
    let (_, list) = run.stderr.split_once("expected ").unwrap_or_else(|| panic!("{}", run.stderr));
    let names = list.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// Whether a name at the top of the file is a section: a number instead of it is then no map.
fn is_section(name: &str) -> bool {
    let run = Tool::new("epn-ingest").exact_config(&format!("{name} = 1\n")).run().expect(78);
    run.stderr.contains("expected struct")
}

/// `section.key` of every key that the commands know.
fn known() -> Vec<String> {
    let mut known = Vec::new();
    for name in known_in("") {
        if is_section(&name) {
            known.extend(known_in(&name).into_iter().map(|key| format!("{name}.{key}")));
        } else {
            known.push(name);
        }
    }
    known.sort();
    assert!(known.len() > 20, "{known:?}");
    known
}

#[test]
fn the_sample_has_every_key() {
    let keys: Vec<String> = settings(&sample_in_force()).into_keys().collect();
    assert_eq!(keys, known());
    assert!(settings(&sample()).is_empty(), "as it is shipped, the sample changes nothing");
}

#[test]
fn the_sample_is_accepted_as_it_is_and_with_all_keys_set() {
    for text in [sample(), sample_in_force()] {
        let run = Tool::new("samba-snapshot").exact_config(&text);
        let run = run.args(["--dry-run", "--format=json", "--input", SMBSTATUS]).run().expect(0);
        assert!(run.stdout.contains("adupont") && run.stderr.is_empty(), "{run:?}");
    }
}

#[test]
fn the_sample_shows_the_defaults() {
    let read = |text: &str| toml::from_str::<Config>(text).unwrap();
    let mut shown = read(&sample_in_force());
    let built_in = Config::default();
    assert_eq!(shown.epn.gap(), built_in.epn.gap());
    // Secrets do not print themselves.
    assert_eq!(shown.mysql.url.reveal(), built_in.mysql.url.reveal());
    assert_eq!(shown.redis.url.reveal(), built_in.redis.url.reveal());
    shown.general.timezone = None;
    shown.mysql.password_file = None;
    shown.epn.gap_minutes = None;
    assert_eq!(format!("{shown:#?}"), format!("{built_in:#?}"));
}

/// `section.key` of every key that a page explains, with the default that it names.
fn explained(page: &Page, word: &str) -> BTreeMap<String, Option<Value>> {
    let mut section = String::new();
    let mut explained = BTreeMap::new();
    let mut lines = page.part(&["KEYS", "CLÉS"]).into_iter().peekable();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix(".SS ") {
            let name = heading.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
            section = name.map_or_else(String::new, |name| format!("{name}."));
        } else if line == ".TP" {
            let tag = lines.peek().unwrap();
            let (key, rest) = tag.split_once(" (").unwrap_or_else(|| panic!("{}: {tag}", page.path));
            let value =
                rest.split_once(&format!(", {word} ")).map(|(_, value)| value.strip_suffix(')').unwrap());
            let value =
                value.map(|text| format!("value = {text}").parse::<Table>().unwrap()["value"].clone());
            explained.insert(format!("{section}{key}"), value);
        }
    }
    explained
}

#[test]
fn the_page_has_every_key_with_its_default_in_both_languages() {
    let mut expected: BTreeMap<String, Option<Value>> =
        settings(&sample_in_force()).into_iter().map(|(key, value)| (key, Some(value))).collect();
    for key in WITHOUT_DEFAULT {
        expected.insert(key.to_owned(), None);
    }
    for page in Page::every().iter().filter(|page| page.section == "5") {
        let word = if page.path.contains("/fr/") { "par défaut" } else { "default" };
        assert_eq!(explained(page, word), expected, "{}", page.path);
    }
}

#[test]
fn what_each_command_reads_is_the_same_in_the_sample_and_in_the_page() {
    /// Command, top-level keys, and which of the sections it reads.
    fn table(lines: impl Iterator<Item = String>) -> Vec<String> {
        let commands = crate::command::commands();
        let rows = lines.map(|line| line.trim_start_matches('#').replace("oui", "yes"));
        let rows = rows.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        let mut rows: Vec<String> = rows
            .filter(|row| commands.iter().any(|name| row.starts_with(&format!("{name} "))))
            .filter(|row| row.ends_with(" yes") || row.ends_with(" -"))
            .collect();
        rows.sort();
        rows
    }
    let in_sample = table(sample().lines().map(str::to_owned));
    assert_eq!(in_sample.len(), crate::command::commands().len(), "{in_sample:?}");
    for page in Page::every().into_iter().filter(|page| page.section == "5") {
        assert_eq!(table(page.lines.into_iter()), in_sample, "{}", page.path);
    }
}
