//! The nouns of a public space, as the rules see them. No store's types, no clock.

use super::calendar::{Minute, Span};

/// A person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub u64);

/// A machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComputerId(pub u64);

/// A room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// A workshop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkshopId(pub u64);

/// A booking: a reservation or a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookingId(pub u64);

/// A person as the management software knows them.
#[derive(Clone, Debug)]
pub struct Person {
    /// Identity; the login may change (rule 30).
    pub id: PersonId,
    /// The login as kept.
    pub login: String,
    /// Rows of staff are dropped (rule 5).
    pub is_staff: bool,
}

/// A machine of the space.
#[derive(Clone, Debug)]
pub struct Computer {
    /// Identity; the name may change (rule 30).
    pub id: ComputerId,
    /// The name as kept.
    pub name: String,
    /// Where it stands now.
    pub room: Option<RoomId>,
    /// Its address, if it always has the same.
    pub ip: Option<String>,
}

/// A workshop that was not cancelled.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// Identity.
    pub id: WorkshopId,
    /// When.
    pub span: Span,
    /// Its room, if it has one.
    pub room: Option<RoomId>,
    /// The machines that it names.
    pub computers: Vec<ComputerId>,
    /// Places, if they are limited.
    pub capacity: Option<i64>,
    /// Its attendance was checked by staff: not touched any more (rule 13).
    pub closed: bool,
}

/// Who made an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Staff, through the management software.
    Staff,
    /// epn-ingest.
    Ingest,
}

/// What an entry of an attendance list says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attendance {
    /// Has a place.
    Registered,
    /// Waits for a place.
    Waiting,
    /// Was there.
    Present,
    /// Withdrew.
    Cancelled,
}

/// One entry of an attendance list.
#[derive(Clone, Copy, Debug)]
pub struct AttendanceEntry {
    /// What it says.
    pub status: Attendance,
    /// Who made it.
    pub source: Source,
}

/// A reservation or a use of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// Identity.
    pub id: BookingId,
    /// Whose.
    pub person: PersonId,
    /// On which machine.
    pub computer: ComputerId,
    /// When, as it stands now.
    pub span: Span,
    /// Whether staff cancelled it.
    pub cancelled: bool,
    /// Whether it is a use (else a reservation nobody came for yet).
    pub used: bool,
    /// Who made it.
    pub source: Source,
    /// Whether staff checked it.
    pub verified: bool,
    /// When staff cancelled or verified it, if their software says so.
    pub changed_at: Option<Minute>,
}

impl Booking {
    /// Whether staff had the last word on it (rules 22 and 23).
    pub fn is_fixed(&self) -> bool {
        self.cancelled || self.verified
    }
}

/// What epn-ingest remembers of a booking that it made or confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseRecord {
    /// The booking.
    pub booking: BookingId,
    /// Who was seen.
    pub person: PersonId,
    /// Where.
    pub computer: ComputerId,
    /// First of the sightings that it is made of.
    pub first: Minute,
    /// Last of them.
    pub last: Minute,
    /// The times of a reservation as it was booked; `None`: made by epn-ingest.
    pub booked: Option<Span>,
    /// When the end of a reservation is to become the real one; `None`: it is.
    pub settle_at: Option<Minute>,
}
