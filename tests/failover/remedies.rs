//! What an administrator can do against lost tries: a disk, and a master that takes none while it has no replica.

use crate::{
    account::{held, keys},
    killed::users_of,
    load::{LIMIT, Load, Word, exhaust, patient, quick},
    seed::Seed,
    support::{Cluster, Redis, until},
};

/// Kills a server that is alone under load, and starts it again; how many tries it had forgotten.
#[track_caller]
fn forgotten(settings: &[&str]) -> usize {
    let mut redis = Redis::on_tcp(settings);
    let mut seed = Seed::all(1).next().unwrap();
    let section = format!("[redis]\nurl = {:?}\n", redis.url_of("ratelimit-check"));
    let prefix = Redis::prefix();
    let users: Vec<String> = (0..40).map(|user| format!("user{user}")).collect();
    let load = Load::begin(&quick(&section, &prefix), &users, &mut seed);
    load.until_allowed(50 + seed.below(150));
    redis.kill();
    redis.restart();
    load.until_decided(30);
    let replies = load.end();
    let later = exhaust(&patient(&section, &prefix), &users);
    assert_eq!(held(&mut redis.connect(0), &keys(&prefix, &users)), vec![LIMIT; users.len()]);
    let beyond = |(user, later): (usize, &usize)| {
        let of_user = replies.iter().filter(|reply| reply.user == user && reply.word == Word::Allowed);
        (of_user.count() + later).saturating_sub(LIMIT)
    };
    later.iter().enumerate().map(beyond).sum()
}

#[test]
fn a_server_with_a_disk_forgets_nothing_when_it_is_killed() {
    for policy in ["always", "everysec"] {
        assert_eq!(forgotten(&["--appendonly", "yes", "--appendfsync", policy]), 0, "{policy}");
    }
    // Otherwise all.
    assert!(forgotten(&[]) >= 50);
}

#[test]
fn a_master_without_replicas_lets_nobody_in_if_it_is_told_so() {
    let mut cluster =
        Cluster::with_replicas(&["--min-replicas-to-write", "1", "--min-replicas-max-lag", "2"]);
    let prefix = Redis::prefix();
    let users = users_of(&cluster, 0, &prefix, 2);
    let elsewhere = users_of(&cluster, 1, &prefix, 1);
    let tool = patient(&cluster.config(), &prefix);
    assert_eq!(exhaust(&tool, &users[..1]), [LIMIT]);
    let replica = cluster.replica_of(0);
    cluster.nodes[replica].kill();
    let asked = tool.clone().arg(&users[1]);
    until("a master that knows it", || Word::of_run(&asked) == Word::Undecided);
    let run = asked.run().expect(69);
    assert!(run.stdout.contains("\"error\":\"readonly\""), "{run:?}");
    assert!(run.stderr.contains("NOREPLICAS"), "{run:?}");
    // Who has nothing left is told so all the same, and the other masters go on.
    assert_eq!(Word::of_run(&tool.clone().arg(&users[0])), Word::Denied);
    assert_eq!(Word::of_run(&tool.clone().arg(&elsewhere[0])), Word::Allowed);
    cluster.nodes[replica].restart();
    until("a replica again", || Word::of_run(&asked) == Word::Allowed);
}
