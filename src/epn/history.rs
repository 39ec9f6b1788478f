//! The uses of a person in a year, packed into a few bytes each: what `epn_history` holds.
//!
//! A year of a large space has millions of uses. The server sends one row a person instead of one a use, which is what a
//! report over a year has to wait for.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// A use of a machine by the person whose history it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PastUse {
    /// Its beginning, in seconds since the epoch.
    pub starts_at: i64,
    /// Its end; earlier than its beginning if somebody wrote it so.
    pub ends_at: i64,
    /// Of which machine.
    pub computer: u64,
    /// Whether staff have verified it.
    pub is_verified: bool,
}

/// The beginning of a year of UTC, in seconds since the epoch; none for years of which there is no calendar.
pub fn begin_of(year: i32) -> Option<i64> {
    Some(NaiveDate::from_ymd_opt(year, 1, 1)?.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}

/// Packs the uses that begin in `year`. Each is told from the one before it, so that the numbers are small.
///
/// None if one of them does not begin in that year.
pub fn pack(year: i32, mut uses: Vec<PastUse>) -> Option<Vec<u8>> {
    let (mut before, next) = (begin_of(year)?, begin_of(year.checked_add(1)?)?);
    uses.sort_unstable();
    let mut bytes = Vec::with_capacity(uses.len() * 8);
    for of in uses {
        let since = u64::try_from(of.starts_at.checked_sub(before)?).ok().filter(|_| of.starts_at < next)?;
        put(&mut bytes, since);
        let length = of.ends_at.checked_sub(of.starts_at)?;
        // The lowest bit tells whether it is verified, the next one whether the length is below zero.
        let signed = length.unsigned_abs().checked_mul(4)? | u64::from(length < 0) << 1;
        put(&mut bytes, signed | u64::from(of.is_verified));
        put(&mut bytes, of.computer);
        before = of.starts_at;
    }
    Some(bytes)
}

/// Hands out the uses that are packed in `bytes`, in the order of their beginnings.
///
/// None if these bytes are not what [`pack`] makes; some of the uses may have been handed out then.
pub fn unpack(year: i32, mut bytes: &[u8], mut take: impl FnMut(PastUse)) -> Option<()> {
    let mut starts_at = begin_of(year)?;
    while !bytes.is_empty() {
        starts_at = starts_at.checked_add_unsigned(next(&mut bytes)?)?;
        let signed = next(&mut bytes)?;
        let length = i64::try_from(signed >> 2).ok()?;
        let length = if signed & 2 == 0 { length } else { -length };
        let computer = next(&mut bytes)?;
        let ends_at = starts_at.checked_add(length)?;
        take(PastUse { starts_at, ends_at, computer, is_verified: signed & 1 == 1 });
    }
    Some(())
}

/// The last end of these uses, if it lies behind the end of the year in which they begin.
pub fn runs_until(year: i32, uses: &[PastUse]) -> Option<DateTime<Utc>> {
    let next = begin_of(year.checked_add(1)?)?;
    let last = uses.iter().map(|of| of.ends_at).max().filter(|last| *last >= next)?;
    DateTime::UNIX_EPOCH.checked_add_signed(TimeDelta::try_seconds(last)?)
}

/// Seven bits a byte, the lowest first; the highest bit says that more come.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn next(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        number |= part.checked_mul(1 << shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const YEAR: i32 = 2026;

    fn unpacked(bytes: &[u8]) -> Option<Vec<PastUse>> {
        let mut uses = Vec::new();
        unpack(YEAR, bytes, |of| uses.push(of)).map(|()| uses)
    }

    fn any_use() -> impl Strategy<Value = PastUse> {
        let begin = begin_of(YEAR).unwrap();
        (0..365 * 86_400_i64, -100_000..40_000_000_i64, any::<u64>(), any::<bool>()).prop_map(
            move |(second, length, computer, is_verified)| PastUse {
                starts_at: begin + second,
                ends_at: begin + second + length,
                computer,
                is_verified,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(mut uses in prop::collection::vec(any_use(), 0..50)) {
            let bytes = pack(YEAR, uses.clone()).unwrap();
            uses.sort();
            prop_assert_eq!(unpacked(&bytes), Some(uses));
        }

        #[test]
        fn bytes_of_nobody_are_refused_or_read_but_never_stop_the_program(bytes: Vec<u8>) {
            unpacked(&bytes);
        }
    }

    #[test]
    fn a_use_of_an_hour_takes_eight_bytes() {
        let begin = begin_of(YEAR).unwrap() + 86_400 * 200;
        let of = |day: i64| PastUse {
            starts_at: begin + day * 86_400,
            ends_at: begin + day * 86_400 + 3_600,
            computer: 400,
            is_verified: true,
        };
        let bytes = pack(YEAR, (0..100).map(of).collect()).unwrap();
        assert!(bytes.len() <= 801, "{}", bytes.len());
        assert_eq!(unpacked(&bytes[..bytes.len() - 1]), None, "the end is missing");
    }

    #[test]
    fn a_history_knows_its_year() {
        let (begin, next) = (begin_of(YEAR).unwrap(), begin_of(YEAR + 1).unwrap());
        let of = |starts_at, ends_at| PastUse { starts_at, ends_at, computer: 1, is_verified: false };
        for elsewhere in [begin - 1, next] {
            assert_eq!(pack(YEAR, vec![of(elsewhere, elsewhere)]), None);
        }
        assert_eq!(runs_until(YEAR, &[of(begin, next - 1)]), None);
        let late = runs_until(YEAR, &[of(next - 1, next + 60), of(begin, begin + 1)]);
        assert_eq!(late, DateTime::from_timestamp(next + 60, 0));
    }
}
