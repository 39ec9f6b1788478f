//! The section `time` for machines.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use crate::{
    site,
    space::{DAY, empty, report},
    support::{Database, Tool},
};

/// Tuesday, 10 March 2026, 8:00 in Paris.
pub const MORNING: i64 = 1_773_126_000;

/// The usual settings, as session-aggregate writes them down.
pub const SETTINGS: &str = r#"{"threshold":1200,"credit":300,"heartbeat_period":600,"inactivity_cap":3600,"one_session_per_course":false,"site_events":false}"#;

/// A session: user, begin, length, heartbeats, reason, and the seconds in each course.
pub type Session = (i64, i64, i64, u32, &'static str, &'static [(i64, i64)]);

/// Three users of a Moodle on a Tuesday. The first heartbeat of all came at 9:00.
pub const SESSIONS: &[Session] = &[
    (8, MORNING - 3_600, 700, 0, "gap", &[(2, 700)]),
    (7, MORNING, 1_000, 0, "logout", &[(0, 100), (2, 900)]),
    (7, MORNING + 3_600, 5_000, 3, "gap", &[(2, 5_000)]),
    (7, MORNING + 10_800, 1_000, 1, "gap", &[(3, 1_000)]),
    (8, MORNING + 14_400, 700, 0, "gap", &[(2, 700)]),
    (8, MORNING + 18_000, 900, 0, "login", &[(2, 900)]),
    (9, MORNING + 21_600, 500, 2, "course", &[(5, 500)]),
    (9, MORNING + 22_100, 8_000, 6, "capped", &[(3, 8_000)]),
    (9, MORNING + 41_000, 200, 0, "open", &[(0, 200)]),
];

/// What session-aggregate read with.
#[track_caller]
pub fn read_with(database: &Database, settings: &str) {
    database.run(&format!(
        "REPLACE INTO moodle_progress (job, log, parameters, last_id, recent) \
         VALUES (1, 'localhost mdl_logstore_standard_log', '{settings}', 1, '')"
    ));
}

/// Puts sessions into the tables.
#[track_caller]
pub fn fill(database: &Database, sessions: &[Session]) {
    let row = |(user, start, length, beats, reason, _): &Session| {
        format!("({user}, {start}, {start} + {length}, {length}, 3, {beats}, 0, '', '{reason}')")
    };
    let courses = sessions.iter().flat_map(|(user, start, _, _, _, courses)| {
        courses.iter().map(move |(course, seconds)| format!("({user}, {start}, {course}, {seconds})"))
    });
    let (rows, courses): (Vec<_>, Vec<_>) = (sessions.iter().map(row).collect(), courses.collect());
    database.run(&format!("INSERT INTO moodle_session VALUES {}", rows.join(",")));
    if !courses.is_empty() {
        database.run(&format!("INSERT INTO moodle_session_course VALUES {}", courses.join(",")));
    }
}

/// A database with that Tuesday.
#[track_caller]
pub fn tuesday() -> Database {
    let database = empty();
    read_with(&database, SETTINGS);
    fill(&database, SESSIONS);
    database
}

/// The section.
#[track_caller]
fn time(tool: &Tool, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["time"].iter().chain(arguments).copied().collect();
    site::json(tool, &arguments)["time"].take()
}

/// The section in a period.
#[track_caller]
fn between(database: &Database, from: i64, to: i64) -> Value {
    time(&report(database), &["--from", &from.to_string(), "--to", &to.to_string()])
}

/// Least, counted and most seconds of one session, or of what else has them.
fn seconds(of: &Value) -> [Option<i64>; 3] {
    ["seconds_min", "seconds", "seconds_max"].map(|key| of[key].as_i64())
}

#[test]
fn all_keys_in_a_fixed_order() {
    let run = report(&tuesday()).args(DAY).args(["time", "--format=json"]).run().expect(0);
    let shown = r#"
  "time": {
    "sessions": 9,
    "seconds": 18000,
    "seconds_min": 8100,
    "seconds_max": 20400,
    "distinct_users": 3,
    "settings": {
      "threshold": 1200,
      "credit": 300,
      "heartbeat_period": 600,
      "inactivity_cap": 3600,
      "one_session_per_course": false,
      "site_events": false
    },
    "heartbeats_since": "2026-03-10T08:00:00Z",
    "by_reason": [
"#;
    let section = run.stdout.find("\n  \"time\": {").map(|begin| &run.stdout[begin..]).unwrap();
    assert!(section.starts_with(shown), "{section}");
    let shown = r#"
      {
        "reason": "gap",
        "sessions": 4,
        "seconds": 7400,
        "seconds_min": 2200,
        "seconds_max": 9200,
        "error_min": -900,
        "error_max": 3600
      },
"#;
    assert!(section.contains(shown), "{section}");
    let shown = r#"
    "users": [
      {
        "user_id": 9,
        "sessions": 3,
        "seconds": 8700,
        "seconds_min": 4900,
        "seconds_max": 9300
      },
      {
        "user_id": 7,
        "sessions": 3,
        "seconds": 7000,
        "seconds_min": 2400,
        "seconds_max": 7600
      },
      {
        "user_id": 8,
        "sessions": 3,
        "seconds": 2300,
        "seconds_min": 800,
        "seconds_max": 3500
      }
    ],
    "courses": [
      {
        "course_id": 3,
        "users": 2,
        "seconds": 9000
      },
"#;
    assert!(section.contains(shown), "{section}");
    let courses = r#"{"course_id": 3, "users": 2, "seconds": 9000}, {"course_id": 2, "users": 2, "seconds": 8200},
        {"course_id": 5, "users": 1, "seconds": 500}, {"course_id": 0, "users": 2, "seconds": 300}"#;
    let courses: Value = serde_json::from_str(&format!("[{courses}]")).unwrap();
    assert_eq!(time(&report(&tuesday()), &DAY)["courses"], courses);
}

#[test]
fn each_way_to_end_has_its_bounds() {
    let shown = time(&report(&tuesday()), &DAY);
    let of = |value: &Value| {
        let numbers = ["sessions", "seconds", "seconds_min", "seconds_max", "error_min", "error_max"];
        (value["reason"].as_str().unwrap().to_owned(), numbers.map(|key| value[key].as_i64().unwrap()))
    };
    let by_reason: Vec<_> = shown["by_reason"].as_array().unwrap().iter().map(of).collect();
    let expected = [
        ("capped", [1, 8000, 4400, 8300, -300, 3600]),
        ("gap", [4, 7400, 2200, 9200, -900, 3600]),
        ("logout", [1, 1000, 1000, 1000, 0, 0]),
        ("login", [1, 900, 0, 900, 0, 1200]),
        ("course", [1, 500, 500, 500, 0, 0]),
        ("open", [1, 200, 0, 500, -300, 300]),
    ];
    assert_eq!(by_reason, expected.map(|(reason, numbers)| (reason.to_owned(), numbers)));
}

#[test]
fn without_a_cap_a_page_left_open_may_have_been_all_of_a_session() {
    let database = tuesday();
    read_with(&database, &SETTINGS.replace("3600", "0"));
    let shown = time(&report(&database), &DAY);
    let gap = shown["by_reason"].as_array().unwrap().iter().find(|of| of["reason"] == "gap").unwrap();
    assert!(gap["error_max"].is_null(), "{gap}");
    assert_eq!(gap["error_min"], -900);
    // Only the two sessions of 700 seconds without a heartbeat have a bound of their own.
    assert_eq!(seconds(gap), [Some(800), Some(7400), Some(9200)]);
    assert_eq!(shown["settings"]["inactivity_cap"], 0);
}

#[test]
fn a_session_belongs_as_a_whole_to_the_period_in_which_it_begins() {
    let database = tuesday();
    let of = |from, to| {
        let shown = between(&database, from, to);
        (shown["sessions"].clone(), shown["seconds"].clone(), shown["courses"].clone())
    };
    let begin = MORNING + 3_600;
    let whole = (json!(1), json!(5000), json!([{"course_id": 2, "users": 1, "seconds": 5000}]));
    let nothing = (json!(0), json!(0), json!([]));
    assert_eq!(of(begin, begin + 1), whole, "its first second is the last of the period");
    assert_eq!(of(begin - 60, begin), nothing);
    assert_eq!(of(begin + 1, begin + 6_000), nothing, "it lies in the period, but for its first second");
}

/// What adds up: the counts and seconds of everybody and of everything.
fn sums(shown: &Value) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    let mut add = |name: String, of: &Value| {
        for key in ["sessions", "seconds", "seconds_min", "seconds_max"] {
            *sums.entry(format!("{name} {key}")).or_default() += of[key].as_i64().unwrap_or(0);
        }
    };
    add("all".to_owned(), shown);
    for (list, id) in [("by_reason", "reason"), ("users", "user_id"), ("courses", "course_id")] {
        for of in shown[list].as_array().unwrap() {
            add(format!("{list} {}", of[id]), of);
        }
    }
    sums
}

#[test]
fn the_parts_of_a_period_add_up_to_it_and_the_lists_to_the_sums() {
    let database = tuesday();
    let (from, to) = (MORNING - 7_200, MORNING + 43_200);
    let whole = sums(&between(&database, from, to));
    // A part of the day in which no heartbeat had come yet, one in the middle of sessions, and the rest.
    let mut parts = BTreeMap::new();
    for edges in [from, MORNING + 100, MORNING + 24_000, to].windows(2) {
        for (name, sum) in sums(&between(&database, edges[0], edges[1])) {
            *parts.entry(name).or_default() += sum;
        }
    }
    assert_eq!(parts, whole);
    for key in ["sessions", "seconds", "seconds_min", "seconds_max"] {
        let all = whole[&format!("all {key}")];
        for list in ["by_reason", "users"] {
            let of_list =
                whole.iter().filter(|(name, _)| name.starts_with(list) && name.ends_with(&format!(" {key}")));
            assert_eq!(of_list.map(|(_, sum)| sum).sum::<i64>(), all, "{list} {key}");
        }
    }
    let courses = whole.iter().filter(|(name, _)| name.starts_with("courses") && name.ends_with(" seconds"));
    assert_eq!(courses.map(|(_, sum)| sum).sum::<i64>(), whole["all seconds"]);
}

#[test]
fn all_users_are_listed_or_as_many_as_asked_for() {
    let database = empty();
    read_with(&database, SETTINGS);
    let sessions: Vec<Session> =
        (1..=30).map(|user| (user, MORNING + user, 100 + user % 2, 0, "logout", &[][..])).collect();
    fill(&database, &sessions);
    let shown = |arguments: &[&str]| -> Vec<i64> {
        let arguments: Vec<&str> = DAY.iter().chain(arguments).copied().collect();
        let shown = time(&report(&database), &arguments);
        assert_eq!((&shown["distinct_users"], &shown["sessions"]), (&json!(30), &json!(30)));
        shown["users"].as_array().unwrap().iter().map(|of| of["user_id"].as_i64().unwrap()).collect()
    };
    let all: Vec<i64> =
        (1..=30).filter(|user| user % 2 == 1).chain((1..=30).filter(|user| user % 2 == 0)).collect();
    assert_eq!(shown(&[]), all, "the most time first, then the smaller number");
    assert_eq!(shown(&["--top=16"]), all[..16]);
    assert_eq!(shown(&["--top=0"]), [0_i64; 0]);
}

#[test]
fn without_sessions_the_sums_are_zero_and_without_settings_there_are_no_bounds() {
    let database = empty();
    let nothing = json!({
        "sessions": 0, "seconds": 0, "seconds_min": null, "seconds_max": null, "distinct_users": 0,
        "settings": null, "heartbeats_since": null, "by_reason": [], "users": [], "courses": [],
    });
    assert_eq!(time(&report(&database), &DAY), nothing);
    assert!(site::json(&report(&database), &DAY).get("time").is_none());

    fill(&database, SESSIONS);
    let shown = time(&report(&database), &DAY);
    assert_eq!(seconds(&shown), [None, Some(18_000), None]);
    assert_eq!(seconds(&shown["users"][0]), [None, Some(8_700), None]);
    let reason = &shown["by_reason"][2];
    assert!(reason["error_min"].is_null() && reason["error_max"].is_null(), "{reason}");
    assert_eq!(site::json(&report(&database), &DAY)["time"], shown, "shown with all sections that have data");
}

#[test]
fn settings_that_are_none_are_bad_data() {
    let database = tuesday();
    read_with(&database, "{}");
    let run = report(&database).arg("time").run().expect(65);
    assert!(
        run.stderr.starts_with(
            "stats-report: moodle_progress holds settings that cannot be read; run session-aggregate"
        ),
        "{}",
        run.stderr
    );
}

/// A case of the golden data: each line as its values, by the names of the first line.
fn golden(file: &str) -> Vec<BTreeMap<String, String>> {
    let path = format!("{}/tests/golden/usestats/10_month_50x30/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    lines.map(|line| names.iter().cloned().zip(line.split(',').map(str::to_owned)).collect()).collect()
}

#[test]
fn the_true_time_of_each_user_of_a_month_lies_between_the_bounds() {
    let database = empty();
    read_with(&database, &SETTINGS.replace("3600", "7200"));
    let sessions = golden("expected_clean.csv");
    let mut counted: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    let mut rows = Vec::new();
    for session in &sessions {
        let of = |name: &str| session[name].as_str();
        let (sessions, seconds) = counted.entry(of("userid").parse().unwrap()).or_default();
        (*sessions, *seconds) = (*sessions + 1, *seconds + of("elapsed").parse::<i64>().unwrap());
        let names =
            ["userid", "sessionstart", "sessionend", "elapsed", "events", "heartbeats", "capped_heartbeats"];
        rows.push(format!("({}, '', '{}')", names.map(of).join(", "), of("reason")));
    }
    database.run(&format!("INSERT INTO moodle_session VALUES {}", rows.join(",")));
    let mut truth: BTreeMap<i64, i64> = BTreeMap::new();
    for presence in golden("truth.csv") {
        let number = |name: &str| presence[name].parse::<i64>().unwrap();
        *truth.entry(number("userid")).or_default() += number("present_to") - number("present_from");
    }

    let shown = time(&report(&database), &["--from=2024-01-01", "--to=2024-03-01"]);
    assert_eq!((&shown["sessions"], &shown["distinct_users"]), (&json!(1845), &json!(50)));
    let users = shown["users"].as_array().unwrap();
    assert_eq!(users.len(), truth.len());
    for of in users {
        let user = of["user_id"].as_i64().unwrap();
        assert_eq!(
            (of["sessions"].as_i64(), of["seconds"].as_i64()),
            (Some(counted[&user].0), Some(counted[&user].1))
        );
        let [least, seconds, most] = seconds(of).map(Option::unwrap);
        assert!(
            (least..=most).contains(&truth[&user]) && (least..=most).contains(&seconds),
            "{of}: {}",
            truth[&user]
        );
    }
    // By hand: for each session at most 7200 s too much where heartbeats counted, 300 s where none did, and 300 s too
    // little.
    assert_eq!(seconds(&shown), [Some(3_287_368), Some(9_562_525), Some(10_033_225)]);
}
