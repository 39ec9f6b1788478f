//! A master that stands still is replaced; when it goes on, it takes itself for the master until it hears the news.

use std::time::Instant;

use crate::{
    account::{cost, held, keys},
    killed::users_of,
    load::{LIMIT, Load, TIMEOUT, Word, exhaust, patient, quick},
    seed::Seed,
    support::{Cluster, Dialogue, Redis, Tool, redis::ask, until},
};

/// Connections to a master that were made before it stood still, and on which nothing was said since.
pub struct Idle {
    talks: Vec<Dialogue>,
}

impl Idle {
    /// Each asks about this user once.
    #[track_caller]
    pub fn begin(tool: &Tool, user: &str, count: usize) -> Self {
        let mut talks: Vec<Dialogue> =
            (0..count).map(|_| Dialogue::begin(&tool.clone().arg("--batch"))).collect();
        for talk in &mut talks {
            until("a first answer", || Word::of(&talk.ask(user)) != Word::Undecided);
        }
        Self { talks }
    }

    /// All ask about a user in the same moment; what they are told.
    #[track_caller]
    pub fn ask(&mut self, user: &str) -> Vec<Word> {
        self.talks.iter_mut().for_each(|talk| talk.say(user));
        self.talks.iter_mut().map(|talk| Word::of(&talk.hear())).collect()
    }
}

#[test]
fn a_master_that_stands_still_is_replaced_and_allows_the_limit_once_more_at_most_when_it_goes_on() {
    for seed in Seed::all(1) {
        frozen(seed);
    }
}

#[track_caller]
fn frozen(mut seed: Seed) {
    let cluster = Cluster::with_replicas(&[]);
    let prefix = Redis::prefix();
    let old = cluster.master_of(u16::try_from(seed.below(16384)).unwrap());
    let new = cluster.replica_of(old);
    let mut users = users_of(&cluster, old, &prefix, 32);
    let (idle_user, later_user) = (users.remove(0), users.remove(0));
    let users = &users;
    let states = keys(&prefix, users);
    // The one that stands still is asked first: the others have time left.
    let section = cluster.config_of(&[old, (old + 1) % 6, (old + 2) % 6]);
    let mut idle = Idle::begin(&patient(&section, &prefix), &idle_user, 12);
    let load = Load::begin(&quick(&section, &prefix), users, &mut seed);
    load.until_allowed(20 + seed.below(100));
    cluster.nodes[old].freeze();
    let frozen = Instant::now();
    // Questions on their way are over before anybody takes over.
    until("the limit of an answer", || frozen.elapsed() > TIMEOUT);
    let copied = held(&mut cluster.reader(new), &states);
    let role: String = cluster.nodes[new].ask(&["INFO", "replication"]);
    assert!(role.contains("role:slave"), "it took over before its copy was looked at");
    until("a new master", || cluster.nodes[new].says("replication", "role:master"));
    // Somebody else's users are decided meanwhile, and those of the new master from now on.
    load.until_decided(30);
    let replies = load.end();
    let later = exhaust(&patient(&section, &prefix), users);
    let cost = cost(&replies, frozen, &copied, &later);
    assert_eq!(exhaust(&patient(&section, &prefix), std::slice::from_ref(&later_user)), [LIMIT]);
    // It goes on, and old connections ask it before it has heard anything.
    cluster.nodes[old].thaw();
    let words = idle.ask(&later_user);
    let beyond = words.iter().filter(|word| **word == Word::Allowed).count();
    // No more than the limit once more.
    assert!(beyond <= LIMIT, "{words:?}");
    cluster.until_whole();
    until("a replica", || cluster.nodes[old].says("replication", "role:slave"));
    // Now it sends them on.
    until("the new master's answers", || idle.ask(&later_user) == vec![Word::Denied; 12]);
    assert_eq!(held(&mut cluster.reader(old), &states), vec![LIMIT; users.len()]);
    println!("Cluster, SIGSTOP: {cost:?}, old connections beyond the limit {beyond}");
}

#[test]
fn a_node_that_stands_still_keeps_nobody_waiting_who_is_counted_elsewhere() {
    let cluster = Cluster::with_replicas(&[]);
    let prefix = Redis::prefix();
    let frozen = 0;
    let elsewhere = users_of(&cluster, 1, &prefix, 1).remove(0);
    let there = users_of(&cluster, frozen, &prefix, 1).remove(0);
    // It is the first to be asked.
    let section = cluster.config_of(&[frozen, 1, 2]);
    let mut talk = Dialogue::begin(&patient(&section, &prefix).arg("--batch"));
    assert_eq!(Word::of(&talk.ask(&there)), Word::Allowed);
    cluster.nodes[frozen].freeze();
    let begun = Instant::now();
    // Counting for the statistics, if they are there, may take the rest of the time; the decision stands.
    assert_eq!(Word::of_run(&quick(&section, &prefix).arg(&elsewhere)), Word::Allowed);
    assert_eq!(Word::of_run(&quick(&section, &prefix).arg(&there)), Word::Undecided);
    assert!(begun.elapsed().as_secs() < 6, "{:?}", begun.elapsed());
    cluster.nodes[frozen].thaw();
    cluster.until_whole();
    // Whoever was told nothing was charged once at most, although more than one node was asked where he is counted.
    let slot = cluster.slot(&keys(&prefix, std::slice::from_ref(&there))[0]);
    let length: usize = ask(
        &mut cluster.nodes[cluster.master_of(slot)].connect(0),
        &["STRLEN", &keys(&prefix, std::slice::from_ref(&there))[0]],
    );
    assert!(length / 7 <= 2, "{length}");
    assert_eq!(Word::of(&talk.ask(&there)), Word::Allowed);
}

#[test]
fn a_master_that_stands_still_for_a_moment_charges_each_try_once() {
    let cluster = Cluster::with_replicas(&[]);
    let prefix = Redis::prefix();
    let user = users_of(&cluster, 0, &prefix, 1).remove(0);
    let key = keys(&prefix, std::slice::from_ref(&user)).remove(0);
    let length = || ask::<usize>(&mut cluster.nodes[0].connect(0), &["STRLEN", &key]) / 7;
    let section = cluster.config_of(&[1, 2]);
    let mut talk = Dialogue::begin(&quick(&section, &prefix).arg("--batch"));
    until("a first answer", || Word::of(&talk.ask(&user)) == Word::Allowed);
    let before = length();
    cluster.nodes[0].freeze();
    assert_eq!(Word::of(&talk.ask(&user)), Word::Undecided);
    // This one waits until the node goes on.
    let mut patient = Dialogue::begin(&patient(&section, &prefix).arg("--batch"));
    patient.say(&user);
    cluster.nodes[0].thaw();
    assert_eq!(Word::of(&patient.hear()), Word::Allowed);
    // What was told to the node while it stood still is done now.
    assert!((before + 1..=before + 2).contains(&length()), "{before}, {}", length());
}
