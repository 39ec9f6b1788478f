//! Masters and replicas change places because somebody wants them to: nothing is lost.

use crate::{
    account::{held, keys},
    killed::users_of,
    load::{LIMIT, Load, Word, exhaust, patient},
    seed::Seed,
    support::{Cluster, Redis, until},
};

#[test]
fn a_failover_that_is_ordered_lets_nobody_beyond_the_limit() {
    let cluster = Cluster::with_replicas(&[]);
    for mut seed in Seed::all(2) {
        let prefix = Redis::prefix();
        let old = cluster.master_of(u16::try_from(seed.below(16384)).unwrap());
        let new = cluster.replica_of(old);
        let users = users_of(&cluster, old, &prefix, 40);
        // Scripts are not copied to replicas.
        let _: () = cluster.nodes[new].ask(&["SCRIPT", "FLUSH"]);
        let tool = patient(&cluster.config_of(&[old, new]), &prefix);
        let load = Load::begin(&tool, &users, &mut seed);
        load.until_allowed(20 + seed.below(200));
        let _: () = cluster.nodes[new].ask(&["CLUSTER", "FAILOVER"]);
        until("a new master", || cluster.nodes[new].says("replication", "role:master"));
        load.until_decided(50);
        let replies = load.end();
        let later = exhaust(&tool, &users);
        let lost = replies.iter().filter(|reply| reply.word == Word::Undecided).count();
        for (user, later) in later.iter().enumerate() {
            let of_user = replies.iter().filter(|reply| reply.user == user);
            let allowed = of_user.filter(|reply| reply.word == Word::Allowed).count();
            // A connection that broke may have charged somebody who was not told.
            assert!((LIMIT.saturating_sub(lost)..=LIMIT).contains(&(allowed + later)), "{user}");
        }
        cluster.until_whole();
        assert_eq!(
            held(&mut cluster.nodes[new].connect(0), &keys(&prefix, &users)),
            vec![LIMIT; users.len()]
        );
        let info: String = cluster.nodes[new].ask(&["INFO", "memory"]);
        assert!(info.contains("number_of_cached_scripts:1\r"), "{info}");
    }
}
