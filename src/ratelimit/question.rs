//! What is asked, by which rules.

use crate::{
    config::{
        Config,
        ratelimit::{LOGIN, Rule, SERVICE},
    },
    failure::{Failure, Result, Status},
};

/// What is done with the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Charge the user if all rules allow it.
    Check,
    /// Only look.
    Peek,
    /// Forget what was charged and refused.
    Reset,
}

/// One question, which can be asked about any number of users.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is done.
    pub what: What,
    /// What one try costs, from 1.
    pub cost: u64,
    /// Microseconds since the epoch; none: Redis's clock.
    pub now: Option<i64>,
    /// The rules, each once, in the order in which they were named.
    pub rules: Vec<(&'a str, &'a Rule)>,
    /// What is counted for the statistics, if it is.
    pub counted: Option<Counted<'a>>,
}

/// What is counted of an allowed try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted<'a> {
    /// A login.
    pub login: bool,
    /// A call of this service.
    pub service: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// The question that the command line asks: the rules `named`, or the one of logins; with a `service`, the rule of
    /// services instead or besides, if there is one.
    ///
    /// # Errors
    /// [`Status::Config`] for a rule that is not configured.
    pub fn new(
        config: &'a Config,
        what: What,
        cost: u64,
        named: &'a [String],
        service: Option<&'a str>,
    ) -> Result<Self> {
        let known = &config.ratelimit.rules;
        let usual = if named.is_empty() && service.is_none() { &[LOGIN][..] } else { &[] };
        let of_services = service.and(known.contains_key(SERVICE).then_some(SERVICE));
        let names = named.iter().map(String::as_str).chain(usual.iter().copied()).chain(of_services);
        let mut rules: Vec<(&str, &Rule)> = Vec::new();
        for name in names {
            if rules.iter().any(|(other, _)| *other == name) {
                continue;
            }
            let found = known.get_key_value(name).map(|(name, rule)| (name.as_str(), rule));
            rules.push(found.ok_or_else(|| unknown(name))?);
        }
        let login = rules.iter().any(|(name, _)| *name == LOGIN);
        let counts = config.ratelimit.statistics && what == What::Check;
        Ok(Self { what, cost, now: None, counted: counts.then_some(Counted { login, service }), rules })
    }
}

impl Question<'_> {
    /// Whether there is anything that only Redis knows or keeps.
    pub fn needs_redis(&self) -> bool {
        !self.rules.is_empty() || self.counted.is_some()
    }
}

fn unknown(name: &str) -> Failure {
    Failure::new(
        Status::Config,
        format!("the rule {name:?} is not configured; add [ratelimit.rules.{name}] to the configuration"),
    )
}
