//! What staff book, cancel and verify (rules 20 to 23). Times are minutes of the day.

use super::*;
use crate::epn::space::{ComputerId, PersonId};

const LENGTHS: Lengths = Lengths { interval: 5, gap: 15 };
const EVENING: i64 = 1200;

fn span(start: i64, end: i64) -> Span {
    Span { start: Minute(start), end: Minute(end) }
}

/// A reservation that nobody came for yet.
fn reserved(id: u64, start: i64, end: i64) -> (Booking, Option<UseRecord>) {
    let booking = Booking {
        id: BookingId(id),
        person: PersonId(1),
        computer: ComputerId(1),
        span: span(start, end),
        cancelled: false,
        used: false,
        source: Source::Staff,
        verified: false,
        changed_at: None,
    };
    (booking, None)
}

/// A use that epn-ingest made of sightings from `first` to `last`.
fn made(id: u64, first: i64, last: i64) -> (Booking, Option<UseRecord>) {
    let (booking, _) = reserved(id, first, last + LENGTHS.interval);
    let record = UseRecord {
        booking: booking.id,
        person: booking.person,
        computer: booking.computer,
        first: Minute(first),
        last: Minute(last),
        booked: None,
        settle_at: None,
    };
    (Booking { used: true, source: Source::Ingest, ..booking }, Some(record))
}

fn cancelled((booking, record): (Booking, Option<UseRecord>), at: i64) -> (Booking, Option<UseRecord>) {
    (Booking { cancelled: true, changed_at: Some(Minute(at)), ..booking }, record)
}

fn verified(
    (booking, record): (Booking, Option<UseRecord>),
    span: Span,
    at: i64,
) -> (Booking, Option<UseRecord>) {
    (Booking { verified: true, span, changed_at: Some(Minute(at)), ..booking }, record)
}

/// The uses, as (booking, start, end), seen by a run at `now`.
fn at(
    now: i64,
    seen: &[i64],
    bookings: &[(Booking, Option<UseRecord>)],
    workshops: &[Span],
) -> Vec<(Option<u64>, i64, i64)> {
    let seen: Vec<_> = seen.iter().map(|minute| Minute(*minute)).collect();
    let known = DayOnMachine { day: span(0, 1440), seen: &seen, workshops, bookings };
    let found = uses(&known, LENGTHS, Minute(now)).uses.into_iter();
    found.map(|use_| (use_.booking.map(|id| id.0), use_.span.start.0, use_.span.end.0)).collect()
}

/// The same in the evening, without workshops.
fn of(seen: &[i64], bookings: &[(Booking, Option<UseRecord>)]) -> Vec<(Option<u64>, i64, i64)> {
    at(EVENING, seen, bookings, &[])
}

#[test]
fn a_reservation_is_hit_from_the_gap_before_its_start_to_its_end() {
    let booked = [reserved(7, 600, 660)];
    assert_eq!(of(&[584], &booked), [(None, 584, 589)]);
    assert_eq!(of(&[585], &booked), [(Some(7), 585, 590)]);
    assert_eq!(of(&[660], &booked), [(Some(7), 660, 665)]);
    assert_eq!(of(&[661], &booked), [(None, 661, 666)]);
}

#[test]
fn a_use_that_runs_into_a_reservation_becomes_it_whole() {
    let merged = [made(3, 540, 580), reserved(7, 600, 660)];
    let seen = [540, 550, 560, 570, 580, 590, 600];
    assert_eq!(of(&seen, &merged), [(Some(7), 540, 605)]);
    let known =
        DayOnMachine { day: span(0, 1440), seen: &seen.map(Minute), workshops: &[], bookings: &merged };
    assert_eq!(uses(&known, LENGTHS, Minute(EVENING)).merged, [BookingId(3)]);
}

#[test]
fn the_end_of_a_reservation_is_kept_until_it_has_come() {
    let booked = [reserved(7, 600, 660)];
    assert_eq!(at(659, &[605, 610], &booked, &[]), [(Some(7), 605, 660)]);
    assert_eq!(at(660, &[605, 610], &booked, &[]), [(Some(7), 605, 615)]);
    assert_eq!(at(650, &[605, 658], &booked, &[]), [(Some(7), 605, 663)]);
}

#[test]
fn pauses_within_a_reservation_do_not_part_it_but_a_workshop_does() {
    let booked = [reserved(7, 600, 720)];
    assert_eq!(of(&[605, 700], &booked), [(Some(7), 605, 705)]);
    let workshop = [span(630, 660)];
    assert_eq!(at(EVENING, &[605, 700], &booked, &workshop), [(Some(7), 605, 610), (None, 700, 705)]);
    assert_eq!(at(605, &[605], &booked, &workshop), [(Some(7), 605, 630)], "the kept end, too");
}

#[test]
fn of_two_reservations_in_a_row_each_has_its_own_time() {
    let booked = [reserved(7, 600, 660), reserved(8, 660, 720)];
    assert_eq!(of(&[650, 655], &booked), [(Some(7), 650, 660)]);
    assert_eq!(of(&[650, 655, 660, 665], &booked), [(Some(7), 650, 660), (Some(8), 660, 670)]);
    assert_eq!(of(&[665], &booked), [(Some(8), 665, 670)]);
}

#[test]
fn what_is_cancelled_takes_its_sightings_and_those_that_continue_them() {
    let gone = [cancelled(made(3, 600, 620), 624)];
    let seen = [600, 610, 620, 624, 635, 650];
    assert_eq!(of(&seen, &gone), []);
    assert_eq!(of(&[600, 620, 636], &gone), [(None, 636, 641)], "a return after more than the gap");
    assert_eq!(of(&[590, 600, 620], &gone), [(None, 590, 595)], "what was before it");
}

#[test]
fn a_reservation_cancelled_before_its_start_takes_nothing() {
    let gone = |at| [cancelled(reserved(7, 600, 660), at)];
    assert_eq!(of(&[605, 610], &gone(599)), [(None, 605, 615)]);
    assert_eq!(of(&[605, 610, 640], &gone(605)), [(None, 640, 645)]);
    let (booking, record) = reserved(7, 600, 660);
    let untold = [(Booking { cancelled: true, ..booking }, record)];
    assert_eq!(of(&[605, 610], &untold), [(None, 605, 615)], "no moment told, never seen: beforehand");
    let (booking, record) = made(3, 600, 610);
    let untold = [(Booking { cancelled: true, ..booking }, record)];
    assert_eq!(of(&[600, 610, 615, 640], &untold), [(None, 640, 645)], "no moment told, but seen: its end");
}

#[test]
fn what_is_verified_takes_what_it_was_made_of_and_the_time_up_to_that_moment() {
    let checked = [verified(made(3, 600, 620), span(610, 615), 632)];
    assert_eq!(of(&[600, 610, 620, 625, 632], &checked), []);
    assert_eq!(of(&[600, 620, 633], &checked), [(None, 633, 638)], "later ones are a new use at once");
    let early = [verified(made(3, 600, 620), span(600, 640), 622)];
    assert_eq!(of(&[600, 620, 640, 641], &early), [(None, 641, 646)]);
    let later = [verified(made(3, 600, 620), span(600, 625), 630)];
    assert_eq!(of(&[590, 597, 600, 635], &later), [(None, 590, 600), (None, 635, 640)]);
}

#[test]
fn checking_the_morning_in_the_evening_leaves_the_afternoon_alone() {
    let seen = [600, 610, 900, 910];
    let afternoon = made(4, 900, 910);
    for morning in
        [cancelled(made(3, 600, 610), EVENING), verified(made(3, 600, 610), span(600, 615), EVENING)]
    {
        assert_eq!(of(&seen, &[morning.clone(), afternoon.clone()]), [(Some(4), 900, 915)]);
        assert_eq!(of(&seen, &[morning]), [], "but rows that come late are dropped");
    }
}

#[test]
fn the_earliest_use_keeps_its_booking_when_two_grow_together() {
    let both = [made(9, 600, 610), made(4, 640, 650)];
    assert_eq!(of(&[600, 610, 640, 650], &both), [(Some(9), 600, 615), (Some(4), 640, 655)]);
    assert_eq!(of(&[600, 610, 625, 640, 650], &both), [(Some(9), 600, 655)]);
    assert_eq!(of(&[590, 600, 610], &both[..1]), [(Some(9), 590, 615)]);
}

#[test]
fn a_living_use_goes_on_when_an_older_one_is_cancelled() {
    // Cancelled at 687; the row of 685 was not read before.
    let bookings = [cancelled(made(3, 600, 615), 687), made(4, 660, 680)];
    assert_eq!(of(&[600, 615, 660, 670, 680, 685, 700], &bookings), [(Some(4), 660, 705)]);
    // Rows of the time after an early cancelling come late, when a later use is there.
    let bookings = [cancelled(made(3, 600, 620), 624), made(4, 645, 645)];
    assert_eq!(of(&[600, 620, 625, 640, 645, 650, 665], &bookings), [(Some(4), 645, 670)]);
}

#[test]
fn what_staff_do_to_a_workshop_does_not_rewrite_a_use_that_ended_before() {
    // Moved into the room of a workshop of 600 to 720 after the sighting of 615: one use, as before.
    let before = [made(3, 570, 615)];
    let seen = [570, 585, 600, 615, 725];
    assert_eq!(at(EVENING, &seen, &before, &[span(600, 720)]), [(Some(3), 570, 620), (None, 725, 730)]);
    // Cut by a workshop that was cancelled since: the end of then.
    let (booking, record) = made(3, 582, 597);
    let cut = [(Booking { span: span(582, 600), ..booking }, record)];
    assert_eq!(of(&[582, 597, 640], &cut), [(Some(3), 582, 600), (None, 640, 645)]);
    // With a new sighting it is brought up to date.
    assert_eq!(of(&[582, 597, 610], &cut), [(Some(3), 582, 615)]);
}
