//! Which rows of the log say something, and what.

use crate::{
    log_table::Row,
    site::{BASE, Site},
    slots,
};

/// The same thing again a hundred seconds later, and what comes of the two.
fn twice(site: &Site, what: &Row) -> Vec<String> {
    site.clear();
    site.log(&[what.clone(), Row { id: what.id + 1, at: what.at + 100, ..what.clone() }]);
    site.run(BASE + 9_000);
    site.assert_sound(&format!("{what:?}"));
    site.sessions().iter().map(|line| line.replace(&BASE.to_string(), "BASE")).collect()
}

#[test]
fn rows_that_nobody_at_a_browser_left_say_nothing() {
    let view = || Row::view(1, 7, BASE, 2);
    let nothing = [
        Row { user: 0, ..view() },
        Row { user: -1, ..view() },
        Row { origin: Some("cli".into()), ..view() },
        Row { origin: Some("restore".into()), ..Row::login(1, 7, BASE) },
        Row { real_user: Some(9), ..view() },
        Row { real_user: Some(9), ..Row::login(1, 7, BASE) },
        Row { action: "failed".into(), target: "user_login".into(), ..Row::login(1, 7, BASE) },
        Row { action: "failed".into(), ..view() },
        Row { action: "graded".into(), target: "user".into(), ..view() },
        Row { course: Some(-1), ..view() },
        Row { course: Some(0), ..view() },
        Row { course: None, ..view() },
        Row::logout(1, 7, BASE),
        Row::beat(1, 7, BASE, 2),
    ];
    let site = Site::new();
    for row in nothing {
        let sessions = twice(&site, &row);
        assert!(sessions.is_empty(), "{row:?}: {sessions:?}");
    }
}

#[test]
fn rows_that_somebody_at_a_browser_left_count() {
    let view = || Row::view(1, 7, BASE, 2);
    let counted = [
        view(),
        Row { origin: None, ..view() },
        Row { origin: Some("ws".into()), ..view() },
        Row { action: "graded".into(), target: "submission".into(), ..view() },
        Row { component: "block_use_stats".into(), ..view() },
        // A login that is not one to the site.
        Row { course: Some(2), ..Row::login(1, 7, BASE) },
    ];
    let site = Site::new();
    for row in counted {
        let end = BASE + 400;
        assert_eq!(twice(&site, &row), [format!("7 BASE {end} 400 2 0 0 [2] {{2:400}} gap")], "{row:?}");
    }
}

#[test]
fn what_is_done_outside_of_courses_counts_if_it_is_asked_for() {
    for course in [Some(0), None] {
        let mut site = Site::new();
        site.config.moodle.site_events = true;
        let site_event = Row { course, ..Row::view(1, 7, BASE, 0) };
        site.log(&[site_event, Row::view(2, 7, BASE + 100, 3)]);
        site.run(BASE + 9_000);
        assert_eq!(site.sessions(), [format!("7 {BASE} {} 400 2 0 0 [3] {{0:100 3:300}} gap", BASE + 400)]);
        site.config.moodle.site_events = false;
        site.run(BASE + 9_000);
        assert_eq!(site.sessions(), [format!("7 {} {} 300 1 0 0 [3] {{3:300}} gap", BASE + 100, BASE + 400)]);
    }
}

#[test]
fn heartbeats_count_wherever_they_come_from() {
    let site = Site::new();
    let beat = |id: u64, course| Row { course, ..Row::beat(id, 7, BASE + 600 * (id as i64 - 1), 0) };
    let beats = [Some(2), Some(0), None, Some(-1)];
    site.log(&[Row::view(1, 7, BASE, 2)]);
    site.log(&beats.iter().zip(2..).map(|(course, id)| beat(id, *course)).collect::<Vec<_>>());
    site.run(BASE + 9_000);
    // After the last beat, the credit of one: it is half of the time between two.
    assert_eq!(site.sessions(), [format!("7 {BASE} {} 2700 1 4 0 [2] {{2:2700}} gap", BASE + 2_700)]);
}

#[test]
fn ten_thousand_rows_of_one_second_are_one_moment() {
    let site = Site::new();
    let rows: Vec<_> = (1..=10_000).map(|id| Row::view(id, 7, BASE, 1 + id as i64 % 3)).collect();
    site.log(&rows);
    for _ in 0..2 {
        site.run(BASE + 9_000);
        let session = format!("7 {BASE} {} 300 10000 0 0 [2,3,1] {{2:300}} gap", BASE + 300);
        assert_eq!(site.sessions(), [session]);
        site.rebuild(BASE + 9_000);
    }
    site.assert_sound("rebuilt");
}

#[test]
fn a_thousand_users_in_a_thousand_courses_each_keep_theirs() {
    let site = Site::new();
    site.database.run(&format!(
        "INSERT INTO {} (component, action, target, edulevel, contextid, contextlevel, contextinstanceid, userid, \
         courseid, timecreated, origin) SELECT 'mod_page', 'viewed', 'course_module', 2, 1, 70, 1, \
         1 + seq % 1000, 1 + seq DIV 1000, {BASE} + seq DIV 1000, 'web' FROM seq_0_to_49999",
        crate::log_table::LOG
    ));
    site.run(BASE + 9_000);
    let kept = "SELECT CONCAT_WS(' ', COUNT(*), COUNT(DISTINCT user_id), SUM(elapsed), SUM(events), \
        MIN(courses = (SELECT GROUP_CONCAT(seq) FROM seq_1_to_50))) FROM moodle_session";
    assert_eq!(site.database.value(kept), "1000 1000 349000 50000 1");
    site.assert_sound("many users");
}

#[test]
fn seconds_go_on_after_2038() {
    const LATE: i64 = 2_240_000_000;
    let site = Site::new();
    site.log(&[Row::login(1, 7, LATE), Row::view(2, 7, LATE + 60, 2)]);
    site.run(LATE + 100);
    assert_eq!(site.sessions(), [format!("7 {LATE} {} 100 2 0 0 [2] {{0:60 2:40}} open", LATE + 100)]);
    site.assert_sound("open");
    site.run(LATE + 9_000);
    assert_eq!(site.sessions(), [format!("7 {LATE} {} 360 2 0 0 [2] {{0:60 2:300}} gap", LATE + 360)]);
    site.assert_sound("over");
}

#[test]
fn each_way_to_end_has_its_context_in_the_session_records() {
    let mut site = Site::new();
    site.config.moodle.one_session_per_course = true;
    let at = |seconds: i64| BASE + seconds;
    site.log(&[
        Row::login(1, 1, at(0)),
        Row::logout(2, 1, at(50)),
        Row::login(3, 2, at(0)),
        Row::login(4, 2, at(50)),
        Row::view(5, 3, at(0), 2),
        Row::view(6, 3, at(50), 3),
        // Beats until the cap and beyond.
        Row::view(7, 4, at(0), 2),
    ]);
    let beats: Vec<_> = (1..=10).map(|beat| Row::beat(7 + beat, 4, at(600 * beat as i64), 2)).collect();
    site.log(&beats);
    site.log(&[Row::view(18, 5, at(6_000), 2)]);
    site.run(at(6_100));
    let records = "SELECT CONCAT_WS(' ', user_id, start_time - 1773043200, IFNULL(end_time - 1773043200, 'open'), \
        IFNULL(end_context, '-'), type, session_id) FROM usr_session_stats_raw ORDER BY user_id, start_time";
    let should = [
        "1 0 50 1 3 moodle:1:1773043200",
        "2 0 50 6 3 moodle:2:1773043200",
        "2 50 350 4 3 moodle:2:1773043250",
        "3 0 50 - 3 moodle:3:1773043200",
        "3 50 350 4 3 moodle:3:1773043250",
        "4 0 3600 4 3 moodle:4:1773043200",
        "5 6000 open - 3 moodle:5:1773049200",
    ];
    assert_eq!(site.lines(records), should);
    let reasons = "SELECT GROUP_CONCAT(end_reason ORDER BY user_id, session_start) FROM moodle_session";
    assert_eq!(site.database.value(reasons), "logout,login,gap,course,gap,capped,open");
}

#[test]
fn a_session_longer_than_any_should_be_is_what_the_log_says() {
    let mut site = Site::new();
    // Session records of other sources are closed at that age.
    site.config.aggregate.max_session = std::time::Duration::from_secs(86_400);
    let rows: Vec<_> = (0..110).map(|row| Row::view(row + 1, 7, BASE + 1_000 * row as i64, 2)).collect();
    for part in rows.chunks(10) {
        site.log(part);
        let now = part[9].at + 500;
        site.run(now);
        site.assert_sound("while it lasts");
        slots::assert_counted(&site, now, "while it lasts");
    }
    site.run(BASE + 120_000);
    assert_eq!(site.sessions(), [format!("7 {BASE} {} 109300 110 0 0 [2] {{2:109300}} gap", BASE + 109_300)]);
    site.assert_sound("over");
    slots::assert_counted(&site, BASE + 120_000, "over");
}
