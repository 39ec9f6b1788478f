//! What `run` and `rebuild` say, refuse and leave alone.

use mysql::prelude::Queryable;

use crate::{
    edges::{at, everything, record},
    forms::{self, Form, Record},
    model::Model,
    oracle,
    support::{MariaDb, Tool},
};

/// 10 March 2026, 06:00 UTC.
const BASE: i64 = 1_773_122_400;
const DAY: i64 = 86_400;

/// Tables in which a run has something to do in each of its steps.
fn busy(form: Form) -> Model {
    let mut model = Model::new(form);
    model.add(record("old", BASE - 8 * DAY, Some(BASE - 8 * DAY + 100)));
    model.add(record("forgotten", BASE - 2 * DAY, None));
    model.add(record("expired", BASE, None));
    model.add(record("new", BASE + 10, Some(BASE + 500)));
    model.database.run(&format!("INSERT INTO session_expiry VALUES ('expired', {})", BASE + 1_000));
    model
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_the_run_then_does() {
    for (form, compat) in [(Form::Ours, "exact"), (Form::Ilias10, "exact"), (Form::Ilias9, "ilias")] {
        let model = busy(form);
        if compat == "ilias" {
            // ILIAS goes on after the last slot.
            model.database.run(&format!(
                "INSERT INTO usr_session_stats (slot_begin, slot_end) VALUES ({}, {})",
                BASE - 9 * DAY,
                BASE - 9 * DAY + 899
            ));
        }
        let before = everything(&model.database);
        let tool = at(BASE + 3_700, &model.database, "").args(["--compat", compat]);
        let said = tool.clone().arg("--dry-run").run().expect(0);
        assert_eq!(said.stderr, "", "{form:?}");
        assert_eq!(everything(&model.database), before, "{form:?}");
        let wanted: &[&str] = match compat {
            "exact" => &[
                "1 sessions closed as expired\n",
                "1 sessions closed as expired because of their age ([aggregate] max_session)\n",
                "772 slots written, 2026-03-02T06:00:00Z to 2026-03-10T07:00:00Z, from 4 session records\n",
                "1 old session records deleted\n",
            ],
            _ => &[
                "1 sessions closed as expired\n",
                "867 slots written, 2026-03-01T06:15:00Z to 2026-03-10T07:00:00Z, from 4 session records\n",
                "1 old session records deleted\n",
            ],
        };
        assert_eq!(said.stdout, wanted.concat(), "{form:?}");
        // The run itself tells the same, if it is asked.
        let done = tool.arg("-v").run().expect(0);
        assert_eq!(done.stdout, "");
        let told = done.stderr.replace("session-aggregate: info: ", "");
        assert_eq!(told, said.stdout, "{form:?}");
        assert_ne!(everything(&model.database), before, "{form:?}");
    }
}

#[test]
fn a_dry_run_makes_no_tables() {
    let database = MariaDb::shared().database();
    let run = at(BASE, &database, "").arg("--dry-run").run().expect(78);
    assert!(run.stderr.contains("--init-db") && run.stderr.lines().count() == 1, "{run:?}");
    assert_eq!(database.query("SHOW TABLES"), [[]; 0]);
}

#[test]
fn an_empty_database_gets_its_tables_and_nothing_else() {
    let database = MariaDb::shared().database();
    for compat in ["exact", "ilias"] {
        Tool::new("session-aggregate").url(&database).args(["--compat", compat, "--dry-run"]).run();
        at(BASE, &database, "").run().silent();
        let said = at(BASE, &database, "").arg("-v").run().expect(0);
        assert_eq!(said.stderr, "session-aggregate: info: no slot to write\n");
        assert_eq!(database.dump(&["usr_session_stats"]), "# usr_session_stats\n");
    }
    // ILIAS's rule needs no record: it begins with the last quarter of an hour.
    at(BASE + 10, &database, "").args(["run", "--compat=ilias"]).run().silent();
    let slot = database.value("SELECT GROUP_CONCAT(slot_begin, '-', active_max) FROM usr_session_stats");
    assert_eq!(slot, format!("{}-0", BASE - 900));
}

#[test]
fn records_are_kept_a_week_or_for_ever() {
    for (retention, kept) in
        [("", "alive,new"), ("retention = \"0s\"", "alive,new,old"), ("retention = \"30d\"", "alive,new,old")]
    {
        let database = Form::Ours.database();
        let mut conn = database.conn();
        forms::add(
            &mut conn,
            &[
                record("old", BASE - 8 * DAY, Some(BASE - 7 * DAY)),
                record("new", BASE - 8 * DAY, Some(BASE - 7 * DAY + 3_800)),
            ],
        );
        forms::add(&mut conn, &[record("alive", BASE - 9 * DAY, None)]);
        database.run(&format!("INSERT INTO session_expiry VALUES ('alive', {})", BASE + DAY));
        at(BASE + 3_700, &database, retention).run().silent();
        let left = database.value("SELECT GROUP_CONCAT(session_id ORDER BY 1) FROM usr_session_stats_raw");
        assert_eq!(left, kept, "{retention}");
    }
}

#[test]
fn sources_say_which_records_count() {
    let records = [
        record("raw", BASE + 10, None),
        record("epn:7", BASE + 20, None),
        record("moodle:1:2", BASE + 30, None),
        record("epnx", BASE + 40, None),
    ];
    let anonymous = Record { kind: 4, ..record("epn:8", BASE + 50, None) };
    for (sources, opened) in [("", 3), ("sources = [\"raw\"]", 5), ("sources = [\"moodle\"]", 2)] {
        let database = Form::Ours.database();
        let mut conn = database.conn();
        forms::add(&mut conn, &records);
        forms::add(&mut conn, std::slice::from_ref(&anonymous));
        at(BASE + 1_000, &database, sources).run().silent();
        // Of uses of machines (`epn:`), those that are not there go, where these are a source.
        assert_eq!(database.value("SELECT opened FROM usr_session_stats"), opened.to_string(), "{sources}");
        // A late one that does not count is no news.
        forms::add(&mut conn, &[record("late", BASE + 60, None)]);
        at(BASE + 1_000, &database, sources).run().silent();
        let more = opened + i32::from(!sources.contains("moodle"));
        assert_eq!(database.value("SELECT opened FROM usr_session_stats"), more.to_string(), "{sources}");
    }
}

#[test]
fn rebuild_writes_the_slots_of_a_period_again_and_no_others() {
    for form in Form::ALL {
        let mut model = Model::new(form);
        model.add(record("one", BASE + 100, Some(BASE + 2_000)));
        model.add(record("two", BASE + 1_000, None));
        model.limit(BASE, 1);
        let now = BASE + 5 * 900 + 10;
        model.run(now);
        model.assert_right(now, "before");
        let right = everything(&model.database);
        model.database.run("UPDATE usr_session_stats SET active_max = 77; DELETE FROM session_at_limit");
        let rebuild = |from: i64, to: i64| {
            at(now, &model.database, "").args([
                "rebuild".to_owned(),
                format!("--from={from}"),
                format!("--to={to}"),
            ])
        };
        // The slots that the period touches: the second and the third.
        rebuild(BASE + 1_799, BASE + 1_801).run().silent();
        let maxima = "SELECT GROUP_CONCAT(active_max ORDER BY slot_begin) FROM usr_session_stats";
        assert_eq!(model.database.value(maxima), "77,2,2,77,77", "{form:?}");
        // Not what is not complete yet.
        rebuild(BASE - 10, BASE + DAY).run().silent();
        model.begin = Some(BASE - 900);
        model.assert_right(now, "after");
        model.database.run(&format!("DELETE FROM usr_session_stats WHERE slot_begin < {BASE}"));
        assert_eq!(everything(&model.database), right, "{form:?}");
        // As ILIAS would have it: the session that ended in the third slot makes a mean of 1 there.
        rebuild(BASE + 1_800, BASE + 2_700).args(["--compat", "ilias"]).run().silent();
        let mean =
            format!("SELECT active_avg + 0 FROM usr_session_stats WHERE slot_begin = {}", BASE + 1_800);
        assert_eq!(model.database.value(&mean).parse::<f64>().unwrap(), 1.0);
        let said = rebuild(BASE + 1_800, BASE + 2_700).arg("--dry-run").run().expect(0);
        assert!(said.stdout.starts_with("1 slots written, 2026-03-10T06:30:00Z to "), "{said:?}");
        assert_eq!(model.database.value(&mean).parse::<f64>().unwrap(), 1.0, "nothing was changed");
    }
}

#[test]
fn rebuild_refuses_what_it_would_make_worse() {
    let model = busy(Form::Ours);
    let now = BASE + 3_700;
    at(now, &model.database, "").run().silent();
    let before = everything(&model.database);
    let gone = BASE - 8 * DAY;
    let rebuild = |from: i64, to: i64| {
        at(now, &model.database, "").args([
            "rebuild".to_owned(),
            format!("--from={from}"),
            format!("--to={to}"),
        ])
    };
    let refused = rebuild(gone, now).run().expect(65);
    assert!(
        refused.stderr.contains("2026-03-02T06:01:41") && refused.stderr.contains("--force"),
        "{refused:?}"
    );
    assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
    rebuild(gone, now).arg("--dry-run").run().expect(65);
    assert_eq!(everything(&model.database), before);
    for (from, to) in [(now, now), (now, now - 1)] {
        let refused = rebuild(from, to).run().expect(2);
        assert!(refused.stderr.contains("--from"), "{refused:?}");
    }
    // From where the records are complete on, and where it is asked for in spite of all.
    rebuild(gone + 900, now).run().silent();
    let opened = format!("SELECT opened FROM usr_session_stats WHERE slot_begin = {gone}");
    assert_eq!(model.database.value(&opened), "1");
    rebuild(gone, now).arg("--force").run().silent();
    assert_eq!(model.database.value(&opened), "0");
}

#[test]
fn rebuild_before_the_first_run_does_not_decide_where_statistics_begin() {
    let mut model = Model::new(Form::Ours);
    model.add(record("early", BASE + 100, Some(BASE + 2_000)));
    model.add(record("late", BASE + 5_000, Some(BASE + 6_000)));
    let (now, from) = (BASE + 9_100, BASE + 4_500);
    at(now, &model.database, "")
        .args(["rebuild".to_owned(), format!("--from={from}"), format!("--to={}", from + 1_800)])
        .run()
        .silent();
    assert_eq!(forms::statistics(&model.database, Form::Ours).len(), 2);
    at(now, &model.database, "").run().silent();
    model.begin = Some(oracle::quarter(BASE + 100));
    model.assert_right(now, "after a run");
}

#[test]
fn slots_that_overlap_others_are_replaced_and_told() {
    let mut model = Model::new(Form::Ours);
    model.add(record("one", BASE + 100, Some(BASE + 2_000)));
    model.run(BASE + 3_000);
    // Somebody's slots of another rhythm.
    model.database.run(&format!(
        "DELETE FROM usr_session_stats WHERE slot_begin = {}; INSERT INTO usr_session_stats (slot_begin, slot_end) \
         VALUES ({}, {})",
        BASE + 900,
        BASE + 1_000,
        BASE + 1_899
    ));
    let run = at(BASE + 4_000, &model.database, "").run().expect(0);
    assert_eq!(
        run.stderr,
        "session-aggregate: warning: 1 slots of usr_session_stats that overlapped others are replaced\n"
    );
    model.assert_right(BASE + 4_000, "in one rhythm");
    let mut conn = model.database.conn();
    let count: Option<u32> = conn.query_first("SELECT COUNT(*) FROM usr_session_stats").unwrap();
    assert_eq!(count, Some(4));
}
