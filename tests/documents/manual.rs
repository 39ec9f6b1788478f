//! The manual pages say what the commands say, in both languages.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;
use sessionstat::samba::failure::Kind;

use crate::{
    command::{commands, flags, flags_of, values},
    page::Page,
    read,
    support::{MariaDb, Tool, find_program},
};

/// The pages of the commands.
fn pages_of_commands() -> Vec<Page> {
    let commands = commands();
    let pages = Page::every().into_iter().filter(|page| commands.contains(&page.about));
    pages.collect()
}

/// The exit statuses of the package, by the list that the commands have.
fn statuses() -> BTreeSet<u8> {
    let source = read("src/failure.rs");
    let list = source.split("pub enum Status {").nth(1).unwrap().split('}').next().unwrap();
    let statuses: BTreeSet<u8> = list
        .lines()
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = ")?.1.parse().ok())
        .collect();
    assert!(statuses.contains(&0) && statuses.contains(&78), "{statuses:?}");
    statuses
}

#[test]
fn every_command_has_a_page_in_each_language() {
    for folder in ["man", "man/fr"] {
        let pages: BTreeMap<String, String> =
            Page::all(folder).into_iter().map(|page| (page.about, page.section)).collect();
        for command in commands() {
            // Section 1 is for everybody, section 8 for administrators.
            let section = pages.get(&command).unwrap_or_else(|| panic!("no {folder}/{command}"));
            assert!(["1", "8"].contains(&section.as_str()), "{folder}/{command}.{section}");
        }
        assert!(pages.contains_key("sessionstat.toml"), "{folder}");
    }
}

#[test]
fn the_options_of_a_page_are_those_of_the_command() {
    for page in pages_of_commands() {
        let options = page.part(&["OPTIONS"]);
        let explained: BTreeSet<String> = Page::tags(&options).into_iter().flat_map(flags_of).collect();
        assert_eq!(explained, flags(&page.about), "{}", page.path);
        let words: BTreeSet<&str> = options
            .iter()
            .flat_map(|line| line.split(|character: char| !character.is_alphanumeric() && character != '-'))
            .collect();
        for value in values(&page.about) {
            assert!(words.contains(value.as_str()), "{} does not name the value {value}", page.path);
        }
    }
}

#[test]
fn no_page_speaks_of_an_option_that_is_not_there() {
    let known: BTreeSet<String> = commands().iter().flat_map(|command| flags(command)).collect();
    for page in Page::every() {
        for flag in page.lines.iter().flat_map(|line| flags_of(line)).filter(|flag| flag.starts_with("--")) {
            assert!(known.contains(&flag), "{} speaks of {flag}", page.path);
        }
    }
}

/// The exit statuses that the pages explain, together.
pub fn explained_statuses() -> BTreeSet<u8> {
    pages_of_commands().iter().flat_map(Page::statuses).collect()
}

#[test]
fn the_exit_statuses_are_those_of_the_commands() {
    for page in pages_of_commands() {
        let found = page.statuses();
        assert!(found.is_sorted() && found.contains(&0), "{}: {found:?}", page.path);
    }
    assert_eq!(explained_statuses(), statuses());
}

/// The keys that the pages of a command explain under JSON, in both languages.
fn assert_json_keys(command: &str, printed: &Value) {
    let keys: BTreeSet<&str> = printed.as_object().unwrap().keys().map(String::as_str).collect();
    for page in pages_of_commands().iter().filter(|page| page.about == command) {
        let part = page.part(&["JSON"]);
        let tags = Page::tags(&part).into_iter().map(|tag| tag.strip_prefix(".B ").unwrap());
        assert_eq!(tags.collect::<BTreeSet<_>>(), keys, "{}", page.path);
    }
}

#[test]
fn the_keys_of_json_are_those_that_the_commands_print() {
    let smbstatus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/samba/417-json-one.json");
    let snapshot = Tool::new("samba-snapshot").args(["--dry-run", "--format=json", "--input", smbstatus]);
    let printed: Value = serde_json::from_str(&snapshot.run().expect(0).stdout).unwrap();
    assert_json_keys("samba-snapshot", &printed[0]);

    let database = MariaDb::shared().database();
    let summary = Tool::new("epn-ingest").url(&database).arg("--json").run().expect(0).stdout;
    assert_json_keys("epn-ingest", &serde_json::from_str(&summary).unwrap());
}

#[test]
fn the_kinds_of_failure_are_explained() {
    let kinds = [Kind::NotRoot, Kind::SmbstatusFailed, Kind::Timeout, Kind::BadJson, Kind::JsonTruncated];
    for page in pages_of_commands().iter().filter(|page| page.about == "samba-snapshot") {
        let text = page.part(&["JSON"]).join(" ");
        for kind in kinds {
            assert!(text.contains(&kind.to_string()), "{} does not explain {kind}", page.path);
        }
    }
}

#[test]
fn both_languages_say_the_same() {
    /// What does not depend on the language: headings and paragraphs by kind, flags, keys, statuses, examples.
    fn skeleton(page: &Page) -> Vec<String> {
        let tags = page.lines.windows(2).filter(|pair| pair[0] == ".TP").map(|pair| pair[1].as_str());
        let flags = tags.clone().flat_map(flags_of);
        let keys = tags.filter(|tag| {
            let name = tag.trim_start_matches(".BR").trim_start_matches(".B").trim();
            !name.is_empty()
                && name.chars().all(|character| character == '_' || character.is_ascii_lowercase())
        });
        let kinds = page.lines.iter().filter_map(|line| line.split(' ').next());
        let kinds = kinds.filter(|kind| [".SH", ".SS", ".TP", ".EX"].contains(kind));
        kinds.map(str::to_owned).chain(flags).chain(keys.map(str::to_owned)).collect()
    }
    let (english, french) = (Page::all("man"), Page::all("man/fr"));
    let names =
        |pages: &[Page]| pages.iter().map(|page| format!("{}.{}", page.about, page.section)).collect();
    let (in_english, in_french): (Vec<String>, Vec<String>) = (names(&english), names(&french));
    assert_eq!(in_english, in_french);
    for (english, french) in english.iter().zip(&french) {
        assert_eq!(skeleton(english), skeleton(french), "{}", french.path);
        if ["1", "8"].contains(&english.section.as_str()) {
            assert_eq!(english.statuses(), french.statuses(), "{}", french.path);
        }
    }
}

#[test]
fn the_pages_are_of_this_version_and_well_formed() {
    let mandoc = find_program(&["mandoc"], "mandoc").unwrap_or_else(|missing| panic!("{missing}"));
    let version = format!("\"sessionstat {}\"", env!("CARGO_PKG_VERSION"));
    for page in Page::every() {
        let title = format!(".TH {} {} ", page.about.to_uppercase(), page.section);
        assert!(
            page.lines[0].starts_with(&title) && page.lines[0].contains(&version),
            "{}: {}",
            page.path,
            page.lines[0]
        );
        let lint = Command::new(&mandoc)
            .args(["-Tlint", "-W", "warning", &page.path])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stdout));
    }
}
