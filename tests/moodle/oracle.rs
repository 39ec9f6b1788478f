//! The rules of time online once more, for a whole log at once: each user's traces are cut into visits first, and
//! measured afterwards. Shares no code with the command.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use sessionstat::config::Moodle;

use crate::log_table::Row;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Login,
    Logout,
    Beat,
    Explicit,
}

#[derive(Clone)]
struct Visit<'a> {
    /// The traces that count, in their order.
    traces: Vec<(&'a Row, Kind)>,
    /// Beats beyond the cap.
    ignored: Vec<u64>,
}

/// What a log says.
#[derive(Default)]
pub struct Answer {
    /// The sessions, as [`crate::site::Site::sessions`] has them.
    pub sessions: Vec<String>,
    /// The rows that were ignored as beats beyond the cap.
    pub ignored: BTreeSet<u64>,
}

struct Rules {
    threshold: i64,
    credit: i64,
    credit_of_beat: i64,
    cap: i64,
    single: bool,
    site_events: bool,
    now: i64,
}

fn kind(row: &Row, site_events: bool) -> Option<Kind> {
    let is = |component: &str, action: &str| row.component == component && row.action == action;
    let is_from_elsewhere = matches!(row.origin.as_deref(), Some("cli" | "restore"));
    let is_graded = row.action == "graded" && row.target == "user";
    if row.user <= 0 || row.real_user.is_some() || is_from_elsewhere || row.action == "failed" || is_graded {
        return None;
    }
    if is("block_use_stats", "keepalive") {
        return Some(Kind::Beat);
    }
    match (row.course.unwrap_or(0), row.action.as_str()) {
        (0, "loggedin") => Some(Kind::Login),
        (0, "loggedout") => Some(Kind::Logout),
        (0, _) => site_events.then_some(Kind::Explicit),
        (course, _) => (course > 0).then_some(Kind::Explicit),
    }
}

/// What the rows say at `now`.
pub fn answer(rows: &[Row], settings: &Moodle, now: i64) -> Answer {
    let seconds = |duration: Duration| duration.as_secs() as i64;
    let credit = seconds(settings.credit);
    let period = seconds(settings.heartbeat_period);
    let rules = Rules {
        threshold: seconds(settings.threshold),
        credit,
        credit_of_beat: if period == 0 { credit } else { credit.min(period / 2) },
        cap: Some(seconds(settings.inactivity_cap)).filter(|cap| *cap > 0).unwrap_or(1 << 50),
        single: settings.one_session_per_course,
        site_events: settings.site_events,
        now,
    };
    let mut users: BTreeMap<i64, Vec<(&Row, Kind)>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.at <= now) {
        if let Some(kind) = kind(row, rules.site_events) {
            users.entry(row.user).or_default().push((row, kind));
        }
    }
    let mut answer = Answer::default();
    for traces in users.values_mut() {
        traces.sort_by_key(|(row, _)| (row.at, row.id));
        rules.cut(traces, &mut answer);
    }
    answer
}

impl Rules {
    fn cut<'a>(&self, traces: &[(&'a Row, Kind)], answer: &mut Answer) {
        let mut open: Option<Visit<'a>> = None;
        for (row, kind) in traces {
            if let Some(visit) = open.take_if(|visit| row.at - visit.last() > self.threshold) {
                self.leave(&visit, answer);
            }
            match (kind, &mut open) {
                (Kind::Beat | Kind::Logout, None) => {}
                (Kind::Beat, Some(visit)) if row.at - visit.active() > self.cap => visit.ignored.push(row.id),
                (Kind::Beat, Some(visit)) => visit.traces.push((row, *kind)),
                (Kind::Logout, Some(visit)) => {
                    visit.traces.push((row, *kind));
                    measure(visit, row.at, "logout", answer);
                    open = None;
                }
                (Kind::Login, before) => {
                    before.iter().for_each(|visit| measure(visit, row.at, "login", answer));
                    open = Some(Visit::new(row, *kind));
                }
                (Kind::Explicit, Some(visit)) if !(self.single && visit.is_elsewhere(row)) => {
                    visit.traces.push((row, *kind));
                }
                (Kind::Explicit, before) => {
                    before.iter().for_each(|visit| measure(visit, row.at, "course", answer));
                    open = Some(Visit::new(row, *kind));
                }
            }
        }
        if let Some(visit) = open {
            self.leave(&visit, answer);
        }
    }

    /// A visit that nothing ended.
    fn leave(&self, visit: &Visit<'_>, answer: &mut Answer) {
        let is_beat = visit.traces.last().is_some_and(|(_, kind)| *kind == Kind::Beat);
        let credit = if is_beat { self.credit_of_beat } else { self.credit };
        let end = (visit.last() + credit).min(visit.active() + self.cap).min(self.now);
        // A visit that another one followed ended by a gap in any case.
        let reason = match () {
            () if self.now - visit.last() <= self.threshold => "open",
            () if visit.ignored.is_empty() => "gap",
            () => "capped",
        };
        measure(visit, end, reason, answer);
    }
}

impl<'a> Visit<'a> {
    fn new(row: &'a Row, kind: Kind) -> Self {
        Self { traces: vec![(row, kind)], ignored: Vec::new() }
    }

    fn last(&self) -> i64 {
        self.traces.last().unwrap().0.at
    }

    fn active(&self) -> i64 {
        self.traces.iter().rfind(|(_, kind)| *kind != Kind::Beat).unwrap().0.at
    }

    fn courses(&self) -> impl Iterator<Item = i64> {
        let explicit = self.traces.iter().filter(|(_, kind)| *kind == Kind::Explicit);
        explicit.map(|(row, _)| row.course.unwrap_or(0)).filter(|course| *course > 0)
    }

    fn is_elsewhere(&self, row: &Row) -> bool {
        let there = row.course.filter(|course| *course > 0);
        there.is_some() && self.courses().next().is_some_and(|here| Some(here) != there)
    }
}

fn measure(visit: &Visit<'_>, end: i64, reason: &str, answer: &mut Answer) {
    answer.ignored.extend(&visit.ignored);
    let (first, _) = visit.traces[0];
    if end == first.at {
        return;
    }
    let mut seconds: BTreeMap<i64, i64> = BTreeMap::new();
    for number in 0..visit.traces.len() {
        let until = visit.traces.get(number + 1).map_or(end, |(next, _)| next.at);
        let so_far = Visit { traces: visit.traces[..=number].to_vec(), ignored: Vec::new() };
        *seconds.entry(so_far.courses().last().unwrap_or(0)).or_default() +=
            until - visit.traces[number].0.at;
    }
    let seconds: Vec<_> = seconds
        .iter()
        .filter(|(_, seconds)| **seconds != 0)
        .map(|(course, seconds)| format!("{course}:{seconds}"))
        .collect();
    let mut courses: Vec<String> = Vec::new();
    for course in visit.courses().map(|course| course.to_string()) {
        if !courses.contains(&course) {
            courses.push(course);
        }
    }
    let beats = visit.traces.iter().filter(|(_, kind)| *kind == Kind::Beat).count();
    answer.sessions.push(format!(
        "{} {} {end} {} {} {beats} {} [{}] {{{}}} {reason}",
        first.user,
        first.at,
        end - first.at,
        visit.traces.len() - beats,
        visit.ignored.len(),
        courses.join(","),
        seconds.join(" "),
    ));
}
