//! What two real SPIPs show: every golden case through the real PHP, each page compiled once for all its visitors.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use sessionstat::macrosession::language::{
    Compiled, Context, Diagnostic, Escape, Rules, Severity, UnknownFilters, compile,
};

use crate::{folder, php};

/// The golden cases, but for those that need SPIP's own `#SET` in the template.
fn cases() -> Vec<Value> {
    let cases = fs::read(golden("cases.json")).expect("the golden cases");
    let cases: Vec<Value> = serde_json::from_slice(&cases).expect("JSON");
    assert_eq!(cases.len(), 224);
    cases.into_iter().filter(|case| case["features"].is_null()).collect()
}

fn golden(name: &str) -> PathBuf {
    folder().join("tests/golden/macrosession").join(name)
}

fn compiled(case: &Value, escape: Escape) -> Compiled {
    let rules = Rules { escape, unknown_filters: UnknownFilters::Allow, ..Rules::default() };
    let context = match &case["compile"] {
        Value::Null => Context::default(),
        context => Context::from_json(context.to_string().as_bytes()).expect("a context"),
    };
    compile(case["template"].as_str().expect("a template").as_bytes(), &rules, &context)
}

fn of_severity(compiled: &Compiled, severity: Severity) -> Vec<&Diagnostic> {
    compiled.diagnostics.iter().filter(|found| found.kind.severity() == severity).collect()
}

/// Compares what was found with what the case says of it: each key that the case has.
fn assert_found(case: &Value, found: &[&Diagnostic], expected: &[Value]) {
    let name = &case["name"];
    assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        let all = json!({
            "kind": found.kind, "macro": found.macro_name, "argument": found.argument,
            "line": found.at.line, "column": found.at.column,
        });
        for (key, value) in expected.as_object().expect("an object") {
            assert_eq!(&all[key], value, "{name}: {key} of {found:?}");
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

#[test]
fn errors_and_warnings_are_those_of_the_golden_cases() {
    for case in cases() {
        let compiled = compiled(&case, Escape::Html);
        let errors = match (&case["expected_errors"], &case["expected_error"]) {
            (Value::Array(all), _) => all.clone(),
            (_, Value::Null) => Vec::new(),
            (_, one) => vec![one.clone()],
        };
        assert_found(&case, &of_severity(&compiled, Severity::Error), &errors);
        assert_found(&case, &of_severity(&compiled, Severity::Warning), &list(&case["warnings"]));
        assert_eq!(compiled.page.is_none(), !errors.is_empty(), "{}", case["name"]);
    }
}

/// Compiles each case once and shows it to all its visitors, with these settings of PHP.
fn show(escape: Escape, settings: &[&str]) {
    let pages = tempfile::tempdir().expect("a folder for pages");
    let cases: Vec<Value> = cases().into_iter().filter(|case| case["sessions"].is_array()).collect();
    let plan: Vec<Value> = cases
        .iter()
        .map(|case| {
            let page = pages.path().join(format!("{}.php", case["name"].as_str().expect("a name")));
            let compiled =
                compiled(case, escape).page.unwrap_or_else(|| panic!("no page of {}", case["name"]));
            fs::write(&page, compiled.with_header("source: golden")).expect("a page");
            json!({"page": page, "visits": case["sessions"]})
        })
        .collect();
    let shown = php::run(
        &settings.iter().flat_map(|setting| ["-d", setting]).collect::<Vec<_>>(),
        &[folder().join("tests/macrosession/show.php"), php::runtime(), golden("fixture_filters.php")],
        json!(plan).to_string().as_bytes(),
    );
    let shown: Vec<Value> = serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
    let mut count = 0;
    for (case, shown) in cases.iter().zip(&shown) {
        for (visit, shown) in list(&case["sessions"]).iter().zip(list(&shown["visits"])) {
            let which = format!("{} for {}", case["name"], visit["session"]);
            let escaped = &visit["expected_html_escaped"];
            let html =
                if escape == Escape::Html && !escaped.is_null() { escaped } else { &visit["expected_html"] };
            assert_eq!(&shown["html"], html, "{which}");
            // A field that several macros ask for is looked up once.
            let mut fields = list(&visit["expected_pipeline_fields"]);
            let mut seen = Vec::new();
            fields.retain(|field| {
                !seen.contains(field) && {
                    seen.push(field.clone());
                    true
                }
            });
            assert_eq!(list(&shown["fields"]), fields, "{which}");
            let calls = list(&visit["expected_autoriser_calls"]);
            assert_eq!(list(&shown["calls"]), calls, "{which}");
            count += 1;
        }
    }
    assert!(count > 350, "only {count} visits were shown");
}

#[test]
fn pages_show_what_two_real_spips_show() {
    show(Escape::None, &["short_open_tag=0"]);
}

#[test]
fn pages_show_the_same_where_php_takes_short_tags_for_its_own() {
    show(Escape::None, &["short_open_tag=1"]);
}

#[test]
fn values_are_escaped_unless_a_star_says_otherwise() {
    show(Escape::Html, &["short_open_tag=0"]);
    show(Escape::Html, &["short_open_tag=1"]);
}
