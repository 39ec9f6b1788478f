//! Records that are deleted and sessions that are closed for their age: what must hold for any of them.

use std::{cell::RefCell, time::Duration};

use mysql::prelude::Queryable;
use proptest::{
    prelude::*,
    test_runner::{TestError, TestRunner},
};

use crate::{
    forms::{Form, Record},
    model::Model,
};

/// 10 March 2026, 06:00 UTC, and 22:00: runs on one day, and on two.
const BASES: [i64; 2] = [1_773_122_400, 1_773_180_000];
/// How long records are kept here.
const RETENTION: i64 = 3_600;
/// The age at which open sessions are closed here.
const LONGEST: i64 = 2_700;

/// A session of which the tables hear late, but not too late.
#[derive(Clone, Debug)]
struct Session {
    start: i64,
    /// Its length, if it ever ends; one that is negative ends before it begins.
    length: Option<i64>,
    /// How many seconds later than it could be its record is added, and its end.
    late: (i64, i64),
    /// When it expires, counted from its start, if its front end knows.
    expires: Option<i64>,
    kind: i16,
}

#[derive(Clone, Debug)]
struct Story {
    base: i64,
    sessions: Vec<Session>,
    /// Seconds between the runs.
    runs: Vec<i64>,
}

fn story() -> impl Strategy<Value = Story> {
    let session = (
        0..12_000_i64,
        prop::option::weighted(0.8, prop_oneof![9 => 0..5_000_i64, 1 => -800..0_i64]),
        // Less than the retention, without the slot that the oldest of them lies in and the pause between two runs.
        (0..800_i64, 0..800_i64),
        prop::option::weighted(0.4, 0..8_000_i64),
        prop_oneof![9 => 3..=4_i16, 1 => Just(1)],
    )
        .prop_map(|(start, length, late, expires, kind)| Session { start, length, late, expires, kind });
    let sessions = prop::collection::vec(session, 1..14);
    let runs = prop::collection::vec(60..1_500_i64, 4..14);
    (prop::sample::select(BASES.to_vec()), sessions, runs).prop_map(|(base, sessions, runs)| Story {
        base,
        sessions,
        runs,
    })
}

fn check(form: Form, cases: u32, tell: impl Fn(&mut Model, &Story)) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    };
    let model = RefCell::new(Model::new(form));
    let told = TestRunner::new(config).run(&story(), |story| {
        let mut model = model.borrow_mut();
        model.clear();
        tell(&mut model, &story);
        Ok(())
    });
    match told {
        Ok(()) => (),
        Err(TestError::Fail(why, story)) => panic!("{why}\n{story:?}"),
        Err(other) => panic!("{other}"),
    }
}

/// Adds and closes what happens from `from` until before `to`.
fn happen(model: &mut Model, story: &Story, from: i64, to: i64) {
    for (number, session) in story.sessions.iter().enumerate() {
        let (id, start) = (format!("Id {number}"), story.base + session.start);
        if (from..to).contains(&(start + session.late.0)) {
            model.add(Record {
                id: id.clone(),
                kind: session.kind,
                start,
                end: None,
                context: None,
                user: 7,
            });
        }
        let Some(length) = session.length else { continue };
        let known_at = (start + length).max(start) + session.late.0.max(session.late.1);
        if (from..to).contains(&known_at) {
            model.close(&id, start + length, Some(1));
        }
    }
}

/// Tells the story; `each` is called before and after each run.
fn tell(model: &mut Model, story: &Story, mut each: impl FnMut(&mut Model, i64, bool)) {
    let mut now = story.base;
    for pause in &story.runs {
        let before = now;
        now += pause;
        happen(model, story, before, now);
        each(model, now, true);
        model.run(now);
        each(model, now, false);
    }
}

fn records_are_deleted_by_their_end(model: &mut Model, story: &Story) {
    model.config.aggregate.retention = Duration::from_secs(RETENTION as u64);
    tell(model, story, |model, now, is_before| {
        if is_before {
            return;
        }
        // The statistics are those of all records that ever were.
        model.assert_right(now, "with what was deleted");
        let all = model.records.clone();
        // A record is over when it has begun and ended; open ones are kept.
        let is_kept = |record: &Record| record.end.is_none_or(|end| end.max(record.start) > now - RETENTION);
        let are_there = model.begin.is_some();
        model.records.retain(|record| !are_there || is_kept(record));
        model.assert_records(&format!("at {now}"));
        model.records = all;
    });
}

#[test]
fn records_are_deleted_by_their_end_and_no_figure_changes_with_it() {
    check(Form::Ours, 30, records_are_deleted_by_their_end);
    check(Form::Ilias9, 10, records_are_deleted_by_their_end);
}

fn old_sessions_are_closed_unless_they_live(model: &mut Model, story: &Story) {
    model.config.aggregate.max_session = Duration::from_secs(LONGEST as u64);
    let (form, story_) = (model.form, story);
    let live = if form == Form::Ours { "session_expiry" } else { "usr_session" };
    if form != Form::Ours {
        // As ILIAS has it, with what matters here.
        model.database.run(
            "CREATE OR REPLACE TABLE usr_session (session_id VARCHAR(256) NOT NULL, expires INT NOT NULL DEFAULT 0, \
             data LONGTEXT, ctime INT, user_id INT, PRIMARY KEY (session_id), KEY i1_idx (expires)) ENGINE=InnoDB \
             DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci",
        );
        model.database.account("session-aggregate");
    }
    let expiring = |model: &Model| -> Vec<(String, i64)> {
        model.database.conn().query(format!("SELECT session_id, expires FROM {live} ORDER BY 1")).unwrap()
    };
    let mut known: Vec<String> = Vec::new();
    let mut before_run = Vec::new();
    tell(model, story, |model, now, is_before| {
        if !is_before {
            model.assert_records(&format!("at {now}"));
            model.assert_right(now, "with sessions that were closed");
            // Ours is cleared of what is over; ILIAS's is not ours to touch.
            let left = expiring(model);
            before_run.retain(|(_, expires)| form != Form::Ours || *expires >= now);
            assert_eq!(left, before_run, "{live} at {now}");
            return;
        }
        for (number, session) in story_.sessions.iter().enumerate() {
            let id = format!("Id {number}");
            let is_new = model.records.iter().any(|record| record.id == id) && !known.contains(&id);
            if let Some(expires) = session.expires.filter(|_| is_new) {
                let sql = format!("INSERT INTO {live} (session_id, expires) VALUES (?, ?)");
                model.conn.exec_drop(sql, (&id, story_.base + session.start + expires)).unwrap();
                known.push(id);
            }
        }
        before_run = expiring(model);
        for record in model.records.iter_mut().filter(|record| record.end.is_none()) {
            let expires = before_run.iter().find(|(id, _)| *id == record.id).map(|(_, expires)| *expires);
            if let Some(expires) = expires.filter(|expires| *expires < now) {
                (record.end, record.context) = (Some(expires), Some(2));
            } else if expires.is_none() && record.start <= now - LONGEST {
                (record.end, record.context) = (Some(record.start + LONGEST), Some(2));
            }
        }
    });
}

#[test]
fn old_sessions_are_closed_as_expired_unless_they_are_known_to_live() {
    check(Form::Ours, 30, old_sessions_are_closed_unless_they_live);
    check(Form::Ilias9, 10, old_sessions_are_closed_unless_they_live);
}
