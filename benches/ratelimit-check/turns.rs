//! Programs that take turns.

use std::time::{Duration, Instant};

use crate::{contenders::Contender, table};

/// Turns that are not measured: until everything is where the next ones find it.
const FIRST: usize = 10;

/// The times of one program.
pub struct Times {
    name: &'static str,
    sorted: Vec<Duration>,
}

impl Times {
    fn at(&self, part: f64) -> f64 {
        let place = ((self.sorted.len() - 1) as f64 * part) as usize;
        self.sorted[place].as_secs_f64() * 1000.0
    }
}

/// Runs the programs one after the other, again and again.
pub fn measure(contenders: &[Contender], turns: usize) -> Vec<Times> {
    let mut times: Vec<Times> =
        contenders.iter().map(|contender| Times { name: contender.name, sorted: Vec::new() }).collect();
    for turn in 0..FIRST.min(turns) + turns {
        for (contender, times) in contenders.iter().zip(&mut times) {
            let begin = Instant::now();
            contender.run();
            if turn >= FIRST.min(turns) {
                times.sorted.push(begin.elapsed());
            }
        }
    }
    for times in &mut times {
        times.sorted.sort_unstable();
    }
    times
}

/// Prints them, and how many times `one` they are.
pub fn print_beside(all: &[Times], one: &Times) {
    println!("  {:<44} {:>8} {:>8} {:>8} {:>8}", "", "ms", "5 %", "95 %", "ratio");
    for times in all {
        let ratio = times.at(0.5) / one.at(0.5);
        println!(
            "  {:<44} {:>8.3} {:>8.3} {:>8.3} {ratio:>8.2}",
            times.name,
            times.at(0.5),
            times.at(0.05),
            times.at(0.95)
        );
    }
}

/// Puts them into the table of all benchmarks.
pub fn add_lines(all: &[Times], floor: &Times) {
    for times in all {
        table::line(times.name, times.at(0.5) / 1e3, floor.name, floor.at(0.5) / 1e3);
    }
}
