//! What PHP says about the PHP that a template's author wrote.
//!
//! Only PHP knows all of PHP's rules. `php -l` reads a page without running it.

use std::{
    fs::File,
    io::{self, Seek, Write},
    path::PathBuf,
    process::Command,
    sync::Once,
    time::Duration,
};

use rustix::fs::{MemfdFlags, memfd_create};

use super::language::{Diagnostic, Kind, Position};
use crate::{
    failure::{Failure, OrFail, Result, Status},
    program::{End, Run, run},
};

/// The longest that PHP may read a page.
const LIMIT: Duration = Duration::from_secs(30);

/// How the name of a page on standard input ends PHP's message.
const PLACES: [&str; 2] = [" in Standard input code on line ", " in - on line "];

/// Asks PHP about pages.
#[derive(Debug)]
pub struct PhpCheck {
    php: PathBuf,
    missing: Once,
}

impl PhpCheck {
    /// Asks this PHP; an empty name: none.
    pub fn new(php: PathBuf) -> Self {
        Self { php, missing: Once::new() }
    }

    /// What PHP says against a page, as a diagnostic of its template, of which it has the lines.
    ///
    /// # Errors
    /// [`Status::Io`] if PHP could not say.
    pub fn complaint(&self, page: &[u8], template: &[u8]) -> Result<Option<Diagnostic>> {
        if self.php.as_os_str().is_empty() {
            self.missing
                .call_once(|| log::info!("PHP in templates is not checked: [macrosession] php is empty"));
            return Ok(None);
        }
        let asked = match self.ask(page) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let php = self.php.display();
                self.missing.call_once(|| log::info!("PHP in templates is not checked: there is no {php}"));
                return Ok(None);
            }
            asked => asked.or_fail(Status::Io, || {
                format!(
                    "cannot run {} to check a page; set [macrosession] php, or make it empty",
                    self.php.display()
                )
            })?,
        };
        match asked.end {
            End::Exit(0) => Ok(None),
            End::Exit(_) => said(&asked).map(|(message, line)| Some(diagnostic(message, line, template))),
            End::TimedOut { .. } | End::TooMuch | End::Signal => {
                Err(Failure::new(Status::Io, format!("{} came to no end with this page", asked.command)))
            }
        }
    }

    fn ask(&self, page: &[u8]) -> io::Result<Run> {
        let mut input = File::from(memfd_create("page", MemfdFlags::CLOEXEC)?);
        input.write_all(page)?;
        input.rewind()?;
        let mut command = Command::new(&self.php);
        // No php.ini of the host, no variable of the caller: a page is right or wrong by itself.
        command.args(["-n", "-d", "short_open_tag=0", "-d", "display_errors=1", "-d", "log_errors=0"]);
        command.args(["-d", "html_errors=0", "-d", "error_reporting=-1", "-l"]);
        command.env_clear().env("LC_ALL", "C").stdin(input);
        run(command, LIMIT)
    }
}

/// PHP's message, and its line.
fn said(asked: &Run) -> Result<(String, usize)> {
    let text = String::from_utf8_lossy(&asked.stdout);
    for line in text.lines() {
        let Some((message, number)) = PLACES.iter().find_map(|place| line.rsplit_once(place)) else {
            continue;
        };
        let Ok(number) = number.trim().parse() else { continue };
        if ["Parse error: ", "Fatal error: "].iter().any(|kind| message.starts_with(kind)) {
            let message = message.split_once(": ").map_or(message, |(_, message)| message).trim();
            return Ok((format!("PHP says: {message}"), number));
        }
    }
    let message = format!("{} failed and did not say why: {}", asked.command, first_line(asked));
    Err(Failure::new(Status::Io, message))
}

fn first_line(asked: &Run) -> String {
    let text = [String::from_utf8_lossy(&asked.stderr), String::from_utf8_lossy(&asked.stdout)].concat();
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no word from it").to_owned()
}

/// The complaint at the text of its line: PHP names no column.
fn diagnostic(message: String, line: usize, template: &[u8]) -> Diagnostic {
    let (number, begin, text) = line_of(template, line);
    let blanks = text.len() - text.trim_ascii_start().len();
    Diagnostic {
        kind: Kind::PhpSyntax,
        macro_name: String::new(),
        argument: None,
        at: Position { offset: begin + blanks, line: number, column: blanks + 1 },
        length: text.trim_ascii().len().max(1),
        message,
    }
}

/// The line of that number, or the last one; its number, where it begins, and what it holds.
fn line_of(template: &[u8], wanted: usize) -> (usize, usize, &[u8]) {
    let (mut number, mut begin) = (1, 0);
    loop {
        let rest = &template[begin..];
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let next = match &rest[end..] {
            [b'\r', b'\n', ..] => end + 2,
            [] => end,
            _ => end + 1,
        };
        if number >= wanted || next == rest.len() {
            return (number, begin, &rest[..end]);
        }
        begin += next;
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_php_counts_them() {
        let text = b"one\r\n two\rthree\n\nfive";
        let lines: Vec<_> = (0..8).map(|wanted| line_of(text, wanted)).collect();
        let five: (usize, usize, &[u8]) = (5, 17, b"five");
        assert_eq!(lines[1], (1, 0, &b"one"[..]));
        assert_eq!(lines[2], (2, 5, &b" two"[..]));
        assert_eq!(lines[3], (3, 10, &b"three"[..]));
        assert_eq!(lines[4], (4, 16, &b""[..]));
        assert_eq!(lines[5..], [five, five, five]);
        assert_eq!(line_of(b"", 3), (1, 0, &b""[..]));
        assert_eq!(line_of(b"a\n", 2), (1, 0, &b"a"[..]));
    }

    fn complaint(page: &str) -> Option<Diagnostic> {
        PhpCheck::new("/usr/bin/php".into()).complaint(page.as_bytes(), page.as_bytes()).unwrap()
    }

    #[test]
    fn php_names_the_line_and_says_why() {
        let found = complaint("<p>\n<?php\n  if (1 { }\n?>").unwrap();
        assert_eq!((found.at.line, found.at.column, found.at.offset, found.length), (3, 3, 12, 9));
        assert!(found.message.starts_with("PHP says: ") && found.message.contains('{'), "{}", found.message);
        // Errors that are not of the grammar, and PHP that works; the tag without "php" is text.
        let found = complaint("<?php\nfunction f() {}\nfunction f() {}").unwrap();
        assert!(found.at.line == 3 && found.message.contains("f()"), "{found:?}");
        assert_eq!(complaint("<?php namespace a; echo 1 ?>\n<? if (] ?>"), None);
    }

    #[test]
    fn without_php_nothing_is_checked() {
        for php in ["", "/nonexistent/php"] {
            assert_eq!(PhpCheck::new(php.into()).complaint(b"<?php if (]", b"").unwrap(), None);
        }
    }

    #[test]
    fn a_program_that_only_fails_is_not_believed() {
        let failure = PhpCheck::new("/bin/false".into()).complaint(b"<?php", b"").unwrap_err();
        assert!(failure.to_string().contains("did not say why"), "{failure}");
    }
}
