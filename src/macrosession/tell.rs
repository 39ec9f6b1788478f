//! Shows what is wrong with templates: lines for people, JSON for programs.
//!
//! Owes its callers: nothing from a template moves the cursor or hides, and each diagnostic takes the same time wherever
//! it stands, in a line of any length.

use std::path::Path;

use serde::Serialize;
use unicode_width::UnicodeWidthChar;

use super::language::{Diagnostic, Kind, Severity};
use crate::terminal::{is_unsafe, safe, safe_json};

/// Bytes of a line that are shown before and after the beginning of what is wrong.
const SHOWN: usize = 100;

/// Stands for the parts of a line that are not shown.
const LEFT_OUT: &str = "...";

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `file:line:column: error: message`, the line, and a caret.
    Text,
    /// Objects of an array, with commas before all but the first.
    Json,
}

#[derive(Serialize)]
struct Object<'a> {
    file: &'a str,
    severity: Severity,
    kind: Kind,
    #[serde(rename = "macro")]
    macro_name: Option<&'a str>,
    argument: Option<&'static str>,
    line: usize,
    column: usize,
    message: &'a str,
}

/// What is wrong with the template that is called `file`, in the order in which it was found.
pub fn shown(form: Form, file: &Path, template: &[u8], diagnostics: &[Diagnostic]) -> Vec<String> {
    let name = file.to_string_lossy();
    match form {
        Form::Text => {
            let name = safe(&name, true);
            diagnostics.iter().map(|found| text(&name, template, found)).collect()
        }
        Form::Json => diagnostics.iter().map(|found| json(&name, found)).collect(),
    }
}

fn json(file: &str, found: &Diagnostic) -> String {
    let object = Object {
        file,
        severity: found.kind.severity(),
        kind: found.kind,
        macro_name: Some(found.macro_name.as_str()).filter(|name| !name.is_empty()),
        argument: found.argument,
        line: found.at.line,
        column: found.at.column,
        message: &found.message,
    };
    // Numbers and texts can always be written.
    safe_json(&serde_json::to_string(&object).unwrap_or_default())
}

fn text(file: &str, template: &[u8], found: &Diagnostic) -> String {
    let (line, column, severity) = (found.at.line, found.at.column, found.kind.severity());
    let message = safe(&found.message, true);
    let excerpt = excerpt(template, found.at.offset, found.length);
    format!("{file}:{line}:{column}: {severity}: {message}\n{excerpt}")
}

/// The line around a place, and a line with a caret under it. Of a long line, only what is near is shown.
fn excerpt(template: &[u8], offset: usize, length: usize) -> String {
    let offset = offset.min(template.len());
    let (before, is_cut) = before(&template[..offset]);
    let (after, goes_on) = after(&template[offset..]);
    let mut line = if is_cut { LEFT_OUT.to_owned() } else { String::new() };
    let mut marks = " ".repeat(line.len());
    for (shown, columns) in signs(before) {
        match shown.as_str() {
            // The caret comes to stand right wherever the terminal has its tab stops.
            "\t" => marks.push('\t'),
            _ => marks.extend(std::iter::repeat_n(' ', columns)),
        }
        line.push_str(&shown);
    }
    let underlined = length.clamp(1, after.len().max(1)).min(after.len());
    let mut wide = 0;
    for (shown, columns) in signs(&after[..underlined]) {
        wide += if shown == "\t" { 1 } else { columns };
        line.push_str(&shown);
    }
    signs(&after[underlined..]).for_each(|(shown, _)| line.push_str(&shown));
    marks.push('^');
    marks.extend(std::iter::repeat_n('~', wide.saturating_sub(1)));
    let rest = if goes_on { LEFT_OUT } else { "" };
    format!("{}{rest}\n{marks}\n", line.trim_end())
}

/// The end of the text before a place, from the beginning of its line on; whether that is too far away.
fn before(text: &[u8]) -> (&[u8], bool) {
    let from = text.len().saturating_sub(SHOWN);
    let near = &text[from..];
    match memchr::memrchr2(b'\n', b'\r', near) {
        Some(end) => (&near[end + 1..], false),
        None if from == 0 => (near.strip_prefix(b"\xef\xbb\xbf").unwrap_or(near), false),
        None => (whole_characters(near), true),
    }
}

/// The beginning of the text after a place, up to the end of its line; whether that is too far away.
fn after(text: &[u8]) -> (&[u8], bool) {
    let near = &text[..text.len().min(SHOWN)];
    match memchr::memchr2(b'\n', b'\r', near) {
        Some(end) => (&near[..end], false),
        None if near.len() == text.len() => (near, false),
        None => {
            // A character that was cut is not shown.
            let begins = |byte: &u8| byte & 0b1100_0000 != 0b1000_0000;
            let last = near.iter().rposition(begins).unwrap_or(0);
            let is_whole = str::from_utf8(&near[last..]).is_ok();
            (if is_whole || near.len() - last > 3 { near } else { &near[..last] }, true)
        }
    }
}

/// `text` without the rest of a character that was cut.
fn whole_characters(text: &[u8]) -> &[u8] {
    let is_rest = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let rest = text.iter().take(3).take_while(|byte| is_rest(byte)).count();
    &text[rest..]
}

/// Each character as it may be shown, and the columns that it takes.
fn signs(text: &[u8]) -> impl Iterator<Item = (String, usize)> {
    text.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid().chars().map(|character| match character {
            '\t' => ("\t".to_owned(), 1),
            unsafe_one if is_unsafe(unsafe_one) => {
                let shown: String = unsafe_one.escape_default().collect();
                let columns = shown.len();
                (shown, columns)
            }
            other => (other.to_string(), other.width().unwrap_or(0)),
        });
        valid.chain(chunk.invalid().iter().map(|byte| (format!("\\x{byte:02x}"), 4)))
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::macrosession::language::Position;

    fn diagnostic(offset: usize, length: usize) -> Diagnostic {
        Diagnostic {
            kind: Kind::ForbiddenFilter,
            macro_name: "#_SESSION".to_owned(),
            argument: Some("filtre"),
            at: Position { offset, line: 3, column: offset + 1 },
            length,
            message: "no template may call \u{1b}[31msystem".to_owned(),
        }
    }

    /// The two lines for the place at which `needle` stands in `template`.
    fn excerpt_of(template: &str, needle: &str) -> String {
        excerpt(template.as_bytes(), template.find(needle).unwrap(), needle.len())
    }

    #[test]
    fn people_see_place_line_and_caret() {
        let template = b"one\r\n<b>#_SESSION{nom,system}</b>\r\nthree";
        let found = diagnostic(8, 21);
        let told = shown(Form::Text, Path::new("site/a\n.html"), template, &[found]);
        let expected = "site/a\\n.html:3:9: error: no template may call \\u{1b}[31msystem\n\
                        <b>#_SESSION{nom,system}</b>\n   ^~~~~~~~~~~~~~~~~~~~~\n";
        assert_eq!(told, [expected]);
    }

    #[test]
    fn programs_get_objects() {
        let mut found = diagnostic(8, 21);
        let told = shown(Form::Json, Path::new("a.html"), b"", std::slice::from_ref(&found));
        let expected = r##"{"file":"a.html","severity":"error","kind":"forbidden-filter","macro":"#_SESSION","argument":"filtre","line":3,"column":9,"message":"no template may call \u001b[31msystem"}"##;
        assert_eq!(told, [expected]);
        (found.kind, found.macro_name, found.argument) = (Kind::IncludeCycle, String::new(), None);
        let told = shown(Form::Json, Path::new("a.html"), b"", &[found]);
        assert!(
            told[0].contains(r#""severity":"warning","kind":"include-cycle","macro":null,"argument":null"#)
        );
    }

    #[test]
    fn the_caret_stands_under_its_place() {
        assert_eq!(excerpt_of("a\tb\t#X", "#X"), "a\tb\t#X\n \t \t^~\n");
        assert_eq!(excerpt_of("田中 e\u{301}#X", "#X"), "田中 e\u{301}#X\n      ^~\n");
        assert_eq!(excerpt_of("a\u{202e}#X", "#X"), "a\\u{202e}#X\n         ^~\n");
        assert_eq!(excerpt_of("#{田}\t!", "{田}"), "#{田}\t!\n ^~~~\n");
        assert_eq!(excerpt_of("\u{feff}a #X", "#X"), "a #X\n  ^~\n");
        assert_eq!(excerpt(b"\xff\xc3#X", 2, 2), "\\xff\\xc3#X\n        ^~\n");
        // The end of the file, and lengths that are too great.
        assert_eq!(excerpt(b"#X", 2, 5), "#X\n  ^\n");
        assert_eq!(excerpt(b"", 7, 0), "\n^\n");
        assert_eq!(excerpt(b"#X\n#Y", 0, 50), "#X\n^~\n");
    }

    #[test]
    fn of_a_long_line_the_neighbourhood_is_shown() {
        let line = format!("{}#X{}", "é".repeat(1000), "ü".repeat(1000));
        let told = excerpt_of(&line, "#X");
        let (before, after) = ("é".repeat(50), "ü".repeat(49));
        assert_eq!(told, format!("...{before}#X{after}...\n{}^~\n", " ".repeat(53)));
        // Cut within a character.
        let told = excerpt_of(&format!("{}x#X{}", "é".repeat(1000), "x田".repeat(1000)), "#X");
        assert!(!told.contains("\\x") && told.contains("éx#Xx田"), "{told}");
        // What is wrong is longer than what is shown.
        let told = excerpt(&[b'a'; 1000], 0, 1000);
        assert_eq!(told, format!("{}...\n^{}\n", "a".repeat(SHOWN), "~".repeat(SHOWN - 1)));
    }

    #[test]
    fn a_hundred_thousand_errors_in_one_long_line_take_a_moment() {
        let line = "#_SESSION{nom,system}abcdefghijklmnopqrstuvwxyz".repeat(220_000);
        let found: Vec<_> = (0..100_000).map(|index| diagnostic(index * 47, 21)).collect();
        let begun = Instant::now();
        assert_eq!(shown(Form::Text, Path::new("a.html"), line.as_bytes(), &found).len(), 100_000);
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}
