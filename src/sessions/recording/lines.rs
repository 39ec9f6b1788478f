//! Lines of a file of any size, in little memory, and the mistakes found in them.

use std::{
    fmt,
    io::{self, BufRead, Read},
    str,
};

use crate::failure::{Failure, OrFail, Result, Status};

/// Bytes in the longest line: a session id has at most 256 characters.
const LONGEST: usize = 4096;

/// Mistakes that are told one by one.
const TOLD: u64 = 20;

/// Reads lines.
pub struct Lines<R> {
    input: R,
    name: String,
    line: Vec<u8>,
    number: u64,
}

/// A line without its end.
pub struct Line<'a> {
    /// Its number, from 1 on.
    pub number: u64,
    /// What it holds, or why that cannot be read.
    pub text: std::result::Result<&'a str, String>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`, which is called `name` in messages.
    pub fn new(input: R, name: &str) -> Self {
        Self { input, name: name.to_owned(), line: Vec::with_capacity(LONGEST), number: 0 }
    }

    /// The next line that is not blank; none at the end.
    ///
    /// # Errors
    /// [`Status::Io`] if the input cannot be read.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        loop {
            let fits = self.read().or_fail(Status::Io, || format!("cannot read {}", self.name))?;
            let Some(fits) = fits else { return Ok(None) };
            self.number += 1;
            if self.number == 1 && self.line.starts_with("\u{feff}".as_bytes()) {
                self.line.drain(.."\u{feff}".len());
            }
            if self.line.is_empty() && fits {
                continue;
            }
            let text = if fits {
                str::from_utf8(&self.line).map_err(|_| "is not UTF-8".to_owned())
            } else {
                Err(format!("has more than {LONGEST} bytes"))
            };
            return Ok(Some(Line { number: self.number, text }));
        }
    }

    /// Reads a line, without its end; says whether it fits, or that there is none.
    fn read(&mut self) -> io::Result<Option<bool>> {
        self.line.clear();
        let longest = LONGEST as u64 + 1;
        if (&mut self.input).take(longest).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        let fits = self.line.ends_with(b"\n") || self.line.len() <= LONGEST;
        let mut ended = fits;
        while !ended {
            self.line.clear();
            let count = (&mut self.input).take(longest).read_until(b'\n', &mut self.line)?;
            ended = count == 0 || self.line.ends_with(b"\n");
        }
        let end = if self.line.ends_with(b"\r\n") { 2 } else { usize::from(self.line.ends_with(b"\n")) };
        self.line.truncate(self.line.len() - end);
        Ok(Some(fits))
    }
}

/// Tells the mistakes of a file: the first of them, then how many there are.
pub struct Mistakes<'a> {
    name: &'a str,
    count: u64,
}

impl<'a> Mistakes<'a> {
    /// Mistakes of the file `name`.
    pub fn of(name: &'a str) -> Self {
        Self { name, count: 0 }
    }

    /// Tells one.
    pub fn tell(&mut self, line: u64, what: impl fmt::Display) {
        self.count += 1;
        if self.count <= TOLD {
            log::error!("{}:{line}: {what}", self.name);
        }
    }

    /// How the run ends: badly if there were any. `then` says what became of the file, and what to do.
    ///
    /// # Errors
    /// [`Status::BadData`]
    pub fn end(self, then: &str) -> Result<()> {
        let Self { name, count } = self;
        let untold = match count.saturating_sub(TOLD) {
            0 => String::new(),
            untold => format!(" ({untold} of them not told here)"),
        };
        match count {
            0 => Ok(()),
            1 => Err(Failure::new(Status::BadData, format!("{name}: 1 line is bad; {then}"))),
            _ => Err(Failure::new(Status::BadData, format!("{name}: {count} lines are bad{untold}; {then}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<(u64, std::result::Result<String, String>)> {
        let mut lines = Lines::new(io::BufReader::with_capacity(7, input), "test");
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push((line.number, line.text.map(str::to_owned)));
        }
        all
    }

    #[test]
    fn lines_keep_their_numbers_whatever_ends_them() {
        let ok = |number, text: &str| (number, Ok(text.to_owned()));
        assert_eq!(read(b"\xef\xbb\xbfa\r\n\n\r\nb\nc"), [ok(1, "a"), ok(4, "b"), ok(5, "c")]);
        assert_eq!(read(b""), []);
        assert_eq!(read(b"\n"), []);
    }

    #[test]
    fn a_line_that_cannot_be_read_harms_no_other() {
        let mut input = b"a\n".to_vec();
        input.extend([b'x'; 3 * LONGEST]);
        input.extend(b"\n\xff\xfe\nb\n");
        input.extend([b'y'; LONGEST]);
        input.extend(b"\n");
        input.extend([b'z'; LONGEST + 1]);
        let lines = read(&input);
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[1], (2, Err("has more than 4096 bytes".to_owned())));
        assert_eq!(lines[2], (3, Err("is not UTF-8".to_owned())));
        assert_eq!(lines[3], (4, Ok("b".to_owned())));
        assert_eq!(lines[4].1.as_ref().unwrap().len(), LONGEST);
        assert_eq!(lines[5], (6, Err("has more than 4096 bytes".to_owned())));
    }
}
