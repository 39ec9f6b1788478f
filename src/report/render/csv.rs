//! `csv`: the models as tables for spreadsheets (RFC 4180). Headings are the keys of the JSON; neither language nor
//! locale changes anything.
//!
//! A section is its main list, `SECTION.csv`. Its other lists and its single values have files of their own: rows of
//! different kinds in one file could be read by nobody.

mod lists;

use csv_core::{Terminator, WriteResult, Writer, WriterBuilder};
use serde_json::{Map, Value};

use lists::{FIGURES, LISTS, PERIOD};

use crate::{
    failure::{Failure, OrFail, Result, Status},
    report::model::Report,
    terminal::is_unsafe,
};

/// By this mark in front, Excel knows UTF-8. Whoever reads a pipe knows without.
const MARK: char = '\u{feff}';

/// What begins a formula in a spreadsheet, also in the wide forms of East Asia.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// What does at the begin of a field, because programs pass over it.
const BLANKS: [char; 3] = ['\t', '\r', '\n'];
/// Where a program that takes no commas may begin a new cell, inside of one of ours.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// A list under its name.
struct List {
    section: String,
    name: String,
    is_main: bool,
    headings: Vec<String>,
    rows: Vec<Map<String, Value>>,
}

/// The main list of a report of one section.
pub(super) fn render(report: &Report) -> Result<String> {
    let main = lists(report)?.into_iter().find(|list| list.is_main);
    let missing = || Failure::new(Status::Io, "the report has no section that could be written as CSV");
    Ok(main.ok_or_else(missing)?.text())
}

/// Every list and the single values of every section: name and text of each file.
///
/// # Errors
/// [`Status::Io`] if a value cannot be written.
pub fn files(report: &Report) -> Result<Vec<(String, String)>> {
    let file = |list: &List| {
        let List { section, name, is_main, .. } = list;
        let name = if *is_main { format!("{section}.csv") } else { format!("{section}-{name}.csv") };
        (name, MARK.to_string() + &list.text())
    };
    Ok(lists(report)?.iter().map(file).collect())
}

fn lists(report: &Report) -> Result<Vec<List>> {
    let value = serde_json::to_value(report).or_fail(Status::Io, || "writing the report as CSV")?;
    let Value::Object(report) = value else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    // In the order in which the lists stand above; a section that is not there yet comes last, by its name.
    let known = LISTS.iter().map(|(name, _)| *name);
    let others =
        report.keys().map(String::as_str).filter(|name| !LISTS.iter().any(|(known, _)| known == name));
    for section in known.chain(others) {
        if let Some(Value::Object(content)) = report.get(section) {
            all.extend(lists_of(section, content, &report));
        }
    }
    Ok(all)
}

fn lists_of(section: &str, content: &Map<String, Value>, report: &Map<String, Value>) -> Vec<List> {
    let known = LISTS.iter().find(|(name, _)| *name == section).map_or(&[][..], |(_, lists)| *lists);
    let mut figures = Map::new();
    let mut found: Vec<(String, Vec<Map<String, Value>>)> = Vec::new();
    for (key, value) in content {
        match value {
            Value::Array(rows) => found.push((key.clone(), rows.iter().map(|row| flat("", row)).collect())),
            value => figures.extend(flat(key, value)),
        }
    }
    if !figures.is_empty() {
        let period = PERIOD.iter().filter_map(|key| Some(((*key).to_owned(), report.get(*key)?.clone())));
        figures.extend(period);
        found.push((FIGURES.to_owned(), vec![figures]));
    }
    let place = |name: &str| known.iter().position(|(known, _)| *known == name).unwrap_or(known.len());
    found.sort_by_key(|(name, _)| place(name));
    let list = |(index, (name, rows)): (usize, (String, Vec<Map<String, Value>>))| {
        let first = known.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, headings)| *headings);
        let first = if name == FIGURES { &PERIOD[..] } else { first };
        List {
            section: section.to_owned(),
            is_main: index == 0,
            headings: headings(first, &rows),
            name,
            rows,
        }
    };
    found.into_iter().enumerate().map(list).collect()
}

/// These, then all other keys of the rows.
fn headings(first: &[&str], rows: &[Map<String, Value>]) -> Vec<String> {
    let mut headings: Vec<String> = first.iter().map(|heading| (*heading).to_owned()).collect();
    for key in rows.iter().flat_map(Map::keys) {
        if !headings.contains(key) {
            headings.push(key.clone());
        }
    }
    headings
}

/// The single values in a value, each under its path.
fn flat(path: &str, value: &Value) -> Map<String, Value> {
    match value {
        Value::Object(content) => content
            .iter()
            .flat_map(|(key, value)| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flat(&path, value)
            })
            .collect(),
        value => Map::from_iter([(path.to_owned(), value.clone())]),
    }
}

impl List {
    fn text(&self) -> String {
        let mut sheet = Sheet::new();
        sheet.record(self.headings.iter().cloned());
        for row in &self.rows {
            sheet.record(self.headings.iter().map(|heading| row.get(heading).map_or_else(String::new, cell)));
        }
        sheet.text()
    }
}

/// A value as a field. Numbers stay numbers, negative ones, too.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        value => value.to_string(),
    }
}

/// A text that no spreadsheet takes for a formula, and no terminal for a command. Line breaks and tabs stay.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut begins = true;
    for (place, character) in text.char_indices() {
        // Quotes and spaces in front do not keep every program from it.
        let rest = text[place..].trim_start_matches(['"', ' ']);
        if begins && (rest.starts_with(FORMULA) || (place == 0 && rest.starts_with(BLANKS))) {
            harmless.push('\'');
        }
        begins = SEPARATORS.contains(&character);
        if is_unsafe(character) && !begins {
            harmless.extend(character.escape_default());
        } else {
            harmless.push(character);
        }
    }
    harmless
}

/// A text of records. The writer knows the rules of quoting.
struct Sheet {
    writer: Writer,
    bytes: Vec<u8>,
}

impl Sheet {
    fn new() -> Self {
        Self { writer: WriterBuilder::new().terminator(Terminator::CRLF).build(), bytes: Vec::new() }
    }

    fn record(&mut self, fields: impl IntoIterator<Item = String>) {
        for (index, field) in fields.into_iter().enumerate() {
            if index > 0 {
                self.put(|writer, out| writer.delimiter(out));
            }
            let mut rest = field.as_bytes();
            self.put(|writer, out| {
                let (result, read, written) = writer.field(rest, out);
                rest = &rest[read..];
                (result, written)
            });
        }
        self.put(|writer, out| writer.terminator(out));
    }

    /// Calls until all is written.
    fn put(&mut self, mut write: impl FnMut(&mut Writer, &mut [u8]) -> (WriteResult, usize)) {
        let mut out = [0; 512];
        loop {
            let (result, written) = write(&mut self.writer, &mut out);
            self.bytes.extend_from_slice(&out[..written]);
            if result == WriteResult::InputEmpty {
                return;
            }
        }
    }

    fn text(mut self) -> String {
        self.put(|writer, out| writer.finish(out));
        String::from_utf8(self.bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(rows: Value, headings: &[&str]) -> String {
        let rows: Vec<_> = rows.as_array().unwrap().iter().map(|row| flat("", row)).collect();
        List {
            section: String::new(),
            name: String::new(),
            is_main: true,
            headings: super::headings(headings, &rows),
            rows,
        }
        .text()
    }

    #[test]
    fn fields_are_quoted_as_the_standard_says_and_lines_end_as_it_says() {
        let rows = json!([
            {"a": "x,y", "b": "said \"no\"", "c": "two\nlines"},
            {"a": "plain", "b": null, "c": "é;è", "d": {"e": true}},
        ]);
        assert_eq!(
            text(rows, &["a", "b"]),
            "a,b,c,d.e\r\n\"x,y\",\"said \"\"no\"\"\",\"two\nlines\",\r\nplain,,é;è,true\r\n"
        );
        assert_eq!(text(json!([{"only": ""}]), &[]), "only\r\n\"\"\r\n", "an empty line would be no record");
        assert_eq!(text(json!([]), &["a", "b"]), "a,b\r\n");
        let long = "\"".repeat(2_000);
        assert_eq!(text(json!([{"a": long}]), &[]), format!("a\r\n\"{}\"\r\n", "\"".repeat(4_000)));
    }

    #[test]
    fn numbers_stay_numbers_and_texts_no_formulas() {
        assert_eq!(cell(&json!(-1025)), "-1025");
        assert_eq!(cell(&json!(-0.5)), "-0.5");
        for (given, shown) in [
            ("=1+1", "'=1+1"),
            ("+33 1", "'+33 1"),
            ("-1025", "'-1025"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("＝1", "'＝1"),
            ("  =1", "'  =1"),
            ("x;=1+1;y", "x;'=1+1;y"),
            ("x;\"=1", "x;'\"=1"),
            ("x\n-1", "x\n'-1"),
            ("x\ty", "x\ty"),
            ("a-b+c=d@e", "a-b+c=d@e"),
            ("", ""),
        ] {
            assert_eq!(harmless(given), shown, "{given:?}");
        }
    }

    #[test]
    fn a_terminal_obeys_nothing() {
        assert_eq!(harmless("a\u{1b}[31m\u{202e}é"), "a\\u{1b}[31m\\u{202e}é");
    }
}
