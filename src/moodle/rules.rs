//! From traces to sessions: the rules of time online (`docs/time-online.md`, rules 2 to 7), as a state machine for one
//! user. It knows neither SQL nor a clock. Times are seconds since 1970.

use serde::{Deserialize, Serialize};

use super::trace::{Kind, Trace};

/// The figures that the rules work with, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// The longest pause within a session (T).
    pub threshold: i64,
    /// What stands for the time after the last trace (C).
    pub credit: i64,
    /// Time between two heartbeats (P); 0: pages send none.
    pub heartbeat_period: i64,
    /// How long heartbeats count after the last thing that the user did (A); 0: for ever.
    pub inactivity_cap: i64,
    /// Whether another course begins another session.
    pub one_session_per_course: bool,
    /// Whether what is done outside of all courses counts.
    pub site_events: bool,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// The user logged out.
    Logout,
    /// The user logged in again.
    Login,
    /// No trace for longer than the threshold.
    Gap,
    /// The same, after heartbeats that no longer counted.
    Capped,
    /// The user went to another course.
    Course,
    /// It has not ended.
    Open,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Logout, Self::Login, Self::Gap, Self::Capped, Self::Course, Self::Open];

    /// As tables and reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Login => "login",
            Self::Gap => "gap",
            Self::Capped => "capped",
            Self::Course => "course",
            Self::Open => "open",
        }
    }
}

/// A session, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub user: i64,
    /// First second.
    pub start: i64,
    /// First second after it.
    pub end: i64,
    /// Things that the user did, logging in and out included.
    pub events: u32,
    /// Heartbeats that counted.
    pub heartbeats: u32,
    /// Heartbeats that came too late to count.
    pub capped_heartbeats: u32,
    /// Courses in the order in which the user first came there.
    pub courses: Vec<i64>,
    /// Seconds in each course; 0: before any. They add up to the length.
    pub course_seconds: Vec<(i64, i64)>,
    /// Why it ended.
    pub reason: Reason,
}

/// A session that may still grow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    start: i64,
    /// Last trace that counted (L of rule 2).
    last: i64,
    /// Whether that was a heartbeat.
    last_is_beat: bool,
    /// Last time that the user did something (X of rule 2).
    active: i64,
    /// Where the time goes that passes now: the last course, 0 before any (rule 7).
    course: i64,
    /// Until when it went somewhere.
    spent_until: i64,
    course_seconds: Vec<(i64, i64)>,
    courses: Vec<i64>,
    events: u32,
    heartbeats: u32,
    capped_heartbeats: u32,
}

/// One user's traces, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    user: i64,
    live: Option<Live>,
}

impl Machine {
    /// For a user, who may have a session that is still open.
    pub fn new(user: i64, live: Option<Live>) -> Self {
        Self { user, live }
    }

    /// The session that may still grow.
    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    /// Takes the next trace; hands the sessions that it ends to `ended`.
    pub fn take(&mut self, trace: &Trace, parameters: &Parameters, mut ended: impl FnMut(Session)) {
        let at = trace.at;
        if self.live.as_ref().is_some_and(|live| at - live.last > parameters.threshold) {
            self.end_of_trace(at, parameters).into_iter().for_each(&mut ended);
        }
        match (trace.kind, &mut self.live) {
            (Kind::Heartbeat | Kind::Logout, None) => {}
            (Kind::Heartbeat, Some(live)) => live.beat(at, parameters),
            (Kind::Login, _) => {
                ended_at(self.close(at, Reason::Login), &mut ended);
                self.live = Some(Live::begin(at, None));
            }
            (Kind::Logout, Some(live)) => {
                live.events += 1;
                ended_at(self.close(at, Reason::Logout), &mut ended);
            }
            (Kind::Explicit(course), Some(live)) => {
                if parameters.one_session_per_course && live.is_elsewhere(course) {
                    ended_at(self.close(at, Reason::Course), &mut ended);
                    self.live = Some(Live::begin(at, Some(course)));
                } else {
                    live.act(at, course);
                }
            }
            (Kind::Explicit(course), None) => self.live = Some(Live::begin(at, Some(course))),
        }
    }

    /// Ends the session because there was no trace until `now` (rule 6). It stays live while another trace could belong
    /// to it. Sessions without a length are none.
    pub fn end_of_trace(&mut self, now: i64, parameters: &Parameters) -> Option<Session> {
        let live = self.live.as_ref()?;
        let end = live.end(now, parameters);
        if now - live.last <= parameters.threshold {
            return live.clone().session(self.user, end, Reason::Open);
        }
        let reason = if live.capped_heartbeats > 0 { Reason::Capped } else { Reason::Gap };
        self.close(end, reason)
    }

    fn close(&mut self, end: i64, reason: Reason) -> Option<Session> {
        self.live.take()?.session(self.user, end, reason)
    }
}

fn ended_at(session: Option<Session>, ended: &mut impl FnMut(Session)) {
    if let Some(session) = session {
        ended(session);
    }
}

impl Live {
    /// Begins with a login, or with something that the user did.
    fn begin(at: i64, course: Option<i64>) -> Self {
        let mut live = Self {
            start: at,
            last: at,
            last_is_beat: false,
            active: at,
            course: 0,
            spent_until: at,
            course_seconds: Vec::new(),
            courses: Vec::new(),
            events: 0,
            heartbeats: 0,
            capped_heartbeats: 0,
        };
        match course {
            Some(course) => live.act(at, course),
            None => live.events = 1,
        }
        live
    }

    /// First second.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Last trace that counted.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// Rule 5.
    fn act(&mut self, at: i64, course: i64) {
        self.spend_until(at);
        (self.last, self.active, self.last_is_beat) = (at, at, false);
        self.events += 1;
        if course > 0 {
            self.course = course;
            if !self.courses.contains(&course) {
                self.courses.push(course);
            }
        }
    }

    /// Rule 3.
    fn beat(&mut self, at: i64, parameters: &Parameters) {
        if parameters.inactivity_cap > 0 && at - self.active > parameters.inactivity_cap {
            self.capped_heartbeats += 1;
            return;
        }
        (self.last, self.last_is_beat) = (at, true);
        self.heartbeats += 1;
    }

    /// Rule 5, one session per course: the session's course is the first one.
    fn is_elsewhere(&self, course: i64) -> bool {
        course > 0 && self.courses.first().is_some_and(|first| *first != course)
    }

    /// Rule 6.
    fn end(&self, now: i64, parameters: &Parameters) -> i64 {
        let Parameters { credit, heartbeat_period, inactivity_cap, .. } = *parameters;
        let credit =
            if self.last_is_beat && heartbeat_period > 0 { credit.min(heartbeat_period / 2) } else { credit };
        let cap = if inactivity_cap > 0 { self.active.saturating_add(inactivity_cap) } else { i64::MAX };
        self.last.saturating_add(credit).min(cap).min(now)
    }

    /// Rule 7.
    fn spend_until(&mut self, at: i64) {
        let seconds = at - self.spent_until;
        self.spent_until = at;
        if seconds <= 0 {
            return;
        }
        match self.course_seconds.iter_mut().find(|(course, _)| *course == self.course) {
            Some((_, sum)) => *sum += seconds,
            None => self.course_seconds.push((self.course, seconds)),
        }
    }

    fn session(mut self, user: i64, end: i64, reason: Reason) -> Option<Session> {
        self.spend_until(end);
        (end > self.start).then_some(Session {
            user,
            start: self.start,
            end,
            events: self.events,
            heartbeats: self.heartbeats,
            capped_heartbeats: self.capped_heartbeats,
            courses: self.courses,
            course_seconds: self.course_seconds,
            reason,
        })
    }
}
