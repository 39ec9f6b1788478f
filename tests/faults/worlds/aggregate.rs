//! session-aggregate: session records, uses of machines and the log of web pages, between two runs.

use mysql::prelude::Queryable;

use super::{space, time};
use crate::{
    case::Scene,
    servers::Servers,
    support::{Rewind, Tool},
    world::World,
};

/// Begin of the records: 10 March 2026, 08:00 UTC.
const BEGIN: u64 = 1_773_129_600;

/// Records, limits, and traces of pages: 60 users who come and go, some of whom never say that they go.
const EARLY: [&str; 5] = [
    "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
     SELECT CONCAT('session ', seq), 1, BEGIN + seq * 211, IF(seq % 5, BEGIN + seq * 211 + seq * 97 % 5000, NULL), \
     IF(seq % 5, 1 + seq % 4, NULL), seq % 60 FROM seq_1_to_600",
    "INSERT INTO usr_session_log (tstamp, maxval, user_id) VALUES (BEGIN - 100, 12, 1), (BEGIN + 40000, 5, 1)",
    "INSERT INTO session_expiry (session_id, expires) \
     SELECT CONCAT('session ', seq), BEGIN + seq * 300 FROM seq_1_to_600 WHERE seq % 10 = 5",
    "INSERT INTO event_log (component, action, target, contextlevel, contextinstanceid, userid, courseid, timecreated, origin) \
     SELECT 'core', IF(seq % 9, 'viewed', 'loggedout'), IF(seq % 9, 'course', 'user'), 50, 1, 1 + seq % 40, \
     IF(seq % 9, 2 + seq % 3, 0), BEGIN + seq * 61, 'web' FROM seq_1_to_2000",
    "INSERT INTO event_log (component, action, target, contextlevel, contextinstanceid, userid, courseid, timecreated, origin) \
     SELECT 'core', 'viewed', 'course', 50, 1, 90 + seq, 2, BEGIN + 190000 + seq * 400, 'web' FROM seq_1_to_10",
];

/// What comes after the first run: ends of open sessions, late records, late and new traces.
const LATE: [&str; 4] = [
    "UPDATE usr_session_stats_raw SET end_time = start_time + 4000, end_context = 2 \
     WHERE end_time IS NULL AND user_id % 2 = 0",
    "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
     SELECT CONCAT('late ', seq), 1, BEGIN + seq * 401, BEGIN + seq * 401 + 900, 3, seq % 60 FROM seq_1_to_100",
    "INSERT INTO usr_session_log (tstamp, maxval, user_id) VALUES (BEGIN + 70000, 9, 1)",
    "INSERT INTO event_log (component, action, target, contextlevel, contextinstanceid, userid, courseid, timecreated, origin) \
     SELECT 'core', 'viewed', 'course', 50, 1, 1 + seq * 3 % 50, 2 + seq % 3, BEGIN + seq * 173, 'web' \
     FROM seq_1_to_700",
];

/// What runs leave. Numbers that tell rows of a table apart are left out: a transaction that was undone uses some up.
const LEFT: [&str; 8] = [
    "usr_session_stats",
    "SELECT session_id, type, start_time, end_time, end_context, user_id FROM usr_session_stats_raw",
    "session_at_limit",
    "session_expiry",
    "SELECT o.session_id, o.start_time FROM session_open JOIN usr_session_stats_raw o USING (seq)",
    "moodle_session",
    "moodle_session_course",
    "moodle_later",
];

/// The world.
pub struct Aggregate {
    servers: Servers,
    start: Rewind,
    host: Tool,
}

impl Aggregate {
    pub fn new() -> Self {
        let servers = Servers::of(Scene::Aggregate);
        let database = servers.database();
        let mut conn = database.conn();
        let mut fill = |steps: &[&str]| {
            for step in steps {
                conn.query_drop(step.replace("BEGIN", &BEGIN.to_string())).unwrap();
            }
        };
        space::fill(database);
        fill(&EARLY);
        let utc = "general.timezone = \"UTC\"\n";
        let now = ["--now", "2026-03-11T12:00:00Z"];
        Tool::new("epn-ingest").url(database).config(utc).args(now).run().silent();
        let host = Tool::new("session-aggregate");
        host.clone().url(database).config(utc).args(now).run().silent();
        fill(&LATE);
        // The rest of the space's days.
        let later = ["--now", space::EVENING];
        Tool::new("epn-ingest").url(database).config(utc).args(later).run().silent();
        let start = Rewind::all(database);
        Self { servers, start, host }
    }
}

impl World for Aggregate {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    fn rewind(&mut self, _variant: u64) {
        self.start.back(self.servers.database());
    }

    fn tool(&self, variant: u64, number: usize, shift: i64, limits: &str) -> Tool {
        let retention = ["7d", "1d", "0s"][variant as usize % 3];
        let config = format!("{limits}general.timezone = \"UTC\"\naggregate.retention = \"{retention}\"\n");
        let tool = self.host.clone().config(&config).arg("--now").arg(time(space::EVENING, shift));
        match variant / 3 % 4 {
            // All of it again; the run at the end is one as any other.
            0 if number == 0 => tool.args(["rebuild", "--source", "moodle"]),
            _ => tool,
        }
    }

    fn left(&mut self) -> String {
        self.servers.database().dump(&LEFT)
    }
}
