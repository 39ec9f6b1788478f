//! The commands that README, manual pages and sample files show, as far as they are ours: they would run.

use std::{collections::BTreeSet, path::Path};

use crate::{
    command::{commands, takes},
    manual,
    page::Page,
    read,
};

/// The lines of the blocks of commands in a Markdown file, without their prompts.
fn console(path: &str) -> Vec<String> {
    let text = read(path);
    let blocks = text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines);
    let lines: Vec<String> = lines
        .map(|line| {
            let command = line.strip_prefix("$ ").or_else(|| line.strip_prefix("# "));
            command.unwrap_or_else(|| panic!("{path}: no prompt before {line}")).to_owned()
        })
        .collect();
    assert!(!lines.is_empty(), "{path} shows no command");
    lines
}

/// The calls of our commands in a line of shell or of a cron file: each with its arguments.
fn calls(line: &str) -> Vec<(String, Vec<String>)> {
    let commands = commands();
    let mut calls: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    // The word before one of ours that makes it an argument of something else.
    let mut before = String::new();
    for word in words(line) {
        if ["|", "||", "&&", ";"].contains(&word.as_str()) || word.starts_with(['#', '<', '>']) {
            open = false;
            if word.starts_with('#') {
                break;
            }
        } else if open {
            if let Some((_, arguments)) = calls.last_mut() {
                arguments.push(word.clone());
            }
        } else if commands.contains(&word) && before != "-v" {
            calls.push((word.clone(), Vec::new()));
            open = true;
        }
        before = word;
    }
    calls
}

/// The words of a line, quotes removed; `;` is a word of its own.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, ';') => words.extend([";".to_owned(), String::new()]),
            (None, blank) if blank.is_whitespace() => words.push(String::new()),
            (_, other) => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The calls of our commands in `lines`, of which there are some, with what a shell would put in place of `$(...)`.
pub fn assert_calls(place: &str, lines: &[&str]) {
    let calls: Vec<_> = lines.iter().flat_map(|line| calls(line)).collect();
    assert!(!calls.is_empty(), "{place} shows no command of ours");
    for (command, arguments) in calls {
        let line = arguments.join(" ");
        let arguments: Vec<String> = match line.split_once("$(") {
            Some((plain, _)) => plain.split(' ').chain(["2026-03-10"]).map(str::to_owned).collect(),
            None => arguments,
        };
        let arguments: Vec<String> = arguments.into_iter().filter(|argument| !argument.is_empty()).collect();
        if let Err(refused) = takes(&command, &arguments) {
            panic!("{place}: {refused}");
        }
    }
}

#[test]
fn words_and_calls_are_read_as_a_shell_does() {
    let found = calls(
        "*/5 * * * * root command -v samba-snapshot >/dev/null || exit 0; samba-snapshot --server 'a b'",
    );
    assert_eq!(found, [("samba-snapshot".to_owned(), vec!["--server".to_owned(), "a b".to_owned()])]);
    assert_eq!(calls("# install target/release/epn-ingest /usr/sbin/"), []);
    assert_eq!(calls("X='a b' epn-ingest --json | jq -r '.x | .y' && stats-report epn  # why").len(), 2);
}

#[test]
fn what_readme_and_pages_show_would_run() {
    let readme = console("README.md");
    assert_calls("README.md", &readme.iter().map(String::as_str).collect::<Vec<_>>());
    for page in Page::every().iter().filter(|page| page.section != "5") {
        assert_calls(&page.path, &page.examples());
    }
}

#[test]
fn what_readme_names_is_there() {
    let readme = read("README.md");
    let linked = readme.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    let quoted = readme.split('`').skip(1).step_by(2).filter(|text| {
        ["etc/", "cron.d/", "docs/", "demo/", "man/", "web/"].iter().any(|folder| text.starts_with(folder))
    });
    for path in linked.chain(quoted) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "README.md names {path}");
    }
    let makefile = read("Makefile");
    for line in console("README.md").iter().filter_map(|line| line.strip_prefix("make ")) {
        let target = line.split_whitespace().next().unwrap();
        assert!(makefile.contains(&format!("\n{target}:")), "no `make {target}`");
    }
    for command in commands() {
        assert!(readme.contains(&format!("**{command}**(")), "README.md does not tell what {command} is");
    }
}

#[test]
fn the_statuses_in_readme_are_those_of_the_pages() {
    let readme = read("README.md");
    let rows = readme.lines().skip_while(|line| !line.starts_with("| status ")).skip(2);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|line| line.split('|').nth(1).unwrap());
    let found: BTreeSet<u8> =
        cells.flat_map(|cell| cell.split(',').map(|text| text.trim().parse().unwrap())).collect();
    assert_eq!(found, manual::explained_statuses());
}

#[test]
fn the_rules_are_all_there_in_order() {
    for (file, last) in [("docs/epn-rules.md", 30), ("docs/time-online.md", 7)] {
        let rules = read(file);
        let numbers =
            rules.lines().filter_map(|line| line.strip_prefix("**")?.split_once(". ")?.0.parse::<u8>().ok());
        assert_eq!(numbers.collect::<Vec<_>>(), (1..=last).collect::<Vec<_>>(), "{file}");
    }
}
