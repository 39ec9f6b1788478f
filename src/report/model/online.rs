//! Sessions of time online, added up with the bounds of their true length.

use std::{
    collections::{BTreeMap, HashMap},
    ops::AddAssign,
};

use ::mysql::Conn;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    failure::{Failure, OrFail, Result, Status},
    moodle::{
        rules::{Parameters, Reason},
        uncertainty::{Beats, Bounds},
    },
    mysql::rows,
    report::period::Period,
};

const TABLE: &str = "moodle_session";

const SETTINGS: &str = "SELECT parameters FROM moodle_progress WHERE job = 1";
/// Most sites send none: they are not looked for in all sessions, one after the other.
const ANY_BEAT: &str = "SELECT 1 FROM moodle_session WHERE heartbeats > 0 LIMIT 1";
const FIRST_BEAT: &str =
    "SELECT session_start FROM moodle_session WHERE heartbeats > 0 ORDER BY session_start LIMIT 1";
/// The sessions of each user that may be wrong by as much. That none of them is shorter than nothing is decided for
/// each session.
const SESSIONS: &str = "SELECT user_id, end_reason, \
        CASE WHEN heartbeats > 0 THEN 2 WHEN session_start >= ? THEN 1 ELSE 0 END AS beats, \
        COUNT(*), CAST(SUM(elapsed) AS SIGNED), CAST(SUM(LEAST(elapsed, {over})) AS SIGNED) \
    FROM moodle_session WHERE session_start >= ? AND session_start < ? \
    GROUP BY user_id, end_reason, beats";
const COURSES: &str = "SELECT course_id, COUNT(DISTINCT user_id), CAST(SUM(seconds) AS SIGNED) \
    FROM moodle_session_course WHERE session_start >= ? AND session_start < ? GROUP BY course_id";

/// Sessions, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub sessions: u64,
    /// What was counted.
    pub seconds: i64,
    /// The most that was counted too little.
    pub under: i64,
    /// The most that was counted too much; of no session more than all of it.
    pub over: i64,
}

impl AddAssign for Sum {
    fn add_assign(&mut self, more: Self) {
        self.sessions = self.sessions.saturating_add(more.sessions);
        self.seconds = self.seconds.saturating_add(more.seconds);
        self.under = self.under.saturating_add(more.under);
        self.over = self.over.saturating_add(more.over);
    }
}

/// The time of all users in a course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CourseTime {
    /// Its number in Moodle; 0: before any course.
    pub course_id: i64,
    /// Different users.
    pub users: u64,
    /// Their seconds.
    pub seconds: i64,
}

/// The sessions that begin in a period.
#[derive(Debug, Default)]
pub struct Online {
    /// What made the figures; none: nothing was read. Without it there are no bounds.
    pub settings: Option<Parameters>,
    /// Begin of the first session of all time with a heartbeat.
    pub first_beat: Option<DateTime<Utc>>,
    /// Of each user.
    pub by_user: HashMap<i64, Sum>,
    /// Of each reason, with what bounds the error of one session.
    pub by_reason: BTreeMap<Reason, (Sum, Bounds)>,
    /// Of each course.
    pub courses: Vec<CourseTime>,
}

/// Those of [`SESSIONS`].
type Columns = (i64, String, u8, u64, i64, i64);

impl Online {
    /// Reads the sessions that begin in `period`.
    ///
    /// # Errors
    /// The server's, and [`Status::BadData`] for settings, a reason or a time that are none.
    pub fn read(conn: &mut Conn, period: Period) -> Result<Self> {
        let (from, to) = (period.from.timestamp(), period.to.timestamp());
        let settings = settings(conn)?;
        let any_beat: Vec<u8> = rows(conn, TABLE, ANY_BEAT, ())?;
        let first_beat: Vec<i64> =
            if any_beat.is_empty() { Vec::new() } else { rows(conn, TABLE, FIRST_BEAT, ())? };
        let first_beat = first_beat.first().copied();
        let sessions = SESSIONS.replace("{over}", &over(settings.as_ref()));
        let since = first_beat.unwrap_or(i64::MAX);
        let found: Vec<Columns> = rows(conn, TABLE, sessions, (since, from, to))?;
        let courses: Vec<(i64, u64, i64)> = rows(conn, "moodle_session_course", COURSES, (from, to))?;
        let course = |(course_id, users, seconds)| CourseTime { course_id, users, seconds };
        let mut online = Self {
            settings,
            first_beat: first_beat.map(moment).transpose()?,
            courses: courses.into_iter().map(course).collect(),
            ..Self::default()
        };
        for (user, reason, beats, sessions, seconds, over) in found {
            online.add(user, reason_of(&reason)?, beats_of(beats), Sum { sessions, seconds, under: 0, over });
        }
        Ok(online)
    }

    fn add(&mut self, user: i64, reason: Reason, beats: Beats, sum: Sum) {
        let bounds =
            self.settings.as_ref().map(|settings| Bounds::of(reason, beats, settings)).unwrap_or_default();
        let sessions = i64::try_from(sum.sessions).unwrap_or(i64::MAX);
        let sum = Sum { under: bounds.under.saturating_mul(sessions), ..sum };
        *self.by_user.entry(user).or_default() += sum;
        let (of_reason, widest) = self.by_reason.entry(reason).or_insert((Sum::default(), bounds));
        *of_reason += sum;
        *widest = widest.or(bounds);
    }
}

fn settings(conn: &mut Conn) -> Result<Option<Parameters>> {
    let found: Vec<String> = rows(conn, "moodle_progress", SETTINGS, ())?;
    let read = |text: &String| {
        serde_json::from_str(text).or_fail(Status::BadData, || {
            "moodle_progress holds settings that cannot be read; run session-aggregate rebuild --source moodle"
        })
    };
    found.first().map(read).transpose()
}

/// The most that a session was counted too much, as SQL. Without a bound it is all of it; without settings nobody asks.
fn over(settings: Option<&Parameters>) -> String {
    let Some(settings) = settings else { return "0".to_owned() };
    let most = |reason, beats| Bounds::of(reason, beats, settings).over.unwrap_or(i64::MAX);
    // Whether heartbeats came in elsewhere makes no difference to it.
    let reason = |reason: Reason| {
        let (here, elsewhere) = (most(reason, Beats::Here), most(reason, Beats::Elsewhere));
        format!(" WHEN '{}' THEN IF(heartbeats > 0, {here}, {elsewhere})", reason.name())
    };
    let reasons: String = Reason::ALL.into_iter().map(reason).collect();
    format!("CASE end_reason{reasons} END")
}

fn reason_of(name: &str) -> Result<Reason> {
    Reason::ALL.into_iter().find(|reason| reason.name() == name).ok_or_else(|| {
        let message = format!("{TABLE} holds an end_reason that is none: '{name}'; mend that row");
        Failure::new(Status::BadData, message)
    })
}

fn beats_of(column: u8) -> Beats {
    match column {
        0 => Beats::None,
        1 => Beats::Elsewhere,
        _ => Beats::Here,
    }
}

fn moment(second: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp(second, 0).ok_or_else(|| {
        let message = format!("{TABLE} holds a session_start that is no time: {second}; mend that row");
        Failure::new(Status::BadData, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_cuts_each_session_at_the_same_bounds() {
        let parameters = Parameters {
            threshold: 1200,
            credit: 300,
            heartbeat_period: 600,
            inactivity_cap: 0,
            one_session_per_course: false,
            site_events: false,
        };
        for reason in Reason::ALL {
            for inactivity_cap in [0, 600, 3600] {
                let parameters = Parameters { inactivity_cap, ..parameters };
                let of = |beats| Bounds::of(reason, beats, &parameters).over;
                assert_eq!(of(Beats::None), of(Beats::Elsewhere), "one query knows no difference");
            }
        }
        let sql = over(Some(&parameters));
        assert!(sql.contains(" WHEN 'gap' THEN IF(heartbeats > 0, 9223372036854775807, 300) "), "{sql}");
        assert!(sql.contains(" WHEN 'logout' THEN IF(heartbeats > 0, 0, 0) "), "{sql}");
    }
}
