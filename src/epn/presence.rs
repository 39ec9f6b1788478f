//! The minutes of one day in which one person was seen on one machine, outside workshops.
//!
//! Sightings are kept as a set rather than folded into uses at once: a set does not care about order, duplicates or how
//! many runs there were (rule 28), and what they make can be worked out anew when a late row or a change by staff
//! arrives.

use super::calendar::{Minute, Span};

/// 64-bit words for the longest local day: 25 hours, and room for 24 minutes more.
const WORDS: usize = 24;

/// A set of minutes of one local day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    begins: Minute,
    words: [u64; WORDS],
}

impl Presence {
    /// The empty set, for the local day that begins at `begins`.
    pub fn new(begins: Minute) -> Self {
        Self { begins, words: [0; WORDS] }
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(begins: Minute, bytes: &[u8]) -> Self {
        let mut presence = Self::new(begins);
        for (word, chunk) in presence.words.iter_mut().zip(bytes.chunks(8)) {
            let mut padded = [0; 8];
            padded[..chunk.len()].copy_from_slice(chunk);
            *word = u64::from_le_bytes(padded);
        }
        presence
    }

    /// A bit for each minute of the day, lowest bit first, without the zeros at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        bytes.truncate(used);
        bytes
    }

    /// Adds a minute. A minute of another day is not added.
    pub fn insert(&mut self, minute: Minute) {
        if let Some((word, bit)) = self.place(minute) {
            word_of(&mut self.words, word, |bits| bits | bit);
        }
    }

    /// Takes the minutes of `span` out.
    pub fn clear(&mut self, span: Span) {
        let last = self.begins + (WORDS * 64) as i64;
        let mut minute = span.start.max(self.begins);
        while minute < span.end.min(last) {
            if let Some((word, bit)) = self.place(minute) {
                word_of(&mut self.words, word, |bits| bits & !bit);
            }
            minute = minute + 1;
        }
    }

    /// The minutes, in order.
    pub fn minutes(&self) -> Vec<Minute> {
        let mut minutes = Vec::new();
        for (index, word) in self.words.iter().enumerate() {
            let mut bits = *word;
            while bits != 0 {
                let offset = index * 64 + bits.trailing_zeros() as usize;
                minutes.push(self.begins + offset as i64);
                bits &= bits - 1;
            }
        }
        minutes
    }

    fn place(&self, minute: Minute) -> Option<(usize, u64)> {
        let offset = usize::try_from(minute - self.begins).ok()?;
        (offset < WORDS * 64).then_some((offset / 64, 1 << (offset % 64)))
    }
}

fn word_of(words: &mut [u64; WORDS], index: usize, change: impl FnOnce(u64) -> u64) {
    if let Some(word) = words.get_mut(index) {
        *word = change(*word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_survives_its_bytes_and_knows_no_order() {
        let begins = Minute(1000);
        let mut there = Presence::new(begins);
        let mut back = Presence::new(begins);
        let minutes = [1000, 1007, 1063, 1064, 1000 + 25 * 60 - 1].map(Minute);
        minutes.iter().for_each(|minute| there.insert(*minute));
        minutes.iter().rev().chain(&minutes).for_each(|minute| back.insert(*minute));
        assert_eq!(there, back);
        assert_eq!(there.minutes(), minutes);
        assert_eq!(Presence::from_bytes(begins, &there.to_bytes()), there);
        assert!(there.to_bytes().len() <= 192);
    }

    #[test]
    fn minutes_of_other_days_do_not_enter() {
        let mut presence = Presence::new(Minute(1000));
        presence.insert(Minute(999));
        presence.insert(Minute(1000 + 24 * 64));
        assert!(presence.to_bytes().is_empty());
    }

    #[test]
    fn a_span_can_be_taken_out() {
        let mut presence = Presence::new(Minute(0));
        [5, 10, 15].iter().for_each(|minute| presence.insert(Minute(*minute)));
        presence.clear(Span { start: Minute(6), end: Minute(15) });
        assert_eq!(presence.minutes(), [Minute(5), Minute(15)]);
    }
}
