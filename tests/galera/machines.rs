//! Nodes on machines of their own, each in a network namespace: cables are pulled, and some do not hear others. Clients
//! lose their node, too, and nobody tells them.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::{
    site, space,
    support::{Galera, NODES, Network, Running, until},
};

/// The cluster, for one test at a time, whole and quiet; none where this host does not allow namespaces.
#[track_caller]
#[allow(clippy::print_stderr)]
fn cluster() -> Option<MutexGuard<'static, Galera>> {
    static CLUSTER: OnceLock<Result<Mutex<Galera>, String>> = OnceLock::new();
    let cluster =
        CLUSTER.get_or_init(|| Network::start(NODES as u8).map(|network| Mutex::new(Galera::on(network))));
    match cluster {
        Ok(cluster) => {
            let mut cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
            cluster.heal();
            Some(cluster)
        }
        Err(why) => {
            eprintln!(
                "NOT TESTED: nodes on machines of their own: {why}; run as root, or where users may make namespaces"
            );
            None
        }
    }
}

/// A node's silence is noticed in seconds, and the next one asked.
const PATIENT: &str = "general.timezone = \"Europe/Paris\"\nepn.batch_rows = 150\n\
    mysql.connect_timeout = \"1s\"\nmysql.timeout = \"3s\"\nmysql.retry_for = \"60s\"\n";

/// A run on a client's machine uses node 2, the first of its list, when `fail` happens to the network. That node, alone,
/// takes nothing; the run goes on at another one.
fn fails_under_a_run(cluster: &Galera, what: &str, fail: impl Fn(&Network)) {
    let nodes = space::full(cluster);
    let url = cluster.url_of(&[2, 1, 0], &nodes[0], "epn-ingest");
    let client = space::ingest(&nodes[0]).env("SESSIONSTAT_MYSQL_URL", url).config(PATIENT);
    let running = client.under(cluster.network().client()).arg("-v").start();
    space::until_taken(&nodes[0], 300);
    fail(cluster.network());
    cluster.wait_until_alone(2);
    space::assert_gave_up(&space::ingest_within(&nodes[2], "1s").run());
    cluster.wait_for(&[0, 1]);
    let run = running.wait().expect(0);
    let told = [format!("{} is passed over: ", cluster.host(2)), format!("using {}", cluster.host(1))];
    assert!(told.iter().all(|told| run.stderr.contains(told)), "{what}: {run:?}");
    space::assert_right(&nodes[..2], what);
    cluster.network().plug(2);
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&nodes, &format!("{what}, and mended"));
}

#[test]
fn a_run_whose_node_loses_its_cable_goes_on_at_another_one() {
    let Some(cluster) = cluster() else { return };
    fails_under_a_run(&cluster, "cable pulled", |network| network.pull(2));
}

#[test]
fn a_run_whose_node_is_heard_by_nobody_and_hears_all_goes_on_at_another_one() {
    let Some(cluster) = cluster() else { return };
    // Its clients do not hear it, either.
    fails_under_a_run(&cluster, "heard by nobody", |network| {
        [Network::address(0), Network::address(1), Network::CLIENT]
            .iter()
            .for_each(|to| network.silence(2, *to));
    });
}

/// Parts that are there when the network fails.
const EARLY: u64 = 8;

#[test]
fn runs_on_two_nodes_that_do_not_hear_each_other_do_the_work_of_one() {
    let Some(cluster) = cluster() else { return };
    let [spaces, sites] = [0, 1].map(|_| cluster.databases());
    space::open(&spaces[0]);
    site::open(&sites[0]);
    cluster.wait_for(&[0, 1, 2]);
    let mut conns = [&spaces, &sites].map(|nodes| nodes[2].conn());
    let mut add = |part: u64| {
        if part < space::PARTS {
            space::add_part(&mut conns[0], part);
        }
        if part < site::PARTS {
            site::add_part(&mut conns[1], part);
        }
    };
    let run_on_both = || {
        let running = [0, 1].map(|node| {
            [space::ingest(&spaces[node]), site::aggregate(&sites[node])].map(|tool| tool.start())
        });
        for run in running.into_iter().flatten().map(Running::wait) {
            // The cluster is of another mind for a moment: a run waits, or gives up and says so.
            assert!([0, 69, 75].contains(&run.status), "{run:?}");
        }
    };
    (0..EARLY).for_each(&mut add);
    let agreed = cluster.status(2, "wsrep_cluster_conf_id");
    // Both hear the third node, which in the end tells each what the other said.
    cluster.network().silence(0, Network::address(1));
    cluster.network().silence(1, Network::address(0));
    run_on_both();
    until("nodes that have noticed", || cluster.status(2, "wsrep_cluster_conf_id") != agreed);
    cluster.wait_for(&[0, 1, 2]);
    for part in EARLY..space::PARTS.max(site::PARTS) {
        add(part);
        run_on_both();
    }
    [0, 1].iter().for_each(|node| cluster.network().plug(*node));
    cluster.wait_for(&[0, 1, 2]);
    site::end_all(&mut sites[2].conn());
    cluster.wait_for(&[0, 1, 2]);
    space::ingest(&spaces[1]).run().silent();
    site::aggregate(&sites[0]).run().silent();
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&spaces, "two that do not hear each other");
    site::assert_right(&sites, "two that do not hear each other");
}
