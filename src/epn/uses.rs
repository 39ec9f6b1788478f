//! The uses that a day's sightings of one person on one machine make (rules 15 to 23).
//!
//! A pure function of the set of sightings and of what staff have booked, cancelled and verified: the same whatever the
//! order of the rows and the number of runs (rule 28).

use super::{
    calendar::{Minute, Span},
    space::{Booking, BookingId, Source, UseRecord},
};

#[cfg(test)]
mod tests;

/// The two lengths that the rules depend on, in minutes.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// What one sighting stands for: the time between two snapshots (rule 15).
    pub interval: i64,
    /// The most between two sightings of one use (rule 16).
    pub gap: i64,
}

/// Everything that is known of one person on one machine on one local day.
#[derive(Debug)]
pub struct DayOnMachine<'a> {
    /// The local day.
    pub day: Span,
    /// The sightings, in order.
    pub seen: &'a [Minute],
    /// When the machine serves workshops, in order.
    pub workshops: &'a [Span],
    /// The bookings that concern the day, with what is remembered of those that were seen.
    pub bookings: &'a [(Booking, Option<UseRecord>)],
}

/// One use as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The booking that it is, or `None` if it is new.
    pub booking: Option<BookingId>,
    /// First sighting.
    pub first: Minute,
    /// Last sighting.
    pub last: Minute,
    /// The times that the planning shows.
    pub span: Span,
    /// The times of a reservation as it was booked.
    pub booked: Option<Span>,
    /// When the end of a reservation is to become the real one.
    pub settle_at: Option<Minute>,
}

/// The uses of a day, in order, and the bookings of epn-ingest that have been merged into others.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// As they should be.
    pub uses: Vec<Use>,
    /// No longer needed.
    pub merged: Vec<BookingId>,
}

/// Sightings that belong together: a use in the making.
#[derive(Clone, Debug)]
struct Cluster {
    seen: Vec<Minute>,
}

/// A reservation, with the sightings that would hit it.
#[derive(Clone, Copy)]
struct Reservation {
    id: BookingId,
    booked: Span,
    /// First and last minute of its window; windows of one day do not overlap.
    from: Minute,
    to: Minute,
}

/// Works out the uses of a day.
pub fn uses(known: &DayOnMachine<'_>, lengths: Lengths, now: Minute) -> Uses {
    let left = without_fixed(known, lengths.gap);
    let reservations = reservations(known, lengths.gap);
    let clusters = clusters(&left, known, lengths.gap);
    let clusters = split_between(clusters, &reservations);
    let mut uses = join(clusters, &reservations, known);
    uses.sort_unstable_by_key(|use_| use_.first);
    let merged = give_ids(&mut uses, known);
    give_times(&mut uses, known, lengths.interval, now);
    Uses { uses, merged }
}

/// The sightings that what staff cancelled or verified does not claim (rules 22 and 23).
fn without_fixed(known: &DayOnMachine<'_>, gap: i64) -> Vec<Minute> {
    let living = Living::of(known, gap);
    let mut left = known.seen.to_vec();
    for (booking, record) in known.bookings.iter().filter(|(booking, _)| booking.is_fixed()) {
        let claim = Claim::of(booking, record.as_ref());
        let mut last_claimed: Option<Minute> = None;
        left.retain(|minute| {
            let continues =
                booking.cancelled && last_claimed.is_some_and(|last| last < *minute && *minute - last <= gap);
            let claimed = !living.made_of(*minute)
                && (claim.is_own(*minute)
                    || !living.continued_by(*minute) && (claim.is_before_moment(*minute) || continues));
            if claimed {
                last_claimed = Some(*minute);
            }
            !claimed
        });
    }
    left
}

/// The sightings of uses on which staff did not have the last word. What made such a use stays with it, and what
/// continues it does, too, even if staff cancelled or verified an older one meanwhile.
struct Living {
    made_of: Vec<(Minute, Minute)>,
    continued_by: Vec<Minute>,
}

impl Living {
    fn of(known: &DayOnMachine<'_>, gap: i64) -> Self {
        let uses = known.bookings.iter().filter(|(booking, _)| !booking.is_fixed());
        let made_of =
            uses.filter_map(|(_, record)| record.map(|record| (record.first, record.last))).collect();
        let mut living = Self { made_of, continued_by: Vec::new() };
        let barriers = barriers(known);
        let mut last: Option<Minute> = None;
        for minute in known.seen.iter().copied() {
            let continues =
                last.is_some_and(|last| minute - last <= gap && !is_between(&barriers, last, minute));
            if continues || living.made_of(minute) {
                last = Some(minute);
                living.continued_by.push(minute);
            }
        }
        living
    }

    fn made_of(&self, minute: Minute) -> bool {
        self.made_of.iter().any(|(first, last)| *first <= minute && minute <= *last)
    }

    fn continued_by(&self, minute: Minute) -> bool {
        self.continued_by.binary_search(&minute).is_ok()
    }
}

/// The sightings that belong to a booking on which staff had the last word.
struct Claim {
    made_of: Option<(Minute, Minute)>,
    span: Span,
    /// The moment of cancelling or verifying.
    moment: Minute,
}

impl Claim {
    fn of(booking: &Booking, record: Option<&UseRecord>) -> Self {
        // Software that does not tell the moment is taken to mean the end; of a reservation that was cancelled without
        // having been seen, that it was cancelled beforehand.
        let untold =
            if was_cancelled_beforehand(booking, record) { booking.span.start - 1 } else { booking.span.end };
        Self {
            made_of: record.map(|record| (record.first, record.last)),
            span: booking.span,
            moment: match booking.changed_at {
                Some(at) if booking.verified && !booking.cancelled => at.max(booking.span.end),
                Some(at) => at,
                None => untold,
            },
        }
    }

    /// What it was made of, and what was seen from its start to its end or, if that was before, to the moment.
    fn is_own(&self, minute: Minute) -> bool {
        let made_of = self.made_of.is_some_and(|(first, last)| first <= minute && minute <= last);
        made_of || self.is_before_moment(minute) && minute <= self.span.end
    }

    /// What was seen from its start to the moment.
    fn is_before_moment(&self, minute: Minute) -> bool {
        self.span.start <= minute && minute <= self.moment
    }
}

/// Whether a reservation was cancelled before its start: it drops nothing (rule 22).
fn was_cancelled_beforehand(booking: &Booking, record: Option<&UseRecord>) -> bool {
    booking.cancelled && record.is_none() && booking.changed_at.is_none_or(|at| at < booking.span.start)
}

/// Minutes at which a use cannot go on: workshops (rule 18) and what staff have fixed.
fn barriers(known: &DayOnMachine<'_>) -> Vec<Minute> {
    let fixed = known.bookings.iter().filter(|(booking, record)| {
        booking.is_fixed() && !was_cancelled_beforehand(booking, record.as_ref())
    });
    let workshops = known.workshops.iter().flat_map(|span| [span.start, span.end]);
    let mut barriers: Vec<_> = fixed.map(|(booking, _)| booking.span.start).chain(workshops).collect();
    barriers.sort_unstable();
    barriers
}

/// Joins sightings at most `gap` apart, unless a barrier stands between them (rules 16 and 18). What an earlier run
/// has joined stays so, whatever staff did to the workshop or its room since (rule 7).
fn clusters(seen: &[Minute], known: &DayOnMachine<'_>, gap: i64) -> Vec<Cluster> {
    let barriers = barriers(known);
    let records: Vec<_> = known.bookings.iter().filter_map(|(_, record)| *record).collect();
    let one_use = |a, b| records.iter().any(|record| record.first <= a && b <= record.last);
    seen.chunk_by(|a, b| *b - *a <= gap && (one_use(*a, *b) || !is_between(&barriers, *a, *b)))
        .map(|seen| Cluster { seen: seen.to_vec() })
        .collect()
}

/// Whether one of `barriers` is later than `a` and not later than `b`.
fn is_between(barriers: &[Minute], a: Minute, b: Minute) -> bool {
    barriers.iter().any(|barrier| a < *barrier && *barrier <= b)
}

/// The reservations of the day and their windows (rule 20): from `gap` before the start to the end. Where two windows
/// would overlap, the later reservation has the time from its start on, or from the end of the earlier one if that
/// comes first.
fn reservations(known: &DayOnMachine<'_>, gap: i64) -> Vec<Reservation> {
    let mut all: Vec<_> = known
        .bookings
        .iter()
        .filter(|(booking, _)| !booking.is_fixed())
        .filter_map(|(booking, record)| booked_span(booking, record.as_ref()).map(|span| (span, booking.id)))
        .collect();
    all.sort_unstable();
    let mut windows: Vec<Reservation> = Vec::with_capacity(all.len());
    for (booked, id) in all {
        let mut from = booked.start - gap;
        if let Some(earlier) = windows.last_mut() {
            from = from.max(earlier.booked.end.min(booked.start)).max(earlier.from);
            earlier.to = earlier.to.min(from - 1);
        }
        windows.push(Reservation { id, booked, from, to: booked.end });
    }
    windows
}

/// When a reservation was booked for; `None` for a use that epn-ingest made.
fn booked_span(booking: &Booking, record: Option<&UseRecord>) -> Option<Span> {
    match record {
        Some(record) => record.booked,
        None => Some(booking.span).filter(|_| booking.source == Source::Staff),
    }
}

/// Cuts a cluster that hits several reservations at the windows of the later ones.
fn split_between(clusters: Vec<Cluster>, reservations: &[Reservation]) -> Vec<Cluster> {
    let mut split = Vec::with_capacity(clusters.len());
    for cluster in clusters {
        let hit: Vec<_> = reservations.iter().filter(|reservation| reservation.is_hit_by(&cluster)).collect();
        let mut rest = cluster.seen.as_slice();
        for later in hit.iter().skip(1) {
            let (before, after) = rest.split_at(rest.partition_point(|minute| *minute < later.from));
            if !before.is_empty() {
                split.push(Cluster { seen: before.to_vec() });
            }
            rest = after;
        }
        split.push(Cluster { seen: rest.to_vec() });
    }
    split
}

impl Reservation {
    fn is_hit_by(&self, cluster: &Cluster) -> bool {
        cluster.seen.iter().any(|minute| self.from <= *minute && *minute <= self.to)
    }
}

/// All clusters that hit a reservation are one use, pauses included (rule 20), but never across a workshop (rule 18);
/// every other cluster is a use of its own.
fn join(clusters: Vec<Cluster>, reservations: &[Reservation], known: &DayOnMachine<'_>) -> Vec<Use> {
    let barriers = barriers(known);
    let mut uses: Vec<Use> = Vec::with_capacity(clusters.len());
    for cluster in clusters {
        let (Some(first), Some(last)) = (cluster.seen.first().copied(), cluster.seen.last().copied()) else {
            continue;
        };
        let hit = reservations.iter().find(|reservation| reservation.is_hit_by(&cluster));
        let begun = hit.and_then(|hit| uses.iter_mut().find(|use_| use_.booking == Some(hit.id)));
        match (hit, begun) {
            (Some(_), Some(begun)) if !is_between(&barriers, begun.last, first) => begun.last = last,
            (Some(hit), None) => uses.push(Use {
                booking: Some(hit.id),
                booked: Some(hit.booked),
                ..Use::of_sightings(first, last)
            }),
            _ => uses.push(Use::of_sightings(first, last)),
        }
    }
    uses
}

impl Use {
    fn of_sightings(first: Minute, last: Minute) -> Self {
        let span = Span { start: first, end: last };
        Self { booking: None, first, last, span, booked: None, settle_at: None }
    }
}

/// Sets the end of each use: one interval after its last sighting (rule 15), or the end of a reservation that still
/// runs (rule 20); not past a workshop (18), midnight (19), or what comes next on the machine. A use without a new
/// sighting keeps its times, but for what comes next.
fn give_times(uses: &mut [Use], known: &DayOnMachine<'_>, interval: i64, now: Minute) {
    let bookings = known.bookings.iter().map(|(booking, _)| booking);
    let verified = bookings.filter(|booking| booking.verified && !booking.cancelled);
    let mut next: Vec<Minute> = verified.map(|booking| booking.span.start).collect();
    next.extend(uses.iter().map(|use_| use_.first));
    for use_ in uses {
        let next = next.iter().copied().filter(|next| *next > use_.last).min();
        let mut end = match kept(use_, known) {
            Some(span) => {
                use_.span.start = span.start;
                span.end
            }
            None => {
                let mut end = use_.last + interval;
                if let Some(booked) = use_.booked.filter(|booked| now < booked.end) {
                    end = end.max(booked.end);
                    use_.settle_at = Some(booked.end);
                }
                let workshops = known.workshops.iter().map(|span| span.start);
                let limit = workshops.chain([known.day.end]).filter(|limit| *limit > use_.last).min();
                end.min(limit.unwrap_or(end))
            }
        };
        end = end.min(next.unwrap_or(end));
        use_.span.end = end;
    }
}

/// The times of a use that has no new sighting, and no end that is still to come.
fn kept(use_: &Use, known: &DayOnMachine<'_>) -> Option<Span> {
    known.bookings.iter().find_map(|(booking, record)| {
        let record = record.filter(|_| use_.booking == Some(booking.id) && booking.used)?;
        let is_settled = record.settle_at.is_none();
        (is_settled && (record.first, record.last) == (use_.first, use_.last)).then_some(booking.span)
    })
}

/// Lets each use of epn-ingest keep the booking of the earliest use that it grew from. Returns the others.
fn give_ids(uses: &mut [Use], known: &DayOnMachine<'_>) -> Vec<BookingId> {
    let mut made: Vec<UseRecord> = known
        .bookings
        .iter()
        .filter(|(booking, _)| !booking.is_fixed())
        .filter_map(|(_, record)| record.filter(|record| record.booked.is_none()))
        .collect();
    made.sort_unstable_by_key(|record| (record.first, record.booking));
    let mut merged = Vec::new();
    for record in made {
        let grown = uses
            .iter_mut()
            .find(|use_| use_.booking.is_none() && use_.first <= record.first && record.first <= use_.last);
        match grown {
            Some(use_) => use_.booking = Some(record.booking),
            None => merged.push(record.booking),
        }
    }
    merged
}
