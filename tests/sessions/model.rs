//! What the tables should hold: the records and limits of a story, kept beside the database that the command sees.

use std::time::Duration;

use chrono::DateTime;
use mysql::{Conn, prelude::Queryable};
use sessionstat::{
    cli::Context,
    config::{Config, Secret},
    failure::{Result, Status},
    sessions::{Compat, aggregate, summary::Summary},
};
use tempfile::TempDir;

use crate::{
    forms::{self, Form, Record},
    golden::assert_lines,
    oracle,
    support::{Database, until},
};

/// Tables of one form, and what is known to be in them.
pub struct Model {
    pub form: Form,
    pub database: Database,
    pub conn: Conn,
    pub config: Config,
    pub records: Vec<Record>,
    pub limits: Vec<(i64, i64)>,
    /// The begin of the first slot, once there is one.
    pub begin: Option<i64>,
    /// Whether the statistics begin with the oldest record.
    from_oldest: bool,
    _home: TempDir,
}

impl Model {
    /// Empty tables. Records are kept for ever and open ones never closed, unless the test says so.
    pub fn new(form: Form) -> Self {
        let database = form.database();
        let home = tempfile::tempdir().unwrap();
        let mut config = Config { lock_dir: home.path().to_owned(), ..Config::default() };
        config.mysql.url = Secret::new(database.url_of("session-aggregate"));
        config.mysql.retry_for = Duration::from_secs(10);
        config.general.timezone = Some(chrono_tz::UTC);
        config.aggregate.retention = Duration::ZERO;
        config.aggregate.max_session = Duration::ZERO;
        Self {
            form,
            conn: connect(&database),
            database,
            config,
            records: Vec::new(),
            limits: Vec::new(),
            begin: None,
            from_oldest: false,
            _home: home,
        }
    }

    /// Empties everything for the next story.
    pub fn clear(&mut self) {
        // A story that failed may have left an answer half read.
        self.conn = connect(&self.database);
        forms::clear(&self.database);
        self.records.clear();
        self.limits.clear();
        self.begin = None;
        self.from_oldest = false;
    }

    /// Adds a record, as ILIAS does: in the place of one with the same key.
    pub fn add(&mut self, record: Record) {
        forms::add(&mut self.conn, std::slice::from_ref(&record));
        let form = self.form;
        let is_same =
            |other: &Record| other.id == record.id && (form != Form::Ours || other.start == record.start);
        self.records.retain(|other| !is_same(other));
        self.records.push(record);
    }

    /// Closes the open records of an id, as ILIAS does.
    pub fn close(&mut self, id: &str, end: i64, context: Option<i16>) {
        // Through the id: another index would have it wait for whoever opens another session at this moment.
        let index = if self.form == Form::Ours { "session" } else { "PRIMARY" };
        let sql = format!(
            "UPDATE usr_session_stats_raw FORCE INDEX ({index}) SET end_time = ?, end_context = ? \
             WHERE session_id = ? AND end_time IS NULL"
        );
        self.conn.exec_drop(sql, (end, context, id)).unwrap();
        for record in self.records.iter_mut().filter(|record| record.id == id && record.end.is_none()) {
            (record.end, record.context) = (Some(end), context);
        }
    }

    /// Adds a limit; ILIAS 10 has no log of them.
    pub fn limit(&mut self, at: i64, limit: i64) {
        if self.form != Form::Ilias10 {
            forms::add_limits(&mut self.conn, &[(at, limit)]);
            self.limits.push((at, limit));
        }
    }

    /// An exact run.
    pub fn run(&mut self, now: i64) {
        if let Some(oldest) = self.oldest(now) {
            self.from_oldest |= self.begin.is_none();
            if self.from_oldest && oldest <= now {
                let first = self.begin.unwrap_or_else(|| oracle::quarter(oldest));
                let before = (first - oldest).max(0) + oracle::SLOT - 1;
                self.begin = Some(first - before / oracle::SLOT * oracle::SLOT);
            }
        }
        self.aggregate(now, Compat::Exact);
        self.forget_begin_without_slots();
    }

    /// A run that writes what ILIAS would.
    pub fn run_as_ilias(&mut self, now: i64) {
        self.aggregate(now, Compat::Ilias);
        self.look_where_slots_begin();
    }

    fn aggregate(&self, now: i64, compat: Compat) {
        aggregate(&self.config, compat, now).unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// After slots were deleted, or written by ILIAS.
    pub fn look_where_slots_begin(&mut self) {
        self.begin = self.conn.query_first("SELECT MIN(slot_begin) FROM usr_session_stats").unwrap().unwrap();
    }

    fn forget_begin_without_slots(&mut self) {
        let count: Option<u64> = self.conn.query_first("SELECT COUNT(*) FROM usr_session_stats").unwrap();
        if count == Some(0) {
            self.begin = None;
        }
    }

    /// The beginning of the oldest record that counts and does not lie more than a year before all others.
    fn oldest(&self, now: i64) -> Option<i64> {
        let counted = self.records.iter().filter(|record| [3, 4].contains(&record.kind));
        let mut starts: Vec<_> = counted.map(|record| record.start).collect();
        starts.sort_unstable();
        let known = starts.iter().take_while(|start| **start <= now).count();
        let year = 366 * 86_400;
        let jump = (1..known).rev().find(|next| starts[*next] - starts[next - 1] > year);
        starts.get(jump.unwrap_or(0)).copied()
    }

    /// The statistics hold what counting every second gives, for all slots that are complete.
    #[track_caller]
    pub fn assert_right(&self, now: i64, what: &str) {
        let otherwise = i64::from(self.config.aggregate.max_sessions);
        let begin = self.begin.unwrap_or(now);
        let slots = oracle::slots(&self.records, &self.limits, otherwise, begin, now);
        let should: Vec<_> = slots.iter().map(|slot| slot.line(self.form)).collect();
        assert_lines(&forms::statistics(&self.database, self.form), &should, what);
        let at_limit: Vec<_> =
            slots.iter().flat_map(|slot| slot.at_limit.iter().map(|second| (*second, slot.begin))).collect();
        let line = |second: &(i64, i64)| format!("{second:?}");
        let [is, should] =
            [self.at_limit(), at_limit].map(|seconds| seconds.iter().map(line).collect::<Vec<_>>());
        assert_lines(&is, &should, &format!("{what}: seconds at the limit"));
    }

    /// The seconds that are known to be at the limit, with the slot that they belong to.
    fn at_limit(&self) -> Vec<(i64, i64)> {
        // What was known of a slot that somebody deleted stays.
        let sql = "SELECT begins_at, ends_at, slot_begin FROM session_at_limit \
            JOIN usr_session_stats USING (slot_begin) ORDER BY begins_at";
        let stretches: Vec<(i64, i64, i64)> = self.database.conn().query(sql).unwrap();
        stretches
            .into_iter()
            .flat_map(|(begin, end, slot)| (begin..end).map(move |second| (second, slot)))
            .collect()
    }

    /// The records in the table are those that are known.
    #[track_caller]
    pub fn assert_records(&mut self, what: &str) {
        type Row = (String, i16, i64, Option<i64>, Option<i16>);
        let sql = "SELECT session_id, type, start_time, end_time, end_context FROM usr_session_stats_raw";
        let mut held: Vec<Row> = self.conn.query(sql).unwrap();
        let known = self.records.iter().cloned();
        let mut known: Vec<Row> = known
            .map(|Record { id, kind, start, end, context, .. }| (id, kind, start, end, context))
            .collect();
        held.sort_unstable();
        known.sort_unstable();
        assert_eq!(held, known, "{what}: session records");
    }
}

/// A run of the command, in this process.
pub fn aggregate(config: &Config, compat: Compat, now: i64) -> Result<Summary> {
    let now = Some(DateTime::from_timestamp(now, 0).unwrap());
    let context = Context { config: config.clone(), now };
    let mut ended = None;
    // A program that another test starts has the open lock file of this process until it is another program.
    until("the lock file", || {
        let run = aggregate::run(&context, compat, false);
        let is_locked = run
            .as_ref()
            .is_err_and(|failure| failure.status() == Status::Busy && failure.to_string().contains(".lock"));
        ended = Some(run);
        !is_locked
    });
    ended.unwrap()
}

/// A connection like those of the command: the default would lock the gaps between records, and with them a
/// transaction beside it.
pub fn connect(database: &Database) -> Conn {
    let mut conn = database.conn();
    conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").unwrap();
    conn
}
