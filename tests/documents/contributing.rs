//! CONTRIBUTING.md: its list of dependencies is that of `Cargo.toml`, and what it names is there.

use std::{collections::BTreeMap, path::Path};

use crate::read;

/// The dependencies in `Cargo.toml`, each with the reason behind its `#`.
fn reasons_in_manifest() -> BTreeMap<String, String> {
    let manifest = read("Cargo.toml");
    let mut section = "";
    let mut reasons = BTreeMap::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if ["[dependencies]", "[dev-dependencies]"].contains(&section)
            && let Some((name, rest)) = line.split_once(" = ")
        {
            let (_, reason) = rest.rsplit_once(" # ").unwrap_or_else(|| panic!("no reason for {name}"));
            reasons.insert(name.to_owned(), reason.trim().to_owned());
        }
    }
    let manifest: toml::Table = manifest.parse().unwrap();
    let known = ["dependencies", "dev-dependencies"].map(|of| manifest[of].as_table().unwrap().len());
    assert_eq!(
        reasons.len(),
        known.iter().sum::<usize>(),
        "Cargo.toml: a dependency on several lines, or twice"
    );
    reasons
}

/// The rows of the two tables, each with its reason.
fn reasons_in_document() -> BTreeMap<String, String> {
    let document = read("CONTRIBUTING.md");
    let part = document.split("\n## Dependencies\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    let rows = rows.filter(|(name, _)| *name != "crate");
    let mut reasons = BTreeMap::new();
    for (name, reason) in rows {
        let before = reasons.insert(name.to_owned(), reason.to_owned());
        assert_eq!(before, None, "CONTRIBUTING.md lists {name} twice");
    }
    reasons
}

#[test]
fn the_list_of_dependencies_is_that_of_the_manifest() {
    let (manifest, document) = (reasons_in_manifest(), reasons_in_document());
    for (name, reason) in &manifest {
        assert_eq!(
            document.get(name),
            Some(reason),
            "CONTRIBUTING.md does not tell of {name} what Cargo.toml does"
        );
    }
    for name in document.keys() {
        assert!(manifest.contains_key(name), "CONTRIBUTING.md lists {name}, which Cargo.toml does not");
    }
}

#[test]
fn the_files_and_rooms_that_it_names_are_there() {
    let document = read("CONTRIBUTING.md");
    let quoted = document.split('`').skip(1).step_by(2);
    let folders = ["src/", "tests/", "etc/", "docs/", "man/", "bin/", "web/", "benches/", ".ci/"];
    let paths: Vec<&str> = quoted
        .filter(|text| folders.iter().any(|folder| text.starts_with(folder)) && !text.contains("NNN"))
        .collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        let found = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        assert!(found.exists(), "CONTRIBUTING.md names {path}");
    }
    let map = read("src/lib.rs");
    let tour = document.split("## How to add").next().unwrap();
    for room in map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        assert!(tour.contains(&format!("`{room}`")), "the tour does not come through the room {room}");
    }
}
