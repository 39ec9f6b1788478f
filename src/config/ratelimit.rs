//! `[ratelimit]`: how often somebody may do something.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Deserializer};

use super::duration;
use crate::ratelimit::user::User;

/// The rule that holds when none is named.
pub const LOGIN: &str = "login";
/// The rule of calls of services, where it is configured.
pub const SERVICE: &str = "service";

/// `[ratelimit]`: the rules of ratelimit-check, and what it does with its answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ratelimit {
    /// The answer when Redis gives none in time.
    pub on_error: OnError,
    /// The time that one answer may take in all; none: `[redis] timeout`.
    #[serde(deserialize_with = "some_duration")]
    pub timeout: Option<Duration>,
    /// Which spellings of a user name are the same.
    pub fold: Fold,
    /// What the names of all keys in Redis begin with.
    pub prefix: String,
    /// Users who are never limited, and for whom nothing is counted against a rule.
    pub allow: Vec<String>,
    /// Users who are always refused.
    pub deny: Vec<String>,
    /// Whether logins, calls and refusals are counted for `stats-report`.
    pub statistics: bool,
    /// How long the counters of a day are kept.
    #[serde(with = "duration")]
    pub keep_statistics: Duration,
    /// Users (or pairs of user and service) that are counted apart in a day; the others together.
    pub most_counted: u32,
    /// The rules by name; there is always one for [`LOGIN`].
    #[serde(deserialize_with = "with_login")]
    pub rules: BTreeMap<String, Rule>,
}

impl Default for Ratelimit {
    fn default() -> Self {
        Self {
            on_error: OnError::Deny,
            timeout: None,
            fold: Fold::Lower,
            prefix: "sessionstat:".to_owned(),
            allow: Vec::new(),
            deny: Vec::new(),
            statistics: true,
            keep_statistics: Duration::from_secs(400 * 86_400),
            most_counted: 100_000,
            rules: BTreeMap::from([(LOGIN.to_owned(), Rule::default())]),
        }
    }
}

/// `[ratelimit] on_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Nobody goes on.
    Deny,
    /// Everybody goes on.
    Allow,
}

/// `[ratelimit] fold`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fold {
    /// Lower and upper case are the same, as MySQL compares e-mails.
    Lower,
    /// Every spelling is a user of its own.
    None,
}

/// `[ratelimit.rules.NAME]`: at most so many in so long.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// What may be spent in a window: tries, as long as each costs 1.
    pub limit: u64,
    /// The window.
    #[serde(with = "duration")]
    pub window: Duration,
    /// How it is counted.
    pub algorithm: Algorithm,
    /// Refusals within a window after which the user is blocked; 0: never.
    pub block_after: u64,
    /// For how long.
    #[serde(with = "duration")]
    pub block_for: Duration,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            limit: 10,
            window: Duration::from_secs(600),
            algorithm: Algorithm::SlidingLog,
            block_after: 0,
            block_for: Duration::from_secs(1800),
        }
    }
}

/// How a rule counts. What each lets through in the worst case: `ratelimit-check(1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// The moment of each allowed try is kept: never more than the limit in any window.
    SlidingLog,
    /// One counter, which starts with the first allowed try and ends with its window.
    FixedWindow,
    /// Two counters of whole windows since the epoch; the older one counts as far as it still reaches in.
    SlidingWindow,
    /// The generic cell rate algorithm: the limit at once, then one more each limit-th part of the window.
    Gcra,
}

impl Algorithm {
    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::SlidingLog => "sliding-log",
            Self::FixedWindow => "fixed-window",
            Self::SlidingWindow => "sliding-window",
            Self::Gcra => "gcra",
        }
    }
}

/// A file that names other rules does not lose the one that holds by default.
fn with_login<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Rule>, D::Error> {
    let mut rules = BTreeMap::deserialize(deserializer)?;
    rules.entry(LOGIN.to_owned()).or_insert_with(Rule::default);
    Ok(rules)
}

fn some_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration::deserialize(deserializer).map(Some)
}

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(366 * 86_400);
/// Of a rule.
const HIGHEST_LIMIT: u64 = 1_000_000;
/// The log of one user holds as many moments as the limit says, and each check reads it.
const HIGHEST_LOGGED_LIMIT: u64 = 10_000;
/// The name of a rule is part of the names of keys in Redis.
const LONGEST_NAME: usize = 32;

impl Ratelimit {
    /// What is wrong with the values of a section that could be read: key and message.
    pub(super) fn complaint(&self) -> Option<(String, String)> {
        let wrong = |key: &str, message: &str| Some((format!("ratelimit.{key}"), message.to_owned()));
        if self.timeout.is_some_and(|limit| limit.is_zero()) {
            return wrong("timeout", "a limit of no time at all leaves none for an answer");
        }
        if !(DAY..=10 * YEAR).contains(&self.keep_statistics) {
            return wrong("keep_statistics", "not between a day and ten years");
        }
        if self.prefix.contains(['{', '}']) {
            return wrong(
                "prefix",
                "braces are not possible here: they mark the part of a key that Redis Cluster looks at",
            );
        }
        if self.most_counted == 0 {
            return wrong("most_counted", "0 would count nobody; use statistics = false to count nothing");
        }
        for (key, names) in [("allow", &self.allow), ("deny", &self.deny)] {
            if let Some(unusable) = names.iter().find_map(|name| User::new(name.as_bytes(), self.fold).err())
            {
                return wrong(key, unusable.message());
            }
        }
        self.rules.iter().find_map(|(name, rule)| {
            let (key, message) = if is_name(name) {
                rule.complaint()?
            } else {
                ("", "a rule is called by 1 to 32 of the characters a-z, 0-9, - and _".to_owned())
            };
            let dot = if key.is_empty() { "" } else { "." };
            Some((format!("ratelimit.rules.{name}{dot}{key}"), message))
        })
    }
}

impl Rule {
    fn complaint(&self) -> Option<(&'static str, String)> {
        let highest = match self.algorithm {
            Algorithm::SlidingLog => HIGHEST_LOGGED_LIMIT,
            _ => HIGHEST_LIMIT,
        };
        if !(1..=highest).contains(&self.limit) {
            let name = self.algorithm.name();
            return Some((
                "limit",
                format!("{} is not between 1 and {highest} (algorithm {name})", self.limit),
            ));
        }
        for (key, length) in [("window", self.window), ("block_for", self.block_for)] {
            if !(SECOND..=YEAR).contains(&length) {
                return Some((key, "not between a second and a year".to_owned()));
            }
        }
        None
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_part)
}
