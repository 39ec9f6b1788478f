//! The manual says all that there is, in both languages.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;

use crate::{
    site::{Site, json},
    slots::evening,
    space::{DAY, filled, report},
    support::{Tool, find_program},
    time::tuesday,
};

const PAGES: [&str; 2] = ["man/stats-report.1", "man/fr/stats-report.1"];

fn source(page: &str) -> String {
    fs::read_to_string(format!("{}/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The words of a page, without roff's marks on them.
fn words(page: &str) -> BTreeSet<String> {
    source(page)
        .replace("\\-", "-")
        .split(|character: char| !(character.is_alphanumeric() || "-_".contains(character)))
        .map(str::to_owned)
        .collect()
}

/// The keys of all objects in `value`.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.keys().cloned());
            object.values().for_each(|value| keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => (),
    }
}

#[test]
fn every_option_and_section_of_the_help_is_explained() {
    let help = Tool::new("stats-report").no_config().arg("--help").run().expect(0).stdout;
    let options: BTreeSet<&str> = help
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .flat_map(|line| {
            line.split([' ', ',', '.', '[']).filter(|word| word.starts_with('-') && word.len() > 1)
        })
        .chain(["overview", "sessions", "logins", "services", "epn", "time", "runs"])
        .chain(["table", "json", "csv", "prometheus", "html", "en", "fr"])
        .collect();
    assert!(options.contains("--from") && options.contains("-q") && options.len() >= 20, "{options:?}");
    for page in PAGES {
        let words = words(page);
        let missing: Vec<_> = options.iter().filter(|option| !words.contains(**option)).collect();
        assert!(missing.is_empty(), "{page} does not explain {missing:?}");
    }
}

#[test]
fn every_key_is_explained() {
    let (space, site, sessions, online) = (filled(), Site::filled(), evening(), tuesday());
    let mut found = BTreeSet::new();
    crate::runs::fill(&space);
    for report in [
        report(&space).arg("runs"),
        report(&space).args(DAY),
        site.report(),
        report(&sessions),
        report(&online),
    ] {
        keys(&json(&report, &[]), &mut found);
    }
    space.run("DROP TABLE moodle_session");
    let gaps = report(&space).args(["epn", "time", "--format=json"]).run().expect(78).stdout;
    keys(&serde_json::from_str(&gaps).unwrap(), &mut found);
    assert!(found.contains("gaps"));
    assert!(found.len() > 70, "{found:?}");
    for page in PAGES {
        let words = words(page);
        let missing: Vec<_> = found.iter().filter(|key| !words.contains(*key)).collect();
        assert!(missing.is_empty(), "{page} does not explain {missing:?}");
    }
}

#[test]
fn the_pages_are_well_formed() {
    let mandoc = find_program(&["mandoc"], "mandoc").unwrap_or_else(|missing| panic!("{missing}"));
    for page in PAGES {
        let lint = Command::new(&mandoc)
            .args(["-Tlint", "-W", "warning", page])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stdout));
    }
}
