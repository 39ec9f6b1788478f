//! The line on standard output.

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use super::{
    question::Question,
    script::{Decision, Verdict},
};
use crate::{cli::Unbegun, config::ratelimit::OnError, redis::Kind, terminal::safe_json};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One object
    Json,
    /// `allowed` and what is left, or `denied` and the seconds to wait
    Text,
}

/// The answer about one user. Its fields are the keys of the JSON (`ratelimit-check(1)`); times are whole seconds,
/// rounded up.
#[derive(Clone, Debug, Serialize)]
pub struct Answer<'a> {
    /// Whether the user may go on.
    pub allowed: bool,
    /// The rule that decided.
    pub rule: Option<&'a str>,
    /// The name by which the user is counted.
    pub user: &'a str,
    /// The limit of the rule.
    pub limit: Option<u64>,
    /// What is left of it.
    pub remaining: Option<u64>,
    /// Seconds until the same try would be allowed; none: never.
    pub retry_after: Option<u64>,
    /// Seconds until all is forgotten.
    pub reset_after: u64,
    /// Why, if not for the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What kept the rules from deciding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
}

impl<'a> Answer<'a> {
    /// What the rules decided.
    pub fn decided(question: &Question<'a>, user: &'a str, decision: &Decision) -> Self {
        let allowed = decision.verdict == Verdict::Allowed;
        let rule = decision.rule.and_then(|rule| question.rules.get(rule));
        Self {
            allowed,
            rule: rule.map(|(name, _)| *name),
            user,
            limit: rule.map(|(_, rule)| rule.limit),
            remaining: rule.map(|_| decision.remaining),
            retry_after: match decision.wait {
                _ if allowed => Some(0),
                wait => wait.map(|wait| seconds(wait).max(1)),
            },
            reset_after: seconds(decision.reset),
            reason: (decision.verdict == Verdict::Blocked).then_some("blocked"),
            error: None,
        }
    }

    /// The user is on a list.
    pub fn listed(question: &Question<'a>, user: &'a str, allowed: bool) -> Self {
        let rule = question.rules.first();
        let limit = rule.map(|(_, rule)| rule.limit);
        Self {
            allowed,
            rule: rule.map(|(name, _)| *name),
            user,
            limit,
            remaining: if allowed { limit } else { Some(0) },
            retry_after: allowed.then_some(0),
            reset_after: 0,
            reason: Some(if allowed { "allow-list" } else { "deny-list" }),
            error: None,
        }
    }

    /// Redis did not decide: the configuration does.
    pub fn undecided(question: &Question<'a>, user: &'a str, on_error: OnError, kind: Kind) -> Self {
        let allowed = on_error == OnError::Allow;
        let rule = question.rules.first();
        Self {
            rule: rule.map(|(name, _)| *name),
            limit: rule.map(|(_, rule)| rule.limit),
            retry_after: Some(u64::from(!allowed)),
            ..Self::refused(user, kind.word()).with(allowed)
        }
    }

    /// The text is no user.
    pub fn unusable() -> Self {
        Self::refused("", "user")
    }

    /// Nobody was asked.
    pub fn unbegun(why: Unbegun) -> Self {
        let word = match why {
            Unbegun::Usage => "usage",
            Unbegun::Config => "config",
        };
        Self::refused("", word)
    }

    fn with(self, allowed: bool) -> Self {
        Self { allowed, ..self }
    }

    fn refused(user: &'a str, error: &'static str) -> Self {
        Self {
            allowed: false,
            rule: None,
            user,
            limit: None,
            remaining: Some(0),
            retry_after: Some(1),
            reset_after: 0,
            reason: None,
            error: Some(error),
        }
    }

    /// Adds the line, with its line break, to `text`.
    pub fn write(&self, format: Format, text: &mut Vec<u8>) {
        match format {
            Format::Json => self.write_json(text),
            Format::Text => self.write_text(text),
        }
        text.push(b'\n');
    }

    fn write_json(&self, text: &mut Vec<u8>) {
        let begin = text.len();
        // Writing texts and numbers to memory cannot fail.
        drop(serde_json::to_writer(&mut *text, self));
        let line = text.get(begin..).unwrap_or_default();
        // Nearly all names are of ASCII, of which JSON itself escapes all controls but one.
        if line.iter().any(|byte| *byte >= 0x7f) {
            let safe = std::str::from_utf8(line).map(safe_json).unwrap_or_default();
            text.truncate(begin);
            text.extend_from_slice(safe.as_bytes());
        }
    }

    fn write_text(&self, text: &mut Vec<u8>) {
        let number = if self.allowed { self.remaining } else { self.retry_after };
        let number = number.map_or_else(
            || if self.allowed { "unlimited".to_owned() } else { "never".to_owned() },
            |number| number.to_string(),
        );
        text.extend_from_slice(if self.allowed { b"allowed " } else { b"denied " });
        text.extend_from_slice(number.as_bytes());
        if let Some(error) = self.error {
            text.extend_from_slice(b" error=");
            text.extend_from_slice(error.as_bytes());
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(length: Duration) -> u64 {
    length.as_secs() + u64::from(length.subsec_nanos() > 0)
}
