//! Whatever ends a run, wherever it ends, the next one ends where one undisturbed run ends.

use std::time::{Duration, Instant};

use mysql::prelude::Queryable;
use sessionstat::{
    config::Secret,
    failure::{Result, Status},
};

use crate::{
    log_table::{LOG, Row},
    site::{BASE, Site, insist, tables},
    support::{
        Rewind,
        proxy::{Harm, Point, Proxy, Trouble},
        until,
    },
};

const NOW: i64 = BASE + 20_000;

/// What a run leaves behind.
const LEFT: [&str; 6] = [
    "moodle_session",
    "moodle_session_course",
    "moodle_progress",
    "moodle_later",
    "usr_session_stats",
    "SELECT session_id, type, start_time, end_time, end_context, user_id FROM usr_session_stats_raw",
];

/// A site, and its tables as they were.
struct Scene {
    site: Site,
    start: Rewind,
}

impl Scene {
    fn new(site: Site) -> Self {
        let start = Rewind::of(&site.database, &tables());
        Self { site, start }
    }

    fn back(&self) {
        self.start.back(&self.site.database);
    }

    fn dump(&self) -> String {
        self.site.database.dump(&LEFT)
    }
}

/// A log that was read once, and has news of all kinds since: sessions that go on, end and begin, a row that was
/// committed late, one whose time has come and one of the future.
fn scene() -> Scene {
    let mut site = Site::new();
    // The log's name has its address in it: the proxies are for our own tables alone.
    site.config.moodle.url = Some(site.config.mysql.url.clone());
    let at = |seconds: i64| BASE + seconds;
    site.log(&[
        Row::login(1, 1, at(0)),
        Row::logout(2, 1, at(1_000)),
        Row::view(4, 2, at(500), 2),
        Row::view(5, 3, at(9_500), 2),
        Row::view(6, 4, at(9_900), 2),
        Row::view(7, 4, at(12_000), 3),
        Row::view(8, 5, at(90_000), 3),
    ]);
    site.run(at(10_000));
    let scene = Scene::new(site);
    scene.site.log(&[
        Row::view(3, 1, at(400), 5),
        Row::view(9, 2, at(600), 2),
        Row::view(10, 3, at(10_100), 4),
        Row::logout(11, 3, at(10_200)),
        Row::view(12, 6, at(19_900), 2),
        Row::view(13, 6, at(80_000), 2),
        Row::beat(14, 6, at(19_950), 2),
    ]);
    scene
}

/// A run in batches of two rows, then the slots.
fn run(site: &Site) -> Result<()> {
    site.try_read(2, NOW)?;
    site.try_run(NOW).map(|_| ())
}

fn rebuild(site: &Site) -> Result<()> {
    site.try_rebuild(NOW).map(|_| ())
}

/// Statement after statement, `work` dies before it, and another run makes up for it.
fn assert_made_up_for(work: impl Fn(&Site) -> Result<()>) {
    let mut scene = scene();
    scene.site.run(NOW);
    let should = scene.dump();
    let direct = scene.site.config.mysql.url.clone();
    for last in 0.. {
        scene.back();
        let proxy = Proxy::shared([Trouble::from_there_on(Point::Statement(last), Harm::Cut)]);
        scene.site.config.mysql.url = Secret::new(proxy.url_of(&scene.site.database, "session-aggregate"));
        scene.site.config.mysql.retry_for = Duration::ZERO;
        let ended = work(&scene.site);
        scene.site.config.mysql.url = direct.clone();
        scene.site.run(NOW);
        let is = scene.dump();
        assert!(is == should, "dead at {last}:\n{is}\nnot\n{should}");
        match ended {
            // Another test's new process has the lock file for a moment.
            Err(failure) if failure.status() == Status::Busy => {}
            Err(failure) => assert_eq!(failure.status(), Status::Unavailable, "dead at {last}: {failure}"),
            Ok(()) => {
                assert!(last > 40, "only {last} statements");
                return;
            }
        }
    }
}

#[test]
fn a_run_that_dies_before_any_of_its_statements_is_made_up_for_by_the_next() {
    assert_made_up_for(run);
}

#[test]
fn a_rebuild_that_dies_before_any_of_its_statements_is_made_up_for_by_the_next_run() {
    assert_made_up_for(rebuild);
}

#[test]
fn a_run_that_loses_its_connection_at_any_statement_goes_on_by_itself() {
    let mut scene = scene();
    scene.site.run(NOW);
    let should = scene.dump();
    let direct = scene.site.config.mysql.url.clone();
    for lost in 0.. {
        scene.back();
        let proxy = Proxy::shared([Trouble::once(Point::Statement(lost), Harm::Lose)]);
        scene.site.config.mysql.url = Secret::new(proxy.url_of(&scene.site.database, "session-aggregate"));
        insist(|| scene.site.try_read(5, NOW));
        // Slots are not written by this part of a run.
        scene.site.config.mysql.url = direct.clone();
        scene.site.run(NOW);
        let is = scene.dump();
        assert!(is == should, "lost at {lost}:\n{is}\nnot\n{should}");
        if proxy.statements() <= lost {
            assert!(lost > 30, "only {lost} statements");
            break;
        }
    }
}

/// 150,000 rows: two batches. Late numbers are missing among the last ones.
fn long_log() -> Site {
    let site = Site::new();
    site.database.run(&format!(
        "INSERT INTO {LOG} (id, component, action, target, edulevel, contextid, contextlevel, contextinstanceid, userid, \
         courseid, timecreated, origin) SELECT seq, 'mod_page', 'viewed', 'course_module', 2, 1, 70, 1, 1 + seq % 300, \
         1 + seq % 7, {BASE} + seq DIV 3 + IF(seq % 3000 < 10, -4000, 0), 'web' FROM seq_1_to_150000"
    ));
    site
}

#[test]
fn a_killed_run_and_a_second_one_end_as_one() {
    const KILLS: u32 = 5;
    const KILLED: i32 = 128 + 9;
    let scene = Scene::new(long_log());
    let tool = scene.site.tool(BASE + 51_000, "");
    let began = Instant::now();
    tool.run().silent();
    let mut length = began.elapsed();
    let should = scene.dump();
    scene.site.assert_sound("undisturbed");
    let mut hits = 0;
    for kill in 0..KILLS {
        scene.back();
        let running = tool.start();
        // Moments spread over the whole run, a different set each time.
        let spread = u64::from(kill) * 1_000 + std::process::id() as u64 % 1_000;
        std::thread::sleep(length.mul_f64(spread as f64 / f64::from(KILLS * 1_000)));
        match running.kill().status {
            KILLED => hits += 1,
            // The first run was slower than this one: other tests ran beside it.
            _ => length = length.mul_f64(0.7),
        }
        tool.run().silent();
        assert!(scene.dump() == should, "kill {kill}");
    }
    assert!(hits > KILLS / 2, "only {hits} of {KILLS} runs were killed before their end");
}

#[test]
fn of_two_runs_one_reads_the_log_and_the_other_says_that_it_is_busy() {
    let scene = scene();
    let tool = scene.site.tool(NOW, "");
    tool.run().silent();
    let should = scene.dump();
    scene.back();
    // The first run waits here, holding lock and lease.
    let mut gate = scene.site.conn();
    gate.query_drop(format!("LOCK TABLES {LOG} WRITE, moodle_progress WRITE")).unwrap();
    let first = tool.start();
    let lease = "SELECT COUNT(*) FROM sessionstat_lease WHERE job = 'session-aggregate' AND holder <> ''";
    until("the lease of the first run", || scene.site.database.value(lease) == "1");
    // This host, another host, and a rebuild of each.
    let rebuild = ["rebuild", "--source", "moodle"];
    for other in [tool.clone(), scene.site.tool(NOW, "")] {
        other.run().expect(75);
        other.args(rebuild).run().expect(75);
    }
    gate.query_drop("UNLOCK TABLES").unwrap();
    first.wait().silent();
    assert!(scene.dump() == should, "one run and others that were refused");
}
