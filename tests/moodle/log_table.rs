//! A log in the shape of Moodle's `logstore_standard_log`.

use std::fmt;

use mysql::{Conn, Value, prelude::Queryable};

use crate::support::Database;

/// The table as Moodle makes it, with its indexes; `{log}` stands for its name.
const TABLE: &str = "CREATE TABLE {log} (
    id                bigint(10) NOT NULL AUTO_INCREMENT,
    eventname         varchar(255) NOT NULL DEFAULT '',
    component         varchar(100) NOT NULL DEFAULT '',
    action            varchar(100) NOT NULL DEFAULT '',
    target            varchar(100) NOT NULL DEFAULT '',
    objecttable       varchar(50) DEFAULT NULL,
    objectid          bigint(10) DEFAULT NULL,
    crud              varchar(1) NOT NULL DEFAULT '',
    edulevel          tinyint(1) NOT NULL,
    contextid         bigint(10) NOT NULL,
    contextlevel      bigint(10) NOT NULL,
    contextinstanceid bigint(10) NOT NULL,
    userid            bigint(10) NOT NULL,
    courseid          bigint(10) DEFAULT NULL,
    relateduserid     bigint(10) DEFAULT NULL,
    anonymous         tinyint(1) NOT NULL DEFAULT 0,
    other             longtext DEFAULT NULL,
    timecreated       bigint(10) NOT NULL,
    origin            varchar(10) DEFAULT NULL,
    ip                varchar(45) DEFAULT NULL,
    realuserid        bigint(10) DEFAULT NULL,
    PRIMARY KEY (id),
    KEY mdl_logsstanlog_tim_ix (timecreated),
    KEY mdl_logsstanlog_couanotim_ix (courseid, anonymous, timecreated),
    KEY mdl_logsstanlog_useconconcr_ix (userid, contextlevel, contextinstanceid, crud, edulevel, timecreated),
    KEY mdl_logsstanlog_con_ix (contextid)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci \
    COMMENT='Standard log table'";

const COLUMNS: &str = "id, eventname, component, action, target, crud, edulevel, contextid, contextlevel, \
    contextinstanceid, userid, courseid, timecreated, origin, ip, realuserid";

/// The name that it has in most Moodles.
pub const LOG: &str = "mdl_logstore_standard_log";

/// A row of the log: what the rules look at.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    pub id: u64,
    pub component: String,
    pub action: String,
    pub target: String,
    pub user: i64,
    pub course: Option<i64>,
    pub at: i64,
    pub origin: Option<String>,
    pub real_user: Option<i64>,
}

/// In one line: many of them are printed when a property does not hold.
impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, component, action, target, user, course, at, origin, real_user } = self;
        write!(formatter, "{id}: user {user} at {at}: {component}/{action}/{target}, {course:?}")?;
        write!(formatter, " {} {real_user:?}", origin.as_deref().unwrap_or("NULL"))
    }
}

impl Row {
    fn new(id: u64, user: i64, at: i64, what: [&str; 3], course: Option<i64>) -> Self {
        let [component, action, target] = what.map(str::to_owned);
        Self { id, component, action, target, user, course, at, origin: Some("web".into()), real_user: None }
    }

    pub fn login(id: u64, user: i64, at: i64) -> Self {
        Self::new(id, user, at, ["core", "loggedin", "user"], Some(0))
    }

    pub fn logout(id: u64, user: i64, at: i64) -> Self {
        Self::new(id, user, at, ["core", "loggedout", "user"], Some(0))
    }

    /// Something that the user did in a course.
    pub fn view(id: u64, user: i64, at: i64, course: i64) -> Self {
        Self::new(id, user, at, ["mod_page", "viewed", "course_module"], Some(course))
    }

    pub fn beat(id: u64, user: i64, at: i64, course: i64) -> Self {
        Self::new(id, user, at, ["block_use_stats", "keepalive", "block_use_stats"], Some(course))
    }

    fn values(&self) -> [Value; 16] {
        let (level, instance) = match self.course {
            Some(course) if course > 0 => (50, course),
            _ => (10, 0),
        };
        [
            self.id.into(),
            format!("\\{}\\event\\{}_{}", self.component, self.target, self.action).into(),
            self.component.as_str().into(),
            self.action.as_str().into(),
            self.target.as_str().into(),
            "r".into(),
            2.into(),
            (1_000 + instance).into(),
            level.into(),
            instance.into(),
            self.user.into(),
            self.course.into(),
            self.at.into(),
            self.origin.as_deref().into(),
            "10.0.0.1".into(),
            self.real_user.into(),
        ]
    }
}

/// Makes an empty log with that name.
#[track_caller]
pub fn create(database: &Database, log: &str) {
    database.run(&TABLE.replace("{log}", log));
    database.moodle_account(log.trim_matches('`'));
}

/// Puts rows into a log.
#[track_caller]
pub fn insert(conn: &mut Conn, log: &str, rows: &[Row]) {
    for part in rows.chunks(1_000) {
        let tuple = format!("({})", ["?"; 16].join(", "));
        let sql = format!("INSERT INTO {log} ({COLUMNS}) VALUES {}", vec![tuple; part.len()].join(", "));
        conn.exec_drop(sql, part.iter().flat_map(Row::values).collect::<Vec<_>>()).unwrap();
    }
}
