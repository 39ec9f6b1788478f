//! `time`: how long users were online, and between which bounds the truth lies. What session-aggregate made of a log of
//! Moodle's shape.

use std::cmp::Reverse;

use ::mysql::Conn;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Question,
    anonymity::Pseudonyms,
    online::{CourseTime, Online, Sum},
    uses::Hours,
};
use crate::{
    failure::Result,
    moodle::{
        rules::{Parameters, Reason},
        uncertainty::Bounds,
    },
    report::{
        sheet::{Block, Cell, Column, Sentence, Sheet, Table},
        texts::{self, Text},
    },
};

/// Rows of a table when nothing is said.
const ROWS: usize = 10;

/// The section. A session counts as a whole in the period in which it begins.
#[derive(Debug, Serialize)]
pub struct Time {
    /// All of it.
    #[serde(flatten)]
    pub total: Figures,
    /// Different users.
    pub distinct_users: u64,
    /// What made the figures; none: nothing was read.
    pub settings: Option<Parameters>,
    /// Begin of the first session of all time with a heartbeat; none: none has come in.
    pub heartbeats_since: Option<DateTime<Utc>>,
    /// Each way in which sessions ended, the most time first.
    pub by_reason: Vec<ReasonTime>,
    /// Users, the most time first.
    pub users: Vec<UserTime>,
    /// Courses, the most time first.
    pub courses: Vec<CourseTime>,
    /// How many users and courses people see.
    #[serde(skip)]
    rows: usize,
}

/// Sessions, and how long they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// How many.
    pub sessions: u64,
    /// What was counted.
    pub seconds: i64,
    /// The least that is true; none: the settings are not known.
    pub seconds_min: Option<i64>,
    /// The most that is true, of users who do not stay silent for longer than the settings allow.
    pub seconds_max: Option<i64>,
}

impl Figures {
    fn of(sum: Sum, have_bounds: bool) -> Self {
        let Sum { sessions, seconds, under, over } = sum;
        let bound = |seconds: i64| have_bounds.then_some(seconds);
        Self {
            sessions,
            seconds,
            seconds_min: bound(seconds.saturating_sub(over)),
            seconds_max: bound(seconds.saturating_add(under)),
        }
    }

    /// Hours: what was counted, the least and the most.
    fn hours(&self) -> [Cell; 3] {
        let bound = |seconds: Option<i64>| seconds.map_or(Cell::Nothing, hours);
        [hours(self.seconds), bound(self.seconds_min), bound(self.seconds_max)]
    }
}

/// Sessions that ended in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonTime {
    /// How.
    pub reason: Reason,
    /// All of them.
    #[serde(flatten)]
    pub figures: Figures,
    /// What was counted minus what is true is at least that, in one session; none: the settings are not known.
    pub error_min: Option<i64>,
    /// And at most that; none: there is no bound.
    pub error_max: Option<i64>,
}

/// The time of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserTime {
    /// The number in Moodle; none: it is not told.
    pub user_id: Option<i64>,
    /// What tables call the user.
    #[serde(skip)]
    pub name: String,
    /// All sessions.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Time {
    /// Reads the section.
    ///
    /// # Errors
    /// As of [`Online::read`].
    pub fn collect(conn: &mut Conn, question: &Question<'_>) -> Result<Self> {
        Ok(Self::new(Online::read(conn, question.period)?, question.top))
    }

    fn new(online: Online, top: Option<usize>) -> Self {
        let Online { settings, first_beat, by_user, by_reason, mut courses } = online;
        let have_bounds = settings.is_some();
        let mut total = Sum::default();
        by_user.values().for_each(|sum| total += *sum);
        let distinct_users = by_user.len() as u64;

        let reason_time = |(reason, (sum, bounds)): (Reason, (Sum, Bounds))| ReasonTime {
            reason,
            figures: Figures::of(sum, have_bounds),
            error_min: have_bounds.then(|| bounds.under.saturating_neg()),
            error_max: bounds.over.filter(|_| have_bounds),
        };
        let mut by_reason: Vec<_> = by_reason.into_iter().map(reason_time).collect();
        by_reason.sort_by_key(|of| (Reverse(of.figures.seconds), of.reason));

        let user_time = |(user_id, sum): (i64, Sum)| UserTime {
            user_id: Some(user_id),
            name: user_id.to_string(),
            figures: Figures::of(sum, have_bounds),
        };
        let mut users: Vec<_> = by_user.into_iter().map(user_time).collect();
        users.sort_unstable_by_key(|of| (Reverse(of.figures.seconds), of.user_id));
        courses.sort_unstable_by_key(|of| (Reverse(of.seconds), of.course_id));
        users.truncate(top.unwrap_or(usize::MAX));
        courses.truncate(top.unwrap_or(usize::MAX));
        Self {
            total: Figures::of(total, have_bounds),
            distinct_users,
            settings,
            heartbeats_since: first_beat,
            by_reason,
            users,
            courses,
            rows: top.unwrap_or(ROWS),
        }
    }

    /// Leaves out who people are.
    pub fn anonymize(&mut self, names: &mut Pseudonyms) {
        // All fields by their names: a new one has to be thought of here.
        let Self {
            total: _,
            distinct_users: _,
            settings: _,
            heartbeats_since: _,
            by_reason: _,
            users,
            courses: _,
            rows: _,
        } = self;
        names.shuffle(users, |of| of.figures.seconds, |of| of.name.clone());
        for UserTime { user_id, name, figures: _ } in users {
            *user_id = None;
            names.hide("moodle", name);
        }
    }

    /// Whether no session begins in the period.
    pub fn is_empty(&self) -> bool {
        self.total.sessions == 0
    }

    /// What people see of it.
    pub fn sheet(&self) -> Sheet {
        let blocks = if self.is_empty() {
            vec![Block::Line(texts::TIME_EMPTY)]
        } else {
            vec![
                Block::Figures(self.figures()),
                Block::Sentences(self.sentences()),
                Block::Table(self.reasons_table()),
                Block::Table(self.users_table()),
                Block::Table(self.courses_table()),
            ]
        };
        Sheet { title: texts::TIME, blocks }
    }

    fn figures(&self) -> Vec<(Text, Cell)> {
        let [counted, least, most] = self.total.hours();
        let mut figures = vec![
            (texts::SESSIONS, Cell::count(self.total.sessions)),
            (texts::USERS, Cell::count(self.distinct_users)),
            (texts::HOURS_ONLINE, counted),
        ];
        if self.settings.is_some() {
            figures.extend([(texts::TRUE_AT_LEAST, least), (texts::TRUE_AT_MOST, most)]);
        }
        figures
    }

    /// What made the figures.
    fn sentences(&self) -> Vec<Sentence> {
        let Some(settings) = self.settings else { return vec![Sentence::plain(texts::SETTINGS_UNKNOWN)] };
        let length =
            |seconds: i64| if seconds > 0 { Cell::Length(seconds) } else { Cell::Words(texts::NONE) };
        let places = vec![
            ("threshold", length(settings.threshold)),
            ("credit", length(settings.credit)),
            ("period", length(settings.heartbeat_period)),
            ("cap", length(settings.inactivity_cap)),
        ];
        let is_silent = self.heartbeats_since.is_none() && settings.heartbeat_period > 0;
        let more = [
            (settings.one_session_per_course, texts::SESSION_PER_COURSE),
            (settings.site_events, texts::SITE_EVENTS),
            (is_silent, texts::NO_HEARTBEAT),
        ];
        let more = more.into_iter().filter(|(is_so, _)| *is_so).map(|(_, text)| Sentence::plain(text));
        [Sentence { text: texts::SETTINGS, places }].into_iter().chain(more).collect()
    }

    fn reasons_table(&self) -> Table {
        let row = |of: &ReasonTime| {
            let sessions = Cell::count(of.figures.sessions);
            [Cell::Words(words(of.reason)), sessions].into_iter().chain(of.figures.hours()).collect()
        };
        Table {
            title: texts::ENDS,
            columns: columns(texts::REASON),
            rows: self.by_reason.iter().map(row).collect(),
            empty: texts::TIME_EMPTY,
        }
    }

    fn users_table(&self) -> Table {
        let row = |of: &UserTime| {
            let user = Cell::Name(of.name.clone());
            [user, Cell::count(of.figures.sessions)].into_iter().chain(of.figures.hours()).collect()
        };
        Table {
            title: texts::MOST_TIME,
            columns: columns(texts::USER),
            rows: self.users.iter().take(self.rows).map(row).collect(),
            empty: texts::NO_USER_SHOWN,
        }
    }

    fn courses_table(&self) -> Table {
        let row = |of: &CourseTime| {
            let name = (of.course_id != 0).then(|| of.course_id.to_string());
            let course = Cell::name_or(name.as_deref(), texts::BEFORE_COURSES);
            vec![course, Cell::count(of.users), hours(of.seconds)]
        };
        Table {
            title: texts::COURSES_BY_TIME,
            columns: vec![
                Column::words(texts::COURSE),
                Column::numbers(texts::USERS_OF_COURSE),
                Column::compared(texts::HOURS),
            ],
            rows: self.courses.iter().take(self.rows).map(row).collect(),
            empty: texts::NO_COURSE_SHOWN,
        }
    }
}

/// Those of tables of sessions.
fn columns(first: Text) -> Vec<Column> {
    vec![
        Column::words(first),
        Column::numbers(texts::SESSIONS),
        Column::compared(texts::HOURS),
        Column::numbers(texts::AT_LEAST),
        Column::numbers(texts::AT_MOST),
    ]
}

fn words(reason: Reason) -> Text {
    match reason {
        Reason::Logout => texts::LOGGED_OUT,
        Reason::Login => texts::LOGGED_IN_AGAIN,
        Reason::Gap => texts::SILENT,
        Reason::Capped => texts::CAPPED,
        Reason::Course => texts::OTHER_COURSE,
        Reason::Open => texts::STILL_OPEN,
    }
}

fn hours(seconds: i64) -> Cell {
    Cell::Hours(Hours::of_seconds(seconds.try_into().unwrap_or(0)))
}
