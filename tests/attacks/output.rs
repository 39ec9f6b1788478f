//! What a reader of an output must not be made to do.

use scraper::Html;

use crate::{
    strings::{STATUSES, is_obeyed},
    support::Output,
};

/// That the command ended as commands do, and printed nothing that a terminal obeys.
#[track_caller]
pub fn assert_harmless(run: &Output, what: &str) {
    assert!(STATUSES.contains(&run.status), "{what}: {run:?}");
    assert!(!run.stderr.contains("panicked"), "{what}: {run:?}");
    for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        let obeyed = text.chars().find(|character| is_obeyed(*character));
        assert_eq!(obeyed, None, "{stream} of {what}: {text}");
    }
}

/// The elements and attributes of a page, in their order, without their values: what a name must not change.
pub fn structure(page: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let elements = page.tree.values().filter_map(|node| node.as_element());
    elements
        .map(|element| {
            let mut names: Vec<&str> = element.attrs().map(|(name, _)| name).collect();
            names.sort_unstable();
            format!("{} {}", element.name(), names.join(" "))
        })
        .collect()
}

/// That no cell of a CSV file begins as a formula does.
#[track_caller]
pub fn assert_no_formula(text: &str, what: &str) {
    for record in records(text) {
        for cell in record {
            let begin = cell.trim_start().chars().next();
            let is_formula =
                begin.is_some_and(|first| "=+-@|".contains(first)) && cell.parse::<f64>().is_err();
            assert!(!is_formula, "{cell:?} in {what}");
        }
    }
}

/// The cells of a CSV file with semicolons or commas, as spreadsheets read it.
fn records(text: &str) -> Vec<Vec<String>> {
    let separator = if text.lines().next().is_some_and(|head| head.contains(';')) { ';' } else { ',' };
    let mut records = vec![vec![String::new()]];
    let mut in_quotes = false;
    for character in text.trim_start_matches('\u{feff}').chars() {
        let record = records.last_mut().unwrap();
        match character {
            '"' => in_quotes = !in_quotes,
            '\n' if !in_quotes => records.push(vec![String::new()]),
            other if other == separator && !in_quotes => record.push(String::new()),
            other => record.last_mut().unwrap().push(other),
        }
    }
    records
}
