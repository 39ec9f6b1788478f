//! Which of the last numbers of the log were there: a row that is committed late has a number that was not.

/// How many numbers are remembered. Transactions of Moodle that write into the log are over long before others have
/// taken so many.
pub const WINDOW: u64 = 10_000;

/// A bit for each of the last [`WINDOW`] numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    last: u64,
    /// `last` is the lowest bit of the first byte.
    bits: Vec<u8>,
}

impl Recent {
    /// Those of `numbers` that lie in the window that ends with `last`.
    pub fn new(last: u64, numbers: &[u64]) -> Self {
        let mut bits = vec![0; WINDOW.div_ceil(8) as usize];
        for number in numbers {
            if let Some((byte, bit)) = place(last, *number)
                && let Some(byte) = bits.get_mut(byte)
            {
                *byte |= bit;
            }
        }
        Self { last, bits }
    }

    /// The window that ends with `last`, not before this one does: what is known of it, and `numbers`.
    pub fn moved(&self, last: u64, numbers: &[u64]) -> Self {
        let kept = self.numbers().chain(numbers.iter().copied());
        Self::new(last, &kept.collect::<Vec<_>>())
    }

    /// How many numbers there are, and their sum.
    pub fn digest(&self) -> (u64, u128) {
        self.numbers().fold((0, 0), |(count, sum), number| (count + 1, sum + u128::from(number)))
    }

    /// The numbers that were there.
    fn numbers(&self) -> impl Iterator<Item = u64> {
        let first = Self::before(self.last) + 1;
        (first..=self.last).filter(|number| !self.lacks(*number))
    }

    /// As it was stored.
    pub fn from_bytes(last: u64, bits: Vec<u8>) -> Self {
        Self { last, bits }
    }

    /// As it is stored.
    pub fn to_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// The greatest number before the window.
    pub fn before(last: u64) -> u64 {
        last.saturating_sub(WINDOW)
    }

    /// Whether that number was not there.
    pub fn lacks(&self, number: u64) -> bool {
        let Some((byte, bit)) = place(self.last, number) else { return false };
        self.bits.get(byte).is_none_or(|byte| byte & bit == 0)
    }
}

fn place(last: u64, number: u64) -> Option<(usize, u8)> {
    let offset = last.checked_sub(number).filter(|offset| *offset < WINDOW)?;
    Some(((offset / 8) as usize, 1 << (offset % 8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_not_there_is_missed() {
        let recent = Recent::new(20_000, &[20_000, 19_998, 10_001, 3]);
        let lacks = |number| Recent::from_bytes(20_000, recent.to_bytes().to_vec()).lacks(number);
        assert!(lacks(19_999) && lacks(10_002));
        assert!(!lacks(20_000) && !lacks(19_998) && !lacks(10_001));
        assert!(!lacks(10_000) && !lacks(20_001), "nothing is known of them");
        assert_eq!(recent.digest(), (3, 49_999));
        let later = recent.moved(20_003, &[20_002, 10_004]);
        assert_eq!(later.digest(), (4, 20_000 + 19_998 + 20_002 + 10_004), "10,001 has left the window");
    }
}
