//! What others write while a run is at work: at the latest the next run has it.

use std::{
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use mysql::{Conn, prelude::Queryable};
use sessionstat::{config::Secret, sessions::Compat};

use crate::{
    forms::{self, Form, Record},
    model::{Model, aggregate, connect},
    support::{
        Database, Rewind,
        proxy::{Harm, Point, Proxy, Trouble},
        until,
    },
};

/// 10 March 2026, 06:00 UTC.
const BASE: i64 = 1_773_122_400;
const NOW: i64 = BASE + 9_000;

fn record(id: &str, start: i64, end: Option<i64>) -> Record {
    Record::new(id, BASE + start, end.map(|end| BASE + end), end.map(|_| 1))
}

/// Tables that a run has seen, with something new for the next.
fn scene(form: Form) -> Model {
    let mut model = Model::new(form);
    model.config.aggregate.max_sessions = 2;
    model.add(record("over", 100, Some(1_000)));
    model.add(record("open", 200, None));
    model.add(record("other", 1_500, None));
    model.run(NOW - 3_000);
    model.add(record("new", 7_000, Some(7_100)));
    model
}

/// Runs the command as often as it has statements, each time with `act` before another of them; `then` looks at the
/// outcome. `act` and `then` get what `prepare` made before the run.
fn at_each_statement<T: Send + 'static>(
    model: &mut Model,
    compat: Compat,
    mut prepare: impl FnMut(&mut Model) -> T,
    act: impl Fn(&mut T) + Clone + Send + 'static,
    mut then: impl FnMut(&mut Model, Option<T>, &str),
) {
    let start = Rewind::of(&model.database, &forms::tables(&model.database));
    for at in 0.. {
        start.back(&model.database);
        let (act, mut made) = (act.clone(), prepare(model));
        let (done, acted) = mpsc::channel();
        let mut hook = Some(move || {
            act(&mut made);
            done.send(made).unwrap();
        });
        let act = Box::new(move || hook.take().into_iter().for_each(|hook| hook()));
        let proxy = Proxy::shared([Trouble::once(Point::Statement(at), Harm::Act(act))]);
        let mut config = model.config.clone();
        config.mysql.url = Secret::new(proxy.url_of(&model.database, "session-aggregate"));
        let what = format!("{:?} {compat:?}, at statement {at}", model.form);
        aggregate(&config, compat, NOW).unwrap_or_else(|failure| panic!("{what}: {failure}"));
        let is_through = proxy.statements() <= at;
        then(model, acted.try_recv().ok(), &what);
        if is_through {
            assert!(at > 15, "only {at} statements");
            break;
        }
    }
}

#[test]
fn what_arrives_at_any_moment_of_a_run_is_counted_by_the_next() {
    for form in [Form::Ours, Form::Ilias9] {
        let mut model = scene(form);
        let before = (model.records.clone(), model.limits.clone());
        at_each_statement(
            &mut model,
            Compat::Exact,
            |model| {
                (model.records, model.limits) = before.clone();
                (connect(&model.database), form)
            },
            |(conn, form)| {
                forms::add(conn, &[record("late", 300, Some(500))]);
                forms::add_limits(conn, &[(BASE + 3_600, 1)]);
                close(conn, *form);
            },
            |model, acted, what| {
                if acted.is_some() {
                    know(model);
                    model.limits.push((BASE + 3_600, 1));
                }
                model.run(NOW);
                model.assert_right(NOW, what);
            },
        );
    }
}

#[test]
fn what_was_written_before_a_run_and_is_committed_at_any_moment_of_it_is_counted_by_the_next() {
    let mut model = scene(Form::Ours);
    let before = model.records.clone();
    at_each_statement(
        &mut model,
        Compat::Exact,
        |model| {
            let mut conn = connect(&model.database);
            conn.query_drop("START TRANSACTION").unwrap();
            forms::add(&mut conn, &[record("late", 300, Some(500))]);
            close(&mut conn, Form::Ours);
            // The pending record is not the last one: its number is below one that is seen.
            model.records = before.clone();
            model.add(record("zz", 7_500, Some(7_600)));
            conn
        },
        |conn| conn.query_drop("COMMIT").unwrap(),
        |model, conn, what| {
            if let Some(mut conn) = conn {
                conn.query_drop("COMMIT").unwrap();
                know(model);
            }
            model.run(NOW);
            model.assert_right(NOW, what);
        },
    );
}

/// Ends the open session `other`.
fn close(conn: &mut Conn, form: Form) {
    let index = if form == Form::Ours { "session" } else { "PRIMARY" };
    conn.exec_drop(
        format!(
            "UPDATE usr_session_stats_raw FORCE INDEX ({index}) SET end_time = ?, end_context = 6 \
             WHERE session_id = 'other' AND end_time IS NULL"
        ),
        (BASE + 1_600,),
    )
    .unwrap();
}

fn know(model: &mut Model) {
    model.records.push(record("late", 300, Some(500)));
    let other = model.records.iter_mut().find(|record| record.id == "other").unwrap();
    (other.end, other.context) = (Some(BASE + 1_600), Some(6));
}

/// How the tables hear, while a run deletes old records, of a session that ended long ago.
#[derive(Clone, Copy, Debug)]
enum News {
    Arrives,
    /// It was written before the run, and others after it.
    IsCommitted,
    /// It was known, but not that it had ended.
    Ended,
}

#[test]
fn old_records_that_arrive_while_a_run_deletes_others_are_counted_before_they_go() {
    let mut model = Model::new(Form::Ours);
    model.config.aggregate.retention = Duration::from_secs(3_600);
    let before = [record("gone", 0, Some(10)), record("open", 1_500, None)];
    let old = record("old", 1_800, Some(2_250));
    for news in [News::Arrives, News::IsCommitted, News::Ended] {
        model.clear();
        before.iter().for_each(|record| model.add(record.clone()));
        let arrives = old.clone();
        at_each_statement(
            &mut model,
            Compat::Exact,
            |model| {
                model.records = before.to_vec();
                model.begin = None;
                let mut conn = connect(&model.database);
                match news {
                    News::Arrives => (),
                    News::IsCommitted => {
                        conn.query_drop("START TRANSACTION").unwrap();
                        forms::add(&mut conn, std::slice::from_ref(&old));
                        model.add(record("zz", 7_500, None));
                    }
                    News::Ended => model.add(record("old", 1_800, None)),
                }
                conn
            },
            move |conn| match news {
                News::Arrives => forms::add(conn, std::slice::from_ref(&arrives)),
                News::IsCommitted => conn.query_drop("COMMIT").unwrap(),
                News::Ended => {
                    let sql = "UPDATE usr_session_stats_raw FORCE INDEX (session) \
                        SET end_time = ?, end_context = 1 WHERE session_id = 'old'";
                    conn.exec_drop(sql, (BASE + 2_250,)).unwrap();
                }
            },
            |model, acted, what| {
                if acted.is_some() {
                    model.records.retain(|record| record.id != "old");
                    model.records.push(old.clone());
                }
                model.run(NOW);
                model.run(NOW);
                model.begin = Some(BASE);
                model.assert_right(NOW, &format!("{news:?}: {what}"));
                let left = "SELECT COUNT(*) FROM usr_session_stats_raw WHERE end_time IS NOT NULL";
                assert_eq!(model.database.value(left), "0", "{news:?}: {what}");
            },
        );
    }
}

/// An ILIAS that works on the same tables.
struct Ilias {
    conn: Option<Conn>,
    watch: Conn,
    database: String,
    working: Option<JoinHandle<()>>,
}

impl Ilias {
    fn new(database: &Database) -> Self {
        Self {
            conn: Some(database.conn()),
            watch: database.conn(),
            database: database.name().to_owned(),
            working: None,
        }
    }

    /// Starts its aggregation; returns when it is done, or has to wait for the run.
    fn start(&mut self) {
        let conn = self.conn.take().unwrap();
        let working = thread::spawn(move || aggregate_one_slot(conn));
        let waiting = "SELECT COUNT(*) FROM information_schema.processlist \
            WHERE db = ? AND state LIKE 'Waiting for table%'";
        until("ILIAS to be done, or to wait", || {
            let waiting: Option<u64> = self.watch.exec_first(waiting, (&self.database,)).unwrap();
            working.is_finished() || waiting != Some(0)
        });
        self.working = Some(working);
    }
}

/// ILIAS's own aggregation of one slot, as it does it: the slot is there, empty, before its figures are.
fn aggregate_one_slot(mut conn: Conn) {
    conn.query_drop("LOCK TABLES usr_session_stats WRITE").unwrap();
    let last: Option<i64> = conn.query_first("SELECT MAX(slot_end) FROM usr_session_stats").unwrap().unwrap();
    let begin = last.unwrap() + 1;
    let is_complete = begin + 899 < NOW;
    if is_complete {
        let insert = "INSERT INTO usr_session_stats (slot_begin, slot_end) VALUES (?, ?)";
        conn.exec_drop(insert, (begin, begin + 899)).unwrap();
    }
    conn.query_drop("UNLOCK TABLES").unwrap();
    if is_complete {
        // 77 stands for figures that are not true.
        let update = "UPDATE usr_session_stats SET active_min = 77, active_max = 77, active_avg = 77, \
            active_end = 77, opened = 77, closed_manual = 77, closed_expire = 77, closed_login = 77, \
            closed_misc = 77 WHERE slot_begin = ?";
        conn.exec_drop(update, (begin,)).unwrap();
    }
}

#[test]
fn an_ilias_that_aggregates_at_any_moment_of_a_run_leaves_no_slot_twice_and_none_half_written() {
    for (form, compat) in
        [(Form::Ilias9, Compat::Exact), (Form::Ilias10, Compat::Exact), (Form::Ilias9, Compat::Ilias)]
    {
        let mut model = scene(form);
        at_each_statement(
            &mut model,
            compat,
            |model| Ilias::new(&model.database),
            Ilias::start,
            |model, ilias, what| {
                if let Some(working) = ilias.and_then(|mut ilias| ilias.working.take()) {
                    working.join().unwrap();
                }
                let crooked = "SELECT COUNT(*) FROM usr_session_stats WHERE active_min IS NULL \
                    OR slot_end <> slot_begin + 899 OR slot_begin % 900 <> 0";
                if compat == Compat::Ilias {
                    model.run_as_ilias(NOW);
                    let slots = model.database.value("SELECT COUNT(*) FROM usr_session_stats");
                    assert_eq!(
                        (slots.as_str(), model.database.value(crooked).as_str()),
                        ("10", "0"),
                        "{what}"
                    );
                } else {
                    model.run(NOW);
                    model.assert_right(NOW, what);
                }
            },
        );
    }
}
