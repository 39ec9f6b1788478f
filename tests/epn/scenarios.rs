//! The worked scenarios of `tests/golden/epn/scenarios.json`: each states what staff and visitors do and what the
//! tables must hold in the end, and in between.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::space::{Space, list, text};

const SCENARIOS: &str = include_str!("../golden/epn/scenarios.json");

#[test]
fn every_scenario_ends_as_it_states() {
    let scenarios: Vec<Value> = serde_json::from_str(SCENARIOS).unwrap();
    assert!(scenarios.len() >= 34, "only {} scenarios", scenarios.len());
    let failed: Vec<String> = scenarios.iter().filter_map(|scenario| play(scenario).err()).collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), scenarios.len(), failed.join("\n"));
}

/// Plays a scenario on a database of its own.
fn play(scenario: &Value) -> Result<(), String> {
    let config = &scenario["config"];
    let zone = config["timezone"].as_str().unwrap_or("Europe/Paris").parse().unwrap();
    let keys = ["snapshot_minutes", "gap_minutes", "unmatched_keep_days"];
    let lines: String =
        keys.iter().filter_map(|key| Some(format!("epn.{key} = {}\n", config[key].as_i64()?))).collect();
    let mut space = Space::new(zone, &lines);
    let given = &scenario["given"];
    list(&given["users"]).iter().for_each(|user| space.add_user(user));
    list(&given["computers"]).iter().for_each(|computer| space.add_computer(computer));
    list(&given["workshops"]).iter().for_each(|workshop| space.add_workshop(workshop));
    list(&given["reservations"]).iter().for_each(|reservation| space.add_reservation(reservation));
    for day in list(&given["closed_days"]) {
        space.database.run(&format!("INSERT INTO epn_closed_day (day) VALUES ('{}')", text(day)));
    }

    let mut differences = Differences::of(scenario);
    let mut ignored = BTreeMap::new();
    let mut expired = 0;
    let mut summary = json!({});
    let mut notices = Vec::new();
    let rows = list(&given["snapshots"]);
    let arrival = |space: &Space, row: &Value| space.time(text(row.get("arrives").unwrap_or(&row["at"])));
    let mut last_run = None;
    for run in list(&scenario["runs"]) {
        let now = space.time(text(run));
        for event in list(&scenario["events"]) {
            let at = space.time(text(&event["at"]));
            if last_run.is_none_or(|last| last < at) && at <= now {
                space.event(event);
            }
        }
        let arrived: Vec<_> = rows
            .iter()
            .filter(|row| {
                let at = arrival(&space, row);
                last_run.is_none_or(|last| last < at) && at <= now
            })
            .collect();
        space.add_snapshots(arrived.into_iter());
        summary = space.ingest(now);
        for (reason, count) in summary["ignored"].as_object().unwrap() {
            *ignored.entry(reason.clone()).or_insert(0) += count.as_u64().unwrap();
        }
        expired += summary["expired"].as_u64().unwrap();
        notices.extend(list(&summary["notices"]).iter().map(|notice| space.by_title(text(notice))));
        for checkpoint in list(&scenario["expect"]["checkpoints"]) {
            if checkpoint["after"] == *run {
                differences.compare_state(&mut space, checkpoint, &format!("after {}", text(run)));
            }
        }
        last_run = Some(now);
    }

    let expect = &scenario["expect"];
    differences.compare_state(&mut space, expect, "at the end");
    let unmatched: Vec<Value> = list(&summary["unmatched"]).to_vec();
    differences.note("unmatched", sorted(unmatched), sorted(list(&expect["unmatched"]).to_vec()));
    differences.note("leftover_rows", json!(space.count("users_temp")), expect["leftover_rows"].clone());
    differences.note("ignored_rows", json!(ignored), expect["ignored_rows"].clone());
    differences.note("expired_rows", json!(expired), expect["expired_rows"].clone());
    notices.sort_unstable();
    notices.dedup();
    differences.note("notices", json!(notices), sorted(list(&expect["notices"]).to_vec()));
    differences.verdict()
}

/// What differs from what a scenario states.
struct Differences {
    name: String,
    found: Vec<String>,
}

impl Differences {
    fn of(scenario: &Value) -> Self {
        Self { name: text(&scenario["name"]).to_owned(), found: Vec::new() }
    }

    fn compare_state(&mut self, space: &mut Space, expect: &Value, when: &str) {
        let mut sessions = expect["sessions"].clone();
        let mut is = space.sessions();
        // Whether a cancelled one had been seen says nothing.
        for session in sessions.as_array_mut().into_iter().chain(is.as_array_mut()).flatten() {
            if session["cancelled"] == true {
                session["seen"] = Value::Null;
            }
        }
        self.note(&format!("sessions {when}"), is, sessions);
        let attendance = list(&expect["attendance"]).iter().map(|entry| {
            let auto = entry["origin"] == "auto";
            json!({"workshop": entry["workshop"], "login": entry["login"], "status": entry["status"], "auto": auto})
        });
        self.note(
            &format!("attendance {when}"),
            sorted(list(&space.attendance()).to_vec()),
            sorted(attendance.collect()),
        );
        self.note(&format!("credits {when}"), space.balances("credit_minutes"), expect["credits"].clone());
        let units = space.balances("workshop_credits");
        self.note(&format!("workshop credits {when}"), units, expect["workshop_credits"].clone());
    }

    fn note(&mut self, what: &str, is: Value, should: Value) {
        if is != should {
            self.found.push(format!("  {what}:\n    is     {is}\n    should {should}"));
        }
    }

    fn verdict(self) -> Result<(), String> {
        if self.found.is_empty() {
            return Ok(());
        }
        Err(format!("{}:\n{}", self.name, self.found.join("\n")))
    }
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_key(Value::to_string);
    Value::Array(values)
}
