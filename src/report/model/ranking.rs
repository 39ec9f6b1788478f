//! Things in the order of how often they were counted. Where that is the same, names decide: two reports are alike.

use std::{cmp::Reverse, collections::BinaryHeap};

/// The `top` things that were counted most often, the first one the most; those that were never counted are not among
/// them.
pub fn highest<Thing: Ord>(counts: impl IntoIterator<Item = (Thing, u64)>, top: usize) -> Vec<(Thing, u64)> {
    let counted = counts.into_iter().filter(|(_, count)| *count > 0);
    let order = first(counted.map(|(thing, count)| (Reverse(count), thing)), top);
    order.into_iter().map(|(Reverse(count), thing)| (thing, count)).collect()
}

/// The `top` things that were counted least often, the first one the least.
pub fn lowest<Thing: Ord>(counts: impl IntoIterator<Item = (Thing, u64)>, top: usize) -> Vec<(Thing, u64)> {
    let order = first(counts.into_iter().map(|(thing, count)| (count, thing)), top);
    order.into_iter().map(|(count, thing)| (thing, count)).collect()
}

/// The first `top` things in their order. Only that many are kept at any time.
fn first<Thing: Ord>(things: impl Iterator<Item = Thing>, top: usize) -> Vec<Thing> {
    let mut kept = BinaryHeap::new();
    for thing in things {
        if kept.len() < top {
            kept.push(thing);
        } else if let Some(mut last) = kept.peek_mut()
            && thing < *last
        {
            *last = thing;
        }
    }
    kept.into_sorted_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_decides_then_the_name() {
        let counts = [("b", 2), ("a", 2), ("c", 2), ("d", 7), ("e", 0)];
        assert_eq!(highest(counts, 3), [("d", 7), ("a", 2), ("b", 2)]);
        assert_eq!(highest(counts, 9).len(), 4);
        assert_eq!(lowest(counts, 3), [("e", 0), ("a", 2), ("b", 2)]);
        assert!(highest(counts, 0).is_empty() && lowest(counts, 0).is_empty());
        assert_eq!(lowest(counts, usize::MAX).len(), 5);
    }
}
