//! What each algorithm lets through: worked traces, and the most that any tries get out of it.
//!
//! Moments are given in seconds of a window of 600 s, and tried in a hundred times as much: Redis forgets a state when
//! its time is over on its own clock, which does not know that the test's clock runs faster or stands still.

use sessionstat::{
    config::ratelimit::{Algorithm, Rule},
    ratelimit::script::Verdict,
};

use crate::desk::{ALGORITHMS, Desk, EPOCH, SECOND, rule};

/// What is called a second here.
const UNIT: i64 = 100 * SECOND;
const WINDOW: i64 = 600 * UNIT;

/// The moments of the tries that were allowed.
fn allowed(rule: &Rule, tries: &[i64]) -> Vec<i64> {
    let desk = Desk::open();
    let passes = |at: &&i64| desk.check(rule, "marie", EPOCH + **at, 1).verdict == Verdict::Allowed;
    tries.iter().filter(passes).copied().collect()
}

/// The most of these moments in any half-open window.
pub fn most_in_a_window(moments: &[i64], window: i64) -> usize {
    moments
        .iter()
        .map(|begin| moments.iter().filter(|at| (*begin..begin + window).contains(*at)).count())
        .max()
        .unwrap_or(0)
}

/// A number of tries at one second.
fn times(count: usize, second: f64) -> Vec<i64> {
    vec![(second * UNIT as f64) as i64; count]
}

fn each_second(from: i64, to: i64) -> Vec<i64> {
    (from..=to).map(|second| second * UNIT).collect()
}

/// For each algorithm, in the order of [`ALGORITHMS`]: how many of the tries pass, and the most in any ten minutes.
#[track_caller]
fn assert_passes(tries: &[i64], expected: [(usize, usize); 4]) {
    let found = ALGORITHMS.map(|algorithm| {
        let passed = allowed(&rule(algorithm, 10, WINDOW), tries);
        (passed.len(), most_in_a_window(&passed, WINDOW))
    });
    assert_eq!(found, expected, "(allowed, most in 600 s) of {ALGORITHMS:?}");
}

#[test]
fn ten_before_and_ten_after_the_turn_of_ten_minutes() {
    let tries = [times(10, 599.0), times(10, 600.0)].concat();
    assert_passes(&tries, [(10, 10); 4]);
}

#[test]
fn one_early_and_ten_when_its_window_ends() {
    let tries = [times(1, 0.0), times(9, 599.0), times(10, 600.0)].concat();
    assert_passes(&tries, [(11, 10), (20, 19), (10, 10), (11, 10)]);
}

#[test]
fn a_burst_and_then_a_try_a_second_until_it_is_over() {
    let tries = [times(10, 599.0), each_second(600, 1199)].concat();
    assert_passes(&tries, [(11, 10), (11, 10), (19, 19), (20, 19)]);
}

#[test]
fn a_burst_and_then_a_try_a_second_for_half_an_hour() {
    let tries = [times(10, 0.0), each_second(1, 1800)].concat();
    assert_passes(&tries, [(31, 10), (31, 10), (29, 10), (40, 19)]);
}

#[test]
fn two_bursts_with_more_than_a_window_between_them() {
    let tries = [times(10, 1.0), times(10, 601.5)].concat();
    // The two buckets of the sliding window still remember the first one.
    assert_passes(&tries, [(20, 10), (20, 10), (10, 10), (20, 10)]);
}

#[test]
fn a_steady_user_below_the_limit_is_never_refused() {
    let tries: Vec<i64> = (0..90).map(|number| number * 80 * UNIT).collect();
    assert_passes(&tries, [(90, 8); 4]);
}

/// The tries that get the most out of an algorithm: the limit at the end of what it counts together, and again as
/// soon as it lets somebody through.
fn greedy(rule: &Rule, begin: i64) -> Vec<i64> {
    let desk = Desk::open();
    let mut now = begin;
    let mut passed = Vec::new();
    while now < begin + 3 * WINDOW {
        let decision = desk.check(rule, "marie", EPOCH + now, 1);
        match decision.verdict {
            Verdict::Allowed => passed.push(now),
            _ => now += i64::try_from(decision.wait.unwrap().as_micros()).unwrap(),
        }
    }
    passed
}

#[test]
fn no_greed_gets_more_than_the_stated_worst_case_out_of_an_algorithm() {
    const LIMIT: u64 = 10;
    for algorithm in ALGORITHMS {
        let rule = rule(algorithm, LIMIT, WINDOW);
        // One try opens the fixed window long before the burst at its end.
        let early = Desk::open();
        let mut passed =
            vec![0; usize::from(early.check(&rule, "paul", EPOCH, 1).verdict == Verdict::Allowed)];
        for now in [WINDOW - UNIT, WINDOW] {
            let pass = |_: &i32| early.check(&rule, "paul", EPOCH + now, 1).verdict == Verdict::Allowed;
            passed.extend((0..20).filter(pass).map(|_| now));
        }
        let most = [0, 1, WINDOW - UNIT]
            .map(|begin| most_in_a_window(&greedy(&rule, begin), WINDOW))
            .into_iter()
            .chain([most_in_a_window(&passed, WINDOW)])
            .max();
        let worst = if algorithm == Algorithm::SlidingLog { 10 } else { 19 };
        assert_eq!(most, Some(worst), "{algorithm:?}");
    }
}
