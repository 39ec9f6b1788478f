//! The uses of machines that epn-ingest keeps, as sessions: open while they may still grow, closed as idle afterwards.

use super::record::{Context, Record, USER};

/// What the ids of these sessions begin with; the number of the booking follows.
pub const PREFIX: &str = "epn:";

/// A use of a machine, out of `epn_booking` and `epn_use`. Times are seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Number of its booking.
    pub booking: u64,
    /// Number of its user.
    pub user: i64,
    /// First second.
    pub start: i64,
    /// First second after it, as far as it is known.
    pub end: i64,
    /// The last sighting that it is made of.
    pub last_seen: i64,
    /// Whether it is a reservation whose real end is not known yet.
    pub is_reserved: bool,
}

impl Use {
    /// The record of this use at `now`. `gap`: the most seconds between two sightings of one use (rule 16 of
    /// `docs/epn-rules.md`).
    pub fn record(&self, now: i64, gap: i64) -> Record {
        let may_grow = now <= self.last_seen + gap || (self.is_reserved && now < self.end + gap);
        Record {
            id: format!("{PREFIX}{}", self.booking),
            kind: USER,
            start: self.start,
            end: (!may_grow).then_some(self.end),
            context: if may_grow { None } else { Context::IDLE.stored() },
            user: self.user,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Use =
        Use { booking: 7, user: 3, start: 1000, end: 1900, last_seen: 1600, is_reserved: false };

    #[test]
    fn a_use_is_open_while_a_sighting_could_make_it_longer() {
        assert_eq!(SEEN.record(2500, 900).end, None);
        let ended = SEEN.record(2501, 900);
        assert_eq!((ended.id.as_str(), ended.end, ended.context), ("epn:7", Some(1900), Some(4)));
        let reserved = Use { end: 4600, is_reserved: true, ..SEEN };
        assert_eq!(reserved.record(5499, 900).end, None);
        assert_eq!(reserved.record(5500, 900).end, Some(4600), "epn-ingest is late: it may be cut later");
    }
}
