//! What Redis says, asked while the database is read.

use std::thread::ScopedJoinHandle;

use super::{Question, Section, gaps::Gap, overview::RedisServer};
use crate::{
    config::Config,
    failure::{Failure, Result, Status},
    ratelimit::statistics::{self, Statistics},
};

/// What Redis says, or will say.
pub(super) enum Counting<'scope> {
    /// A thread asks.
    Asked(ScopedJoinHandle<'scope, Counters>),
    /// It has answered; who reads the database again need not ask again.
    Told(Box<Counters>),
    /// The thread ended without an answer.
    Failed,
}

impl Counting<'_> {
    /// Waits for it.
    pub(super) fn told(&mut self) -> Result<&Counters> {
        *self = match std::mem::replace(self, Self::Failed) {
            Self::Asked(asked) => Self::Told(Box::new(asked.join().map_err(|_| stopped())?)),
            other => other,
        };
        match self {
            Self::Told(counters) => Ok(counters),
            _ => Err(stopped()),
        }
    }
}

fn stopped() -> Failure {
    Failure::new(Status::Unavailable, "the conversation with Redis ended in the middle; try again")
}

/// What Redis says. It is no part of the moment of the database.
pub(super) struct Counters {
    /// None: nobody wants to know.
    pub(super) server: Option<RedisServer>,
    /// None: nobody wants to know, or it is away.
    pub(super) statistics: Option<Statistics>,
    /// The sections that are asked for by their names, and have nothing to show.
    pub(super) gaps: Vec<Gap>,
}

impl Counters {
    /// Asks Redis.
    pub(super) fn read(config: &Config, question: &Question<'_>) -> Self {
        let mut server = question.asks_for(Section::Overview).then(|| RedisServer::ask(&config.redis));
        let is_away = server.as_ref().is_some_and(|server| server.version.is_none());
        let is_named = question.names(Section::Logins) || question.names(Section::Services);
        if !is_named && (server.is_none() || is_away) {
            return Self { server, statistics: None, gaps: Vec::new() };
        }
        let days = question.period.days_of_utc(question.now);
        match statistics::read(config, &days) {
            Ok(statistics) => Self { server, statistics: Some(statistics), gaps: Vec::new() },
            Err(failure) => {
                if let Some(server) = &mut server {
                    server.note = Some(failure.to_string());
                }
                let kept = [Section::Logins, Section::Services].into_iter();
                let kept = kept.filter(|section| question.names(*section));
                Self { server, statistics: None, gaps: kept.map(|of| Gap::new(of, &failure)).collect() }
            }
        }
    }
}
