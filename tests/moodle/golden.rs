//! The golden logs: whole, and read piece by piece while they grew.

use std::{fs, path::PathBuf, process::Command, thread};

use mysql::prelude::Queryable;
use serde::Deserialize;

use crate::{
    log_table::{self, LOG, Row},
    site::{Site, rules},
    slots,
};

#[derive(Deserialize)]
struct Settings {
    threshold: u64,
    lastpingcredit: u64,
    onesessionpercourse: u8,
    heartbeat_period: u64,
    inactivity_cap: u64,
    site_events: u8,
    now: i64,
}

pub struct Case {
    name: String,
    pub site: Site,
    now: i64,
    /// Number and time of each row.
    rows: Vec<(u64, i64)>,
    /// The sessions, as [`Site::sessions`] has them.
    should: Vec<String>,
}

fn file(case: &str, name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/golden/usestats", case, name].iter().collect()
}

pub fn read(case: &str, name: &str) -> String {
    let path = file(case, name);
    if path.exists() {
        return fs::read_to_string(path).unwrap();
    }
    let gzip = Command::new("gzip").arg("-dc").arg(file(case, &format!("{name}.gz"))).output().unwrap();
    assert!(gzip.status.success(), "{case}: {name}");
    String::from_utf8(gzip.stdout).unwrap()
}

/// The fields of a file's lines, without its heading. No field is quoted.
pub fn fields(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

fn row(fields: &[&str]) -> Row {
    let text = |field: usize| fields[field].to_owned();
    Row {
        id: fields[0].parse().unwrap(),
        component: text(2),
        action: text(3),
        target: text(4),
        user: fields[8].parse().unwrap(),
        course: fields[9].parse().ok(),
        at: fields[10].parse().unwrap(),
        origin: Some(text(11)).filter(|origin| !origin.is_empty()),
        real_user: fields[13].parse().ok(),
    }
}

/// `userid,seq,sessionstart,sessionend,elapsed,events,heartbeats,capped_heartbeats,courses,course_seconds,reason`
fn session(fields: Vec<&str>) -> String {
    let [user, _, start, end, elapsed, events, beats, capped, courses, seconds, reason] = fields[..] else {
        panic!("{fields:?}")
    };
    let courses = courses.replace(' ', ",");
    format!("{user} {start} {end} {elapsed} {events} {beats} {capped} [{courses}] {{{seconds}}} {reason}")
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

impl Case {
    pub fn load(name: &str) -> Self {
        let settings: Settings = serde_json::from_str(&read(name, "settings.json")).unwrap();
        let mut site = Site::new();
        let moodle = &mut site.config.moodle;
        let (period, cap) = (settings.heartbeat_period, settings.inactivity_cap);
        rules(moodle, [settings.threshold * 60, settings.lastpingcredit * 60, period, cap]);
        moodle.one_session_per_course = settings.onesessionpercourse == 1;
        moodle.site_events = settings.site_events == 1;
        let log = read(name, "log.csv");
        let rows: Vec<_> = fields(&log).map(|fields| row(&fields)).collect();
        log_table::create(&site.database, "whole_log");
        log_table::insert(&mut site.conn(), "whole_log", &rows);
        let should = sorted(fields(&read(name, "expected_clean.csv")).map(session).collect());
        assert!(!should.is_empty(), "{name}");
        let rows = rows.iter().map(|row| (row.id, row.at)).collect();
        Self { name: name.to_owned(), site, now: settings.now, rows, should }
    }

    /// Empties the log, lets it grow in that many pieces, and reads it after each: just after its last row.
    pub fn grow(&self, pieces: usize) {
        self.site.clear();
        let mut conn = self.site.conn();
        for (number, piece) in self.rows.chunks(self.rows.len().div_ceil(pieces)).enumerate() {
            let (from, (to, at)) = (piece[0].0, piece[piece.len() - 1]);
            let grow = format!("INSERT INTO {LOG} SELECT * FROM whole_log WHERE id BETWEEN {from} AND {to}");
            conn.query_drop(grow).unwrap();
            if pieces == 1 {
                break;
            }
            if number % 10 == 3 {
                self.site.run((at + 1).min(self.now));
                self.site.assert_sound(&format!("{}, piece {number} of {pieces}", self.name));
            } else {
                self.site.read(100_000, (at + 1).min(self.now));
            }
        }
        self.site.run(self.now);
    }

    #[track_caller]
    fn assert_right(&self, what: &str) {
        let what = format!("{}, {what}", self.name);
        assert_eq!(sorted(self.site.sessions()), self.should, "{what}");
        self.site.assert_sound(&what);
        slots::assert_counted(&self.site, self.now, &what);
    }

    fn check(&self, cuts: &[usize]) {
        for pieces in cuts {
            self.grow(*pieces);
            self.assert_right(&format!("{pieces} pieces"));
        }
        self.site.rebuild(self.now);
        assert_eq!(sorted(self.site.sessions()), self.should, "{}, rebuilt", self.name);
        self.site.run(self.now);
        self.assert_right("rebuilt");
    }
}

#[test]
fn scenes_come_out_as_they_should_however_their_logs_are_cut() {
    let scenes = [
        "01_clean_logout",
        "02_brutal_close",
        "03_gap_threshold",
        "04a_two_courses_multiple",
        "04b_two_courses_single",
        "05a_relogin_multiple",
        "05b_relogin_single",
        "06_heartbeat",
        "07_connected_inactivity",
        "08_noise",
        "08b_noise_site_events",
        "09_open_session",
    ];
    thread::scope(|scope| {
        for part in scenes.chunks(6) {
            scope.spawn(move || part.iter().for_each(|name| Case::load(name).check(&[1, 2, 7, 100])));
        }
    });
}

#[test]
fn a_month_of_fifty_users_comes_out_as_it_should_however_its_log_is_cut() {
    Case::load("10_month_50x30").check(&[1, 7]);
}

#[test]
fn random_traces_of_eighty_users_come_out_as_they_should_however_their_log_is_cut() {
    Case::load("11_fuzz").check(&[1, 2, 7, 100]);
}
