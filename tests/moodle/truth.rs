//! A month of simulated users, of whom it is known when they were there: how far the counted time is from the truth.

// `cargo test --test moodle truth -- --nocapture` shows the figures.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use mysql::prelude::Queryable;

use crate::golden::{Case, fields, read};

const CASE: &str = "10_month_50x30";

/// How users left, and by how many seconds the end of their sessions may be wrong: too early, too late. The heartbeat
/// comes every 10 minutes, and its cap is 2 hours.
const BOUNDS: [(&str, i64, i64); 5] = [
    ("logout", 0, 0),
    ("brutal_close", 300, 300),
    ("tabs_closed", 300, 300),
    ("network_loss", 300, 300),
    ("walk_away", 300, 7_200),
];

#[test]
fn the_errors_of_a_month_are_no_greater_than_the_way_of_leaving_lets_them_be() {
    let case = Case::load(CASE);
    case.grow(1);
    let sql =
        "SELECT user_id, session_start, session_end FROM moodle_session ORDER BY user_id, session_start";
    let sessions: Vec<(i64, i64, i64)> = case.site.conn().query(sql).unwrap();
    let counted: i64 = sessions.iter().map(|(_, start, end)| end - start).sum();
    let truth = read(CASE, "truth.csv");
    let mut present = 0;
    // What was counted too much, by the way of leaving. Here each session has one presence.
    let mut errors: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for presence in fields(&truth) {
        let number = |field: usize| presence[field].parse::<i64>().unwrap();
        let (user, from, to) = (number(0), number(1), number(2));
        present += to - from;
        let session =
            sessions.iter().find(|(whose, start, end)| *whose == user && *start < to && *end > from);
        let (_, _, end) = session.unwrap_or_else(|| panic!("no session covers {presence:?}"));
        errors.entry(presence[3]).or_default().push(end - to);
    }
    println!("counted {counted} s, true {present} s: {:.1} %", 100.0 * counted as f64 / present as f64);
    for (way, early, late) in BOUNDS {
        let errors = &errors[way];
        let (least, most) = (errors.iter().min().unwrap(), errors.iter().max().unwrap());
        let mean = errors.iter().map(|error| error.abs()).sum::<i64>() / errors.len() as i64;
        println!("{way:12} {:4} times, {least:6} to {most:5} s, {mean:5} s on average", errors.len());
        assert!(
            (-early..=late).contains(least) && (-early..=late).contains(most),
            "{way}: {least} to {most}"
        );
    }
    assert_eq!(errors.len(), BOUNDS.len());
    // With this cap, people who walk away are what is counted too much.
    assert_eq!((100 * counted + present / 2) / present, 128);
}
