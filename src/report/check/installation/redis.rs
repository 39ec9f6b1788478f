//! Redis: whether it answers, to whom, whether the statistics can be read, and whether it may forget what it was told.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use ::redis::{Cmd, Value, cmd};
use chrono::{DateTime, NaiveDate, Utc};

use super::{clock::Skew, finding::Finding, host::Host};
use crate::{
    config::{Config, Redis},
    failure::Failure,
    ratelimit::counters::{self, DATABASE, Kind as Counters},
    redis::{Conversation, Kind, Trouble},
    report::check::rule::State,
};

const SUBJECT: &str = "redis";
/// For one answer, at least: nobody waits at a login for this.
const PATIENCE: Duration = Duration::from_secs(2);

/// What it told.
#[derive(Debug, Default)]
pub struct Seen {
    version: Option<String>,
    /// The account as which it knows us.
    account: Option<String>,
    /// What it does when its memory is full, and how many bytes that are (0: all).
    eviction: Option<(String, u64)>,
    /// Why the counters cannot be read.
    unreadable: Option<Trouble>,
    /// How far its clock is from ours.
    pub clock: Option<Skew>,
}

/// Asks it.
///
/// # Errors
/// It does not answer, or refuses the account.
pub fn look(config: &Config, host: &Host) -> Result<Seen, Trouble> {
    let limit = config.redis.timeout.max(PATIENCE);
    let open = Conversation::open(&config.redis, deadline(limit))?;
    let mut server = Asked { server: open, limit };
    // The first answer tells whether it knows us: an account that may not do this still has one.
    let before = (host.wall_clock)();
    let time = match server.ask(&["TIME"]) {
        Err(trouble) if !is_forbidden(&trouble) => return Err(trouble),
        other => other.ok(),
    };
    let after = (host.wall_clock)();
    let clock = time.and_then(moment).map(|theirs| Skew::between(before, theirs, after));
    let mut info = info(&mut server);
    if !info.contains_key("maxmemory_policy") {
        info.extend(settings(&mut server));
    }
    let policy = info.remove("maxmemory_policy");
    let bytes = info.get("maxmemory").and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
    Ok(Seen {
        version: info.remove("redis_version"),
        account: server.ask(&["ACL", "WHOAMI"]).ok().and_then(text),
        eviction: policy.map(|policy| (policy, bytes)),
        unreadable: readable(&mut server, config).err(),
        clock,
    })
}

/// One question after the other.
struct Asked {
    server: Conversation,
    limit: Duration,
}

impl Asked {
    fn ask(&mut self, words: &[&str]) -> Result<Value, Trouble> {
        let (name, arguments) = words.split_first().unwrap_or((&"PING", &[]));
        let mut command: Cmd = cmd(name);
        command.arg(arguments);
        self.server.ask(command, deadline(self.limit))
    }
}

fn deadline(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + Duration::from_secs(86_400))
}

/// Whether it knows who we are, but this command is not for us.
fn is_forbidden(trouble: &Trouble) -> bool {
    trouble.kind == Kind::Auth && trouble.message.to_ascii_lowercase().contains("permission")
}

/// The fields of INFO: none if they may not be seen.
fn info(server: &mut Asked) -> HashMap<String, String> {
    let told = server.ask(&["INFO"]).ok().and_then(text).unwrap_or_default();
    let fields = told.lines().filter_map(|line| line.split_once(':'));
    fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

/// The same two settings, where INFO does not tell them.
fn settings(server: &mut Asked) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for (name, field) in [("maxmemory", "maxmemory"), ("maxmemory-policy", "maxmemory_policy")] {
        if let Ok(Value::Array(pair)) = server.ask(&["CONFIG", "GET", name])
            && let Some(value) = pair.into_iter().nth(1).and_then(text)
        {
            found.insert(field.to_owned(), value);
        }
    }
    found
}

/// Reads counters in all the ways in which reports do, of a day on which nothing was counted.
fn readable(server: &mut Asked, config: &Config) -> Result<(), Trouble> {
    if !config.ratelimit.statistics {
        return Ok(());
    }
    if !config.redis.cluster {
        server.ask(&["SELECT", DATABASE])?;
    }
    let (recent, day) = (
        counters::recent(&config.ratelimit),
        counters::of_day(&config.ratelimit, Counters::Logins, NaiveDate::MIN),
    );
    server.ask(&["ZREVRANGE", &recent, "0", "0", "WITHSCORES"])?;
    server.ask(&["HLEN", &day])?;
    server.ask(&["HGETALL", &day])?;
    server.ask(&["HSCAN", &day, "0"]).map(drop)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

/// Seconds and microseconds, as TIME tells them.
fn moment(value: Value) -> Option<DateTime<Utc>> {
    let Value::Array(parts) = value else { return None };
    let mut numbers = parts.into_iter().filter_map(text).filter_map(|part| part.parse::<i64>().ok());
    let (seconds, microseconds) = (numbers.next()?, numbers.next()?);
    DateTime::from_timestamp_micros(seconds.checked_mul(1_000_000)?.checked_add(microseconds)?)
}

/// What there is to say of a Redis that answers.
pub fn findings(seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(trouble) = &seen.unreadable {
        let (why, remedy) = trouble.message.rsplit_once("; ").unwrap_or((&trouble.message, ""));
        let (found, cure) = match trouble.kind {
            Kind::Auth => (
                format!("this account may not read the counters of the statistics: {why}"),
                "give it +select +zrevrange +hlen +hgetall +hscan on the keys of [ratelimit] prefix (ACL SETUSER)",
            ),
            Kind::Config => (
                format!("the database of the statistics, {DATABASE}, is not there: {why}"),
                "set databases to 2 or more in its configuration, or [ratelimit] statistics = false",
            ),
            _ => (why.to_owned(), remedy),
        };
        findings.push(Finding::bad(State::Critical, SUBJECT, found, cure));
    }
    if let Some((policy, bytes)) = &seen.eviction
        && policy != "noeviction"
        && *bytes > 0
    {
        let found = format!(
            "above maxmemory ({bytes} bytes) it throws keys away ({policy}): what a user was charged may be forgotten"
        );
        let cure = "set maxmemory-policy noeviction in its configuration";
        findings.push(Finding::bad(State::Warning, SUBJECT, found, cure));
    }
    if findings.is_empty() {
        let version =
            seen.version.as_deref().map_or("it answers".to_owned(), |version| format!("Redis {version}"));
        let account = seen.account.as_ref().map(|account| format!(" as {account}")).unwrap_or_default();
        let eviction = match &seen.eviction {
            Some((policy, _)) => format!(", maxmemory-policy {policy}"),
            None => {
                ", maxmemory-policy is not known: INFO and CONFIG are forbidden to this account".to_owned()
            }
        };
        findings.push(Finding::ok(SUBJECT, version + &account + &eviction));
    }
    findings
}

/// What there is to say of one that does not. Where nobody named it, nobody may want it: `has_users` says whether there
/// are users of a web site, if that is known.
pub fn away(trouble: Trouble, settings: &Redis, has_users: Option<bool>) -> Finding {
    let is_named = settings.url.reveal() != Redis::default().url.reveal();
    let is_away = matches!(trouble.kind, Kind::Unreachable | Kind::Timeout);
    let failure = Failure::from(trouble);
    let state = match has_users {
        _ if is_named || !is_away => State::Critical,
        Some(true) => State::Critical,
        Some(false) => {
            let found = "nobody answers, [redis] url names none, and the web site has no users: not needed";
            return Finding::ok(SUBJECT, found);
        }
        None => State::Unknown,
    };
    Finding::of_failure(state, SUBJECT, &failure, "check that it runs and [redis] url")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seen: Seen) -> Vec<String> {
        findings(&seen).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn keys_may_only_be_thrown_away_where_there_is_a_limit() {
        let of = |policy: &str, bytes| Seen {
            version: Some("7.2.4".into()),
            eviction: Some((policy.into(), bytes)),
            ..Seen::default()
        };
        assert_eq!(told(of("allkeys-lru", 0)), ["OK redis: Redis 7.2.4, maxmemory-policy allkeys-lru"]);
        assert_eq!(told(of("noeviction", 5)), ["OK redis: Redis 7.2.4, maxmemory-policy noeviction"]);
        assert_eq!(
            told(of("allkeys-lru", 5)),
            [
                "WARNING redis: above maxmemory (5 bytes) it throws keys away (allkeys-lru): what a user was charged may \
              be forgotten; set maxmemory-policy noeviction in its configuration"
            ]
        );
        assert!(told(Seen::default())[0].starts_with("OK redis: it answers, maxmemory-policy is not known"));
    }

    #[test]
    fn a_redis_that_nobody_named_is_only_missed_where_there_are_users() {
        let away = |settings: &Redis, kind, has_users| {
            let trouble = Trouble::new(kind, "refused").told("cannot reach Redis at x");
            super::away(trouble, settings, has_users).state
        };
        let mut settings = Redis::default();
        let states = [Some(false), Some(true), None].map(|users| away(&settings, Kind::Unreachable, users));
        assert_eq!(states, [State::Ok, State::Critical, State::Unknown]);
        assert_eq!(away(&settings, Kind::Auth, Some(false)), State::Critical);
        settings.url = crate::config::Secret::new("redis://cache/");
        assert_eq!(away(&settings, Kind::Unreachable, Some(false)), State::Critical);
    }
}
