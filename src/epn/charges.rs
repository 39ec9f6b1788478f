//! What uses and workshops cost (rules 14 and 24 to 26).

use std::collections::BTreeMap;

use super::{
    calendar::Span,
    space::{BookingId, PersonId, WorkshopId},
};

/// A booking of the store, or one that the batch creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BookingRef {
    /// In the store.
    Known(BookingId),
    /// The one at this place of [`Changes::created`](super::changes::Changes::created).
    Created(usize),
}

/// A change of a balance and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Minutes on machines; negative: spent.
    Minutes {
        /// Whose balance.
        person: PersonId,
        /// What is added to it.
        delta: i64,
        /// The use that made the difference.
        booking: BookingRef,
    },
    /// One unit for a workshop.
    Workshop {
        /// Whose balance.
        person: PersonId,
        /// The workshop.
        workshop: WorkshopId,
    },
}

impl Charge {
    /// Whose balance it changes.
    pub fn person(&self) -> PersonId {
        match self {
            Self::Minutes { person, .. } | Self::Workshop { person, .. } => *person,
        }
    }
}

/// The time for which one person is charged: the union of their uses and reservations (rule 24).
#[derive(Debug, Default)]
pub struct ChargedTime {
    spans: BTreeMap<BookingRef, Span>,
}

impl ChargedTime {
    /// The time of these bookings, none of which is cancelled.
    pub fn new(spans: impl IntoIterator<Item = (BookingId, Span)>) -> Self {
        Self { spans: spans.into_iter().map(|(id, span)| (BookingRef::Known(id), span)).collect() }
    }

    /// Gives a booking other times (`None`: it is gone). Returns by how many minutes the charged time grows.
    pub fn change(&mut self, booking: BookingRef, span: Option<Span>) -> i64 {
        let before = self.spans.remove(&booking).map_or(0, |old| self.uncovered(old));
        let after = span.map_or(0, |new| self.uncovered(new));
        if let Some(span) = span {
            self.spans.insert(booking, span);
        }
        after - before
    }

    /// The minutes of `span` that no booking covers.
    fn uncovered(&self, span: Span) -> i64 {
        let mut others: Vec<_> = self.spans.values().filter(|other| other.overlaps(&span)).collect();
        others.sort_unstable();
        let mut free = 0;
        let mut reached = span.start;
        for other in others {
            free += (other.start - reached).max(0);
            reached = reached.max(other.end);
        }
        free + (span.end - reached).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epn::calendar::Minute;

    fn span(start: i64, end: i64) -> Span {
        Span { start: Minute(start), end: Minute(end) }
    }

    #[test]
    fn common_time_is_charged_once() {
        let mut time = ChargedTime::new([(BookingId(1), span(0, 30))]);
        assert_eq!(time.change(BookingRef::Created(0), Some(span(15, 40))), 10);
        assert_eq!(time.change(BookingRef::Known(BookingId(1)), Some(span(0, 20))), 0);
        assert_eq!(time.change(BookingRef::Known(BookingId(1)), None), -15);
        assert_eq!(time.change(BookingRef::Created(0), None), -25);
    }

    #[test]
    fn a_reservation_that_is_used_later_and_shorter_gives_time_back() {
        let mut time = ChargedTime::new([(BookingId(1), span(0, 60))]);
        assert_eq!(time.change(BookingRef::Known(BookingId(1)), Some(span(5, 40))), -25);
    }

    #[test]
    fn holes_between_other_bookings_count() {
        let mut time = ChargedTime::new([(BookingId(1), span(0, 10)), (BookingId(2), span(20, 30))]);
        assert_eq!(time.change(BookingRef::Created(0), Some(span(0, 40))), 20);
    }
}
