//! Lists of hosts: a run uses the first node that is part of the cluster and has all that the others have.

use mysql::prelude::Queryable;

use crate::{
    cluster, space,
    support::{Galera, Output, Tool},
};

/// epn-ingest that knows these nodes, in this order.
fn ingest(cluster: &Galera, nodes: &[usize], database: &crate::support::Database) -> Tool {
    space::ingest(database).env("SESSIONSTAT_MYSQL_URL", cluster.url_of(nodes, database, "epn-ingest"))
}

/// What a run says with `-v` of the node that it uses.
#[track_caller]
fn assert_used(cluster: &Galera, run: &Output, node: usize) {
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stderr.contains(&format!("using {}", cluster.host(node))), "{run:?}");
}

#[test]
fn a_node_that_is_cut_off_frozen_or_not_synced_is_passed_over() {
    let cluster = cluster();
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    let all: Vec<u64> = (0..space::PARTS).collect();
    let parts: Vec<&[u64]> = all.chunks(8).collect();
    let add = |part: usize| parts[part].iter().for_each(|part| space::add_part(&mut nodes[0].conn(), *part));
    let tool = ingest(&cluster, &[2, 1, 0], &nodes[0]).arg("-v");
    add(0);
    cluster.cut_off(2);
    cluster.wait_until_alone(2);
    let run = tool.run();
    assert_used(&cluster, &run, 1);
    let passed_over = format!("{} is passed over: Galera node ", cluster.host(2));
    assert!(run.stderr.contains(&passed_over) && run.stderr.contains("non-Primary"), "{run:?}");
    cluster.connect_again(2);
    add(1);
    cluster.freeze(2);
    cluster.wait_for(&[0, 1]);
    let limits = "general.timezone = \"Europe/Paris\"\n[mysql]\nconnect_timeout = \"1s\"\ntimeout = \"2s\"\n";
    assert_used(&cluster, &tool.clone().config(limits).run(), 1);
    cluster.thaw(2);
    cluster.wait_for(&[0, 1, 2]);
    add(2);
    let mut conn = cluster.conn(2);
    conn.query_drop("SET GLOBAL wsrep_desync = ON").unwrap();
    let run = tool.run();
    conn.query_drop("SET GLOBAL wsrep_desync = OFF").unwrap();
    assert_used(&cluster, &run, 1);
    assert!(run.stderr.contains(&passed_over) && run.stderr.contains("Desynced"), "{run:?}");
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&nodes, "passed over");
}

#[test]
fn a_run_goes_on_at_the_next_host_when_its_node_is_killed() {
    let mut cluster = cluster();
    let nodes = space::full(&cluster);
    let running = ingest(&cluster, &[0, 1, 2], &nodes[0]).start();
    space::until_taken(&nodes[1], 450);
    cluster.kill(0);
    running.wait().silent();
    cluster.restart(0);
    space::assert_right(&nodes, "killed, with another host");
}

#[test]
fn without_a_node_in_the_cluster_a_run_ends_with_one_line_and_loses_nothing() {
    let mut cluster = cluster();
    let nodes = space::full(&cluster);
    let limits = "general.timezone = \"Europe/Paris\"\nmysql.retry_for = \"1s\"\n";
    let tool = ingest(&cluster, &[0, 1, 2], &nodes[0]).config(limits);
    // Cut in three: nobody has a majority.
    cluster.cut_off(1);
    cluster.cut_off(2);
    (0..3).for_each(|node| cluster.wait_until_alone(node));
    let run = tool.run();
    space::assert_gave_up(&run);
    assert!((0..3).all(|node| run.stderr.contains(&cluster.host(node))), "{run:?}");
    cluster.heal();
    tool.run().silent();
    cluster.wait_for(&[0, 1, 2]);
    space::assert_right(&nodes, "cut in three");
}
