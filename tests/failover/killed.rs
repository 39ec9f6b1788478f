//! A master of a Cluster is killed while users are charged there.

use std::time::{Duration, Instant};

use crate::{
    account::{Cost, Distribution, cost, held, keys},
    load::{LIMIT, Load, Word, exhaust, patient, quick},
    seed::Seed,
    support::{Cluster, Dialogue, Redis, redis::ask, until},
};

/// Users whose keys are in the slots of a master.
#[track_caller]
pub fn users_of(cluster: &Cluster, master: usize, prefix: &str, count: usize) -> Vec<String> {
    let masters: Vec<usize> = {
        let probe = |slot: u16| cluster.master_of(slot);
        vec![probe(0), probe(8191), probe(16383)]
    };
    let third = masters.iter().position(|number| *number == master).expect("a master");
    let mut server = cluster.nodes[master].connect(0);
    (0_u32..)
        .map(|number| format!("user{number}"))
        .filter(|user| {
            let key = keys(prefix, std::slice::from_ref(user)).remove(0);
            let slot: u16 = ask(&mut server, &["CLUSTER", "KEYSLOT", &key]);
            usize::from(slot / 5461).min(2) == third
        })
        .take(count)
        .collect()
}

/// Whether a replica has lost its master; it takes over only later.
#[track_caller]
fn is_alone(replica: &Redis) -> bool {
    let info: String = replica.ask(&["INFO", "replication"]);
    assert!(info.contains("role:slave"), "it took over before its copy was looked at");
    info.contains("master_link_status:down")
}

/// Kills a master under load, and counts. The replica gets nothing for a while before, if it `lags`.
#[track_caller]
pub fn failover(cluster: &mut Cluster, seed: &mut Seed, lags: bool) -> Cost {
    let prefix = Redis::prefix();
    let slot = u16::try_from(seed.below(16384)).unwrap();
    let old = cluster.master_of(slot);
    let new = cluster.replica_of(old);
    let users = users_of(cluster, old, &prefix, 40);
    let states = keys(&prefix, &users);
    // The first node that is asked may be the one that dies.
    let section = cluster.config_of(&[old, (old + 1) % 6, (old + 2) % 6]);
    let load = Load::begin(&quick(&section, &prefix), &users, seed);
    load.until_allowed(10 + seed.below(200));
    let before = held(&mut cluster.nodes[old].connect(0), &states);
    if lags {
        cluster.nodes[new].freeze();
        // Otherwise what it had not read yet would wait for it.
        let _: i64 = cluster.nodes[old].ask(&["CLIENT", "KILL", "TYPE", "replica"]);
        load.until_allowed(20);
    }
    cluster.nodes[old].kill();
    let dead = Instant::now();
    if lags {
        cluster.nodes[new].thaw();
    }
    until("a replica that is alone", || is_alone(&cluster.nodes[new]));
    let copied = held(&mut cluster.reader(new), &states);
    assert!(is_alone(&cluster.nodes[new]));
    assert!(before.iter().sum::<usize>() > 0);
    until("a new master", || cluster.nodes[new].says("replication", "role:master"));
    load.until_decided(30);
    let replies = load.end();
    let later = exhaust(&patient(&section, &prefix), &users);
    let cost = cost(&replies, dead, &copied, &later);
    cluster.nodes[old].restart();
    cluster.until_whole();
    // The old master came back as a replica, and knows what the new one does.
    assert_eq!(held(&mut cluster.reader(old), &states), vec![LIMIT; users.len()]);
    cost
}

#[test]
fn a_master_that_dies_costs_no_more_than_what_its_replica_had_not_got() {
    let mut cluster = Cluster::with_replicas(&[]);
    let mut costs = Distribution::default();
    for mut seed in Seed::all(3) {
        costs.add(failover(&mut cluster, &mut seed, false));
    }
    costs.tell("Cluster, SIGKILL");
}

#[test]
fn what_a_replica_had_not_got_is_allowed_once_more() {
    let mut cluster = Cluster::with_replicas(&[]);
    let mut costs = Distribution::default();
    let mut lost = 0;
    for mut seed in Seed::all(1) {
        let cost = failover(&mut cluster, &mut seed, true);
        lost += cost.lost;
        costs.add(cost);
    }
    costs.tell("Cluster, SIGKILL while the replica stood still");
    // What was allowed after the replica stood still cannot be in its copy.
    assert!(lost > 0);
}

#[test]
fn a_replica_that_dies_is_not_noticed() {
    let mut cluster = Cluster::with_replicas(&[]);
    let prefix = Redis::prefix();
    let mut seed = Seed::all(1).next().unwrap();
    let replica = cluster.replica_of(0);
    let users = users_of(&cluster, 0, &prefix, 30);
    // Even where it is the first to be asked.
    let tool = patient(&cluster.config_of(&[replica, 0, 1]), &prefix);
    let load = Load::begin(&tool, &users, &mut seed);
    load.until_allowed(50);
    cluster.nodes[replica].kill();
    load.until_decided(100);
    let replies = load.end();
    let later = exhaust(&tool, &users);
    for (user, later) in later.iter().enumerate() {
        let of_user = replies.iter().filter(|reply| reply.user == user);
        let allowed = of_user.filter(|reply| reply.word == Word::Allowed).count();
        assert_eq!(allowed + later, LIMIT, "{user}");
    }
    assert!(replies.iter().all(|reply| reply.word != Word::Undecided));
}

#[test]
fn a_cluster_that_starts_again_as_a_whole_knows_what_was_written_to_disk() {
    let mut cluster = Cluster::with_replicas(&["--appendonly", "yes", "--appendfsync", "always"]);
    let prefix = Redis::prefix();
    let tool = patient(&cluster.config(), &prefix);
    let users: Vec<String> = (0..9).map(|user| format!("user{user}")).collect();
    let mut talk = Dialogue::begin(&quick(&cluster.config(), &prefix).arg("--batch"));
    for user in &users {
        until("an answer", || Word::of(&talk.ask(user)) == Word::Allowed);
        assert_eq!(Word::of_run(&tool.clone().arg(user)), Word::Allowed);
    }
    cluster.nodes.iter_mut().for_each(Redis::kill);
    let begun = Instant::now();
    assert_eq!(Word::of(&talk.ask(&users[0])), Word::Undecided);
    assert!(begun.elapsed() < Duration::from_secs(4));
    cluster.nodes.iter_mut().for_each(Redis::restart);
    cluster.until_whole();
    until("an answer", || Word::of(&talk.ask("another")) == Word::Allowed);
    for allowed in exhaust(&tool, &users) {
        assert!(allowed <= LIMIT - 2, "{allowed}");
    }
}
