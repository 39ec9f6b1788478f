//! Session records in a file of CSV: a header, then one record a line.

use std::{io::BufRead, str};

use chrono::DateTime;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::lines::{Line, Lines};
use crate::{
    failure::Result,
    sessions::record::{Context, Record, parse_type},
};

/// The columns, in the order of the table.
const COLUMNS: [&str; 6] = ["session_id", "type", "start_time", "end_time", "end_context", "user_id"];

/// Reads session records.
pub struct Records<R> {
    lines: Lines<R>,
    split: Split,
    /// The place of each of [`COLUMNS`] in a line; none before the header was read.
    places: Option<[usize; COLUMNS.len()]>,
}

/// A record, or what is wrong with its line.
pub type Read = (u64, std::result::Result<Record, String>);

impl<R: BufRead> Records<R> {
    /// The records of `input`, which is called `name` in messages.
    pub fn new(input: R, name: &str) -> Self {
        Self { lines: Lines::new(input, name), split: Split::new(), places: None }
    }

    /// Reads the header.
    ///
    /// # Errors
    /// Those of the file. What is wrong with the header, and in which line, is a value.
    pub fn header(&mut self) -> Result<std::result::Result<(), (u64, String)>> {
        let wanted = || format!("the first line has to name the columns {}", COLUMNS.join(","));
        let Some(Line { number, text }) = self.lines.next_line()? else {
            return Ok(Err((1, format!("there is nothing; {}", wanted()))));
        };
        let places = text.and_then(|text| places(&self.split.fields(text)));
        Ok(match places {
            Ok(places) => {
                self.places = Some(places);
                Ok(())
            }
            Err(what) => Err((number, format!("{what}; {}", wanted()))),
        })
    }

    /// The next record, behind the header; none at the end.
    ///
    /// # Errors
    /// Those of the file.
    pub fn next_record(&mut self) -> Result<Option<Read>> {
        let (Some(places), Some(Line { number, text })) = (self.places, self.lines.next_line()?) else {
            return Ok(None);
        };
        Ok(Some((number, text.and_then(|text| record(&self.split.fields(text), places)))))
    }
}

/// Where each column is.
fn places(header: &[&str]) -> std::result::Result<[usize; COLUMNS.len()], String> {
    let mut places = [None; COLUMNS.len()];
    for (place, name) in header.iter().enumerate() {
        let column = COLUMNS.iter().position(|column| column.eq_ignore_ascii_case(name.trim()));
        let found = column.and_then(|column| places.get_mut(column));
        match found {
            // What would be left out without a word might matter.
            None => return Err(format!("the column {name:?} is none of a session record")),
            Some(Some(_)) => return Err(format!("the column {name:?} is there twice")),
            Some(found) => *found = Some(place),
        }
    }
    match COLUMNS.iter().zip(places).find(|(_, place)| place.is_none()) {
        Some((missing, _)) => Err(format!("the column {missing} is missing")),
        None => Ok(places.map(Option::unwrap_or_default)),
    }
}

/// Reads a line. What the columns of the table hold is not looked at.
fn record(fields: &[&str], places: [usize; COLUMNS.len()]) -> std::result::Result<Record, String> {
    if fields.len() != COLUMNS.len() {
        return Err(format!("{} fields instead of {}", fields.len(), COLUMNS.len()));
    }
    let field = |column: usize| fields.get(places[column]).copied().unwrap_or_default();
    let [id, kind, start, end, context, user] = [0, 1, 2, 3, 4, 5].map(field);
    let named = |column: usize| move |why: String| format!("{} {:?}: {why}", COLUMNS[column], field(column));
    Ok(Record {
        id: id.to_owned(),
        kind: parse_type(kind).map_err(named(1))?,
        start: seconds(start).map_err(named(2))?,
        end: or_null(end, seconds).map_err(named(3))?,
        context: or_null(context, |text| text.parse().map(|Context(number)| number)).map_err(named(4))?,
        user: user.parse().map_err(|_| named(5)("not a number".to_owned()))?,
    })
}

fn or_null<T>(
    text: &str,
    read: impl Fn(&str) -> std::result::Result<T, String>,
) -> std::result::Result<Option<T>, String> {
    if text.is_empty() || text == "\\N" { Ok(None) } else { read(text).map(Some) }
}

/// A time: any second that a table may hold, or RFC 3339.
fn seconds(text: &str) -> std::result::Result<i64, String> {
    let written = || DateTime::parse_from_rfc3339(text).map(|instant| instant.timestamp()).ok();
    text.parse()
        .ok()
        .or_else(written)
        .ok_or_else(|| "neither seconds since the epoch nor RFC 3339 (2026-03-10T14:00:00+01:00)".to_owned())
}

/// Splits lines into fields. A record never goes on in another line: a quote that is not closed spoils one line.
struct Split {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Split {
    fn new() -> Self {
        // A carriage return within a line is what it is: as the end of a record, it would hide what comes behind it.
        let reader = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
        Self { reader, text: Vec::new(), ends: Vec::new() }
    }

    fn fields(&mut self, line: &str) -> Vec<&str> {
        // No line has more fields than bytes and one.
        self.text.resize(self.text.len().max(line.len() + 1), 0);
        self.ends.resize(self.ends.len().max(line.len() + 2), 0);
        self.reader.reset();
        let (mut read, mut wrote, mut count) = (0, 0, 0);
        loop {
            let (result, took, gave, ended) = self.reader.read_record(
                line.as_bytes().get(read..).unwrap_or_default(),
                self.text.get_mut(wrote..).unwrap_or_default(),
                self.ends.get_mut(count..).unwrap_or_default(),
            );
            read += took;
            wrote += gave;
            count += ended;
            // Empty input once more is the end of the line.
            if result != ReadRecordResult::InputEmpty {
                break;
            }
        }
        let mut begin = 0;
        let ends = self.ends.iter().take(count);
        ends.map(|end| {
            let field = self.text.get(begin..*end).unwrap_or_default();
            begin = *end;
            str::from_utf8(field).unwrap_or_default()
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 6] = ["user_id", "end_time", "SESSION_ID", "type", " start_time", "end_context"];

    #[test]
    fn quotes_hold_commas_and_spoil_no_other_line() {
        let mut split = Split::new();
        assert_eq!(split.fields("\"a,\"\"b\",,é,\\N"), ["a,\"b", "", "é", "\\N"]);
        assert_eq!(split.fields("\"a,1,2"), ["a,1,2"]);
        assert_eq!(split.fields("a,"), ["a", ""]);
        assert_eq!(split.fields(&",".repeat(4000)).len(), 4001);
        assert_eq!(split.fields("x,y"), ["x", "y"]);
        assert_eq!(split.fields("x,1\ry,2"), ["x", "1\ry", "2"]);
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let places = places(&HEADER).unwrap();
        let read = record(&["7", "\\N", "a", "anonymous", "-5", ""], places).unwrap();
        assert_eq!(read, Record { id: "a".into(), kind: 4, start: -5, end: None, context: None, user: 7 });
        let read = record(&["7", "2040-01-01T00:00:00Z", "a", "9", "0", "login"], places).unwrap();
        assert_eq!((read.kind, read.end, read.context), (9, Some(2_208_988_800), Some(6)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let complaint = |header: &[&str]| places(header).unwrap_err();
        assert_eq!(complaint(&HEADER[..5]), "the column end_context is missing");
        assert_eq!(complaint(&["type", "type"]), "the column \"type\" is there twice");
        assert_eq!(complaint(&["id"]), "the column \"id\" is none of a session record");
        let places = places(&COLUMNS).unwrap();
        let complaint = |line: [&str; 6]| record(&line, places).unwrap_err();
        assert!(complaint(["a", "3", "soon", "", "", "1"]).starts_with("start_time \"soon\": neither"));
        assert!(complaint(["a", "3", "", "", "", "1"]).starts_with("start_time \"\": neither"));
        assert_eq!(complaint(["a", "3", "1", "", "", "\\N"]), "user_id \"\\\\N\": not a number");
        assert!(complaint(["a", "3", "1", "2", "99999", "1"]).starts_with("end_context \"99999\": neither"));
    }
}
