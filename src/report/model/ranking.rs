//! Things in the order of how often they were counted. Where that is the same, names decide: two reports are alike.

use std::{cmp::Reverse, collections::HashMap, hash::Hash};

/// Adds up what is said of the same thing.
pub fn sums<Thing: Eq + Hash>(counts: impl IntoIterator<Item = (Thing, u64)>) -> HashMap<Thing, u64> {
    let mut sums: HashMap<Thing, u64> = HashMap::new();
    for (thing, count) in counts {
        let sum = sums.entry(thing).or_default();
        *sum = sum.saturating_add(count);
    }
    sums
}

/// The `top` things that were counted most often, the first one the most; those that were never counted are not among
/// them.
pub fn highest<Thing: Ord + Clone>(counts: &HashMap<Thing, u64>, top: usize) -> Vec<(Thing, u64)> {
    let mut order: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).collect();
    order.sort_unstable_by_key(|(thing, count)| (Reverse(**count), *thing));
    order.truncate(top);
    order.into_iter().map(|(thing, count)| (thing.clone(), *count)).collect()
}

/// The `top` things that were counted least often, the first one the least.
pub fn lowest<Thing: Ord + Clone>(counts: &HashMap<Thing, u64>, top: usize) -> Vec<(Thing, u64)> {
    let mut order: Vec<_> = counts.iter().collect();
    order.sort_unstable_by_key(|(thing, count)| (**count, *thing));
    order.truncate(top);
    order.into_iter().map(|(thing, count)| (thing.clone(), *count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_decides_then_the_name() {
        let counts = sums([("b", 1), ("a", 2), ("c", 2), ("b", 1), ("d", 7), ("e", 0)]);
        assert_eq!(highest(&counts, 3), [("d", 7), ("a", 2), ("b", 2)]);
        assert_eq!(highest(&counts, 9).len(), 4);
        assert_eq!(lowest(&counts, 3), [("e", 0), ("a", 2), ("b", 2)]);
    }
}
