//! A Moodle that keeps its log for some time only: what it no longer tells stays as it was.

use crate::{
    log_table::{LOG, Row},
    site::{BASE, Site},
};

const DAY: i64 = 86_400;
const NOW: i64 = BASE + 9 * DAY;

/// Ten days with a session each, of two users; the first five days are gone from the log afterwards.
fn purged() -> (Site, Vec<String>) {
    let site = Site::new();
    let mut rows = Vec::new();
    for day in 0..10 {
        for user in [7, 8] {
            let (id, at) = (rows.len() as u64 + 1, BASE + day * DAY);
            rows.extend([Row::login(id, user, at), Row::view(id + 1, user, at + 60, 2)]);
        }
    }
    site.log(&rows);
    site.run(NOW + 5_000);
    let before = site.sessions();
    assert_eq!(before.len(), 20);
    site.database.run(&format!("DELETE FROM {LOG} WHERE timecreated < {}", BASE + 5 * DAY));
    (site, before)
}

#[test]
fn a_rebuild_keeps_the_sessions_from_before_the_log() {
    let (site, before) = purged();
    site.rebuild(NOW + 6_000);
    assert_eq!(site.sessions(), before);
    site.run(NOW + 6_000);
    site.assert_sound("rebuilt");
    // So do other settings.
    let mut site = site;
    site.config.moodle.credit = std::time::Duration::from_secs(100);
    site.run(NOW + 6_000);
    let changed: Vec<_> = site.sessions().iter().zip(&before).map(|(is, was)| is == was).collect();
    assert_eq!(changed, [[true; 5], [false; 5]].concat().repeat(2));
    site.assert_sound("other settings");
}

#[test]
fn late_rows_leave_the_sessions_from_before_the_log_alone() {
    let (site, mut before) = purged();
    site.log(&[Row::view(1_000, 7, BASE + 5 * DAY - 100, 3), Row::view(1_001, 8, BASE + 5 * DAY + 30, 3)]);
    site.run(NOW + 6_000);
    let at = BASE + 5 * DAY;
    before[5] = format!("7 {} {} 100 1 0 0 [3] {{3:100}} login", at - 100, at);
    before.insert(6, format!("7 {at} {} 360 2 0 0 [2] {{0:60 2:300}} gap", at + 360));
    before[16] = format!("8 {at} {} 360 3 0 0 [3,2] {{0:30 2:300 3:30}} gap", at + 360);
    assert_eq!(site.sessions(), before);
    site.assert_sound("late rows");
}

#[test]
fn a_session_that_began_before_the_log_is_kept_whole() {
    let (site, before) = purged();
    // Of the sixth day, the login is gone, too.
    site.database.run(&format!("DELETE FROM {LOG} WHERE timecreated < {}", BASE + 5 * DAY + 30));
    site.rebuild(NOW + 6_000);
    site.assert_sound("rebuilt");
    let is = site.sessions();
    let known: Vec<_> = is.iter().filter(|line| before.contains(line)).collect();
    assert_eq!(known.len(), 20, "{is:#?}");
}

#[test]
fn an_empty_log_takes_nothing_away() {
    let (site, before) = purged();
    site.database.run(&format!("DELETE FROM {LOG}"));
    site.run(NOW + 6_000);
    assert_eq!(site.sessions(), before);
    site.rebuild(NOW + 6_000);
    assert_eq!(site.sessions(), before);
    site.run(NOW + 7_000);
    site.assert_sound("rebuilt");
}

#[test]
fn a_session_that_was_open_when_its_rows_went_is_over() {
    let site = Site::new();
    site.log(&[Row::view(1, 7, BASE, 2)]);
    site.run(BASE + 1_000);
    site.database.run(&format!("DELETE FROM {LOG}"));
    site.rebuild(BASE + 1_100);
    site.run(BASE + 9_000);
    assert_eq!(site.sessions(), [format!("7 {BASE} {} 300 1 0 0 [2] {{2:300}} gap", BASE + 300)]);
    site.assert_sound("rebuilt");
}

#[test]
fn records_of_statistics_that_were_deleted_after_their_time_do_not_come_back() {
    let mut site = Site::new();
    site.config.aggregate.retention = std::time::Duration::from_secs(DAY as u64);
    let rows = [Row::login(1, 7, BASE), Row::logout(2, 7, BASE + 60), Row::login(3, 7, NOW - 100)];
    site.log(&rows);
    site.run(NOW);
    site.run(NOW);
    let records = "SELECT GROUP_CONCAT(session_id) FROM usr_session_stats_raw";
    let last = format!("moodle:7:{}", NOW - 100);
    assert_eq!(site.database.value(records), last);
    let opened = "SELECT SUM(opened) FROM usr_session_stats";
    site.rebuild(NOW);
    site.run(NOW + 5_000);
    assert_eq!(site.database.value(records), last, "rebuilt");
    assert_eq!(site.sessions().len(), 2);
    assert_eq!(site.database.value(opened), "2", "the statistics keep what they knew");
}
