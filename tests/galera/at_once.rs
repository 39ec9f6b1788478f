//! Runs of one job on two nodes at the same moment, again and again, while there is always something new.

use crate::{
    chance::Chance,
    cluster, site, space,
    support::{Database, NODES, Running, Tool},
};

/// What became of runs.
#[derive(Debug, Default)]
struct Tally {
    worked: u32,
    busy: u32,
}

impl Tally {
    /// A run either works, and says nothing, or finds the other at work.
    #[track_caller]
    fn add(&mut self, running: Running) {
        let run = running.wait();
        match run.status {
            0 => {
                assert_eq!(run.stderr, "");
                self.worked += 1;
            }
            75 => {
                assert!(run.stderr.contains(" holds the lease on "), "{run:?}");
                self.busy += 1;
            }
            _ => panic!("{run:?}"),
        }
    }
}

/// In each round, a part comes in before and another one while two hosts run `tool` on two nodes, by chance.
#[track_caller]
fn alternate(
    nodes: &[Database; NODES],
    parts: u64,
    tool: impl Fn(&Database) -> Tool,
    add_part: impl Fn(&mut mysql::Conn, u64),
) -> Tally {
    let mut chance = Chance::new();
    let mut tally = Tally::default();
    let mut conns: Vec<mysql::Conn> = nodes.iter().map(|node| node.conn()).collect();
    let order = chance.order(parts as usize);
    for pair in order.chunks(2) {
        let places = chance.order(NODES);
        add_part(&mut conns[places[2]], pair[0] as u64);
        let running = [0, 1].map(|host| tool(&nodes[places[host]]).start());
        if let Some(part) = pair.get(1) {
            add_part(&mut conns[places[chance.below(3) as usize]], *part as u64);
        }
        running.into_iter().for_each(|running| tally.add(running));
    }
    tally
}

#[test]
fn epn_ingest_on_two_nodes_at_once_ends_as_one_undisturbed_run() {
    let cluster = cluster();
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    let tally = alternate(&nodes, space::PARTS, space::ingest, space::add_part);
    cluster.wait_for(&[0, 1, 2]);
    space::ingest(&nodes[1]).run().silent();
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&nodes, &format!("{tally:?}"));
    assert!(tally.worked >= 12 && tally.busy > 0, "the runs did not meet: {tally:?}");
    eprintln!("epn-ingest: {tally:?}");
}

#[test]
fn session_aggregate_on_two_nodes_at_once_ends_as_one_undisturbed_run() {
    let cluster = cluster();
    let nodes = cluster.databases();
    site::open(&nodes[2]);
    let tally = alternate(&nodes, site::PARTS, site::aggregate, site::add_part);
    // Parts come in any order: the ends of some were told before their sessions were.
    site::end_all(&mut nodes[1].conn());
    cluster.wait_for(&[0, 1, 2]);
    site::aggregate(&nodes[0]).run().silent();
    cluster.wait_for(&[0, 1, 2]);
    site::assert_right(&nodes, &format!("{tally:?}"));
    assert!(tally.worked >= 8 && tally.busy > 0, "the runs did not meet: {tally:?}");
    eprintln!("session-aggregate: {tally:?}");
}
