//! What a batch changes: the answer of the rules, for a store to write.

use std::collections::BTreeSet;

use super::{
    calendar::{Minute, Span},
    charges::Charge,
    presence::Presence,
    space::{BookingId, ComputerId, PersonId, WorkshopId},
    workshops::Act,
};

/// One person on one machine on one local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayKey {
    /// Who.
    pub person: PersonId,
    /// The first minute of the local day.
    pub day: Minute,
    /// Where.
    pub computer: ComputerId,
}

/// A first sighting in a workshop, and what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttendanceChange {
    /// Where.
    pub workshop: WorkshopId,
    /// Who.
    pub person: PersonId,
    /// When they were seen.
    pub at: Minute,
    /// What to do.
    pub act: Act,
}

/// A use as it is to be written, with the sightings that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenUse {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub computer: ComputerId,
    /// The times that the planning shows.
    pub span: Span,
    /// First sighting.
    pub first: Minute,
    /// Last sighting.
    pub last: Minute,
    /// The times of a reservation as it was booked.
    pub booked: Option<Span>,
    /// When the end of a reservation is to become the real one.
    pub settle_at: Option<Minute>,
}

/// Everything that a batch changes, besides moving its rows.
#[derive(Debug, Default)]
pub struct Changes {
    /// Attendance lists.
    pub attendance: Vec<AttendanceChange>,
    /// Sets of sightings, whole.
    pub presences: Vec<(DayKey, Presence)>,
    /// New uses.
    pub created: Vec<WrittenUse>,
    /// Bookings that are used, longer, shorter or elsewhere in time than before.
    pub changed: Vec<(BookingId, WrittenUse)>,
    /// Uses of epn-ingest that were merged into others.
    pub merged: Vec<BookingId>,
    /// Bookings that are gone from the store: what was remembered of them is to go, too.
    pub forgotten: Vec<BookingId>,
    /// Balances.
    pub charges: Vec<Charge>,
    /// Sightings in workshops that staff have closed: they lead to nothing.
    pub dropped: u64,
    /// What staff should look at, as `kind:subject`.
    pub notices: BTreeSet<String>,
}
