//! Any bytes as a file of session records (CSV) and as one of endings (lines with tabs): read in parts of any length, they
//! say the same, and no line is told twice.
#![no_main]

use std::io::{self, BufRead, BufReader, Read};

use libfuzzer_sys::fuzz_target;
use sessionstat::sessions::recording::{batch::ending, csv::Records, lines::Lines};

/// Hands out a few bytes at a time.
struct Drop<'a>(&'a [u8], usize);

impl Read for Drop<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

/// What a file of records says.
fn records(input: impl BufRead) -> Vec<String> {
    let mut records = Records::new(input, "file");
    let mut said = vec![format!("{:?}", records.header().expect("no fault of the disk"))];
    let mut last = 0;
    while let Some((line, record)) = records.next_record().expect("no fault of the disk") {
        assert!(line > last, "line {line} behind {last}");
        last = line;
        said.push(format!("{line}: {record:?}"));
    }
    said
}

/// What a file of endings says.
fn endings(input: impl BufRead) -> Vec<String> {
    let mut lines = Lines::new(input, "file");
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().expect("no fault of the disk") {
        said.push(format!("{}: {:?}", line.number, line.text.and_then(ending)));
    }
    said
}

fuzz_target!(|data: &[u8]| {
    let Some((length, data)) = data.split_first() else { return };
    let slow = || BufReader::with_capacity(64, Drop(data, 1 + usize::from(*length)));
    assert_eq!(records(data), records(slow()));
    assert_eq!(endings(data), endings(slow()));
});
