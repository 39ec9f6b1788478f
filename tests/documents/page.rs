//! Manual pages, as far as the tests read them.

use std::{fs, path::Path};

use crate::read;

/// A manual page.
pub struct Page {
    /// Its file, such as `man/fr/epn-ingest.8`.
    pub path: String,
    /// The command or file that it is about.
    pub about: String,
    /// Its section: `1`, `5`, `7` or `8`.
    pub section: String,
    /// Its lines without comments, with roff's escapes replaced.
    pub lines: Vec<String>,
}

impl Page {
    /// All pages of one language, which is the folder `man` or `man/fr`, by name.
    pub fn all(folder: &str) -> Vec<Self> {
        let whole = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        let files = fs::read_dir(whole).unwrap().map(|file| file.unwrap().path());
        let mut pages: Vec<Self> =
            files.filter(|path| path.is_file()).map(|path| Self::of(folder, &path)).collect();
        pages.sort_by(|one, other| one.path.cmp(&other.path));
        pages
    }

    /// All pages of both languages.
    pub fn every() -> Vec<Self> {
        ["man", "man/fr"].into_iter().flat_map(Self::all).collect()
    }

    fn of(folder: &str, path: &Path) -> Self {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (about, section) = name.rsplit_once('.').unwrap();
        let path = format!("{folder}/{name}");
        let text = read(&path);
        let lines = text.lines().filter(|line| !line.starts_with(".\\\""));
        Self {
            lines: lines.map(unescaped).collect(),
            path,
            about: about.to_owned(),
            section: section.to_owned(),
        }
    }

    /// The lines between a heading `.SH` (of one of these names) and the next.
    pub fn part(&self, names: &[&str]) -> Vec<&str> {
        let is_heading = |line: &&str| names.iter().any(|name| **line == format!(".SH {name}"));
        let lines = self.lines.iter().map(String::as_str).skip_while(|line| !is_heading(line)).skip(1);
        let part: Vec<_> = lines.take_while(|line| !line.starts_with(".SH ")).collect();
        assert!(!part.is_empty(), "{} has no {}", self.path, names.join(" or "));
        part
    }

    /// What stands behind each `.TP` of some lines.
    pub fn tags<'a>(lines: &[&'a str]) -> Vec<&'a str> {
        let pairs = lines.windows(2).filter(|pair| pair[0] == ".TP");
        pairs.map(|pair| pair[1]).collect()
    }

    /// The exit statuses that it explains.
    pub fn statuses(&self) -> Vec<u8> {
        let part = self.part(&["EXIT STATUS", "CODE DE RETOUR"]);
        let tags = Self::tags(&part);
        let numbers = tags.iter().map(|tag| tag.trim_start_matches(".B").trim().parse());
        numbers.map(|number| number.unwrap_or_else(|_| panic!("{}: {tags:?}", self.path))).collect()
    }

    /// The lines of its examples.
    pub fn examples(&self) -> Vec<&str> {
        let mut inside = false;
        let lines = self.lines.iter().map(String::as_str);
        lines
            .filter(|line| {
                inside = (inside || *line == ".EX") && *line != ".EE";
                inside && *line != ".EX"
            })
            .collect()
    }
}

/// A line of roff with the escapes replaced that these pages use.
fn unescaped(line: &str) -> String {
    [
        ("\\-", "-"),
        ("\\(aq", "'"),
        ("\\(dq", "\""),
        ("\\(rs", "\\"),
        ("\\e", "\\"),
        ("\\fB", ""),
        ("\\fR", ""),
    ]
    .into_iter()
    .fold(line.to_owned(), |line, (escape, character)| line.replace(escape, character))
}
