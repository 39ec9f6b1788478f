//! The section `sessions` for machines.

use serde_json::{Value, json};

use crate::{
    site,
    slots::{EVENING, Form, TO_ILIAS_10, evening, tables},
    space::{empty, report},
    support::{Database, Tool},
};

/// The section in a period.
#[track_caller]
fn sessions(tool: &Tool, from: i64, to: i64) -> Value {
    let (from, to) = (from.to_string(), to.to_string());
    site::json(tool, &["sessions", "--from", &from, "--to", &to])["sessions"].take()
}

/// Puts one slot of 900 seconds into the statistics: so many sessions, and so many that are allowed.
#[track_caller]
fn slot(database: &Database, begin: i64, active: &str, limit: &str) {
    database.run(&format!(
        "INSERT INTO usr_session_stats (slot_begin, slot_end, active_min, active_max, active_avg, active_end, \
         opened, max_sessions) VALUES ({begin}, {begin} + 899, 0, {active}, 0.5, 0, 1, {limit})"
    ));
}

#[test]
fn all_keys_in_a_fixed_order() {
    let database = evening();
    let run = report(&database)
        .args([
            "sessions",
            "--format=json",
            "--from=2026-03-10T19:00:00+01:00",
            "--to=2026-03-10T19:20:00+01:00",
        ])
        .run()
        .expect(0);
    let shown = r#"
  "sessions": {
    "opened": 1500,
    "closed_manual": 700,
    "closed_expire": 20,
    "closed_idle": 3,
    "closed_idle_first": 2,
    "closed_limit": 1,
    "closed_login": 40,
    "closed_misc": 5,
    "maxed_out_seconds": 60,
    "last_maxed_out": "2026-03-10T18:44:59Z",
    "last_aggregation": "2026-03-10T18:44:59Z",
    "active_min": 1,
    "active_max": 12,
    "active_max_at": "2026-03-10T18:00:00Z",
    "active_avg": 5.1234,
    "by_weekday_and_hour": [
      {
        "weekday": 2,
        "hour": 19,
        "active_avg": 5.1234
      }
    ],
    "slots_without_figures": 1,
    "slots": [
      {
        "slot_begin": "2026-03-10T18:00:00Z",
        "slot_end": "2026-03-10T18:14:59Z",
        "active_min": 1,
        "active_max": 12,
        "active_avg": 5.1234,
        "active_end": 11,
        "max_sessions": 12,
        "opened": 1500,
        "maxed_out_seconds": 60
      },
      {
        "slot_begin": "2026-03-10T18:15:00Z",
        "slot_end": "2026-03-10T18:29:59Z",
        "active_min": 0,
        "active_max": 0,
        "active_avg": 0.0,
        "active_end": 0,
        "max_sessions": 0,
        "opened": 0,
        "maxed_out_seconds": 0
      }
    ]
  }
}
"#;
    let section = run.stdout.find("\n  \"sessions\": {").map(|begin| &run.stdout[begin..]);
    assert_eq!(section, Some(shown), "{}", run.stdout);
}

#[test]
fn the_time_at_the_limit_is_counted_by_the_second() {
    let database = evening();
    let tool = report(&database);
    let seconds = |from, to| sessions(&tool, from, to)["maxed_out_seconds"].as_i64().unwrap();
    // What is known exactly: 20 seconds from +100 on, 40 from +200 on.
    let begin = 1_773_165_600;
    assert_eq!(seconds(begin, begin + 900), 60);
    assert_eq!(seconds(begin + 119, begin + 201), 2);
    assert_eq!(seconds(begin + 120, begin + 200), 0, "at the limit, but not then");
    assert_eq!(seconds(begin + 300, begin + 900), 0);
    // What ILIAS wrote: all of the slot.
    let other = begin + 1800;
    assert_eq!(seconds(other, other + 900), 900);
    assert_eq!(seconds(other - 900, other + 3600), 900);
    assert_eq!(seconds(other + 50, other + 60), 10, "ILIAS has 899 (its defect 6)");
    assert_eq!(seconds(other + 899, other + 1000), 1, "ILIAS has none (its defect 6)");
    assert_eq!(seconds(begin, other + 900), 960);
    let of_slots = sessions(&tool, begin + 110, other + 30)["slots"].take();
    let of_slots: Vec<_> =
        of_slots.as_array().unwrap().iter().map(|of| of["maxed_out_seconds"].clone()).collect();
    assert_eq!(of_slots, [50, 0, 30]);
}

#[test]
fn a_slot_belongs_to_each_period_that_has_a_second_of_it() {
    let database = empty();
    let begin = 1_773_165_600;
    slot(&database, begin, "3", "0");
    let count = |from, to| sessions(&report(&database), from, to)["slots"].as_array().unwrap().len();
    assert_eq!(count(begin + 899, begin + 2000), 1, "its last second is the first of the period");
    assert_eq!(count(begin - 2000, begin + 1), 1, "its first second is the last of the period");
    assert_eq!(count(begin + 400, begin + 401), 1);
    assert_eq!(count(begin + 900, begin + 2000), 0);
    assert_eq!(count(begin - 2000, begin), 0);
    // A slot of another length, which began long ago.
    database.run(&format!("UPDATE usr_session_stats SET slot_end = {begin} + 86399"));
    slot(&database, begin + 86_400, "3", "0");
    assert_eq!(count(begin + 80_000, begin + 80_001), 1);
}

#[test]
fn without_slots_the_sums_are_zero_and_moments_are_of_all_time() {
    let database = empty();
    let (from, to) = (1_773_165_600, 1_773_169_200);
    let nothing = json!({
        "opened": 0, "closed_manual": 0, "closed_expire": 0, "closed_idle": 0, "closed_idle_first": 0,
        "closed_limit": 0, "closed_login": 0, "closed_misc": 0, "maxed_out_seconds": 0,
        "last_maxed_out": null, "last_aggregation": null, "active_min": null, "active_max": null,
        "active_max_at": null, "active_avg": null, "slots_without_figures": 0, "by_weekday_and_hour": [], "slots": [],
    });
    assert_eq!(sessions(&report(&database), from, to), nothing);
    // Long before the period, and long after it.
    slot(&database, 1_000_000_800, "7", "7");
    slot(&database, 1_900_000_800, "6", "7");
    let mut known = nothing;
    known["last_maxed_out"] = json!("2001-09-09T02:14:59Z");
    known["last_aggregation"] = json!("2030-03-17T18:14:59Z");
    assert_eq!(sessions(&report(&database), from, to), known);
    let all = site::json(&report(&database), &["--from=2026-03-10"]);
    assert!(all.get("sessions").is_none() && all["overview"]["sessions_opened"] == 0, "{all}");
}

#[test]
fn the_overview_has_the_sum_and_the_newest_slot() {
    let (nothing, database) = (empty(), evening());
    let overview = |database: &Database, section: &str| {
        site::json(&report(database), &[section, "--from=2026-03-10"])["overview"].take()
    };
    let never = overview(&nothing, "overview");
    assert!(never["sessions_opened"].is_null() && never["last_aggregation"].is_null(), "{never}");
    let shown = overview(&database, "overview");
    assert_eq!(
        (&shown["sessions_opened"], &shown["last_aggregation"]),
        (&json!(1503), &json!("2026-03-10T18:44:59Z"))
    );
    let all = site::json(&report(&database), &["--from=2026-03-10"]);
    assert_eq!(all["sessions"]["opened"], 1503);
}

#[test]
fn slots_without_figures_and_with_impossible_ones_are_read() {
    for form in [Form::Ours, Form::Ilias9, Form::Ilias10] {
        let database = tables(form);
        // Left by a killed run of ILIAS (its defect 7), and with a session that ended before it began (defect 13).
        database.run(
            "INSERT INTO usr_session_stats (slot_begin, slot_end) VALUES (1773165600, 1773166499); \
             INSERT INTO usr_session_stats (slot_begin, slot_end, active_min, active_max, active_avg, active_end, opened) \
             VALUES (1773166500, 1773167399, -1, 0, -1, -1, 1)",
        );
        let tool = report(&database)
            .config("general.timezone = \"Europe/Paris\"\naggregate.max_sessions = 1\n")
            .args(["--from=2026-03-10T19:00:00+01:00", "--to=2026-03-10T20:00:00+01:00"]);
        let shown = site::json(&tool, &["sessions"])["sessions"].take();
        assert_eq!(shown["slots"][0]["active_avg"], 0.0, "{form:?}");
        assert_eq!(
            (&shown["slots"][1]["active_min"], &shown["slots"][1]["active_avg"]),
            (&json!(-1), &json!(-1.0))
        );
        assert_eq!((&shown["active_min"], &shown["active_max"]), (&json!(-1), &json!(0)), "{form:?}");
        assert_eq!((&shown["maxed_out_seconds"], &shown["slots_without_figures"]), (&json!(0), &json!(1)));
        let table = tool.arg("sessions").run().expect(0).stdout;
        assert!(table.contains("-1.00"), "{table}");
    }
}

#[test]
fn the_time_at_the_limit_is_exact_in_tables_of_ilias_too() {
    for form in [Form::Ilias9, Form::Ilias10] {
        let database = tables(Form::Ilias9);
        database.run(EVENING);
        if form == Form::Ilias10 {
            database.run(TO_ILIAS_10);
        }
        let tool =
            report(&database).config("general.timezone = \"Europe/Paris\"\naggregate.max_sessions = 12\n");
        let shown = sessions(&tool, 1_773_165_600, 1_773_169_200);
        assert_eq!(shown["maxed_out_seconds"], 960, "{form:?}");
        assert_eq!(shown["active_max"], 12);
        // Their column holds whole numbers.
        assert_eq!(shown["slots"][0]["active_avg"], 5.0);
    }
}

#[test]
fn times_beyond_2038_are_times() {
    let database = empty();
    let begin = 4_102_444_800;
    slot(&database, begin, "5", "5");
    let shown = sessions(&report(&database), begin, begin + 900);
    assert_eq!(shown["slots"][0]["slot_begin"], "2100-01-01T00:00:00Z");
    assert_eq!(shown["slots"][0]["slot_end"], "2100-01-01T00:14:59Z");
    assert_eq!(
        (&shown["last_maxed_out"], &shown["maxed_out_seconds"]),
        (&json!("2100-01-01T00:14:59Z"), &json!(900))
    );
    assert_eq!(shown["active_avg"], 0.5);
    database.run("INSERT INTO usr_session_stats (slot_begin, slot_end) VALUES (9223372036854775000, 9223372036854775807)");
    let run = report(&database).arg("sessions").run().expect(65);
    assert_eq!(
        run.stderr,
        "stats-report: usr_session_stats holds a value that cannot be read: (9223372036854775807); mend that row\n"
    );
}

#[test]
fn another_section_does_not_look_at_sessions() {
    let database = empty();
    database.run("DROP TABLE usr_session_stats");
    report(&database).arg("epn").run().expect(0);
    report(&database).arg("sessions").run().expect(78);
}
