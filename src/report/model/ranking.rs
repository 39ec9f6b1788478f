//! Things in the order of how often they were counted. Where that is the same, names decide: two reports are alike.

use std::{cmp::Reverse, collections::BinaryHeap};

/// The `top` things that were counted most often, the first one the most; those that were never counted are not among
/// them.
pub fn highest<Of, Thing: Ord>(
    counts: impl IntoIterator<Item = (Of, u64)>,
    top: usize,
    name: impl Fn(Of) -> Thing,
) -> Vec<(Thing, u64)> {
    let counted = counts.into_iter().filter(|(_, count)| *count > 0);
    let order = first(counted.map(|(of, count)| (Reverse(count), of)), top, name);
    order.into_iter().map(|(Reverse(count), thing)| (thing, count)).collect()
}

/// The `top` things that were counted least often, the first one the least.
pub fn lowest<Of, Thing: Ord>(
    counts: impl IntoIterator<Item = (Of, u64)>,
    top: usize,
    name: impl Fn(Of) -> Thing,
) -> Vec<(Thing, u64)> {
    let order = first(counts.into_iter().map(|(of, count)| (count, of)), top, name);
    order.into_iter().map(|(count, thing)| (thing, count)).collect()
}

/// The first `top` things in their order. Only that many are kept at any time, and of a million only those get their
/// names that may be among them.
fn first<Of, Rank: Ord, Thing: Ord>(
    things: impl Iterator<Item = (Rank, Of)>,
    top: usize,
    name: impl Fn(Of) -> Thing,
) -> Vec<(Rank, Thing)> {
    let mut kept: BinaryHeap<(Rank, Thing)> = BinaryHeap::new();
    for (rank, of) in things {
        if kept.len() < top {
            kept.push((rank, name(of)));
        } else if let Some(mut last) = kept.peek_mut()
            && rank <= last.0
        {
            let thing = (rank, name(of));
            if thing < *last {
                *last = thing;
            }
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
        let name = |thing: &'static str| thing;
        assert_eq!(highest(counts, 3, name), [("d", 7), ("a", 2), ("b", 2)]);
        assert_eq!(highest(counts, 9, name).len(), 4);
        assert_eq!(lowest(counts, 3, name), [("e", 0), ("a", 2), ("b", 2)]);
        assert!(highest(counts, 0, name).is_empty() && lowest(counts, 0, name).is_empty());
        assert_eq!(lowest(counts, usize::MAX, name).len(), 5);
    }
}
