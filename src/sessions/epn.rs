//! The uses of machines that epn-ingest keeps, as sessions: open while they may still grow, closed as idle afterwards.

use super::record::Context;

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

/// The record of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number of its user.
    pub user: i64,
    /// First second.
    pub start: i64,
    /// First second after it; none: open.
    pub end: Option<i64>,
}

/// What has to be done with the record of a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There was none.
    Open(Record),
    /// It ended: the moment.
    Close(i64),
    /// It says something else than before.
    Rewrite {
        /// What it says now.
        record: Record,
        /// The first second that is touched.
        since: i64,
    },
}

impl Use {
    /// The record of this use at `now`. `gap`: the most seconds between two sightings of one use (rule 16 of
    /// `docs/epn-rules.md`).
    pub fn record(&self, now: i64, gap: i64) -> Record {
        let may_grow = now <= self.last_seen + gap || (self.is_reserved && now < self.end + gap);
        Record { user: self.user, start: self.start, end: (!may_grow).then_some(self.end) }
    }
}

/// Why such a session ends.
pub const END: Context = Context::IDLE;

/// What makes `known` the record that it has to be; none: nothing.
pub fn change(known: Option<&Record>, wanted: Record) -> Option<Change> {
    let Some(known) = known else { return Some(Change::Open(wanted)) };
    if *known == wanted {
        return None;
    }
    if let (None, Some(end)) = (known.end, wanted.end)
        && (known.start, known.user) == (wanted.start, wanted.user)
    {
        return Some(Change::Close(end));
    }
    Some(Change::Rewrite { record: wanted, since: known.start.min(wanted.start) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Use =
        Use { booking: 7, user: 3, start: 1000, end: 1900, last_seen: 1600, is_reserved: false };

    #[test]
    fn a_use_is_open_while_a_sighting_could_make_it_longer() {
        assert_eq!(SEEN.record(2500, 900).end, None);
        assert_eq!(SEEN.record(2501, 900).end, Some(1900));
        let reserved = Use { end: 4600, is_reserved: true, ..SEEN };
        assert_eq!(reserved.record(5499, 900).end, None);
        assert_eq!(reserved.record(5500, 900).end, Some(4600), "epn-ingest is late: it may be cut later");
    }

    #[test]
    fn records_follow_their_uses() {
        let open = Record { user: 3, start: 1000, end: None };
        let closed = Record { end: Some(1900), ..open };
        assert_eq!(change(None, open), Some(Change::Open(open)));
        assert_eq!(change(Some(&open), open), None);
        assert_eq!(change(Some(&open), closed), Some(Change::Close(1900)));
        assert_eq!(change(Some(&closed), open), Some(Change::Rewrite { record: open, since: 1000 }));
        let earlier = Record { start: 700, ..closed };
        assert_eq!(change(Some(&closed), earlier), Some(Change::Rewrite { record: earlier, since: 700 }));
    }
}
