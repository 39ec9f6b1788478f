//! The conversation with Redis: questions out, decisions in.

use std::{collections::VecDeque, time::Instant};

use ::redis::Value;

use super::{
    question::Question,
    script::{self, By, Counters, Decision},
    user::User,
};
use crate::{
    config::Config,
    redis::{Conversation, Kind, Trouble},
};

/// Somebody who is asked about.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who.
    pub user: User,
    /// Whether no rule holds: what is allowed is counted all the same.
    pub exempt: bool,
}

/// Asks one question about users, group by group.
#[derive(Debug)]
pub struct Limiter<'a> {
    config: &'a Config,
    question: &'a Question<'a>,
    conversation: Conversation,
    /// The groups whose decisions are still to be received, oldest first.
    asked: VecDeque<Vec<Asked>>,
    /// Answers to the oldest of them that had to be received already.
    received: VecDeque<Result<Value, Trouble>>,
}

impl<'a> Limiter<'a> {
    /// Opens the conversation.
    ///
    /// # Errors
    /// Redis cannot be reached before the deadline.
    pub fn open(config: &'a Config, question: &'a Question<'a>, deadline: Instant) -> Result<Self, Trouble> {
        let conversation = Conversation::open(&config.redis, deadline)?;
        Ok(Self { config, question, conversation, asked: VecDeque::new(), received: VecDeque::new() })
    }

    /// How many users one group may hold: their keys have to be in the same place.
    pub fn largest_group(config: &Config) -> usize {
        if config.redis.cluster { 1 } else { 512 }
    }

    /// How many groups may be asked about before the decisions of the first one are received.
    pub fn most_asked(config: &Config) -> usize {
        // Apart, the counters are a second question, whose answer must not get between others.
        if config.redis.cluster { 1 } else { 2 }
    }

    /// Whether the server hung up while it owed no answer.
    pub fn is_closed(&mut self) -> bool {
        self.asked.is_empty() && self.conversation.is_closed()
    }

    /// Asks about a group of users.
    ///
    /// # Errors
    /// Redis did not take the question before the deadline.
    pub fn ask(&mut self, users: Vec<Asked>, deadline: Instant) -> Result<(), Trouble> {
        let command = script::decide(self.config, self.question, &users, By::Hash, self.counters());
        self.conversation.send(command, deadline)?;
        self.asked.push_back(users);
        Ok(())
    }

    /// The decisions about the oldest group that has none yet.
    ///
    /// # Errors
    /// None came before the deadline, or Redis could not decide. Nobody of the group may then have been charged.
    pub fn decisions(&mut self, deadline: Instant) -> Result<Vec<Decision>, Trouble> {
        let users = self.asked.pop_front().unwrap_or_default();
        let answer = match self.received.pop_front() {
            Some(answer) => answer,
            None => self.conversation.receive(deadline),
        };
        let value = match answer {
            // A Redis that was just started, or whose scripts were just flushed.
            Err(trouble) if trouble.kind == Kind::NoScript => {
                while self.received.len() < self.asked.len() {
                    let answer = self.conversation.receive(deadline);
                    self.received.push_back(answer);
                }
                let whole = script::decide(self.config, self.question, &users, By::Text, self.counters());
                self.conversation.ask(whole, deadline)?
            }
            answer => answer?,
        };
        let (decisions, mut problem) = script::read(value, users.len())?;
        if self.counters() == Counters::Apart {
            problem = self.count(&users, &decisions, deadline);
        }
        if let Some(problem) = problem {
            log::warn!(
                "Redis decided, but could not write down all: {problem}; check its rights and its memory"
            );
        }
        Ok(decisions)
    }

    fn counters(&self) -> Counters {
        if self.config.redis.cluster { Counters::Apart } else { Counters::InReach }
    }

    /// Counts what was decided; says what went wrong. The decision stands.
    fn count(&mut self, users: &[Asked], decisions: &[Decision], deadline: Instant) -> Option<String> {
        for (user, decision) in users.iter().zip(decisions) {
            for by in [By::Hash, By::Text] {
                let command = script::count(self.config, self.question, user, decision, by)?;
                match self.conversation.ask(command, deadline).and_then(|value| script::read(value, 1)) {
                    Ok((_, None)) => break,
                    Ok((_, problem)) => return problem,
                    Err(trouble) if trouble.kind == Kind::NoScript && by == By::Hash => {}
                    Err(trouble) => return Some(trouble.message),
                }
            }
        }
        None
    }
}
