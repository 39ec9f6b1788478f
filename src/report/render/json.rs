//! `json`: the models as they are, for machines. Neither language nor locale changes it.

use std::fmt::Write;

use crate::{
    failure::{OrFail, Result, Status},
    report::model::Report,
    terminal::is_unsafe,
};

/// The report as one object.
pub(super) fn render(report: &Report) -> Result<String> {
    let text = serde_json::to_string_pretty(report).or_fail(Status::Io, || "writing the report as JSON")?;
    Ok(harmless(&text) + "\n")
}

/// The same JSON for who looks at it in a terminal. Outside of its strings there are no such characters but line
/// breaks, and inside the standard's own escapes say the same.
fn harmless(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_unsafe(character) {
            shown.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_means_the_same() {
        let json = "{\n  \"login\": \"a\u{9b}\u{202e}\u{e0001}é\"\n}";
        let shown = harmless(json);
        assert_eq!(shown, "{\n  \"login\": \"a\\u009b\\u202e\\udb40\\udc01é\"\n}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(json));
    }
}
