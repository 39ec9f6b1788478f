//! MySQL holds what the store in memory holds, run by run.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use mysql::{Value as Sql, prelude::Queryable};
use proptest::prelude::*;
use sessionstat::epn::{
    calendar::{Minute, Span},
    rows::Sighting,
    space::{ComputerId, PersonId, WorkshopId},
};

use crate::{
    memory::{OPENING, State, ZONE},
    properties::{MACHINES, PEOPLE, Story, story},
    space::Space,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn mysql_and_memory_agree_after_every_run(mut story in story()) {
        story.rhythm = story.rhythm.max(120);
        let mut memory = story.space();
        let mut space = Space::new(ZONE, "");
        set_up(&mut space, &story);
        for (now, sightings) in story.runs() {
            add(&mut space, &sightings);
            space.ingest(now.instant());
            memory.run(&sightings, now);
            prop_assert_eq!(state(&mut space), memory.state(), "after the run of {}", now.instant());
        }
        prop_assert_eq!(space.count("users_temp"), 0);
        let mut seen: Vec<_> = story.sightings.iter().map(|(sighting, _)| *sighting).collect();
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(space.count("users_log"), seen.len() as u64);
        let wrong: Option<u64> = space.conn.query_first(format!(
            "SELECT COUNT(*) FROM epn_user u WHERE u.credit_minutes <> {OPENING} + \
             (SELECT COALESCE(SUM(delta), 0) FROM epn_credit_ledger l WHERE l.user_id = u.id AND kind = 'minutes')"
        )).unwrap();
        prop_assert_eq!(wrong, Some(0));
    }
}

fn set_up(space: &mut Space, story: &Story) {
    let mut run = |sql: &str, values: Vec<Sql>| space.conn.exec_drop(sql, values).unwrap();
    for id in 1..=PEOPLE {
        let sql = "INSERT INTO epn_user (id, login, credit_minutes, workshop_credits) VALUES (?, CONCAT('p', ?), ?, ?)";
        run(sql, vec![id.into(), id.into(), OPENING.into(), OPENING.into()]);
    }
    run("INSERT INTO epn_room (id, name) VALUES (1, 'salle'), (2, 'accès')", vec![]);
    for id in 1..=MACHINES {
        let room = if id <= 2 { 1 } else { 2 };
        let sql = "INSERT INTO epn_computer (id, netbios_name, room_id) VALUES (?, CONCAT('PC-', ?), ?)";
        run(sql, vec![id.into(), id.into(), room.into()]);
    }
    for (index, span) in story.workshops.iter().enumerate() {
        let sql = "INSERT INTO epn_workshop (id, title, room_id, starts_at, ends_at, capacity) VALUES (?, '', 1, ?, ?, 2)";
        run(sql, vec![(index + 1).into(), span.start.time().into(), span.end.time().into()]);
    }
    for (index, person) in story.registered.iter().filter(|(index, _)| *index < story.workshops.len()) {
        let sql = "INSERT IGNORE INTO epn_attendance (workshop_id, user_id) VALUES (?, ?)";
        run(sql, vec![(index + 1).into(), person.0.into()]);
    }
    for (person, computer, span) in &story.reservations {
        let sql = "INSERT INTO epn_booking (user_id, computer_id, starts_at, ends_at) VALUES (?, ?, ?, ?)";
        run(sql, vec![person.0.into(), computer.0.into(), span.start.time().into(), span.end.time().into()]);
    }
}

fn add(space: &mut Space, sightings: &[Sighting]) {
    for sighting in sightings {
        let sql = "INSERT IGNORE INTO users_temp (seen_at, server, login, machine) \
                   VALUES (?, 'nas', CONCAT('p', ?), CONCAT('PC-', ?))";
        space.conn.exec_drop(sql, (sighting.at.time(), sighting.person.0, sighting.computer.0)).unwrap();
    }
}

fn state(space: &mut Space) -> State {
    type BookingRow = (u64, u64, NaiveDateTime, NaiveDateTime, bool, bool);
    let sql = "SELECT user_id, computer_id, starts_at, ends_at, status = 'used', source = 'ingest' FROM epn_booking";
    let booking = |(person, computer, start, end, used, by_ingest): BookingRow| {
        let span = Span { start: Minute::of(start), end: Minute::of(end) };
        (PersonId(person), ComputerId(computer), span, used, by_ingest)
    };
    let bookings: Vec<_> = space.conn.query_map(sql, booking).unwrap();
    let sql = "SELECT workshop_id, user_id, status = 'present', source = 'ingest' FROM epn_attendance";
    let entry =
        |(workshop, person, present, by_ingest)| (WorkshopId(workshop), PersonId(person), present, by_ingest);
    let attendance: Vec<_> = space.conn.query_map(sql, entry).unwrap();
    let sql = "SELECT id, credit_minutes, workshop_credits FROM epn_user";
    let balances: Vec<_> =
        space.conn.query_map(sql, |(person, minutes, units)| (PersonId(person), (minutes, units))).unwrap();
    State {
        bookings: bookings.into_iter().collect::<BTreeSet<_>>(),
        attendance: attendance.into_iter().collect::<BTreeSet<_>>(),
        balances: balances.into_iter().collect::<BTreeMap<_, _>>(),
    }
}
