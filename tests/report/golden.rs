//! Every section in every format and language, and the whole report, of one fixed year of a space, held against files
//! that somebody looked at.
//!
//! `UPDATE_GOLDEN=1 cargo test --test report golden` writes them again: look at what changed before you commit it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use mail_parser::MessageParser;

use crate::{
    fixture::{self, DAY, YEAR},
    runs,
    space::{empty, mysql_version, report, schema_version},
    support::{Database, Tool},
};

const SECTIONS: [&str; 6] = ["overview", "sessions", "logins", "services", "epn", "time"];

/// The name of the whole report among the sections.
const WHOLE: &str = "whole";

/// The section that only its name brings.
const RUNS: &str = "runs";

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

/// Holds what reports say against the files, and what is not ours to fix apart: the versions of the servers.
struct Desk {
    mysql: String,
    tables: String,
    differing: Vec<String>,
}

impl Desk {
    fn new(database: &Database) -> Self {
        Self { mysql: mysql_version(database), tables: schema_version(database), differing: Vec::new() }
    }

    fn compare(&mut self, shown: &str, file: &Path) {
        // How the commands ran that made the data, and how long they took.
        let is_noise = |line: &str| file != golden(RUNS, "", "prom") && line.starts_with("sessionstat_run");
        let shown: String = without_style(shown)
            .lines()
            .filter(|line| !is_noise(line))
            .map(|line| hide(line, &self.mysql, &self.tables) + "\n")
            .collect();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &shown).unwrap();
        }
        let expected = fs::read_to_string(file).unwrap_or_default();
        if shown != expected {
            let line = shown.lines().zip(expected.lines()).find(|(shown, expected)| shown != expected);
            self.differing.push(format!("{}: {line:?}", file.display()));
        }
    }

    /// Every format and language of what `tool` reports.
    fn compare_all(&mut self, tool: &Tool, section: &str) {
        for (format, ending, languages) in FORMATS {
            // CSV of a whole report is a folder of files: those of the sections.
            if section == WHOLE && format == "csv" {
                continue;
            }
            for language in languages {
                let mut tool = tool.clone().args(["--format", format]);
                if !language.is_empty() {
                    tool = tool.args(["--lang", language]);
                }
                let run = tool.run().expect(0);
                assert_eq!(run.stderr, "");
                self.compare(&run.stdout, &golden(section, language, ending));
            }
        }
    }

    #[track_caller]
    fn close(self) {
        assert!(self.differing.is_empty(), "{}", self.differing.join("\n"));
    }
}

#[test]
fn every_section_in_every_format_and_language() {
    let site = fixture::year();
    let mut desk = Desk::new(&site.database);
    for section in SECTIONS {
        let tool = fixture::report(&site).env("COLUMNS", "80").args(DAY).arg(section);
        desk.compare_all(&tool, section);
    }
    desk.close();
}

#[test]
fn the_whole_report_of_the_year_in_every_format_and_language() {
    let site = fixture::year();
    let mut desk = Desk::new(&site.database);
    let tool = fixture::report(&site).env("COLUMNS", "80").args(YEAR);
    desk.compare_all(&tool, WHOLE);
    for language in ["en", "fr"] {
        let mail = tool.clone().args(["--mail", "--lang", language]).run().expect(0).stdout;
        let mail = MessageParser::default().parse(&mail).unwrap();
        let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
        desk.compare(&text, &golden(WHOLE, language, "txt"));
    }
    desk.close();
}

#[test]
fn the_runs_in_every_format_and_language() {
    let database = empty();
    runs::fill(&database);
    // An account that may only read notes no run of its own.
    let account = format!("golden_{}@localhost", database.name());
    database.run(&format!(
        "CREATE USER {account} IDENTIFIED BY 'hunter2'; GRANT SELECT ON {}.* TO {account}",
        database.name()
    ));
    let mut desk = Desk::new(&database);
    let url = database.url_as(&format!("golden_{}:hunter2", database.name()));
    let tool = report(&database).env("SESSIONSTAT_MYSQL_URL", url).env("COLUMNS", "80").arg(RUNS);
    desk.compare_all(&tool, RUNS);
    desk.close();
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
    let mut line = line.replace(mysql, "{mysql}");
    line = line.replace(&format!(",{tables},{{mysql}}"), ",{tables},{mysql}");
    // The number behind its label, with the markup in between.
    for label in ["Version of the tables", "Version des tables", "\"schema_version\":"] {
        if let Some(begin) = line.find(label).map(|place| place + label.len())
            && let Some(length) = line[begin..].find(tables)
        {
            line.replace_range(begin + length..begin + length + tables.len(), "{tables}");
        }
    }
    // Redis's: no other number has two points.
    let is_part = |character: char| character.is_ascii_digit() || character == '.';
    let words = line.split(|character| !is_part(character)).filter(|word| word.matches('.').count() == 2);
    let versions: Vec<String> = words.map(str::to_owned).collect();
    versions.iter().fold(line.clone(), |line, version| line.replace(version, "{redis}"))
}
