//! Real and composed outputs of Samba 3.0 to 4.25, and the rows or the failure that each must lead to.
//!
//! A case fails with its name, its note and the lines that differ.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use serde_json::Value;
use sessionstat::{
    config::Samba,
    samba::{
        failure::Failure,
        judge, normalise,
        program::{End, Run},
        session::Listing,
        smbstatus,
        workstation::{Names, audit, dhcp, journal, nmblookup},
    },
};

fn golden(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/samba").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is expected, in lines of one row each: that is how differences read best. Keys are sorted here.
fn expected(name: &str) -> Vec<String> {
    let value: Value = serde_json::from_slice(&golden(name)).unwrap();
    match value {
        Value::Array(rows) => rows.iter().map(Value::to_string).collect(),
        other => vec![other.to_string()],
    }
}

/// The lines that only one side has.
fn difference(expected: &[String], found: &[String]) -> Option<String> {
    if expected == found {
        return None;
    }
    let missing = expected.iter().filter(|row| !found.contains(row));
    let extra = found.iter().filter(|row| !expected.contains(row));
    let mut lines: Vec<_> = missing.map(|row| format!("  - {row}")).collect();
    lines.extend(extra.map(|row| format!("  + {row}")));
    if lines.is_empty() {
        lines.push(format!("  the order: {found:#?}"));
    }
    Some(lines.join("\n"))
}

/// As [`expected`].
fn found<T: serde::Serialize>(rows: &[T]) -> Vec<String> {
    let row = |row| serde_json::to_value(row).unwrap().to_string();
    rows.iter().map(row).collect()
}

fn cases() -> Vec<Value> {
    serde_json::from_slice(&golden("manifest.json")).unwrap()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap()
}

/// What a case's program did, as far as the manifest tells.
fn run_of(case: &Value) -> Run {
    Run {
        command: text(case, "command").to_owned(),
        stdout: golden(text(case, "file")),
        stderr: text(case, "stderr").as_bytes().to_vec(),
        end: End::Exit(case["exit"].as_i64().unwrap().try_into().unwrap()),
    }
}

#[test]
fn every_output_leads_to_its_rows_or_its_failure() {
    let mut wrong = Vec::new();
    for case in &cases() {
        wrong.extend(wrong_rows(case, judge::of_run(&run_of(case))));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The same through a program that prints what Samba printed, whatever it is asked.
#[test]
fn every_program_leads_to_its_rows_or_its_failure() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Samba {
        smbstatus: folder.path().join("smbstatus"),
        smbcontrol: folder.path().join("none"),
        net: folder.path().join("none"),
        ..Samba::default()
    };
    // One script for all cases: a program that has just been written cannot always be run.
    let script = "#!/bin/sh\ncd \"${0%/*}\" && cat stdout && cat stderr >&2 && exit \"$(cat exit)\"\n";
    fs::write(&settings.smbstatus, script).unwrap();
    fs::set_permissions(&settings.smbstatus, Permissions::from_mode(0o755)).unwrap();
    let mut wrong = Vec::new();
    for case in &cases() {
        fs::write(folder.path().join("stdout"), golden(text(case, "file"))).unwrap();
        fs::write(folder.path().join("stderr"), text(case, "stderr")).unwrap();
        fs::write(folder.path().join("exit"), case["exit"].to_string()).unwrap();
        wrong.extend(wrong_rows(case, smbstatus::collect(&settings)));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_expected_file_belongs_to_a_case() {
    let files = fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/samba"));
    let names = files.unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut expected: Vec<_> =
        names.filter_map(|name| name.strip_suffix(".expected.json").map(str::to_owned)).collect();
    let mut cases: Vec<_> = cases().iter().map(|case| text(case, "case").to_owned()).collect();
    expected.sort();
    cases.sort();
    assert_eq!(cases, expected);
}

/// The differences between what `case` expects and what came of it, under its name.
fn wrong_rows(case: &Value, judged: Result<Listing, Failure>) -> Option<String> {
    let name = text(case, "case");
    let found = judged.map_or_else(
        |failure| found(&[failure]),
        |listing| found(&normalise::connections(&listing, &Samba::default())),
    );
    let expected = expected(&format!("{name}.expected.json"));
    let difference = difference(&expected, &found)?;
    Some(format!("{name} ({}):\n{difference}", text(case, "note")))
}

/// A recorded output tells the same rows; of the failures only those that the output itself shows.
#[test]
fn an_output_without_its_exit_code_is_judged_by_its_content() {
    let kinds = BTreeMap::from([
        // Nothing on standard output, whatever the reason was.
        ("err-notroot-417-text", "smbstatus_failed"),
        ("err-417-json-panic", "smbstatus_failed"),
        ("err-empty", "smbstatus_failed"),
        // JSON that tells nobody that it is cut.
        ("err-417-json-latin1", ""),
    ]);
    for case in cases() {
        let name = text(&case, "case");
        let judged = judge::of_input(name, golden(text(&case, "file")));
        match kinds.get(name) {
            Some(&"") => assert!(judged.is_ok(), "{name}"),
            Some(kind) => assert_eq!(judged.unwrap_err().kind.to_string(), *kind, "{name}"),
            None => assert_eq!(wrong_rows(&case, judged), None),
        }
    }
}

#[test]
fn keys_stand_in_the_order_of_the_manual_page() {
    let listing = judge::of_input("a file", golden("417-json-one.json")).unwrap();
    let rows = normalise::connections(&listing, &Samba::default());
    let printed = serde_json::to_string(&rows).unwrap();
    let expected = String::from_utf8(golden("417-json-one.expected.json")).unwrap();
    assert_eq!(printed.replace([' ', '\n'], ""), expected.replace([' ', '\n'], ""));
}

/// Hash order is Samba's affair: any order of the same sessions gives the same rows.
#[test]
fn the_order_of_the_sessions_does_not_matter() {
    for case in cases() {
        let Ok(mut listing) = judge::of_run(&run_of(&case)) else {
            continue;
        };
        let straight = normalise::connections(&listing, &Samba::default());
        listing.sessions.reverse();
        let reversed = normalise::connections(&listing, &Samba::default());
        assert_eq!(straight, reversed, "{}", text(&case, "case"));
    }
}

#[test]
fn every_source_of_names_leads_to_its_pairs() {
    type Parser = fn(&[u8]) -> Names;
    let sources: [(&str, &str, Parser); 7] = [
        ("journal-preexec", "txt", journal::parse),
        ("auth-json-audit", "txt", audit::parse),
        ("dnsmasq", "leases", dhcp::parse),
        ("isc-dhcpd", "leases", dhcp::parse),
        ("nmblookup-found", "txt", nmblookup::parse),
        ("nmblookup-windows", "txt", nmblookup::parse),
        ("nmblookup-none", "txt", nmblookup::parse),
    ];
    for (name, extension, parse) in sources {
        let found: Vec<String> = parse(&golden(&format!("resolve/{name}.{extension}")))
            .into_iter()
            .map(|(ip, machine)| serde_json::json!({"ip": ip, "machine": machine}).to_string())
            .collect();
        let expected = expected(&format!("resolve/{name}.expected.json"));
        if let Some(difference) = difference(&expected, &found) {
            panic!("{name}:\n{difference}");
        }
    }
}
