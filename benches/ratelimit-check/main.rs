//! How fast ratelimit-check is, beside the least that a process can do, and beside what it replaces.
//!
//! Absolute times are those of this machine at this moment; the ratios say more. All programs of a table take turns.

// A benchmark talks on standard output, and stops where it cannot measure.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, unreachable_pub)]

mod bytes;
mod contenders;
mod crowd;
mod turns;

#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../table.rs"]
mod table;

use std::time::Instant;

use contenders::Bench;
use support::Redis;

/// Turns of the table.
const TURNS: usize = 300;
/// Turns of what takes a hundred times longer.
const SLOW_TURNS: usize = 30;
/// Users of the batch, and how often each comes.
const USERS: usize = 100_000;
const VISITS: usize = 5;

fn main() {
    let redis = Redis::start();
    let bench = Bench::prepare(&redis);
    println!("one call as a whole process, over a Unix socket; medians of {TURNS} turns");
    let quick = turns::measure(&bench.quick(), TURNS);
    turns::print_beside(&quick, &quick[0]);
    turns::add_lines(&quick[1..], &quick[0]);
    // Not in turns with the others: it drives them out of the processor's caches.
    println!("what it replaces, by itself; medians of {SLOW_TURNS} turns, beside the second line above");
    let slow = turns::measure(&bench.slow(), SLOW_TURNS);
    turns::print_beside(&slow, &quick[1]);
    println!("calls a second, 8 callers at once");
    for contender in bench.quick() {
        println!("  {:<44} {:>8.0}", contender.name, crowd::calls_a_second(&contender));
    }
    println!("from a PHP page, through shell_exec: a call, and calls a second of 8 pages at once");
    for contender in bench.pages() {
        let (a_call, a_second) = crowd::pages(&contender);
        println!("  {:<44} {a_call:>8.3} ms {a_second:>8.0}", contender.name);
    }
    batch(&bench);
    println!("bytes of Redis memory a user, with 10 tries in the window");
    for (algorithm, bytes) in bytes::a_user(&bench, &redis) {
        println!("  {algorithm:<44} {bytes:>8.0}");
    }
}

/// A list of users, each allowed and counted.
fn batch(bench: &Bench) {
    let users: String = (0..USERS * VISITS).map(|visit| format!("user{}\n", visit % USERS)).collect();
    for contender in bench.ours() {
        let tool = contender.with_arguments(&["--batch"]);
        let begin = Instant::now();
        let answers = tool.run_with(users.as_bytes());
        let a_second = (USERS * VISITS) as f64 / begin.elapsed().as_secs_f64();
        assert_eq!(answers.lines().count(), USERS * VISITS, "an answer for each user");
        assert!(answers.lines().all(|line| line.starts_with("{\"allowed\":true")), "all are allowed");
        println!(
            "--batch, {USERS} users, {VISITS} times each, counted: {a_second:.0} decisions/s ({})",
            tool.name
        );
    }
}
