//! Nodes that have not yet what the others have committed.

use std::{
    fs,
    ops::Range,
    os::unix::fs::symlink,
    sync::{Arc, Mutex},
};

use mysql::{Conn, prelude::Queryable};

use crate::{
    cluster, site, space,
    support::{
        Database, Galera,
        proxy::{Harm, Point, Protocol, Proxy, Trouble},
        until,
    },
};

/// Whether a statement of somebody else waits for something in that database.
fn one_waits(database: &Database) -> bool {
    let waiting = "SELECT COUNT(*) FROM information_schema.processlist \
        WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command IN ('Query', 'Prepare', 'Execute') AND time_ms > 300";
    database.value(waiting) != "0"
}

#[test]
fn a_run_on_a_node_that_lags_behind_does_not_do_again_what_was_done_elsewhere() {
    let cluster = cluster();
    let nodes = space::with_parts(&cluster, 0..space::PARTS / 2);
    let waiting = || nodes[2].value("SELECT COUNT(*) FROM users_temp");
    let before = waiting();
    let held = cluster.hold_back(2, &nodes);
    space::ingest(&nodes[0]).run().silent();
    space::add_parts(&mut nodes[0].conn(), space::PARTS / 2..space::PARTS);
    // The node still shows the sightings as new, and the lease as free.
    assert_eq!(waiting(), before);
    let running = space::ingest(&nodes[2]).start();
    until("a run that waits", || one_waits(&nodes[2]));
    drop(held);
    running.wait().silent();
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&nodes, "behind");
}

#[test]
fn session_aggregate_on_a_node_that_lags_behind_begins_where_the_last_run_ended() {
    let cluster = cluster();
    let nodes = site::with_all(&cluster);
    let held = cluster.hold_back(1, &nodes);
    site::aggregate(&nodes[0]).run().silent();
    site::end_all(&mut nodes[0].conn());
    let running = site::aggregate(&nodes[1]).start();
    until("a run that waits", || one_waits(&nodes[1]));
    drop(held);
    running.wait().silent();
    cluster.wait_for(&[0, 1, 2]);
    site::assert_right(&nodes, "behind");
}

/// All connections of others to the database of `conn` are gone.
fn lose_connections(conn: &mut Conn) {
    let others =
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
    for id in conn.query::<u64, _>(others).unwrap() {
        // One that ended by itself meanwhile is gone, too.
        let _ = conn.query_drop(format!("KILL {id}"));
    }
}

/// Nobody has an account, and nobody booked anything: what a batch changes are new rows only, and none of them is in
/// the way of a batch that does not know them.
const NOBODY_KNOWN: &str = "UPDATE epn_user SET credit_minutes = NULL, workshop_credits = NULL; \
    DELETE FROM epn_booking; DELETE FROM epn_attendance; DELETE FROM epn_workshop";

/// What has to be committed before a run loses its connection: one batch and a part of the next.
const TAKEN: u64 = 300;

/// After so many statements the node catches up: between what the run reads for its first batch there, and what it writes.
const MOMENTS: Range<usize> = 9..14;

/// A run through something that leads it to another node when the first is lost: a list of hosts, or a proxy. The other
/// node lags behind; it catches up when the run has said so many statements there, or waits.
fn lead_to_node_behind(cluster: &Galera, statements: usize, should: &str) {
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    nodes[0].run(NOBODY_KNOWN);
    let mut conn = nodes[0].conn();
    space::add_parts(&mut conn, 0..space::PARTS);
    cluster.wait_for(&[0, 1, 2]);
    let held = Arc::new(Mutex::new(Some(cluster.hold_back(1, &nodes))));
    let release = Arc::clone(&held);
    let home = tempfile::tempdir().unwrap();
    let way = home.path().join("socket");
    symlink(cluster.socket(0), &way).unwrap();
    let (led, other) = (way.clone(), cluster.socket(1));
    let (mut behind, mut said) = (nodes[1].conn(), None);
    let at_each_statement = move || match &mut said {
        None if space::taken(&mut conn).unwrap() < TAKEN => {}
        None => {
            fs::remove_file(&led).unwrap();
            symlink(&other, &led).unwrap();
            lose_connections(&mut conn);
            said = Some(0);
        }
        Some(said) => {
            if *said == statements && release.lock().unwrap().take().is_some() {
                until("what was committed on the first node", || space::taken(&mut behind).unwrap() >= TAKEN);
            }
            *said += 1;
        }
    };
    let act = Harm::Act(Box::new(at_each_statement));
    let proxy = Proxy::to(&way, Protocol::MySql, [Trouble::from_there_on(Point::Statement(0), act)]);
    let address = proxy.url_of(&nodes[0], "epn-ingest");
    let running = space::ingest(&nodes[0]).env("SESSIONSTAT_MYSQL_URL", address).start();
    until("a run that waits, or is as far", || held.lock().unwrap().is_none() || one_waits(&nodes[1]));
    held.lock().unwrap().take();
    let run = running.wait();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{statements} statements: {run:?}");
    cluster.wait_for(&[0, 1, 2]);
    space::assert_state(
        &nodes,
        should,
        &format!("led to a node that catches up after {statements} statements"),
    );
}

#[test]
fn a_run_that_is_led_to_a_node_that_lags_behind_sees_what_it_did_itself() {
    let cluster = cluster();
    let should = space::expected(NOBODY_KNOWN);
    for statements in MOMENTS {
        lead_to_node_behind(&cluster, statements, &should);
    }
}
