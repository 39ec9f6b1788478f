//! A Moodle's database with our tables beside its log, and what runs make of it.

use std::{thread, time::Duration};

use chrono::DateTime;
use mysql::{Conn, prelude::Queryable};
use sessionstat::{
    cli::Context,
    config::{Config, Moodle, Secret, aggregate::Source},
    failure::{Result, Status},
    lock::LockFile,
    moodle,
    mysql::{Link, Server, lease::Lease},
    sessions::{Compat, aggregate, rebuild, steps::Committed, summary::Summary},
};
use tempfile::TempDir;

use crate::{
    log_table::{self, LOG, Row},
    support::{Database, MariaDb, Tool},
};

/// Monday, 9 March 2026, 08:00 UTC.
pub const BASE: i64 = 1_773_043_200;

/// What the runs of the source leave behind, all of it.
pub const TABLES: [&str; 6] = [
    "moodle_session",
    "moodle_session_course",
    "moodle_progress",
    "moodle_user",
    "moodle_later",
    "usr_session_stats_raw",
];

/// The same, and what is made of session records.
pub fn tables() -> Vec<&'static str> {
    [&TABLES[..], &["usr_session_stats", "session_progress", "session_open"]].concat()
}

/// A session as one line: user, begin, end, length, events, heartbeats, those beyond the cap, courses, seconds in
/// courses, reason.
const SESSIONS: &str = "SELECT CONCAT_WS(' ', s.user_id, s.session_start, s.session_end, s.elapsed, s.events, \
    s.heartbeats, s.capped_heartbeats, CONCAT('[', s.courses, ']'), \
    (SELECT CONCAT('{', GROUP_CONCAT(c.course_id, ':', c.seconds ORDER BY c.course_id SEPARATOR ' '), '}') \
     FROM moodle_session_course AS c WHERE c.user_id = s.user_id AND c.session_start = s.session_start), \
    s.end_reason) FROM moodle_session AS s ORDER BY s.user_id, s.session_start";

const UNSOUND: &str = "SELECT CONCAT('overlap ', a.user_id, ' ', a.session_start) FROM moodle_session AS a \
    JOIN moodle_session AS b ON b.user_id = a.user_id AND b.session_start > a.session_start \
    AND b.session_start < a.session_end \
    UNION ALL SELECT CONCAT('length ', user_id, ' ', session_start) FROM moodle_session AS s \
    WHERE elapsed <> session_end - session_start OR elapsed <= 0 OR elapsed <> \
    (SELECT SUM(seconds) FROM moodle_session_course AS c \
     WHERE c.user_id = s.user_id AND c.session_start = s.session_start) \
    UNION ALL SELECT CONCAT('course without a session ', user_id, ' ', session_start) \
    FROM moodle_session_course WHERE (user_id, session_start) NOT IN \
    (SELECT user_id, session_start FROM moodle_session)";

const RECORDS: &str = "SELECT CONCAT_WS(' ', session_id, type, start_time, IFNULL(end_time, '-'), \
    IFNULL(end_context, '-'), user_id) FROM usr_session_stats_raw WHERE session_id LIKE 'moodle:%' ORDER BY 1";

/// The records that the sessions should have.
const SHOULD: &str = "SELECT CONCAT_WS(' ', CONCAT('moodle:', user_id, ':', session_start), 3, session_start, \
    IF(end_reason = 'open', '-', session_end), \
    CASE end_reason WHEN 'logout' THEN 1 WHEN 'login' THEN 6 WHEN 'gap' THEN 4 WHEN 'capped' THEN 4 ELSE '-' END, \
    user_id) FROM moodle_session ORDER BY 1";

/// The database and the settings of the tool.
pub struct Site {
    pub database: Database,
    pub config: Config,
    home: TempDir,
}

impl Site {
    /// With an empty log.
    pub fn new() -> Self {
        let site = Self::without_log(MariaDb::shared());
        log_table::create(&site.database, LOG);
        site
    }

    /// Our tables alone.
    pub fn without_log(server: &MariaDb) -> Self {
        Self::with(server.database())
    }

    /// Our tables in this database.
    pub fn with(database: Database) -> Self {
        Tool::new("session-aggregate").url(&database).arg("--init-db").run().silent();
        let home = tempfile::tempdir().unwrap();
        let mut config = Config { lock_dir: home.path().to_owned(), ..Config::default() };
        config.mysql.url = Secret::new(database.url_of("session-aggregate"));
        config.mysql.retry_for = Duration::from_secs(10);
        config.general.timezone = Some(chrono_tz::UTC);
        config.aggregate.sources = vec![Source::Moodle];
        config.aggregate.retention = Duration::ZERO;
        config.aggregate.max_session = Duration::ZERO;
        Self { database, config, home }
    }

    /// Forgets everything, and empties the log.
    pub fn clear(&self) {
        self.clear_but_log();
        self.database.run(&format!("DELETE FROM {LOG}"));
    }

    /// Forgets everything that runs have left behind.
    pub fn clear_but_log(&self) {
        let mut conn = self.conn();
        for table in tables() {
            conn.query_drop(format!("DELETE FROM {table}")).unwrap();
        }
    }

    pub fn conn(&self) -> Conn {
        self.database.conn()
    }

    /// Puts rows into the log.
    #[track_caller]
    pub fn log(&self, rows: &[Row]) {
        log_table::insert(&mut self.conn(), LOG, rows);
    }

    /// A whole run of the command, in this process.
    pub fn try_run(&self, now: i64) -> Result<Summary> {
        aggregate::run(&self.context(now), Compat::Exact, false)
    }

    #[track_caller]
    pub fn run(&self, now: i64) -> Summary {
        insist(|| self.try_run(now))
    }

    /// The part of a run that reads the log, with batches of `rows` rows.
    pub fn try_read(&self, rows: usize, now: i64) -> Result<moodle::Done> {
        let server = Server::new(&self.config.mysql)?;
        let lock = LockFile::take(self.home.path(), "session-aggregate")?;
        Lease::of_job("session-aggregate", &lock)?.hold(&mut Link::new(&server), |link, lease| {
            moodle::read_by(rows, &mut Committed { link, lease }, &self.config, now)
        })
    }

    #[track_caller]
    pub fn read(&self, rows: usize, now: i64) {
        insist(|| self.try_read(rows, now));
    }

    pub fn try_rebuild(&self, now: i64) -> Result<Summary> {
        rebuild::time_online(&self.context(now), false)
    }

    #[track_caller]
    pub fn rebuild(&self, now: i64) {
        insist(|| self.try_rebuild(now));
    }

    fn context(&self, now: i64) -> Context {
        Context { config: self.config.clone(), now: Some(DateTime::from_timestamp(now, 0).unwrap()) }
    }

    /// The command itself, on another host, with these settings.
    pub fn tool(&self, now: i64, settings: &str) -> Tool {
        let config = format!(
            "[general]\ntimezone = \"UTC\"\n[aggregate]\nsources = [\"moodle\"]\nretention = \"0s\"\n\
             max_session = \"0s\"\n{settings}"
        );
        Tool::new("session-aggregate").url(&self.database).config(&config).arg(format!("--now={now}"))
    }

    /// The sessions, one line each.
    #[track_caller]
    pub fn sessions(&self) -> Vec<String> {
        self.lines(SESSIONS)
    }

    /// No user is in two sessions at once, lengths add up, and the session records are those of the sessions.
    #[track_caller]
    pub fn assert_sound(&self, what: &str) {
        let unsound = self.lines(UNSOUND);
        assert!(unsound.is_empty(), "{what}: {unsound:?}\n{}", self.database.dump(&TABLES));
        assert_eq!(self.lines(RECORDS), self.lines(SHOULD), "{what}: session records");
    }

    /// The first column of a query.
    #[track_caller]
    pub fn lines(&self, sql: &str) -> Vec<String> {
        self.conn().query(sql).unwrap()
    }
}

/// Does it without a failure. While another test starts a program, that one holds the lock file of this process, too.
#[track_caller]
pub fn insist<T>(run: impl Fn() -> Result<T>) -> T {
    loop {
        match run() {
            Err(failure) if failure.status() == Status::Busy => thread::sleep(Duration::from_millis(2)),
            done => return done.unwrap_or_else(|failure| panic!("{failure}")),
        }
    }
}

/// Settings of the rules in seconds: threshold, credit, heartbeat period, cap.
pub fn rules(moodle: &mut Moodle, [threshold, credit, period, cap]: [u64; 4]) {
    moodle.threshold = Duration::from_secs(threshold);
    moodle.credit = Duration::from_secs(credit);
    moodle.heartbeat_period = Duration::from_secs(period);
    moodle.inactivity_cap = Duration::from_secs(cap);
}
