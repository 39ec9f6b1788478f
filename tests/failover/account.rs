//! What a failover cost: what was acknowledged, what the new master holds, and what was allowed in the end.

use std::{collections::BTreeMap, time::Instant};

use redis::Connection;

use crate::{
    load::{LIMIT, Reply, Word},
    support::redis::ask,
};

/// The keys of the states of these users.
pub fn keys(prefix: &str, users: &[String]) -> Vec<String> {
    users.iter().map(|user| format!("{prefix}rl:{{{user}}}:login")).collect()
}

/// How many tries a server holds of each user: a moment of seven bytes for each of them.
#[track_caller]
pub fn held(server: &mut Connection, keys: &[String]) -> Vec<usize> {
    let length = |key: &String| ask::<usize>(server, &["STRLEN", key]) / 7;
    keys.iter().map(length).collect()
}

/// The sum over all users.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Tries that the old master had allowed, and told.
    pub acknowledged: usize,
    /// Of these, tries of which the new master knew nothing when it took over.
    pub lost: usize,
    /// Tries beyond the limit.
    pub beyond: usize,
    /// Answers without a decision.
    pub undecided: usize,
}

/// Asserts for each user that no more was allowed than the limit and what was lost. `copied` is what the new master held
/// before it took over, `dead` a moment when the old one answered no more and no other one answered yet, `later` what was
/// allowed after `replies`, until no more was.
#[track_caller]
pub fn cost(replies: &[Reply], dead: Instant, copied: &[usize], later: &[usize]) -> Cost {
    let mut cost = Cost::default();
    for (user, (copied, later)) in copied.iter().zip(later).enumerate() {
        let allowed = |reply: &&Reply| reply.user == user && reply.word == Word::Allowed;
        let (before, after): (Vec<&Reply>, _) =
            replies.iter().filter(allowed).partition(|reply| reply.begun < dead);
        let (before, after) = (before.len(), after.len() + later);
        let lost = before.saturating_sub(*copied);
        // An answer that came too late has charged somebody who was not told.
        assert!(after <= LIMIT - copied, "{user}: {after} after {copied} of {before} were copied");
        assert!(before <= LIMIT && before + after <= LIMIT + lost, "{user}: {before}, {after}, {lost}");
        cost.acknowledged += before;
        cost.lost += lost;
        cost.beyond += (before + after).saturating_sub(LIMIT);
    }
    cost.undecided = replies.iter().filter(|reply| reply.word == Word::Undecided).count();
    cost
}

/// How many failovers had so many lost tries, and so many beyond the limit.
#[derive(Debug, Default)]
pub struct Distribution {
    costs: Vec<Cost>,
}

impl Distribution {
    pub fn add(&mut self, cost: Cost) {
        println!("{cost:?}");
        self.costs.push(cost);
    }

    /// One line for docs/redis.md.
    pub fn tell(&self, what: &str) {
        let spread = |of: fn(&Cost) -> usize| {
            let mut spread = BTreeMap::new();
            self.costs.iter().for_each(|cost| *spread.entry(of(cost)).or_insert(0) += 1);
            let parts: Vec<String> =
                spread.into_iter().map(|(value, times): (usize, u32)| format!("{value}: {times}")).collect();
            parts.join(", ")
        };
        println!(
            "{what}: {} failovers, {} tries acknowledged; lost {{{}}}; beyond the limit {{{}}}; undecided {}",
            self.costs.len(),
            self.costs.iter().map(|cost| cost.acknowledged).sum::<usize>(),
            spread(|cost| cost.lost),
            spread(|cost| cost.beyond),
            self.costs.iter().map(|cost| cost.undecided).sum::<usize>(),
        );
    }
}
