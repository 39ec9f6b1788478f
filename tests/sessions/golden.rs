//! What ILIAS really writes, and the true figures: every golden case, on every form of the tables.

use std::{fs, path::PathBuf, rc::Rc};

use chrono::DateTime;
use chrono_tz::Tz;
use serde_json::Value;
use sessionstat::sessions::first_slot;

use crate::{
    forms::{self, Form, Record},
    oracle,
    support::{Database, Tool},
};

const CASES: [&str; 8] = [
    "01_simple_day",
    "02_boundaries",
    "03_contexts_types",
    "04_limits",
    "05_long_empty_retention",
    "06_dst_spring_paris",
    "07_dst_autumn_paris",
    "08_week_20000",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ilias")
}

/// A golden case.
struct Case {
    name: &'static str,
    settings: Value,
    records: Vec<Record>,
    limits: Vec<(i64, i64)>,
}

impl Case {
    fn read(name: &'static str) -> Self {
        let text = |file: &str| fs::read_to_string(folder().join(name).join(file)).unwrap();
        Self {
            name,
            settings: serde_json::from_str(&text("settings.json")).unwrap(),
            records: lines(&text("raw.csv")).iter().map(|line| record(line)).collect(),
            limits: lines(&text("limit_log.csv"))
                .iter()
                .map(|line| (line[0].parse().unwrap(), line[1].parse().unwrap()))
                .collect(),
        }
    }

    /// Golden statistics, if there are such.
    fn expected(&self, file: &str) -> Option<String> {
        fs::read_to_string(folder().join(self.name).join(file)).ok()
    }

    fn fill(&self, database: &Database, form: Form) {
        let mut conn = database.conn();
        forms::add(&mut conn, &self.records);
        if form != Form::Ilias10 {
            forms::add_limits(&mut conn, &self.limits);
        }
        if let Some((begin, end)) = self.previous() {
            database.run(&format!(
                "INSERT INTO usr_session_stats (slot_begin, slot_end) VALUES ({begin}, {end})"
            ));
        }
    }

    fn previous(&self) -> Option<(i64, i64)> {
        let slot = &self.settings["previous_slot"];
        Some((slot["slot_begin"].as_i64()?, slot["slot_end"].as_i64()?))
    }

    fn number(&self, key: &str) -> i64 {
        self.settings[key].as_i64().unwrap()
    }

    /// Moments of the runs, slots after each of them, and session records.
    fn runs(&self) -> Vec<(i64, usize, u64)> {
        let run = |run: &Value| {
            assert_eq!(run.get("replace_into_raw_before"), None, "nobody does that");
            let slots = run["slots_after"].as_u64().unwrap();
            (run["now"].as_i64().unwrap(), slots as usize, run["raw_rows_after"].as_u64().unwrap())
        };
        self.settings["runs"].as_array().unwrap().iter().map(run).collect()
    }

    fn tool(&self, database: &Database, more: &str) -> Tool {
        Tool::new("session-aggregate").url(database).config(&format!(
            "general.timezone = {}\n[aggregate]\nmax_sessions = {}\n{more}",
            self.settings["timezone"],
            self.number("session_max_count")
        ))
    }

    /// The statistics without the slot that was there before.
    fn statistics(&self, database: &Database, form: Form) -> Vec<String> {
        let mut statistics = forms::statistics(database, form);
        if let Some((begin, _)) = self.previous() {
            assert!(statistics.remove(0).starts_with(&format!("{begin},")));
        }
        statistics
    }
}

/// Every case in a database of every form.
fn all() -> impl Iterator<Item = (Case, Form, Rc<Database>)> {
    Form::ALL.into_iter().flat_map(|form| {
        let database = Rc::new(form.database());
        CASES.into_iter().map(move |name| {
            let case = Case::read(name);
            forms::clear(&database);
            case.fill(&database, form);
            (case, form, Rc::clone(&database))
        })
    })
}

/// The fields of the lines after the header.
fn lines(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().skip(1).map(|line| line.split(',').collect()).collect()
}

fn record(line: &[&str]) -> Record {
    let [id, kind, start, end, context, user] = line else { panic!("{line:?}") };
    Record {
        id: (*id).to_owned(),
        kind: kind.parse().unwrap(),
        start: start.parse().unwrap(),
        end: (*end != "\\N").then(|| end.parse().unwrap()),
        context: (*context != "\\N").then(|| context.parse().unwrap()),
        user: user.parse().unwrap(),
    }
}

/// Compares line by line: thousands of lines in a message help nobody.
#[track_caller]
pub fn assert_lines(is: &[String], should: &[String], what: &str) {
    let differing: Vec<_> = is.iter().zip(should).filter(|(is, should)| is != should).collect();
    assert!(
        differing.is_empty() && is.len() == should.len(),
        "{what}: {} lines, not {}; {} differ, first (is, should): {:?}; first of each: {:?} {:?}",
        is.len(),
        should.len(),
        differing.len(),
        differing.first(),
        is.first(),
        should.first()
    );
}

#[test]
fn in_ilias_mode_each_case_ends_as_ilias_itself_left_it() {
    for (case, form, database) in all() {
        let what = format!("{}, {form:?}", case.name);
        let tool = case.tool(&database, "").args(["--compat", "ilias"]);
        for (now, slots, records) in case.runs() {
            tool.clone().arg("--now").arg(now.to_string()).run().silent();
            assert_eq!(case.statistics(&database, form).len(), slots, "{what}, {now}");
            assert_eq!(
                database.value("SELECT COUNT(*) FROM usr_session_stats_raw"),
                records.to_string(),
                "{what}, {now}"
            );
        }
        let should = forms::as_held(&case.expected("expected_stats.csv").unwrap(), form);
        assert_lines(&case.statistics(&database, form), &should, &what);
    }
}

#[test]
fn in_exact_mode_each_case_has_its_true_figures() {
    for (case, form, database) in all() {
        let what = format!("{}, {form:?}", case.name);
        let now = case.runs().last().unwrap().0;
        let tool = case.tool(&database, "retention = \"0s\"\nmax_session = \"0s\"\n");
        for (now, ..) in case.runs() {
            tool.clone().arg("--now").arg(now.to_string()).run().silent();
        }
        let Some(expected) = case.expected("expected_exact.csv") else {
            assert_counted(&case, &database, form, now);
            continue;
        };
        assert_lines(&case.statistics(&database, form), &forms::as_held(&expected, form), &what);
    }
}

/// Where there are no golden figures: what counting every second gives.
fn assert_counted(case: &Case, database: &Database, form: Form, now: i64) {
    let limits = if form == Form::Ilias10 { &[][..] } else { &case.limits };
    let begin = case.previous().map_or_else(
        || oracle::quarter(case.records.iter().map(|record| record.start).min().unwrap()),
        |(begin, _)| begin,
    );
    let slots = oracle::slots(&case.records, limits, case.number("session_max_count"), begin, now);
    let should: Vec<_> = slots.iter().map(|slot| slot.line(form)).collect();
    assert_lines(&forms::statistics(database, form), &should, &format!("{}, {form:?}", case.name));
}

#[test]
fn empty_statistics_begin_where_ilias_begins() {
    let table = fs::read_to_string(folder().join("first_slot.csv")).unwrap();
    let mut same = 0;
    let database = Form::Ours.database();
    for line in lines(&table) {
        let zone: Tz = line[0].parse().unwrap();
        let [wall, now] = [line[1], line[2]].map(|second| second.parse::<i64>().unwrap());
        let moment = |second| DateTime::from_timestamp(second, 0).unwrap();
        let begin = first_slot::in_ilias(moment(wall), moment(now), zone);
        // No slot: it would not be complete.
        let written = (begin + 899 < now).then_some(begin);
        let should = (line[5] != "\\N").then(|| line[5].parse().unwrap());
        assert_eq!(written, should, "{line:?}");
        if wall != now {
            continue;
        }
        same += 1;
        database.run("DELETE FROM usr_session_stats");
        Tool::new("session-aggregate")
            .url(&database)
            .config(&format!("general.timezone = {:?}", zone.name()))
            .args(["--compat", "ilias", "--now", line[2]])
            .run()
            .silent();
        let first = database.query("SELECT MIN(slot_begin), MAX(slot_end) % 900 FROM usr_session_stats");
        let should = should.map(|begin| begin.to_string());
        let last_second = should.is_some().then(|| "899".to_owned());
        assert_eq!(first, [[should, last_second]], "{line:?}");
    }
    assert_eq!(same, 39, "all lines of the table were tried");
}
