//! Numbers by chance that can be had again.

use std::{
    env,
    hash::{BuildHasher, RandomState},
    thread,
};

/// The variable that has a test repeat what chance decided.
const SEED: &str = "SESSIONSTAT_GALERA_SEED";

/// A row of numbers (SplitMix64). A test that fails prints how to have the same row again.
pub struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// A row of its own, or the one that is asked for.
    pub fn new() -> Self {
        let given = env::var(SEED).ok().map(|text| text.parse().expect("a number as seed"));
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0) >> 32);
        Self { seed, state: seed }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// The numbers below `bound`, in an order by chance.
    pub fn order(&mut self, bound: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..bound).collect();
        for last in (1..bound).rev() {
            order.swap(last, self.below(last as u64 + 1) as usize);
        }
        order
    }
}

impl Drop for Chance {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("by chance; for the same again: {SEED}={}", self.seed);
        }
    }
}
