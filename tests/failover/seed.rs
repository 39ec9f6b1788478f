//! What is random in a failover, so that it can be repeated.

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

/// Random numbers; whoever fails while it is in use is told how to see the same again.
pub struct Seed {
    first: u64,
    state: u64,
}

impl Seed {
    /// As many as `SESSIONSTAT_FAILOVERS` says, or so many; the one of `SESSIONSTAT_FAILOVER_SEED` alone, if it is set.
    pub fn all(usual: usize) -> impl Iterator<Item = Self> {
        let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
        let asked = number("SESSIONSTAT_FAILOVER_SEED");
        let count = number("SESSIONSTAT_FAILOVERS").map_or(usual, |count| usize::try_from(count).unwrap());
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let first = asked.unwrap_or(u64::try_from(clock).unwrap());
        (first..).take(if asked.is_some() { 1 } else { count }).map(|first| Self { first, state: first })
    }

    /// A number below `bound` (splitmix64).
    pub fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Another one, which goes its own way.
    pub fn split(&mut self) -> Self {
        let state = u64::try_from(self.below(usize::MAX)).unwrap();
        Self { first: self.first, state }
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to repeat this: SESSIONSTAT_FAILOVER_SEED={}", self.first);
        }
    }
}
