//! The script, its arguments and what it answers.

use std::time::Duration;

use ::redis::{Cmd, Value, cmd};

use super::{
    counters,
    limiter::Asked,
    question::{Question, What},
};
use crate::{
    config::Config,
    redis::{Kind, Trouble},
};

/// The whole script. Its head explains arguments and answers.
pub const TEXT: &str = concat!(
    include_str!("script/arguments.lua"),
    include_str!("script/algorithms.lua"),
    include_str!("script/decision.lua"),
    include_str!("script/counters.lua"),
    include_str!("script/answer.lua"),
);

/// The name by which Redis knows it once it has seen it.
const HASH: [u8; 40] = hexadecimal(const_sha1::sha1(TEXT.as_bytes()).as_bytes());

/// Numbers that the script answers for one user.
const NUMBERS: usize = 5;

/// What the rules decide about one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What became of the try.
    pub verdict: Verdict,
    /// The rule with the longest wait, or with the least left: its place among those of the question.
    pub rule: Option<usize>,
    /// What is left of its limit now.
    pub remaining: u64,
    /// After which time the same try would be allowed; none: never.
    pub wait: Option<Duration>,
    /// After which time all is forgotten.
    pub reset: Duration,
}

impl Decision {
    /// What no rule limits.
    pub const UNLIMITED: Self = Self {
        verdict: Verdict::Allowed,
        rule: None,
        remaining: 0,
        wait: Some(Duration::ZERO),
        reset: Duration::ZERO,
    };
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is allowed.
    Allowed,
    /// A limit is reached.
    Refused,
    /// There were too many refusals.
    Blocked,
}

/// How the script is named in the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By its hash: Redis has to know it.
    Hash,
    /// As a whole: Redis knows it from then on.
    Text,
}

/// Where the counters are, seen from the states of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counters {
    /// The same step reaches them.
    InReach,
    /// Another node may have them: a step of their own counts, after the decision.
    Apart,
}

/// The command that decides about users.
pub(super) fn decide(
    config: &Config,
    question: &Question<'_>,
    asked: &[Asked],
    by: By,
    counters: Counters,
) -> Cmd {
    let what = match question.what {
        What::Check => "check",
        What::Peek => "peek",
        What::Reset => "reset",
    };
    let keys_a_user: usize =
        question.rules.iter().map(|(_, rule)| 1 + usize::from(rule.block_after > 0)).sum();
    let mut command = call(by, keys_a_user * asked.len());
    for Asked { user, .. } in asked {
        for (name, rule) in &question.rules {
            let key = format!("{}rl:{{{}}}:{name}", config.ratelimit.prefix, user.key);
            if rule.block_after > 0 {
                let refusals = format!("{key}:refused");
                command.arg(key).arg(refusals);
            } else {
                command.arg(key);
            }
        }
    }
    command.arg(what);
    command.arg(question.now.map(|now| now.to_string()).unwrap_or_default());
    command.arg(question.cost).arg(question.rules.len());
    for (_, rule) in &question.rules {
        command.arg(rule.algorithm.name()).arg(rule.limit).arg(microseconds(rule.window));
        command.arg(rule.block_after).arg(microseconds(rule.block_for));
    }
    command.arg(exempt(asked));
    let database = match counters {
        Counters::InReach => super::counters::database(&config.redis),
        Counters::Apart => "",
    };
    add_counters(&mut command, config, question, database);
    for asked in asked {
        command.arg(&asked.user.key);
    }
    command
}

/// The command that only counts what was decided about one user, where the counters are apart.
pub(super) fn count(
    config: &Config,
    question: &Question<'_>,
    asked: &Asked,
    decision: &Decision,
    by: By,
) -> Option<Cmd> {
    question.counted.as_ref()?;
    let allowed = decision.verdict == Verdict::Allowed;
    let refusing = decision.rule.and_then(|rule| question.rules.get(rule)).filter(|_| !allowed);
    let without_rules = Question { rules: refusing.into_iter().copied().collect(), ..question.clone() };
    let mut command = call(by, 1);
    command.arg(counters::prefix(&config.ratelimit));
    command.arg(if allowed { "allowed" } else { "refused" });
    command.arg(question.now.map(|now| now.to_string()).unwrap_or_default());
    command.arg(question.cost).arg(0).arg("");
    add_counters(&mut command, config, &without_rules, super::counters::database(&config.redis));
    command.arg(&asked.user.key);
    Some(command)
}

/// For whom no rule holds.
fn exempt(asked: &[Asked]) -> String {
    if asked.iter().any(|asked| asked.exempt) {
        asked.iter().map(|asked| if asked.exempt { '1' } else { '0' }).collect()
    } else {
        String::new()
    }
}

fn call(by: By, keys: usize) -> Cmd {
    let mut command = match by {
        By::Hash => cmd("EVALSHA"),
        By::Text => cmd("EVAL"),
    };
    match by {
        By::Hash => command.arg(HASH.as_slice()),
        By::Text => command.arg(TEXT),
    };
    command.arg(keys);
    command
}

/// What is counted, and the names of the rules.
fn add_counters(command: &mut Cmd, config: &Config, question: &Question<'_>, database: &str) {
    let settings = &config.ratelimit;
    match &question.counted {
        Some(counted) if !database.is_empty() => {
            command.arg(database).arg(counters::prefix(settings));
            command.arg(settings.keep_statistics.as_secs()).arg(settings.most_counted);
            command
                .arg(u8::from(counted.login))
                .arg(super::user::escape(counted.service.unwrap_or_default()));
        }
        _ => drop(command.arg(&[""; 6])),
    }
    for (name, _) in &question.rules {
        command.arg(*name);
    }
}

/// What the script answered about `users` users, and what went wrong with the counters.
///
/// # Errors
/// The answer makes no sense.
pub(super) fn read(value: Value, users: usize) -> Result<(Vec<Decision>, Option<String>), Trouble> {
    let Value::Array(values) = value else { return Err(nonsense()) };
    let (numbers, rest) = values.split_at_checked(NUMBERS * users).ok_or_else(nonsense)?;
    let decisions =
        numbers.chunks_exact(NUMBERS).map(decision).collect::<Option<_>>().ok_or_else(nonsense)?;
    let problem = rest.first().map(|problem| match problem {
        Value::BulkString(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    });
    Ok((decisions, problem))
}

fn decision(numbers: &[Value]) -> Option<Decision> {
    let number = |place: usize| match numbers.get(place) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    let time =
        |place: usize| number(place).map(|number| u64::try_from(number).ok().map(Duration::from_micros));
    Some(Decision {
        verdict: match number(0)? {
            1 => Verdict::Allowed,
            0 => Verdict::Refused,
            -1 => Verdict::Blocked,
            _ => return None,
        },
        rule: usize::try_from(number(1)?).ok()?.checked_sub(1),
        remaining: u64::try_from(number(2)?).ok()?,
        wait: time(3)?,
        reset: time(4)??,
    })
}

fn nonsense() -> Trouble {
    Trouble::new(
        Kind::Protocol,
        "the script on Redis answered what it never does; check who else runs scripts there",
    )
}

fn microseconds(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

const fn hexadecimal(bytes: [u8; 20]) -> [u8; 40] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 40];
    let mut at = 0;
    while at < bytes.len() {
        text[2 * at] = DIGITS[(bytes[at] >> 4) as usize];
        text[2 * at + 1] = DIGITS[(bytes[at] & 15) as usize];
        at += 1;
    }
    text
}
