//! What a run needs does not grow with the log.

use std::fs;

use crate::{
    log_table::LOG,
    site::{BASE, Site},
    support::Tool,
};

/// Rows of two hundred users, a hundred seconds apart.
fn fill(site: &Site, rows: u32) {
    site.database.run(&format!(
        "INSERT INTO {LOG} (component, action, target, edulevel, contextid, contextlevel, contextinstanceid, userid, \
         courseid, timecreated, origin) SELECT 'mod_page', IF(seq % 4000 < 200, 'loggedout', 'viewed'), \
         'course_module', 2, 1, 70, 1, 1 + seq % 200, IF(seq % 4000 < 200, 0, 1 + seq % 7), \
         {BASE} + seq DIV 200 * 100, 'web' FROM seq_0_to_{}",
        rows - 1
    ));
}

/// The most memory that a run had at once, in kB. It ends after it has taken its last row.
fn peak(tool: &Tool) -> u64 {
    let mut running = tool.start();
    let status = format!("/proc/{}/status", running.pid());
    let mut peak = 0;
    while !running.is_over() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(number.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    running.wait().silent();
    peak
}

#[test]
fn a_log_of_three_batches_needs_no_more_memory_than_one_of_two() {
    let peak_of = |rows: u32| {
        let site = Site::new();
        fill(&site, rows);
        let peak = peak(&site.tool(BASE + 1_000_000, ""));
        let read = "SELECT last_id FROM moodle_progress";
        assert_eq!(site.database.value(read), rows.to_string());
        site.assert_sound("all read");
        (peak, site.database.value("SELECT SUM(events) FROM moodle_session"))
    };
    let (two, _) = peak_of(200_000);
    let (three, events) = peak_of(300_000);
    assert_eq!(events, "299800", "all but the first logouts, before which nobody was there");
    assert!(two > 3_000 && three < two * 12 / 10, "{two} kB and {three} kB");
}
