//! What must hold for any sessions, arriving in any order, and any schedule of runs.

use mysql::prelude::Queryable;
use proptest::prelude::*;

use crate::{
    forms::{Form, Record},
    model::{Model, connect},
};

/// Sessions and runs lie in so many seconds.
const LENGTH: i64 = 6 * 3_600;

/// Something that happens between two runs, or a run.
#[derive(Clone, Debug)]
enum Event {
    /// A record arrives: an open one, or one that ended already.
    Record(Record),
    /// Open records of an id end.
    Close(u8, i64, Option<i16>),
    /// A record is opened again at the same second.
    Again(usize),
    Limit(i64, i64),
    /// A run so many seconds after the latest one.
    Run(i64),
    /// A run so many seconds before the latest one.
    SetBack(i64),
    /// A run that writes what ILIAS would.
    Ilias(i64),
    /// Slots vanish: the first of them and how many, in parts of all.
    Delete(f64, usize),
    /// ILIAS was killed while it worked on slots.
    Crash(f64, usize),
    /// A transaction adds a record and closes those of an id before some runs, and is committed after them.
    Pending(Record, u8, i64, Vec<i64>),
}

/// When something happens: mostly in the course of the story, now and then at another time altogether.
fn moment(base: i64) -> impl Strategy<Value = i64> {
    prop_oneof![
        // The borders of slots, and the seconds beside them.
        3 => (0..LENGTH / 900, -2..=2_i64).prop_map(move |(slot, second)| base + slot * 900 + second),
        9 => (0..LENGTH).prop_map(move |second| base + second),
        1 => prop::sample::select(vec![-86_400 * 365, -1, 0, 1, 86_400, base - 63_072_000, i64::from(i32::MAX)]),
    ]
}

fn context() -> impl Strategy<Value = Option<i16>> {
    prop::option::weighted(
        0.9,
        prop_oneof![9 => 0..=8_i16, 1 => prop::sample::select(vec![-1, 11, 99, i16::MAX])],
    )
}

prop_compose! {
    fn record(base: i64)(
        id in 0..12_u8,
        kind in prop_oneof![12 => 3..=4_i16, 1 => -1..=5_i16],
        start in moment(base),
        end in prop_oneof![
            4 => Just(None),
            6 => (0..5_000_i64).prop_map(|length| Some(Ok(length))),
            2 => moment(base).prop_map(|end| Some(Err(end))),
        ],
        context in context(),
    ) -> Record {
        let end = end.map(|end| match end {
            Ok(length) => (start + length).min(i32::MAX.into()),
            Err(end) => end,
        });
        Record { id: format!("Id {id}"), kind, start, end, context, user: 7 }
    }
}

fn event(base: i64) -> impl Strategy<Value = Event> {
    prop_oneof![
        10 => record(base).prop_map(Event::Record),
        5 => (0..12_u8, moment(base), context()).prop_map(|(id, end, context)| Event::Close(id, end, context)),
        1 => any::<usize>().prop_map(Event::Again),
        1 => (moment(base), prop_oneof![1..=4_i64, -2..=0_i64]).prop_map(|(at, limit)| Event::Limit(at, limit)),
        6 => (0..4_000_i64).prop_map(Event::Run),
        1 => (0..4_000_i64).prop_map(Event::SetBack),
        1 => (0..4_000_i64).prop_map(Event::Ilias),
        1 => (0.0..1.0, 1..4_usize).prop_map(|(first, count)| Event::Delete(first, count)),
        1 => (0.0..1.0, 1..4_usize).prop_map(|(first, count)| Event::Crash(first, count)),
        2 => (record(base), 0..12_u8, moment(base), prop::collection::vec(0..2_000_i64, 1..3))
            .prop_map(|(record, id, end, runs)| Event::Pending(record, id, end, runs)),
    ]
}

#[derive(Clone, Debug)]
struct Story {
    base: i64,
    max_sessions: u32,
    events: Vec<Event>,
}

/// 10 March 2026, 06:00 UTC, and 21:00: runs on one day, and on two.
fn story() -> impl Strategy<Value = Story> {
    prop::sample::select(vec![1_773_122_400_i64, 1_773_122_400, 1_773_176_400]).prop_flat_map(|base| {
        (prop::sample::select(vec![0, 2]), prop::collection::vec(event(base), 1..40))
            .prop_map(move |(max_sessions, events)| Story { base, max_sessions, events })
    })
}

/// A story as it is told to one database.
struct Telling<'a> {
    model: &'a mut Model,
    /// The latest run.
    now: i64,
    /// Whether slots were deleted that no exact run has written again.
    are_slots_missing: bool,
}

impl<'a> Telling<'a> {
    fn new(model: &'a mut Model, story: &Story) -> Self {
        model.clear();
        model.config.aggregate.max_sessions = story.max_sessions;
        // Records from long ago do not decide where statistics begin: there is one that does.
        let first = Record {
            id: "first".into(),
            kind: 3,
            start: story.base,
            end: Some(story.base + 10),
            context: Some(1),
            user: 7,
        };
        model.add(first);
        Self { model, now: story.base + 900, are_slots_missing: false }
    }

    fn tell(&mut self, event: &Event) {
        match event {
            Event::Record(record) => self.model.add(record.clone()),
            Event::Close(id, end, context) => self.model.close(&format!("Id {id}"), *end, *context),
            Event::Again(which) => {
                let record = &self.model.records[which % self.model.records.len()];
                if record.id != "first" {
                    self.model.add(Record { end: None, context: None, ..record.clone() });
                }
            }
            Event::Limit(at, limit) => self.model.limit(*at, *limit),
            Event::Run(later) => {
                self.now += later;
                self.run(self.now);
            }
            Event::SetBack(earlier) => {
                let first = self.model.records.iter().find(|record| record.id == "first").unwrap();
                self.run((self.now - earlier).max(first.start + 900));
            }
            Event::Ilias(later) => {
                self.now += later;
                // Slots that were deleted and that ILIAS writes again are not looked at until the next day.
                if !self.are_slots_missing {
                    self.model.run_as_ilias(self.now);
                }
            }
            Event::Delete(first, count) => {
                let slots = self.some_slots(*first, *count);
                self.are_slots_missing |= !slots.is_empty();
                self.model
                    .conn
                    .exec_batch(
                        "DELETE FROM usr_session_stats WHERE slot_begin = ?",
                        slots.iter().map(|slot| (slot,)),
                    )
                    .unwrap();
                self.model.look_where_slots_begin();
            }
            Event::Crash(first, count) => {
                let slots = self.some_slots(*first, *count);
                let empty = self.model.form.columns().into_iter().skip(2).map(|column| match column {
                    "closed_misc" => "closed_misc = 0".to_owned(),
                    column => format!("{column} = NULL"),
                });
                let sql = format!(
                    "UPDATE usr_session_stats SET {} WHERE slot_begin = ?",
                    empty.collect::<Vec<_>>().join(", ")
                );
                self.model.conn.exec_batch(sql, slots.iter().map(|slot| (slot,))).unwrap();
            }
            Event::Pending(record, id, end, runs) => {
                // An id of its own: in ILIAS's tables an id is locked until the end.
                let record = Record { id: format!("pending {}", self.now), ..record.clone() };
                let mut other = connect(&self.model.database);
                std::mem::swap(&mut self.model.conn, &mut other);
                self.model.conn.query_drop("START TRANSACTION").unwrap();
                let before = self.model.records.clone();
                self.model.add(record);
                self.model.close(&format!("Id {id}"), *end, Some(1));
                std::mem::swap(&mut self.model.conn, &mut other);
                let after = std::mem::replace(&mut self.model.records, before);
                for later in runs {
                    self.now += later;
                    self.run(self.now);
                }
                other.query_drop("COMMIT").unwrap();
                self.model.records = after;
            }
        }
    }

    fn run(&mut self, now: i64) {
        self.model.run(now);
        self.are_slots_missing = false;
    }

    fn some_slots(&mut self, first: f64, count: usize) -> Vec<i64> {
        let slots: Vec<i64> =
            self.model.conn.query("SELECT slot_begin FROM usr_session_stats ORDER BY slot_begin").unwrap();
        let first = (first * slots.len() as f64) as usize;
        slots.into_iter().skip(first).take(count).collect()
    }
}

fn check(form: Form, cases: u32) {
    let mut model = Model::new(form);
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let model = std::cell::RefCell::new(&mut model);
    runner
        .run(&story(), |story| {
            let model = &mut **model.borrow_mut();
            let mut telling = Telling::new(model, &story);
            story.events.iter().for_each(|event| telling.tell(event));
            let now = telling.now;
            telling.run(now);
            model.assert_right(now, "at the end");
            model.assert_records("at the end");
            // Nothing is left to do.
            model.run(now);
            model.assert_right(now, "once more");
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn any_story_ends_with_the_true_figures_on_our_tables() {
    check(Form::Ours, 60);
}

#[test]
fn any_story_ends_with_the_true_figures_on_the_tables_of_ilias_9() {
    check(Form::Ilias9, 25);
}

#[test]
fn any_story_ends_with_the_true_figures_on_the_tables_of_ilias_10() {
    check(Form::Ilias10, 15);
}
