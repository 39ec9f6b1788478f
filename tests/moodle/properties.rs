//! Whatever a log holds, in whatever order its rows arrive and whenever the runs are: what the sessions are in the end
//! is what the rules make of the whole log.

use std::{cell::RefCell, collections::BTreeSet};

use proptest::prelude::*;

use crate::{
    log_table::Row,
    oracle,
    site::{BASE, Site, rules},
    slots,
};

/// Settings of the rules: threshold, credit, heartbeat period, cap; one session per course; site events.
type Settings = ([u64; 4], bool, bool);

/// A log, its order of arrival, and when it is read.
#[derive(Clone, Debug)]
struct Story {
    rows: Vec<Row>,
    /// For each row the run that is the first to see it.
    seen_by: Vec<usize>,
    /// When runs are, and with which settings. The last one is after all rows and all other runs.
    runs: Vec<(i64, Settings)>,
    /// Rows in a batch.
    batch: usize,
}

fn settings() -> impl Strategy<Value = Settings> {
    let figures = prop::sample::select(vec![
        [1_200, 300, 600, 3_600],
        [120, 30, 60, 200],
        [120, 30, 0, 0],
        [100, 100, 99, 99],
        [50, 0, 7, 60],
    ]);
    (figures, any::<bool>(), any::<bool>())
}

/// Seconds to the next row of the user: around all that the rules compare with.
fn step(figures: [u64; 4]) -> impl Strategy<Value = i64> {
    let mut steps = vec![0, 0, 0, 1, 2];
    for figure in figures.map(|figure| figure as i64) {
        steps.extend([figure - 1, figure, figure + 1, figure / 2, figure / 3].map(|step| step.max(0)));
    }
    prop::sample::select(steps)
}

/// What a row is, without number, user and time.
fn what() -> impl Strategy<Value = Row> {
    let course = prop::sample::select(vec![Some(1), Some(1), Some(2), Some(3), Some(0), None]);
    prop_oneof![
        6 => course.clone().prop_map(|course| Row { course, ..Row::view(0, 0, 0, 0) }),
        2 => Just(Row::login(0, 0, 0)),
        1 => Just(Row { course: None, ..Row::login(0, 0, 0) }),
        2 => Just(Row::logout(0, 0, 0)),
        6 => course.prop_map(|course| Row { course, ..Row::beat(0, 0, 0, 0) }),
        2 => prop::sample::select(noise()),
    ]
}

/// Rows that say nothing, and rows that look like it.
fn noise() -> Vec<Row> {
    let view = || Row::view(0, 0, 0, 1);
    let (login, beat) = (Row::login(0, 0, 0), Row::beat(0, 0, 0, 1));
    let graded = Row { action: "graded".into(), ..view() };
    vec![
        Row { origin: Some("cli".into()), ..view() },
        Row { origin: Some("restore".into()), ..login.clone() },
        Row { origin: Some("ws".into()), ..view() },
        Row { origin: None, ..view() },
        Row { real_user: Some(9), ..view() },
        Row { real_user: Some(9), ..beat.clone() },
        Row { origin: Some("cli".into()), ..beat },
        Row { action: "failed".into(), target: "user_login".into(), ..login.clone() },
        Row { target: "user".into(), ..graded.clone() },
        graded,
        Row { course: Some(-1), ..view() },
        Row { course: Some(2), ..login },
    ]
}

prop_compose! {
    fn story(most_settings: usize)(all in prop::collection::vec(settings(), 1..=most_settings))(
        users in prop::collection::vec(
            prop::collection::vec((what(), step(all[all.len() - 1].0)), 1..25), 1..4),
        all in Just(all),
        // Seconds by which the number of a row is out of step with its time; few are.
        jitter in prop::collection::vec(
            prop_oneof![8 => Just(0_i64), 1 => -90..90_i64, 1 => -5_000..5_000_i64], 75),
        // Runs by which a row is committed late.
        late in prop::collection::vec(prop_oneof![9 => Just(0_usize), 1 => 1..3_usize], 75),
        gap in prop::sample::select(vec![1_u64, 3, 130]),
        count in 1..6_usize,
        // When a run is, counted from the last row that it sees.
        moments in prop::collection::vec(
            prop_oneof![
                3 => Just(0_i64), 3 => 1..40_i64, 2 => 100..1_300_i64, 1 => -700..0_i64, 1 => 5_000..9_000_i64
            ], 7),
        after in prop_oneof![Just(0_i64), 1..140_i64, 290..310_i64, 1_100..1_300_i64, Just(9_000)],
        batch in prop::sample::select(vec![1_usize, 2, 5, 17, 100_000]),
    ) -> Story {
        let mut rows: Vec<(i64, Row)> = Vec::new();
        for (number, traces) in users.into_iter().enumerate() {
            let mut at = BASE + 100 * number as i64;
            for (what, step) in traces {
                at += step;
                let jitter = jitter[rows.len() % jitter.len()];
                // User 0 is nobody, and neither is a negative one.
                let user = [7, 8, 0][number];
                rows.push((at + jitter, Row { user, at, ..what }));
            }
        }
        rows.sort_by_key(|(place, _)| *place);
        let rows: Vec<_> = rows
            .into_iter()
            .enumerate()
            .map(|(number, (_, row))| Row { id: 1 + number as u64 * gap, ..row })
            .collect();
        let seen_by: Vec<_> = (0..rows.len())
            .map(|number| (number * count / rows.len() + late[number % late.len()]).min(count))
            .collect();
        let mut runs = Vec::new();
        for run in 0..=count {
            let seen = rows.iter().zip(&seen_by).filter(|(_, seen)| **seen <= run);
            let newest = seen.map(|(row, _)| row.at).max().unwrap_or(BASE);
            runs.push((newest + moments[run % moments.len()], all[run % all.len()]));
        }
        let end = rows.iter().map(|row| row.at).chain(runs.iter().map(|run| run.0)).max().unwrap();
        runs.push((end + after, all[all.len() - 1]));
        Story { rows, seen_by, runs, batch }
    }
}

fn set(site: &mut Site, (figures, one_session_per_course, site_events): Settings) {
    let moodle = &mut site.config.moodle;
    rules(moodle, figures);
    (moodle.one_session_per_course, moodle.site_events) = (one_session_per_course, site_events);
}

/// Lets the story happen; returns when it ended.
fn happen(site: &mut Site, story: &Story) -> i64 {
    site.clear();
    for (run, (now, settings)) in story.runs.iter().enumerate() {
        set(site, *settings);
        let new = story.rows.iter().zip(&story.seen_by).filter(|(_, seen)| **seen == run);
        site.log(&new.map(|(row, _)| row.clone()).collect::<Vec<_>>());
        site.read(story.batch, *now);
        site.assert_sound(&format!("run {run}"));
    }
    let (end, _) = story.runs[story.runs.len() - 1];
    site.run(end);
    end
}

/// A session without why it ended and how many beats came too late for it.
fn without_capping(line: &str) -> Vec<&str> {
    let mut fields: Vec<_> = line.split(' ').collect();
    fields.pop();
    fields.remove(6);
    fields
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() }
}

#[test]
fn the_sessions_are_what_the_rules_make_of_the_whole_log() {
    let site = RefCell::new(Site::new());
    proptest!(cases(60), |(story in story(1))| {
        let site = &mut *site.borrow_mut();
        let now = happen(site, &story);
        let should = oracle::answer(&story.rows, &site.config.moodle, now);
        let is = site.sessions();
        prop_assert_eq!(&is, &should.sessions);
        site.assert_sound("the end");
        slots::assert_counted(site, now, "the end");
        site.rebuild(now);
        site.run(now);
        prop_assert_eq!(&site.sessions(), &should.sessions, "rebuilt");
        slots::assert_counted(site, now, "rebuilt");
        let is_left = |row: &&Row| !should.ignored.contains(&row.id);
        let left: Vec<_> = story.rows.iter().filter(is_left).cloned().collect();
        site.clear();
        site.log(&left);
        site.read(100_000, now);
        let (is, left): (BTreeSet<_>, BTreeSet<_>) = (is.into_iter().collect(), site.sessions().into_iter().collect());
        let is: BTreeSet<_> = is.iter().map(|line| without_capping(line)).collect();
        let left: BTreeSet<_> = left.iter().map(|line| without_capping(line)).collect();
        prop_assert_eq!(is, left, "without the beats beyond the cap");
    });
}

#[test]
fn other_settings_make_other_sessions_of_the_whole_log() {
    let site = RefCell::new(Site::new());
    proptest!(cases(30), |(story in story(3))| {
        let site = &mut *site.borrow_mut();
        let now = happen(site, &story);
        prop_assert_eq!(site.sessions(), oracle::answer(&story.rows, &site.config.moodle, now).sessions);
        site.assert_sound("the end");
        slots::assert_counted(site, now, "the end");
    });
}
