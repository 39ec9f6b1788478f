//! The statistics that the sessions should give, counted second by second.

use mysql::prelude::Queryable;

use crate::site::Site;

const SLOT: i64 = 900;

const STATISTICS: &str = "SELECT CONCAT_WS(' ', slot_begin, active_min, active_max, active_avg, active_end, \
    opened, closed_manual, closed_expire, closed_idle, closed_idle_first, closed_limit, closed_login, closed_misc) \
    FROM usr_session_stats ORDER BY slot_begin";

/// The statistics hold what counting the sessions says, from the slot of the oldest session (or from before) to the
/// last one that is complete.
#[track_caller]
pub fn assert_counted(site: &Site, now: i64, what: &str) {
    let sql =
        "SELECT session_start, IF(end_reason = 'open', NULL, session_end), end_reason FROM moodle_session";
    let sessions: Vec<(i64, Option<i64>, String)> = site.conn().query(sql).unwrap();
    let Some(oldest) = sessions.iter().map(|session| session.0).min() else { return };
    let is = site.lines(STATISTICS);
    let first = is.first().map(|line| line.split(' ').next().unwrap().parse::<i64>().unwrap());
    // A session that has shrunk may have begun earlier once.
    let begin = first.unwrap_or(i64::MAX).min(oldest.div_euclid(SLOT) * SLOT);
    let count = ((now - begin) / SLOT).max(0);
    let mut changes = vec![0_i64; usize::try_from(count * SLOT).unwrap() + 1];
    let mut change = |second: i64, by: i64| {
        let second = (second - begin).clamp(0, count * SLOT);
        changes[usize::try_from(second).unwrap()] += by;
    };
    for (start, end, _) in &sessions {
        change(*start, 1);
        change(end.unwrap_or(i64::MAX).max(*start), -1);
    }
    let active: Vec<i64> = changes
        .iter()
        .scan(0, |active, change| {
            *active += change;
            Some(*active)
        })
        .collect();
    let slot = |number: i64| {
        let slot = begin + number * SLOT..begin + (number + 1) * SLOT;
        let seconds = &active[usize::try_from(number * SLOT).unwrap()..][..900];
        let average = (seconds.iter().sum::<i64>() * 20_000 + 900) / 1_800;
        let closed = |reasons: &[&str]| {
            let is_closed = |session: &&(i64, Option<i64>, String)| {
                session.1.is_some_and(|end| slot.contains(&end)) && reasons.contains(&session.2.as_str())
            };
            sessions.iter().filter(is_closed).count()
        };
        format!(
            "{} {} {} {}.{:04} {} {} {} 0 {} 0 0 {} {}",
            slot.start,
            seconds.iter().min().unwrap(),
            seconds.iter().max().unwrap(),
            average / 10_000,
            average % 10_000,
            seconds[899],
            sessions.iter().filter(|session| slot.contains(&session.0)).count(),
            closed(&["logout"]),
            closed(&["gap", "capped"]),
            closed(&["login"]),
            closed(&["course"]),
        )
    };
    let should: Vec<_> = (0..count).map(slot).collect();
    if let Some(place) = (0..is.len().max(should.len())).find(|place| is.get(*place) != should.get(*place)) {
        panic!("{what}: slot {place}\n   is {:?}\nshould {:?}", is.get(place), should.get(place));
    }
}
