//! Questions to the rules through the library, at any microsecond.

use std::time::{Duration, Instant};

use sessionstat::{
    config::{
        Config, Secret,
        ratelimit::{Algorithm, Rule},
    },
    ratelimit::{
        limiter::{Asked, Limiter},
        question::{Counted, Question, What},
        script::Decision,
        user::User,
    },
    redis::Trouble,
};

use crate::support::Redis;

/// A moment at which windows of a minute, ten minutes, an hour and 60,000 s begin: 10 March 2026, 22:00 UTC.
pub const EPOCH: i64 = 1_773_180_000_000_000;
pub const SECOND: i64 = 1_000_000;

pub const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::SlidingLog, Algorithm::FixedWindow, Algorithm::SlidingWindow, Algorithm::Gcra];

/// A rule without a penalty.
pub fn rule(algorithm: Algorithm, limit: u64, window: i64) -> Rule {
    Rule { limit, window: micros(window), algorithm, ..Rule::default() }
}

pub fn micros(count: i64) -> Duration {
    Duration::from_micros(u64::try_from(count).unwrap())
}

/// The microseconds of a time that the script answered: it knows no others.
pub fn count(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap()
}

/// A configuration whose keys nobody else has.
pub struct Desk {
    pub config: Config,
}

/// A try.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    pub what: What,
    pub cost: u64,
    pub now: i64,
    pub user: &'a str,
}

impl Desk {
    /// On the shared server.
    pub fn open() -> Self {
        Self::at(Redis::shared())
    }

    pub fn at(redis: &Redis) -> Self {
        let mut config = Config::default();
        config.redis.url = Secret::new(redis.url_of("ratelimit-check"));
        config.ratelimit.prefix = Redis::prefix();
        Self { config }
    }

    /// What the rules decide.
    #[track_caller]
    pub fn ask(&self, rules: &[(&str, &Rule)], one: Try<'_>) -> Decision {
        let counted = (one.what == What::Check).then_some(Counted { login: true, service: None });
        self.try_ask(rules, one, counted).unwrap_or_else(|trouble| panic!("{}", trouble.message))
    }

    pub fn try_ask(
        &self,
        rules: &[(&str, &Rule)],
        one: Try<'_>,
        counted: Option<Counted<'_>>,
    ) -> Result<Decision, Trouble> {
        let rules = rules.to_vec();
        let question = Question { what: one.what, cost: one.cost, now: Some(one.now), rules, counted };
        let deadline = Instant::now() + Duration::from_secs(30);
        let user = User::new(one.user.as_bytes(), self.config.ratelimit.fold).expect("a user");
        let mut limiter = Limiter::open(&self.config, &question, deadline)?;
        limiter.ask(vec![Asked { user, exempt: false }], deadline)?;
        Ok(limiter.decisions(deadline)?[0])
    }

    /// A check of one rule.
    #[track_caller]
    pub fn check(&self, rule: &Rule, user: &str, now: i64, cost: u64) -> Decision {
        self.ask(&[("login", rule)], Try { what: What::Check, cost, now, user })
    }

    /// A look at one rule.
    #[track_caller]
    pub fn peek(&self, rule: &Rule, user: &str, now: i64, cost: u64) -> Decision {
        self.ask(&[("login", rule)], Try { what: What::Peek, cost, now, user })
    }
}
