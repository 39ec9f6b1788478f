//! What must hold for any rows, in any order, with duplicates and any schedule of runs (rules 18, 24 and 28).

use proptest::prelude::*;
use sessionstat::epn::{
    calendar::{Minute, Span},
    rows::Sighting,
    space::{ComputerId, PersonId},
};

use crate::memory::{LENGTHS, Memory, OPENING, State};

/// 28 March 2026, 23:00 UTC: midnight in Paris, of a day of 23 hours.
pub const MIDNIGHT: i64 = 1_774_738_800 / 60;
/// Sightings lie in this many minutes, which hold a midnight.
const LENGTH: i64 = 26 * 60;
pub const PEOPLE: u64 = 2;
pub const MACHINES: u64 = 3;

/// A space and what happens in it.
#[derive(Clone, Debug)]
pub struct Story {
    pub workshops: Vec<Span>,
    pub registered: Vec<(usize, PersonId)>,
    pub reservations: Vec<(PersonId, ComputerId, Span)>,
    /// Each with the run, counted from the first possible one, that it comes late for.
    pub sightings: Vec<(Sighting, usize)>,
    /// Minutes between two runs.
    pub rhythm: i64,
}

prop_compose! {
    fn span(longest: i64)(start in 0..LENGTH, length in 1..=longest) -> Span {
        Span { start: Minute(MIDNIGHT + start), end: Minute(MIDNIGHT + start + length) }
    }
}

prop_compose! {
    /// Somebody comes, stays for some snapshots, and goes.
    fn visit()(
        person in 1..=PEOPLE,
        computer in 1..=MACHINES,
        start in 0..LENGTH,
        steps in prop::collection::vec((1..25_i64, 0..4_usize), 1..12),
    ) -> Vec<(Sighting, usize)> {
        let mut at = MIDNIGHT + start;
        steps
            .into_iter()
            .map(|(step, late)| {
                at += step;
                let sighting =
                    Sighting { person: PersonId(person), computer: ComputerId(computer), at: Minute(at) };
                (sighting, late)
            })
            .collect()
    }
}

prop_compose! {
    pub fn story()(
        workshops in prop::collection::vec(span(180), 0..3),
        registered in prop::collection::vec((0..3_usize, (1..=PEOPLE).prop_map(PersonId)), 0..3),
        reservations in prop::collection::vec(
            ((1..=PEOPLE).prop_map(PersonId), (1..=MACHINES).prop_map(ComputerId), span(120)), 0..5),
        visits in prop::collection::vec(visit(), 1..8),
        rhythm in prop::sample::select(vec![7_i64, 10, 61, 400]),
    ) -> Story {
        Story { workshops, registered, reservations, sightings: visits.concat(), rhythm }
    }
}

impl Story {
    pub fn space(&self) -> Memory {
        Memory::new(PEOPLE, MACHINES, &self.workshops, &self.registered, &self.reservations)
    }

    /// A moment after everything.
    pub fn end(&self) -> Minute {
        let reserved = self.reservations.iter().map(|(_, _, span)| span.end);
        let seen = self.sightings.iter().map(|(sighting, _)| sighting.at);
        reserved.chain(seen).max().unwrap() + 500
    }

    /// The runs, with the sightings that each takes.
    pub fn runs(&self) -> Vec<(Minute, Vec<Sighting>)> {
        let count = (self.end() - Minute(MIDNIGHT)) / self.rhythm + 1;
        let mut runs: Vec<_> =
            (1..=count).map(|run| (Minute(MIDNIGHT + run * self.rhythm), Vec::new())).collect();
        let last = runs.len() - 1;
        for (sighting, late) in &self.sightings {
            let possible = runs.iter().position(|(now, _)| *now >= sighting.at).unwrap_or(last);
            runs[(possible + late).min(last)].1.push(*sighting);
        }
        runs.push((self.end(), Vec::new()));
        runs
    }

    fn at_once(&self, change: impl FnOnce(&mut Vec<Sighting>)) -> Memory {
        let mut sightings: Vec<_> = self.sightings.iter().map(|(sighting, _)| *sighting).collect();
        change(&mut sightings);
        let mut space = self.space();
        space.run(&sightings, self.end());
        space
    }
}

/// No two uses of one machine by one person have a minute in common.
pub fn assert_no_overlap(state: &State) -> Result<(), TestCaseError> {
    for (person, computer, span, used, _) in &state.bookings {
        let others = state.bookings.iter().filter(|other| other.2 != *span);
        for other in others.filter(|other| (other.0, other.1) == (*person, *computer)) {
            prop_assert!(!(*used && other.3 && span.overlaps(&other.2)), "{span:?} and {:?}", other.2);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_duplicates_and_the_schedule_of_runs_change_nothing(story in story()) {
        let once = story.at_once(|_| {}).state();
        let backwards = story.at_once(|sightings| sightings.reverse()).state();
        prop_assert_eq!(&once, &backwards);
        let twice = story.at_once(|sightings| sightings.extend(sightings.clone())).state();
        prop_assert_eq!(&once, &twice);
        let mut by_runs = story.space();
        for (now, sightings) in story.runs() {
            by_runs.run(&sightings, now);
            assert_no_overlap(&by_runs.state())?;
        }
        prop_assert_eq!(&once, &by_runs.state());
        let all: Vec<_> = story.sightings.iter().map(|(sighting, _)| *sighting).collect();
        by_runs.run(&all, story.end());
        prop_assert_eq!(&once, &by_runs.state(), "a replay");
    }

    #[test]
    fn balances_are_the_opening_balance_and_the_ledger(story in story()) {
        let mut space = story.space();
        for (now, sightings) in story.runs() {
            space.run(&sightings, now);
            for (person, (minutes, units)) in space.state().balances {
                let of_person = space.ledger.iter().filter(|entry| entry.0 == person);
                let sums = of_person.fold((OPENING, OPENING), |sum, entry| (sum.0 + entry.1, sum.1 + entry.2));
                prop_assert_eq!((minutes, units), sums);
            }
        }
    }

    #[test]
    fn without_reservations_a_use_is_what_a_minute_by_minute_count_says(mut story in story()) {
        story.reservations.clear();
        let state = story.at_once(|_| {}).state();
        let mut should = std::collections::BTreeSet::new();
        for person in (1..=PEOPLE).map(PersonId) {
            for computer in (1..=MACHINES).map(ComputerId) {
                should.extend(counted(&story, person, computer).into_iter().map(|span| (person, computer, span, true, true)));
            }
        }
        prop_assert_eq!(state.bookings, should);
    }
}

/// The uses of one person on one machine, counted minute by minute: an oracle that shares no code with the rules.
fn counted(story: &Story, person: PersonId, computer: ComputerId) -> Vec<Span> {
    let here = |sighting: &&Sighting| sighting.person == person && sighting.computer == computer;
    let seen = |minute| story.sightings.iter().map(|(s, _)| s).filter(here).any(|s| s.at == minute);
    // The midnights in question: 29 March has 23 hours, 30 March has 24.
    let midnight = |minute: Minute| [0, 23 * 60, 47 * 60].contains(&(minute.0 - MIDNIGHT));
    let in_workshop = |minute| computer.0 <= 2 && story.workshops.iter().any(|span| span.contains(minute));
    let starts = |minute| computer.0 <= 2 && story.workshops.iter().any(|span| span.start == minute);
    let mut uses: Vec<Span> = Vec::new();
    let mut open: Option<(Minute, Minute)> = None;
    let close = |(first, last): (Minute, Minute), uses: &mut Vec<Span>, cut: Option<Minute>| {
        let end = last + LENGTHS.interval;
        uses.push(Span { start: first, end: cut.map_or(end, |cut| end.min(cut)) });
    };
    for minute in (MIDNIGHT..story.end().0).map(Minute) {
        if let Some((first, last)) = open {
            if midnight(minute) || starts(minute) {
                close((first, last), &mut uses, Some(minute));
                open = None;
            } else if minute - last > LENGTHS.gap {
                close((first, last), &mut uses, None);
                open = None;
            }
        }
        if seen(minute) && !in_workshop(minute) {
            open = Some(open.map_or((minute, minute), |(first, _)| (first, minute)));
        }
    }
    if let Some(use_) = open {
        close(use_, &mut uses, None);
    }
    uses
}
