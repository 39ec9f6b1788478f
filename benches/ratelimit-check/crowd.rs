//! Many callers at once.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{contenders::Contender, support::find_program};

const CALLERS: usize = 8;
const LENGTH: Duration = Duration::from_secs(3);
const CALLS_A_PAGE: usize = 200;

/// Calls a second, by threads that start one process after the other.
pub fn calls_a_second(contender: &Contender) -> f64 {
    let begin = Instant::now();
    let caller = || {
        let mut calls = 0;
        while begin.elapsed() < LENGTH {
            contender.run();
            calls += 1;
        }
        calls
    };
    let calls: usize = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
        callers.into_iter().map(|caller| caller.join().expect("a caller")).sum()
    });
    calls as f64 / begin.elapsed().as_secs_f64()
}

/// The median of a page's calls in milliseconds, and calls a second of several pages at once.
pub fn pages(contender: &Contender) -> (f64, f64) {
    let median = page(contender);
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| page(contender));
        }
    });
    (median, (CALLERS * CALLS_A_PAGE) as f64 / begin.elapsed().as_secs_f64())
}

fn page(contender: &Contender) -> f64 {
    let php = find_program(&["php"], "php-cli").expect("PHP");
    let environment: Vec<_> = contender
        .command()
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    let output = Command::new(php)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/ratelimit-check/page.php"))
        .arg(CALLS_A_PAGE.to_string())
        .arg(contender.line())
        .env_clear()
        .envs(environment)
        .output()
        .expect("a page");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}
