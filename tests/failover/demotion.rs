//! A master that stands still is replaced; when it goes on, it takes itself for the master until it hears the news.

use std::time::{Duration, Instant};

use crate::{
    account::{cost, held, keys},
    killed::users_of,
    load::{LIMIT, Load, TIMEOUT, Word, at, exhaust, patient, quick},
    seed::Seed,
    support::{Cluster, Dialogue, Redis, Tool, accounts::PASSWORD, redis::ask, until},
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

/// Makes a server the replica of another one, as an administrator does, and waits for its copy.
#[track_caller]
fn demote(server: &Redis, master: &Redis) {
    let _: String = server.ask(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]);
    until("a copy", || server.says("replication", "master_link_status:up"));
}

#[test]
fn a_server_that_becomes_a_replica_in_the_midst_of_a_conversation_is_told_as_one() {
    let (server, other) = (Redis::on_tcp(&[]), Redis::on_tcp(&[]));
    let section = format!("[redis]\nurl = {:?}\n", server.url_of("ratelimit-check"));
    let mut talk = Dialogue::begin(&patient(&section, &Redis::prefix()).arg("--batch"));
    assert_eq!(talk.ask("marie")["remaining"], 9);
    assert_eq!(talk.ask("marie")["remaining"], 8);
    demote(&server, &other);
    // On the connection that stands, on a new one, and all of several that are asked about at once.
    for lines in ["marie", "marie", "marie\nluc\nzoé"] {
        talk.say(lines);
        for user in lines.lines() {
            let answer = talk.hear();
            assert_eq!(
                (&answer["error"], &answer["allowed"]),
                (&"readonly".into(), &false.into()),
                "{answer}"
            );
            assert_eq!(answer["user"], user);
        }
    }
    // The copy was that of an empty server, and nobody was charged meanwhile.
    let _: String = server.ask(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(talk.ask("marie")["remaining"], 9);
    let end = talk.end();
    let told = String::from_utf8_lossy(&end.stderr);
    assert_eq!(end.status.code(), Some(69), "{told}");
    // One line for each try to ask, which says what to do.
    assert_eq!(told.lines().count(), 3, "{told}");
    assert!(told.lines().all(|line| line.contains("check that [redis] url is that of the master")), "{told}");
}

#[test]
fn behind_sentinels_the_answer_after_that_of_a_replica_is_the_new_master_s() {
    let (old, new) = (Redis::on_tcp(&[]), Redis::on_tcp(&[]));
    let sentinel = Redis::sentinel("main", &old, &[]);
    let url = sentinel.url().replace("redis://", &format!("redis://ratelimit_check:{PASSWORD}@"));
    let section = format!("[redis]\nurl = {url:?}\nsentinel = \"main\"\n");
    let prefix = Redis::prefix();
    let marie = ["marie".to_owned()];
    let states = keys(&prefix, &marie);
    demote(&new, &old);
    let mut talk = Dialogue::begin(&at(&section, &prefix, Duration::from_secs(5), "").arg("--batch"));
    for remaining in [9, 8, 7] {
        assert_eq!(talk.ask("marie")["remaining"], remaining);
    }
    until("the copy of three tries", || held(&mut new.connect(0), &states) == [3]);
    // A change of places by hand: a Sentinel that still watched would change it back.
    let port = new.port().to_string();
    let _: String = sentinel.ask(&["SENTINEL", "REMOVE", "main"]);
    let _: String = new.ask(&["REPLICAOF", "NO", "ONE"]);
    demote(&old, &new);
    let _: String = sentinel.ask(&["SENTINEL", "MONITOR", "main", "127.0.0.1", &port, "1"]);
    // Nobody closed the connection to the old one, which cannot decide any more, and charges nobody.
    let answer = talk.ask("marie");
    assert_eq!((&answer["error"], &answer["allowed"]), (&"readonly".into(), &false.into()), "{answer}");
    // An answer that came too late would be an error.
    let answer = talk.ask("marie");
    assert_eq!((&answer["remaining"], answer.get("error")), (&6.into(), None), "{answer}");
    assert_eq!(held(&mut new.connect(0), &states), [4]);
    assert_eq!(talk.ask("marie")["remaining"], 5);
    assert_eq!(talk.end().status.code(), Some(69));
}
