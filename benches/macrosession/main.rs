//! How fast templates become pages, and pages answers, beside the least that either could take.
//!
//! Absolute times are those of this machine at this moment; the ratios say more.

// A benchmark talks on standard output, and stops where it cannot measure.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, unreachable_pub)]

mod display;
mod folders;
#[path = "../../tests/macrosession/hostile.rs"]
#[allow(dead_code)] // what has to come of them
mod hostile;
mod speed;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../table.rs"]
mod table;
mod templates;

use std::time::{Duration, Instant};

fn main() {
    speed::usual();
    speed::lengths();
    display::beside_a_page_by_hand();
    display::to_many_visitors();
    folders::unchanged();
}

/// The shortest time of some turns: what disturbs a run makes it longer.
fn shortest<T>(turns: usize, mut run: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let begin = Instant::now();
        std::hint::black_box(run());
        begin.elapsed()
    };
    (0..turns).map(time).min().expect("a turn")
}
