//! Nodes that die, are cut off or freeze while a run uses them.

use crate::{
    chance::Chance,
    cluster, site, space,
    support::{NODES, Tool, until},
};

#[test]
fn a_run_whose_node_is_killed_goes_on_when_it_is_back() {
    let mut cluster = cluster();
    let mut chance = Chance::new();
    let nodes = space::full(&cluster);
    let victim = chance.below(NODES as u64) as usize;
    let other = (victim + 1) % NODES;
    let running = space::ingest(&nodes[victim]).start();
    space::until_taken(&nodes[other], chance.below(1_500));
    cluster.kill(victim);
    // Another host tries, too: the lease is not its own.
    let beside = space::ingest(&nodes[other]).run();
    assert!([0, 75].contains(&beside.status), "{beside:?}");
    cluster.restart(victim);
    running.wait().silent();
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&nodes, &format!("node {victim} killed"));
}

#[test]
fn a_run_that_dies_with_its_node_is_made_up_for_on_another() {
    let mut cluster = cluster();
    let nodes = space::full(&cluster);
    let host = space::ingest_within(&nodes[2], "20s");
    let running = host.start();
    space::until_taken(&nodes[0], 300);
    cluster.kill(2);
    running.kill();
    // Its host knows that it is dead, by its lock file, and has the address of another node by now. Others wait.
    let elsewhere = space::ingest(&nodes[1]).run();
    assert!(elsewhere.status == 75 || elsewhere.status == 0, "{elsewhere:?}");
    host.url(&nodes[0]).run().silent();
    cluster.restart(2);
    space::assert_right(&nodes, "dead with its node");
}

#[test]
fn session_aggregate_goes_on_when_its_killed_node_is_back() {
    let mut cluster = cluster();
    let nodes = site::with_all(&cluster);
    site::end_all(&mut nodes[0].conn());
    cluster.wait_for(&[0, 1, 2]);
    let running = site::aggregate(&nodes[1]).start();
    let lease = "SELECT COUNT(*) FROM sessionstat_lease WHERE job = 'session-aggregate' AND holder <> ''";
    until("the lease of the run", || {
        nodes[0].value(lease) == "1" || nodes[0].value("SELECT COUNT(*) FROM usr_session_stats") != "0"
    });
    cluster.kill(1);
    cluster.restart(1);
    running.wait().silent();
    cluster.wait_for(&[0, 1, 2]);
    site::assert_right(&nodes, "killed");
}

#[test]
fn a_node_that_is_cut_off_takes_nothing_and_says_so() {
    let cluster = cluster();
    let nodes = space::full(&cluster);
    // A run is at work there, and believes for some seconds that all is well.
    let host = space::ingest_within(&nodes[2], "2s");
    let running = host.start();
    space::until_taken(&nodes[0], 300);
    cluster.cut_off(2);
    let cut = running.wait();
    cluster.wait_until_alone(2);
    cluster.wait_for(&[0, 1]);
    if cut.status != 0 {
        space::assert_gave_up(&cut);
    }
    // Alone, it takes nothing from anybody.
    let taken = || space::taken(&mut nodes[0].conn()).unwrap();
    let before = taken();
    space::assert_gave_up(&space::ingest_within(&nodes[2], "1s").run());
    space::assert_gave_up(&host.clone().arg("--dry-run").run());
    assert_eq!(taken(), before);
    // The host of the run that was cut off goes on elsewhere at once, whoever else has to wait for its lease.
    let wait: Tool = space::ingest(&nodes[1]);
    assert!([0, 75].contains(&wait.run().status));
    host.url(&nodes[0]).run().silent();
    space::assert_right(&nodes[..2], "cut off");
    cluster.connect_again(2);
    space::assert_right(&nodes, "connected again");
}

#[test]
fn a_run_waits_for_a_node_that_is_cut_off_for_a_moment() {
    let cluster = cluster();
    let nodes = space::full(&cluster);
    let running = space::ingest(&nodes[1]).start();
    space::until_taken(&nodes[0], 150);
    cluster.cut_off(1);
    cluster.wait_until_alone(1);
    cluster.connect_again(1);
    running.wait().silent();
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&nodes, "cut off for a moment");
}

#[test]
fn a_node_that_wakes_up_in_the_past_does_no_work_of_then() {
    let cluster = cluster();
    let nodes = space::with_parts(&cluster, 0..space::PARTS / 2);
    // One run is in its midst there, another one comes the moment it wakes up.
    let (early, late) = (space::ingest(&nodes[2]), space::ingest(&nodes[2]));
    let running = early.start();
    space::until_taken(&nodes[0], 150);
    cluster.freeze(2);
    cluster.wait_for(&[0, 1]);
    space::add_parts(&mut nodes[0].conn(), space::PARTS / 2..space::PARTS);
    // The frozen run's lease holds. It is over at last, and another host does all of the work.
    assert_eq!(space::ingest(&nodes[0]).run().status, 75);
    nodes[0].run("UPDATE sessionstat_lease SET expires_at = UTC_TIMESTAMP(6) WHERE job = 'epn-ingest'");
    space::ingest(&nodes[0]).run().silent();
    let late = {
        cluster.thaw(2);
        late.start()
    };
    let (running, late) = (running.wait(), late.wait());
    // The lease went to another run; or all that was left to do had been done.
    assert!([0, 75].contains(&running.status), "{running:?}");
    assert!([0, 75].contains(&late.status), "{late:?}");
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&nodes, &format!("{running:?} {late:?}"));
    drop(cluster);
}
