//! Every section in every format and language, of one fixed year of a space, held against files that somebody looked at.
//!
//! `UPDATE_GOLDEN=1 cargo test --test report golden` writes them again: look at what changed before you commit it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    fixture::{self, DAY},
    space::{mysql_version, schema_version},
};

const SECTIONS: [&str; 6] = ["overview", "sessions", "logins", "services", "epn", "time"];

/// Format, the ending of its files, and the languages in which it is written: machines have none.
const FORMATS: [(&str, &str, &[&str]); 5] = [
    ("table", "txt", &["en", "fr"]),
    ("html", "html", &["en", "fr"]),
    ("json", "json", &[""]),
    ("csv", "csv", &[""]),
    ("prometheus", "prom", &[""]),
];

fn golden(section: &str, language: &str, ending: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report");
    let language = if language.is_empty() { String::new() } else { format!(".{language}") };
    folder.join(format!("{section}{language}.{ending}"))
}

#[test]
fn every_section_in_every_format_and_language() {
    let site = fixture::year();
    // What is not ours to fix: the versions of the servers, and how long commands took.
    let (mysql, tables) = (mysql_version(&site.database), schema_version(&site.database));
    let mut differing = Vec::new();
    for (format, ending, languages) in FORMATS {
        for (section, language) in
            SECTIONS.iter().flat_map(|section| languages.iter().map(move |of| (section, of)))
        {
            let mut tool =
                fixture::report(&site).env("COLUMNS", "80").args(DAY).args([section, "--format", format]);
            if !language.is_empty() {
                tool = tool.args(["--lang", language]);
            }
            let run = tool.run().expect(0);
            assert_eq!(run.stderr, "");
            let shown: String = without_style(&run.stdout)
                .lines()
                .filter(|line| !line.starts_with("sessionstat_run"))
                .map(|line| hide(line, &mysql, &tables) + "\n")
                .collect();
            let file = golden(section, language, ending);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &shown).unwrap();
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            if shown != expected {
                let line = shown.lines().zip(expected.lines()).find(|(shown, expected)| shown != expected);
                differing.push(format!("{}: {line:?}", file.display()));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// A page without its style, which is a file of its own in the sources.
fn without_style(page: &str) -> String {
    match (page.find("<style>"), page.find("</style>")) {
        (Some(begin), Some(end)) => format!("{}{}", &page[..begin], &page[end + "</style>".len()..]),
        _ => page.to_owned(),
    }
}

/// A line with the versions of the servers left out.
fn hide(line: &str, mysql: &str, tables: &str) -> String {
    let line = line.replace(mysql, "{mysql}");
    let line = line.replace(&format!(",{tables},{{mysql}}"), ",{tables},{mysql}");
    let tells_tables = ["Version of the tables", "Version des tables", "\"schema_version\""];
    let line = match tells_tables.iter().find_map(|words| line.find(words)) {
        Some(at) => line[..at].to_owned() + &line[at..].replacen(tables, "{tables}", 1),
        None => line,
    };
    // Redis's: no other number has two points.
    let is_part = |character: char| character.is_ascii_digit() || character == '.';
    let words = line.split(|character| !is_part(character)).filter(|word| word.matches('.').count() == 2);
    let versions: Vec<String> = words.map(str::to_owned).collect();
    versions.iter().fold(line.clone(), |line, version| line.replace(version, "{redis}"))
}
