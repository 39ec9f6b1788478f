//! Rows that come late, early or out of order, and clocks that go wrong.

use crate::{
    log_table::Row,
    site::{BASE, Site},
    slots,
};

/// Runs after each part; returns the sessions, with times from BASE on.
fn read(site: &Site, parts: &[(&[Row], i64)]) -> Vec<String> {
    for (rows, now) in parts {
        site.log(rows);
        site.run(BASE + now);
        site.assert_sound(&format!("at {now}"));
        slots::assert_counted(site, BASE + now, &format!("at {now}"));
    }
    let line = "SELECT CONCAT_WS(' ', user_id, session_start - 1773043200, session_end - 1773043200, events, \
        heartbeats, courses, end_reason) FROM moodle_session ORDER BY user_id, session_start";
    site.lines(line)
}

#[test]
fn a_logout_of_the_second_of_the_login_takes_the_session_away() {
    let site = Site::new();
    let login = [Row::login(1, 7, BASE)];
    assert_eq!(read(&site, &[(&login, 100)]), ["7 0 100 1 0  open"]);
    let logout = [Row::logout(2, 7, BASE)];
    assert_eq!(read(&site, &[(&logout, 200), (&[], 5_000)]), [""; 0]);
}

#[test]
fn the_time_after_the_last_row_of_a_second_goes_to_its_course() {
    let site = Site::new();
    let views = [Row::view(1, 7, BASE, 1), Row::view(2, 7, BASE, 2), Row::view(3, 7, BASE, 3)];
    let parts: Vec<_> = views.chunks(1).zip([100, 110, 120]).collect();
    assert_eq!(read(&site, &parts), ["7 0 120 3 0 1,2,3 open"]);
}

#[test]
fn rows_outside_of_courses_stay_in_the_session_of_the_course_before() {
    let mut site = Site::new();
    (site.config.moodle.one_session_per_course, site.config.moodle.site_events) = (true, true);
    let rows = [
        Row::view(1, 7, BASE, 1),
        Row::view(2, 7, BASE + 100, 0),
        // The same second: another course begins another session.
        Row::view(4, 7, BASE + 100, 2),
        Row::view(5, 7, BASE + 200, 2),
    ];
    let late = [Row::view(3, 7, BASE + 150, 2)];
    let should = ["7 0 100 2 0 1 course", "7 100 500 3 0 2 gap"];
    assert_eq!(read(&site, &[(&rows, 300), (&late, 5_000)]), should);
}

#[test]
fn a_row_that_is_committed_late_may_make_one_session_of_two() {
    let site = Site::new();
    let rows = [Row::view(1, 7, BASE, 1), Row::view(9_000, 7, BASE + 2_000, 1), Row::login(9_001, 8, BASE)];
    assert_eq!(
        read(&site, &[(&rows, 9_000)]),
        ["7 0 300 1 0 1 gap", "7 2000 2300 1 0 1 gap", "8 0 300 1 0  gap"]
    );
    let late = [Row::view(2, 7, BASE + 1_000, 1)];
    assert_eq!(read(&site, &[(&late, 9_100)]), ["7 0 2300 3 0 1 gap", "8 0 300 1 0  gap"]);
}

#[test]
fn an_older_row_with_a_greater_number_is_put_where_it_belongs() {
    let site = Site::new();
    let rows = [Row::login(1, 7, BASE), Row::logout(2, 7, BASE + 1_000), Row::view(3, 7, BASE + 2_000, 4)];
    let older = [Row::view(4, 7, BASE + 500, 5), Row::view(5, 7, BASE - 5_000, 6)];
    let should = ["7 -5000 -4700 1 0 6 gap", "7 0 1000 3 0 5 logout", "7 2000 2300 1 0 4 gap"];
    assert_eq!(read(&site, &[(&rows, 9_000), (&older, 9_100)]), should);
}

#[test]
fn a_row_of_the_future_counts_when_its_time_has_come() {
    let site = Site::new();
    let rows = [Row::login(1, 7, BASE), Row::view(2, 7, BASE + 900, 3), Row::view(3, 8, BASE + 70_000, 3)];
    assert_eq!(read(&site, &[(&rows, 100), (&[], 100)]), ["7 0 100 1 0  open"]);
    assert_eq!(site.database.value("SELECT COUNT(*) FROM moodle_later"), "2");
    assert_eq!(read(&site, &[(&[], 1_000)]), ["7 0 1000 2 0 3 open"]);
    assert_eq!(read(&site, &[(&[], 80_000)]), ["7 0 1200 2 0 3 gap", "8 70000 70300 1 0 3 gap"]);
    assert_eq!(site.database.value("SELECT COUNT(*) FROM moodle_later"), "0");
}

#[test]
fn a_clock_that_is_set_back_and_forward_ends_where_it_would_have_ended() {
    let site = Site::new();
    site.log(&[Row::view(1, 7, BASE, 1), Row::view(2, 7, BASE + 1, 2)]);
    for now in [400, 1, -500] {
        site.run(BASE + now);
        site.assert_sound(&format!("at {now}"));
    }
    site.log(&[Row::view(3, 7, BASE + 600, 2), Row::logout(4, 7, BASE + 900)]);
    for now in [400, 700, 1] {
        site.run(BASE + now);
        site.assert_sound(&format!("at {now}"));
    }
    assert_eq!(read(&site, &[(&[], 2_000)]), ["7 0 900 4 0 1,2 logout"]);
}

#[test]
fn a_log_that_was_emptied_and_begins_again_is_read_again() {
    let site = Site::new();
    let log = crate::log_table::LOG;
    let rows: Vec<_> = (1..=50).map(|id| Row::view(id, 7, BASE + id as i64, 1)).collect();
    assert_eq!(read(&site, &[(&rows, 100)]), ["7 1 100 50 0 1 open"]);
    site.database.run(&format!("TRUNCATE {log}"));
    assert_eq!(read(&site, &[(&[], 200)]), ["7 1 200 50 0 1 open"], "an empty log says nothing");
    let again = [Row::view(1, 7, BASE + 250, 2), Row::view(2, 8, BASE + 260, 2)];
    site.log(&again);
    let told = site.tool(BASE + 9_000, "").run().expect(0);
    assert!(told.stderr.contains("the last rows of mdl_logstore_standard_log are gone"), "{told:?}");
    let should = ["7 1 200 50 0 1 gap", "7 250 550 1 0 2 gap", "8 260 560 1 0 2 gap"];
    assert_eq!(read(&site, &[(&[], 9_000)]), should);
    site.tool(BASE + 9_000, "").run().silent();
}
