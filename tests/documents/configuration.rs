//! The sample configuration and sessionstat.toml(5): every key, with the default that it has in the program.

use std::collections::BTreeMap;

use sessionstat::config::Config;
use toml::{Table, Value};

use crate::{page::Page, read, support::Tool};

/// Keys that are not set unless somebody sets them: the sample shows an example.
const WITHOUT_DEFAULT: [&str; 19] = [
    "general.timezone",
    "mysql.password_file",
    "mysql.tls_ca_file",
    "mysql.tls_cert_file",
    "mysql.tls_key_file",
    "redis.password_file",
    "redis.sentinel_password_file",
    "redis.tls_ca_file",
    "redis.tls_cert_file",
    "redis.tls_key_file",
    "epn.gap_minutes",
    "ratelimit.timeout",
    "moodle.url",
    "moodle.password_file",
    "moodle.tls",
    "moodle.tls_ca_file",
    "moodle.tls_cert_file",
    "moodle.tls_key_file",
    "moodle.log",
];

/// The section of rules: of any name, they have the same keys. The sample shows those of this one.
const RULES: &str = "ratelimit.rules";
const SHOWN_RULE: &str = "ratelimit.rules.login";

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

/// The same without the files of encryption, which are a mistake where nothing is encrypted.
fn sample_in_use() -> String {
    sample_in_force()
        .lines()
        .filter(|line| !line.starts_with("tls_"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The sections that the sample shows as examples: headers and keys behind `# `, up to the next line of another kind.
fn examples_of_sample() -> Vec<String> {
    let sample = sample();
    let lines: Vec<&str> = sample.lines().map(|line| line.strip_prefix("# ").unwrap_or_default()).collect();
    let begins = (0..lines.len()).filter(|number| lines[*number].starts_with('['));
    let sections = begins.map(|begin| {
        let section = lines[begin..].iter().take_while(|line| !line.is_empty());
        section.map(|line| format!("{line}\n")).collect()
    });
    sections.collect()
}

/// `section.key` and value of every key in a text; a section may be part of another one.
fn settings(text: &str) -> BTreeMap<String, Value> {
    fn add(path: &str, table: Table, all: &mut BTreeMap<String, Value>) {
        for (name, value) in table {
            let path = below(path, &name);
            match value {
                Value::Table(section) => add(&path, section, all),
                value => drop(all.insert(path, value)),
            }
        }
    }
    let mut all = BTreeMap::new();
    add("", text.parse().unwrap(), &mut all);
    all
}

fn below(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// What the program says about a line in a section, or at the top of the file for "".
fn complaint(section: &str, line: &str) -> String {
    let header = if section.is_empty() { String::new() } else { format!("[{section}]\n") };
    Tool::new("epn-ingest").exact_config(&format!("{header}{line}\n")).run().expect(78).stderr
}

/// The names that a section may have, or the file for "", as a command lists them when it finds another one.
fn known_in(section: &str) -> Vec<String> {
    let said = complaint(section, "no_such_key = 1");
    let (_, list) = said.split_once("expected ").unwrap_or_else(|| panic!("{said}"));
    let names = list.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// What a name stands for.
#[derive(Debug, PartialEq)]
enum Kind {
    Key,
    Section,
    /// Sections of any name.
    Sections,
}

/// Told by what the program expects instead of a fraction, which no key takes.
fn kind(section: &str, name: &str) -> Kind {
    let said = complaint(section, &format!("{name} = 0.5"));
    match said.split_once("expected ").map(|(_, expected)| expected.trim_end()) {
        Some(expected) if expected.starts_with("struct ") => Kind::Section,
        Some("a map") => Kind::Sections,
        _ => Kind::Key,
    }
}

/// `section.key` of every key that the commands know; rules are those of one name.
fn known() -> Vec<String> {
    fn add(section: &str, known: &mut Vec<String>) {
        for name in known_in(section) {
            let path = below(section, &name);
            match kind(section, &name) {
                Kind::Key => known.push(path),
                Kind::Section => add(&path, known),
                Kind::Sections => {
                    assert_eq!(path, RULES, "sections of any name that the sample does not show");
                    add(SHOWN_RULE, known);
                }
            }
        }
    }
    let mut known = Vec::new();
    add("", &mut known);
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
    for text in [sample(), sample_in_use()] {
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
    shown.mysql.tls_ca_file = None;
    shown.mysql.tls_cert_file = None;
    shown.mysql.tls_key_file = None;
    shown.redis.password_file = None;
    shown.redis.sentinel_password_file = None;
    shown.redis.tls_ca_file = None;
    shown.redis.tls_cert_file = None;
    shown.redis.tls_key_file = None;
    shown.epn.gap_minutes = None;
    shown.ratelimit.timeout = None;
    shown.moodle.url = None;
    shown.moodle.password_file = None;
    shown.moodle.tls = None;
    shown.moodle.tls_ca_file = None;
    shown.moodle.tls_cert_file = None;
    shown.moodle.tls_key_file = None;
    shown.moodle.log = None;
    assert_eq!(format!("{shown:#?}"), format!("{built_in:#?}"));
}

#[test]
fn the_examples_of_the_sample_are_accepted() {
    let examples = examples_of_sample();
    let rules: Vec<String> = examples.iter().map(|text| text.lines().next().unwrap().to_owned()).collect();
    assert_eq!(rules, ["[ratelimit.rules.service]", "[ratelimit.rules.password]"]);
    let with_all: String = [sample_in_use()].into_iter().chain(examples).collect();
    let run = Tool::new("ratelimit-check").exact_config(&with_all);
    // They are as good as any other: the user who cannot be one is the only mistake.
    let run = run.args(["--rule", "service", "--rule", "password", "--", ""]).run().expect(65);
    assert!(run.stderr.contains("the name of the user is empty"), "{run:?}");
}

/// `section.key` of every key that a page explains, with the default that it names.
fn explained(page: &Page, word: &str) -> BTreeMap<String, Option<Value>> {
    let mut section = String::new();
    let mut explained = BTreeMap::new();
    let mut lines = page.part(&["KEYS", "CLÉS"]).into_iter().peekable();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix(".SS ") {
            let name = heading.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
            section = name.map_or_else(String::new, |name| match name.strip_prefix(RULES) {
                Some(_) => format!("{SHOWN_RULE}."),
                None => format!("{name}."),
            });
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
