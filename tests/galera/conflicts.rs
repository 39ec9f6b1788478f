//! Others who change the same rows on other nodes all the time.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use mysql::{Conn, prelude::Queryable};

use crate::{chance::Chance, cluster, space, support::NODES};

/// The certification failures and aborts of a whole cluster. Each of them is a transaction that was taken back.
const COUNTERS: [&str; 2] = ["wsrep_local_cert_failures", "wsrep_local_bf_aborts"];

/// Between two changes of one member of staff: ten times faster than people are.
const PAUSE: Duration = Duration::from_millis(40);

/// What a member of staff did.
#[derive(Default)]
struct Done {
    /// Minutes paid, by login.
    paid: BTreeMap<String, i64>,
    changes: u64,
    refused: u64,
}

/// What staff's software does, again and again, and tries again after a conflict: a payment, a note on a booking.
fn staff(mut conn: Conn, is_over: &AtomicBool) -> Done {
    let (mut chance, mut done) = (Chance::new(), Done::default());
    while !is_over.load(Ordering::SeqCst) {
        let (login, machine) = (format!("usager{}", 1 + chance.below(20)), 1 + chance.below(12));
        for sql in [
            format!("UPDATE epn_user SET credit_minutes = credit_minutes + 1 WHERE login = '{login}'"),
            format!(
                "UPDATE epn_booking SET changed_at = UTC_TIMESTAMP(6) WHERE computer_id = {machine} AND verified = 0 \
                 AND status <> 'cancelled' ORDER BY starts_at DESC LIMIT 1"
            ),
        ] {
            while let Err(error) = conn.query_drop(&sql) {
                let is_conflict = matches!(&error, mysql::Error::MySqlError(cause) if cause.code == 1213);
                assert!(is_conflict, "{sql}: {error}");
                done.refused += 1;
            }
            done.changes += 1;
            thread::sleep(PAUSE);
        }
        *done.paid.entry(login).or_default() += 1;
    }
    done
}

/// The state of a space after these payments.
fn with_payments(state: &str, paid: &BTreeMap<String, i64>) -> String {
    let (mut is_minutes, mut lines) = (false, Vec::new());
    for line in state.lines() {
        if line.starts_with("# ") {
            is_minutes = line.contains("credit_minutes");
        }
        match line.split_once('\t') {
            Some((login, minutes)) if is_minutes && minutes != "NULL" => {
                let minutes: i64 = minutes.parse().unwrap();
                lines.push(format!("{login}\t{}", minutes + paid.get(login).unwrap_or(&0)));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn runs_amid_conflicts_end_as_undisturbed_ones_and_no_payment_is_lost() {
    let cluster = cluster();
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    cluster.wait_for(&[0, 1, 2]);
    let before = COUNTERS.map(|name| cluster.sum(name));
    let is_over = AtomicBool::new(false);
    let runs = || {
        let mut conn = nodes[2].conn();
        for part in 0..space::PARTS {
            space::add_part(&mut conn, part);
            if part % 3 == 2 {
                space::ingest(&nodes[part as usize % NODES]).run().silent();
            }
        }
    };
    let staff = thread::scope(|scope| {
        let staff = [1, 2].map(|node| {
            let (conn, is_over) = (nodes[node].conn(), &is_over);
            scope.spawn(move || staff(conn, is_over))
        });
        let runs = scope.spawn(runs).join();
        is_over.store(true, Ordering::SeqCst);
        runs.unwrap();
        staff.map(|one| one.join().unwrap())
    });
    let grown: Vec<u64> =
        COUNTERS.iter().zip(before).map(|(name, before)| cluster.sum(name) - before).collect();
    let changes: Vec<_> = staff.iter().map(|done| (done.changes, done.refused)).collect();
    eprintln!("certification failures and aborts: {grown:?}; changes of staff, and refusals: {changes:?}");
    cluster.wait_for(&[0, 1, 2]);
    // What staff changed last is packed, too.
    space::ingest(&nodes[0]).run().silent();
    cluster.wait_for(&[0, 1, 2]);
    let mut paid: BTreeMap<String, i64> = BTreeMap::new();
    for (login, minutes) in staff.into_iter().flat_map(|done| done.paid) {
        *paid.entry(login).or_default() += minutes;
    }
    space::assert_state(&nodes, &with_payments(space::undisturbed(), &paid), "amid conflicts");
    assert!(grown.iter().sum::<u64>() > 0, "nothing met");
}
