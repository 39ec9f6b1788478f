//! Metrics for Prometheus: the grammar of the text format, and what the figures are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::{
    runs,
    site::Site,
    slots::evening,
    space::{DAY, filled, report},
    support::{Redis, Tool},
    time::tuesday,
};

/// The labels of a series, as they stand between the braces, with escapes replaced.
#[track_caller]
fn labels(text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{text}"));
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        assert!(is_name && !name.starts_with("__"), "{name}");
        let (mut said, mut characters) = (String::new(), value.char_indices());
        let end = loop {
            match characters.next() {
                Some((place, '"')) => break place,
                Some((_, '\\')) => match characters.next() {
                    Some((_, 'n')) => said.push('\n'),
                    Some((_, escaped @ ('\\' | '"'))) => said.push(escaped),
                    other => panic!("an escape that is none, {other:?} in {text}"),
                },
                Some((_, character)) => said.push(character),
                None => panic!("a value without its end: {text}"),
            }
        };
        assert!(labels.insert(name.to_owned(), said).is_none(), "{name} twice in {text}");
        rest = &value[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    labels
}

/// A series: its metric and its labels.
pub type Series = (String, BTreeMap<String, String>);

/// All series, by the rules of the text format and of `promtool check metrics`.
#[track_caller]
pub fn metrics(text: &str) -> BTreeMap<Series, f64> {
    assert!(text.ends_with('\n') && !text.contains('\r'));
    let mut all = BTreeMap::new();
    let mut kinds: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, told) = help.split_once(' ').unwrap();
            assert!(told.ends_with('.') && !told.contains('\\'), "{line}");
            let kind = lines
                .next()
                .and_then(|line| line.strip_prefix("# TYPE "))
                .unwrap_or_else(|| panic!("{line}"));
            let kind = kind.strip_prefix(name).unwrap().trim();
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} in two places");
            // The names of counters, and of no others, end so.
            assert!(
                ["gauge", "counter"].contains(&kind) && (kind == "counter") == name.ends_with("_total"),
                "{line}"
            );
            for wrong in ["hours", "minutes", "milliseconds", "percent", "_gauge", "_counter", "_ms"] {
                assert!(!name.contains(wrong), "{name}: base units, and no kind");
            }
            assert!(name.starts_with("sessionstat_"), "{name}");
            name.clone_into(&mut current);
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (name, labels_of) = match series.split_once('{') {
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').unwrap_or_else(|| panic!("{line}")))),
            None => (series, BTreeMap::new()),
        };
        assert_eq!(name, current, "a series stands with its metric, after HELP and TYPE");
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(value.is_finite());
        assert!(all.insert((name.to_owned(), labels_of), value).is_none(), "twice: {line}");
    }
    all
}

#[track_caller]
fn of(tool: &Tool, arguments: &[&str]) -> BTreeMap<Series, f64> {
    let run = tool.clone().args(["--format=prometheus"]).args(arguments).run().expect(0);
    assert_eq!(run.stderr, "");
    metrics(&run.stdout)
}

/// The value of a series with these labels.
#[track_caller]
fn value(metrics: &BTreeMap<Series, f64>, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let series = (name.to_owned(), labels);
    *metrics.get(&series).unwrap_or_else(|| panic!("no {series:?} in {:?}", metrics.keys()))
}

#[test]
fn the_figures_are_those_of_the_report_in_base_units() {
    let (database, redis) = (filled(), Redis::start());
    runs::fill(&database);
    let found = of(&report(&database).redis(&redis).args(DAY), &[]);
    for (name, labels, expected) in [
        // 3.93 hours, to the second
        ("sessionstat_use_seconds", &[][..], 14_160.0),
        ("sessionstat_room_use_seconds", &[("room", "Espace libre")], 7_500.0),
        ("sessionstat_room_use_seconds", &[("room", "")], 3_060.0),
        ("sessionstat_uses", &[], 6.0),
        ("sessionstat_queue_unmatched_rows", &[], 6.0),
        ("sessionstat_unmatched_rows", &[("reason", "unknown-user")], 3.0),
        ("sessionstat_last_snapshot_timestamp_seconds", &[("server", "serveur2")], 1_773_168_600.0),
        ("sessionstat_period_start_timestamp_seconds", &[], 1_773_097_200.0),
        ("sessionstat_redis_up", &[], 1.0),
        ("sessionstat_logins", &[], 0.0),
        ("sessionstat_run_duration_seconds", &[("command", "epn-ingest"), ("host", "hôte \"1\"")], 1.5),
        ("sessionstat_run_status", &[("command", "epn-ingest"), ("host", "hôte \"1\"")], 69.0),
        ("sessionstat_runs_total", &[("command", "samba-snapshot"), ("host", "nas")], 12.0),
        (
            "sessionstat_run_rows",
            &[("command", "samba-snapshot"), ("host", "nas"), ("kind", "connections")],
            3.0,
        ),
    ] {
        assert_eq!(value(&found, name, labels), expected, "{name} {labels:?}");
    }
    assert_eq!(value(&of(&report(&database), &["overview"]), "sessionstat_redis_up", &[]), 0.0);

    let sessions = of(&report(&evening()).args(DAY), &["sessions"]);
    assert_eq!(value(&sessions, "sessionstat_sessions_at_limit_seconds", &[]), 960.0);
    assert_eq!(value(&sessions, "sessionstat_sessions_at_limit_ratio", &[]), 960.0 / 2_700.0);
    assert_eq!(value(&sessions, "sessionstat_sessions_closed", &[("reason", "manual")]), 700.0);
    assert_eq!(value(&of(&report(&tuesday()), &["time"]), "sessionstat_online_max_seconds", &[]), 20_400.0);
}

#[test]
fn nobody_is_named_and_services_are() {
    let site = Site::filled();
    let tool = site.report();
    let found = of(&tool, &[]);
    let named: BTreeSet<&str> =
        found.keys().flat_map(|(_, labels)| labels.values().map(String::as_str)).collect();
    for person in ["amina", "bruno", "chlo", "dora", "visiteur", "{x} y%", "zoé", "99"] {
        assert!(!named.iter().any(|value| value.contains(person)), "{person} in {named:?}");
    }
    let service = |name: &str| value(&found, "sessionstat_service_calls_by_service", &[("service", name)]);
    assert_eq!([service("Vente"), service("Achat"), service("mes {données} 100%")], [3.0, 3.0, 1.0]);
    assert_eq!(value(&found, "sessionstat_service_calls", &[]), 7.0);
}

#[test]
fn the_file_is_replaced_in_one_step_and_the_same_in_all_languages() {
    let database = filled();
    let tool = report(&database).args(DAY).args(["epn", "--format=prometheus"]);
    let file = tool.home().join("sessionstat.prom");
    fs::write(&file, "old").unwrap();
    tool.clone().arg("--output").arg(&file).run().silent();
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(written, tool.clone().arg("--lang=fr").env("LC_ALL", "C").run().expect(0).stdout);
    metrics(&written);
    let names = fs::read_dir(tool.home()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_str().unwrap().ends_with(".prom")).count(), 1);
}
