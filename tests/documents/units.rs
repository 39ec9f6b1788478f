//! systemd's units, and what the Debian package says about itself. scripts/check-units lets systemd look at them;
//! scripts/test-deb installs the package.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{command::commands, examples::assert_calls, read};

/// The files of `systemd/` that end so, by the names of their commands.
fn units(end: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let units = names.filter_map(|name| {
        let command = name.strip_suffix(end)?.strip_prefix("sessionstat-")?.to_owned();
        Some((command, read(&format!("systemd/{name}"))))
    });
    let units: Vec<_> = units.collect();
    assert!(!units.is_empty());
    units
}

/// The values of a key of a unit; a line that ends with `\` goes on.
fn values(unit: &str, key: &str) -> Vec<String> {
    let text = unit.replace("\\\n", " ");
    let values = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    values.map(str::to_owned).collect()
}

#[test]
fn each_timer_has_a_service_and_a_line_of_cron_that_stands_aside_for_it() {
    let cron = read("cron.d/sessionstat");
    let lines = cron.lines().filter(|line| !line.starts_with('#'));
    let in_cron: BTreeSet<String> = lines
        .filter_map(|line| Some(line.split_once("\"$TURN\" ")?.1.split(' ').next()?.to_owned()))
        .collect();
    let names = |end| units(end).into_iter().map(|(command, _)| command).collect::<BTreeSet<_>>();
    assert_eq!(names(".timer"), in_cron);
    assert_eq!(names(".service"), in_cron);
}

#[test]
fn the_services_run_commands_that_exist_with_arguments_that_they_take() {
    for (command, unit) in units(".service") {
        let started: Vec<String> = values(&unit, "ExecStart")
            .iter()
            .map(|line| line.replace("/usr/sbin/", "").replace("%%", "%"))
            .collect();
        let lines: Vec<String> = started
            .iter()
            .map(|line| {
                line.strip_prefix("/bin/sh -c 'exec ").unwrap_or(line).trim_end_matches('\'').to_owned()
            })
            .collect();
        assert_calls(
            &format!("sessionstat-{command}.service"),
            &lines.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        assert!(lines.iter().any(|line| line.starts_with(&command)), "{command}: {lines:?}");
        // Only root sees Samba's sessions; nothing else needs it.
        let user = values(&unit, "User");
        assert_eq!(user, if command == "samba-snapshot" { vec![] } else { vec!["sessionstat".to_owned()] });
    }
}

#[test]
fn the_pages_that_units_name_are_there() {
    for (command, unit) in units(".service").into_iter().chain(units(".timer")) {
        let pages = values(&unit, "Documentation").join(" ");
        assert!(pages.contains(&format!("man:{command}(")), "{command}: {pages}");
        for page in pages.split_whitespace() {
            let (name, section) = page.strip_prefix("man:").and_then(|page| page.split_once('(')).unwrap();
            read(&format!("man/{name}.{}", section.trim_end_matches(')')));
        }
    }
}

#[test]
fn the_package_has_all_commands_and_its_changelog_names_this_version() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let package = &manifest["package"];
    let deb = &package["metadata"]["deb"];
    let assets: Vec<&str> =
        deb["assets"].as_array().unwrap().iter().map(|asset| asset[0].as_str().unwrap()).collect();
    for command in commands() {
        let packaged = assets.iter().any(|asset| asset.ends_with(&format!("/{command}")));
        assert!(packaged, "[package.metadata.deb] assets have no {command}");
    }
    let version = format!("{}-{}", package["version"].as_str().unwrap(), deb["revision"].as_str().unwrap());
    let changelog = read("packaging/debian/changelog");
    assert!(changelog.starts_with(&format!("sessionstat ({version}) ")), "no entry for {version}");
}
