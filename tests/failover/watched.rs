//! A server that three Sentinels watch: killed, held still, and changed for another one on purpose.

use std::time::Instant;

use crate::{
    account::{Cost, Distribution, cost, held, keys},
    demotion::Idle,
    load::{LIMIT, Load, Word, exhaust, patient, quick},
    seed::Seed,
    support::{Redis, Sentinels, free_port, until},
};

fn users(count: usize) -> Vec<String> {
    (0..count).map(|user| format!("user{user}")).collect()
}

fn master(watched: &Sentinels) -> usize {
    let port = watched.named_by(0);
    watched.servers.iter().position(|server| server.port() == port).expect("a server of ours")
}

fn others(than: usize) -> impl Iterator<Item = usize> {
    (0..3).filter(move |server| *server != than)
}

/// What each server but this one holds of these keys; none of them has taken over yet.
#[track_caller]
fn copies(watched: &Sentinels, old: usize, states: &[String], role: &str) -> Vec<Vec<usize>> {
    let is_replica = |server: usize| {
        let info: String = watched.servers[server].ask(&["INFO", "replication"]);
        assert!(info.contains("role:slave"), "it took over before its copy was looked at");
        info.contains(role)
    };
    until("replicas that are alone", || others(old).all(is_replica));
    let held = |server: usize| {
        if server == old { Vec::new() } else { held(&mut watched.servers[server].connect(0), states) }
    };
    let copies = (0..3).map(held).collect();
    assert!(others(old).all(is_replica));
    copies
}

/// Kills the master under load, or stops it as an administrator does, and counts.
#[track_caller]
pub fn ended(watched: &mut Sentinels, seed: &mut Seed, end: fn(&mut Redis)) -> Cost {
    let (prefix, users) = (Redis::prefix(), users(40));
    let states = keys(&prefix, &users);
    let old = master(watched);
    let load = Load::begin(&quick(&watched.config(), &prefix), &users, seed);
    load.until_allowed(10 + seed.below(200));
    end(&mut watched.servers[old]);
    let dead = Instant::now();
    let copies = copies(watched, old, &states, "master_link_status:down");
    let new = watched.until_another_than(old);
    load.until_decided(30);
    let replies = load.end();
    let later = exhaust(&patient(&watched.config(), &prefix), &users);
    cost(&replies, dead, &copies[new], &later)
}

#[test]
fn a_master_that_dies_costs_no_more_than_what_the_new_one_had_not_got() {
    let mut costs = Distribution::default();
    for mut seed in Seed::all(2) {
        costs.add(ended(&mut Sentinels::start(None, &[]), &mut seed, Redis::kill));
    }
    costs.tell("Sentinels, SIGKILL");
}

/// Holds the master still until another one has taken over, and lets it go on; what old connections were allowed then,
/// beyond the limit.
#[track_caller]
fn frozen(mut seed: Seed, settings: &[&str]) {
    let watched = Sentinels::start(None, settings);
    let (prefix, users) = (Redis::prefix(), users(40));
    let states = keys(&prefix, &users);
    let section = watched.config();
    let later_user = ["later".to_owned()];
    let mut idle = Idle::begin(&patient(&section, &prefix), "idle", 12);
    let load = Load::begin(&quick(&section, &prefix), &users, &mut seed);
    load.until_allowed(20 + seed.below(100));
    watched.servers[0].freeze();
    let frozen = Instant::now();
    // Those on their way are lost, or over, before anybody takes over.
    let copies = copies(&watched, 0, &states, "role:slave");
    let new = watched.until_another_than(0);
    load.until_decided(30);
    let replies = load.end();
    let tool = patient(&section, &prefix);
    let later = exhaust(&tool, &users);
    let cost = cost(&replies, frozen, &copies[new], &later);
    assert_eq!(exhaust(&tool, &later_user), [LIMIT]);
    // It goes on, and old connections ask it before a Sentinel tells it anything.
    watched.servers[0].thaw();
    let words = idle.ask(&later_user[0]);
    let beyond = words.iter().filter(|word| **word == Word::Allowed).count();
    // No more than the limit once more.
    assert!(beyond <= LIMIT, "{words:?}");
    until("a replica", || watched.servers[0].says("replication", "role:slave"));
    // A connection to it is over, or answers that it is a replica: then the Sentinels are asked again.
    until("the new master's answer", || idle.ask(&later_user[0]) == vec![Word::Denied; 12]);
    assert_eq!(held(&mut watched.servers[new].connect(0), &keys(&prefix, &later_user)), [LIMIT]);
    println!("Sentinels, SIGSTOP {settings:?}: {cost:?}, old connections beyond the limit {beyond}");
}

#[test]
fn a_master_that_stands_still_allows_the_limit_once_more_at_most_when_it_goes_on() {
    Seed::all(1).for_each(|seed| frozen(seed, &[]));
}

#[test]
fn a_master_that_needs_replicas_is_held_to_the_same_when_it_goes_on() {
    let settings = ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "2"];
    Seed::all(1).for_each(|seed| frozen(seed, &settings));
}

#[test]
fn a_change_on_purpose_allows_the_limit_once_more_at_most() {
    Seed::all(1).for_each(changed);
}

#[track_caller]
fn changed(mut seed: Seed) {
    let watched = Sentinels::start(None, &[]);
    let (prefix, users) = (Redis::prefix(), users(40));
    let load = Load::begin(&quick(&watched.config(), &prefix), &users, &mut seed);
    load.until_allowed(20 + seed.below(200));
    let old = master(&watched);
    let _: () = watched.sentinels[0].ask(&["SENTINEL", "FAILOVER", crate::support::SENTINELS_NAME]);
    let new = watched.until_another_than(old);
    until("a replica", || watched.servers[old].says("replication", "role:slave"));
    load.until_decided(50);
    let replies = load.end();
    let later = exhaust(&patient(&watched.config(), &prefix), &users);
    let states = keys(&prefix, &users);
    assert_eq!(held(&mut watched.servers[new].connect(0), &states), vec![LIMIT; users.len()]);
    let beyond = |(user, later): (usize, &usize)| {
        let of_user = replies.iter().filter(|reply| reply.user == user);
        let allowed = of_user.filter(|reply| reply.word == Word::Allowed).count() + later;
        allowed.saturating_sub(LIMIT)
    };
    let beyond: Vec<usize> = later.iter().enumerate().map(beyond).collect();
    // The old master takes tries until a Sentinel tells it that it is none any more.
    assert!(beyond.iter().all(|beyond| *beyond <= LIMIT), "{beyond:?}");
    println!("Sentinels, SENTINEL FAILOVER: beyond the limit {}", beyond.iter().sum::<usize>());
}

#[test]
fn a_master_that_is_stopped_loses_nothing() {
    let mut costs = Distribution::default();
    for mut seed in Seed::all(1) {
        // It waits for its replicas before it ends, from Redis 7.0 on.
        let cost = ended(&mut Sentinels::start(None, &[]), &mut seed, Redis::stop);
        assert_eq!((cost.lost, cost.beyond), (0, 0));
        costs.add(cost);
    }
    costs.tell("Sentinels, SIGTERM");
}

#[test]
fn an_address_that_is_dead_already_costs_no_more_than_the_limit_of_time() {
    let mut watched = Sentinels::start(None, &[]);
    let prefix = Redis::prefix();
    // Who is asked first is away, too.
    let section = watched.config_before(&[free_port()]);
    let (soon, tool) = (quick(&section, &prefix).arg("42"), patient(&section, &prefix).arg("42"));
    assert_eq!(Word::of_run(&tool), Word::Allowed);
    watched.servers[0].kill();
    let begun = Instant::now();
    assert_eq!(Word::of_run(&soon), Word::Undecided);
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
    watched.until_another_than(0);
    assert_eq!(Word::of_run(&tool), Word::Allowed);
}
