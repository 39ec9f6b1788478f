//! The sessions of time online.

use ::mysql::{Params, Value, prelude::Queryable};

use crate::{
    failure::Result,
    moodle::rules::{Reason, Session},
    mysql::{bulk, rows},
    sessions::{
        record::{Context, Record, USER},
        store::made::{self, Followed},
    },
};

/// What the ids of session records of this source begin with; the user and the start follow.
pub const PREFIX: &str = "moodle:";

const SESSIONS: &str = "INSERT INTO moodle_session (user_id, session_start, session_end, elapsed, events, \
    heartbeats, capped_heartbeats, courses, end_reason)";
const SESSION_AGAIN: &str = "ON DUPLICATE KEY UPDATE session_end = VALUES(session_end), elapsed = VALUES(elapsed), \
    events = VALUES(events), heartbeats = VALUES(heartbeats), capped_heartbeats = VALUES(capped_heartbeats), \
    courses = VALUES(courses), end_reason = VALUES(end_reason)";
const COURSES: &str = "INSERT INTO moodle_session_course (user_id, session_start, course_id, seconds)";
const COURSE_AGAIN: &str = "ON DUPLICATE KEY UPDATE seconds = VALUES(seconds)";

/// Forgets the seconds in courses of sessions that are about to be written again: a clock that was set back may leave
/// none for the last course.
///
/// # Errors
/// Those of the server.
pub fn forget_courses(conn: &mut impl Queryable, sessions: &[Session]) -> Result<()> {
    for part in sessions.chunks(bulk::ROWS) {
        let keys = vec!["(?, ?)"; part.len()].join(", ");
        let sql = format!("DELETE FROM moodle_session_course WHERE (user_id, session_start) IN ({keys})");
        let values = part.iter().flat_map(|session| [session.user.into(), session.start.into()]).collect();
        conn.exec_drop(sql, Params::Positional(values))?;
    }
    Ok(())
}

/// Writes sessions, and the session records of those that were not over before `complete_from`.
///
/// # Errors
/// Those of the server.
pub fn write(
    conn: &mut impl Queryable,
    sessions: &[Session],
    complete_from: Option<i64>,
) -> Result<Followed> {
    let rows: Vec<_> = sessions.iter().map(session_row).collect();
    bulk::insert(conn, SESSIONS, SESSION_AGAIN, &rows)?;
    let courses: Vec<Vec<Value>> = sessions
        .iter()
        .flat_map(|session| {
            session.course_seconds.iter().map(|(course, seconds)| {
                vec![session.user.into(), session.start.into(), course.into(), seconds.into()]
            })
        })
        .collect();
    bulk::insert(conn, COURSES, COURSE_AGAIN, &courses)?;
    let is_kept = |session: &&Session| complete_from.is_none_or(|complete| session.end >= complete);
    let wanted: Vec<_> = sessions.iter().filter(is_kept).map(record).collect();
    made::follow(conn, &wanted)
}

fn session_row(session: &Session) -> Vec<Value> {
    let courses: Vec<_> = session.courses.iter().map(i64::to_string).collect();
    vec![
        session.user.into(),
        session.start.into(),
        session.end.into(),
        (session.end - session.start).into(),
        session.events.into(),
        session.heartbeats.into(),
        session.capped_heartbeats.into(),
        courses.join(",").into(),
        session.reason.name().into(),
    ]
}

/// The session record of a session.
fn record(session: &Session) -> Record {
    let context = match session.reason {
        Reason::Logout => Context::USER.stored(),
        Reason::Login => Context::LOGIN.stored(),
        Reason::Gap | Reason::Capped => Context::IDLE.stored(),
        Reason::Course | Reason::Open => None,
    };
    Record {
        id: id(session.user, session.start),
        kind: USER,
        start: session.start,
        end: (session.reason != Reason::Open).then_some(session.end),
        context,
        user: session.user,
    }
}

pub(super) fn id(user: i64, start: i64) -> String {
    format!("{PREFIX}{user}:{start}")
}

/// Deletes the sessions of a user that began at `from` or later, with their session records.
///
/// # Errors
/// Those of the server.
pub fn delete(conn: &mut impl Queryable, user: i64, from: i64) -> Result<Followed> {
    let starts = "SELECT session_start FROM moodle_session WHERE user_id = ? AND session_start >= ?";
    let starts: Vec<i64> = rows(conn, "moodle_session", starts, (user, from))?;
    for table in ["moodle_session", "moodle_session_course"] {
        let sql = format!("DELETE FROM {table} WHERE user_id = ? AND session_start >= ?");
        conn.exec_drop(sql, (user, from))?;
    }
    let records: Vec<_> = starts.into_iter().map(|start| (id(user, start), start)).collect();
    made::delete(conn, &records)
}

/// The begin of the last session of a user that began before `at`, and the end of the last one that began before
/// `oldest`. If rows of the second in which a session begins may belong to the one before (`are_chained`), it is a
/// session that began when no other ended.
///
/// # Errors
/// Those of the server.
pub fn before(
    conn: &mut impl Queryable,
    user: i64,
    at: i64,
    oldest: i64,
    are_chained: bool,
) -> Result<(Option<i64>, Option<i64>)> {
    let sql = "SELECT (SELECT MAX(session_start) FROM moodle_session WHERE user_id = ? AND session_start < ?), \
        (SELECT MAX(session_end) FROM moodle_session WHERE user_id = ? AND session_start < ?)";
    let found: Vec<(Option<i64>, Option<i64>)> = rows(conn, "moodle_session", sql, (user, at, user, oldest))?;
    let (mut start, kept_until) = found.into_iter().next().unwrap_or_default();
    while let Some(end) = start.filter(|_| are_chained) {
        let sql = "SELECT MAX(session_start) FROM moodle_session \
            WHERE user_id = ? AND session_start < ? AND session_end = ?";
        let before: Vec<Option<i64>> = rows(conn, "moodle_session", sql, (user, end, end))?;
        let Some(before) = before.into_iter().next().flatten() else { break };
        start = Some(before);
    }
    Ok((start, kept_until))
}
