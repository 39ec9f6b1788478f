//! The hashes of days, on their way from Redis.
//!
//! Owes its callers: no user waits at a check because of a report. Redis answers one command after the other, so a long
//! hash is read in pages, and of short ones only as many are asked for at once as one page would hold. Redis works while
//! we add what came before.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use ::redis::{Cmd, FromRedisValue, cmd, from_redis_value};
use chrono::{DateTime, NaiveDate, Utc};

use super::{
    counters::{self, DATABASE, Kind},
    names::Names,
    statistics::{Counted, Counts},
    user::unescape,
};
use crate::{
    config::{Config, Ratelimit},
    failure::{Failure, Result, Status},
    redis::{Answer, Conversation, Trouble},
};

/// Fields that Redis reads in one go: a millisecond or two.
const PAGE: usize = 4_000;
/// Commands on their way at once.
const PIPELINE: usize = 1_000;

/// A hash that is asked for, whole or page by page.
struct Asked {
    day: NaiveDate,
    key: String,
    /// How many fields it had before.
    length: usize,
    /// The next page; none: it is asked for as a whole.
    cursor: Option<String>,
    counted: Counted,
}

impl Asked {
    fn new(day: NaiveDate, key: String, length: usize) -> Self {
        let cursor = (length > PAGE).then(|| "0".to_owned());
        Self { day, key, length, cursor, counted: Counted::default() }
    }

    /// How many fields one answer has, more or less.
    fn fields(&self) -> usize {
        self.length.min(PAGE)
    }

    fn command(&self) -> Cmd {
        let mut command = match &self.cursor {
            None => cmd("HGETALL"),
            Some(_) => cmd("HSCAN"),
        };
        command.arg(&self.key);
        if let Some(cursor) = &self.cursor {
            command.arg(cursor).arg("COUNT").arg(PAGE);
        }
        command
    }

    /// Whether the answer is a page behind which another one is to be asked for.
    fn turn_page(&mut self, answer: &Answer) -> bool {
        let Some(cursor) = &mut self.cursor else { return false };
        answer.texts(|text, _| {
            *cursor = String::from_utf8_lossy(text).into_owned();
            false
        });
        cursor != "0"
    }

    /// Takes the fields and values of an answer.
    fn take(&mut self, answer: &Answer, kind: Kind, subjects: &mut Names, users: &mut Names) -> Result<()> {
        let is_page = self.cursor.is_some();
        let (mut field, mut has_field) = (Vec::new(), false);
        let mut wrong = None;
        answer.texts(|text, depth| {
            if is_page && depth == 1 {
                // The cursor.
            } else if has_field {
                has_field = false;
                if self.counted.take(&field, text, kind, subjects, users).is_none() {
                    wrong = Some(format!("{:?} is no number", String::from_utf8_lossy(text)));
                }
            } else {
                has_field = true;
                field.clear();
                field.extend_from_slice(text);
            }
            wrong.is_none()
        });
        wrong.map_or(Ok(()), |wrong| Err(no_counter(&self.key, &wrong)))
    }

    /// What was counted, once all of it is there.
    fn counted(&mut self) -> &Counted {
        if self.cursor.is_some() {
            self.counted.without_repetitions(self.length);
        }
        &self.counted
    }
}

/// Reads the hashes of days.
pub(super) struct Reader<'a> {
    settings: &'a Ratelimit,
    conversation: Conversation,
    /// For one answer.
    limit: Duration,
    /// All users that were found.
    pub(super) users: Names,
}

impl<'a> Reader<'a> {
    /// Connects.
    ///
    /// # Errors
    /// [`Status::Unavailable`] if Redis does not answer.
    pub(super) fn open(config: &'a Config) -> Result<Self> {
        let limit = config.redis.timeout;
        let conversation = Conversation::open(&config.redis, deadline(limit))?;
        let mut reader = Self { settings: &config.ratelimit, conversation, limit, users: Names::default() };
        if !config.redis.cluster {
            let mut select = cmd("SELECT");
            select.arg(DATABASE);
            reader.send(select).and_then(|()| reader.conversation.receive(deadline(limit)))?;
        }
        Ok(reader)
    }

    /// The users who logged in last.
    ///
    /// # Errors
    /// Those of [`Self::counts`].
    pub(super) fn recent(&mut self) -> Result<Vec<(String, DateTime<Utc>)>> {
        let key = counters::recent(self.settings);
        // ZRANGE ... REV would need Redis 6.2.
        let mut command = cmd("ZREVRANGE");
        command.arg(&key).arg(0).arg(-1).arg("WITHSCORES");
        self.send(command)?;
        let found: Vec<(Vec<u8>, f64)> = self.receive(&key)?;
        let entry = |(user, microseconds): (Vec<u8>, f64)| {
            let at = DateTime::from_timestamp_micros(microseconds as i64)?;
            Some((unescape(&String::from_utf8_lossy(&user)), at))
        };
        Ok(found.into_iter().filter_map(entry).collect())
    }

    /// What was counted on these days.
    ///
    /// # Errors
    /// [`Status::Unavailable`] if Redis does not answer, [`Status::BadData`] for a counter that is none.
    pub(super) fn counts(&mut self, kind: Kind, days: &[NaiveDate]) -> Result<Counts> {
        let mut counts = Counts::default();
        let mut waiting = VecDeque::new();
        for days in days.chunks(PIPELINE) {
            let keys: Vec<_> = days.iter().map(|day| counters::of_day(self.settings, kind, *day)).collect();
            let lengths: Vec<usize> = self.ask_all("HLEN", &keys)?;
            let days = days.iter().zip(keys).zip(lengths).filter(|(_, length)| *length > 0);
            waiting.extend(days.map(|((day, key), length)| Asked::new(*day, key, length)));
        }
        let mut flying = VecDeque::new();
        loop {
            self.ask(&mut waiting, &mut flying)?;
            let Some(mut asked) = flying.pop_front() else { return Ok(counts) };
            let answer = self
                .conversation
                .answer(deadline(self.limit))
                .map_err(|trouble| trouble.context(&format!("cannot read the counters {}", asked.key)))?;
            let is_read = !asked.turn_page(&answer);
            if is_read {
                self.ask(&mut waiting, &mut flying)?;
                asked.take(&answer, kind, &mut counts.subjects, &mut self.users)?;
                counts.add(asked.day, asked.counted());
            } else {
                // Redis reads the next page while we add this one.
                let command = asked.command();
                self.send(command)?;
                asked.take(&answer, kind, &mut counts.subjects, &mut self.users)?;
                flying.push_back(asked);
            }
        }
    }

    /// Asks for hashes, as many at once as one page would hold.
    fn ask(&mut self, waiting: &mut VecDeque<Asked>, flying: &mut VecDeque<Asked>) -> Result<()> {
        let mut fields: usize = flying.iter().map(Asked::fields).sum();
        while let Some(next) = waiting.front() {
            fields += next.fields();
            if !flying.is_empty() && (fields > PAGE || flying.len() == PIPELINE) {
                break;
            }
            let command = next.command();
            self.send(command)?;
            flying.extend(waiting.pop_front());
        }
        Ok(())
    }

    /// Asks the same about many keys, and waits only then.
    fn ask_all<T: FromRedisValue>(&mut self, what: &str, keys: &[String]) -> Result<Vec<T>> {
        for key in keys {
            let mut command = cmd(what);
            command.arg(key);
            self.send(command)?;
        }
        keys.iter().map(|key| self.receive(key)).collect()
    }

    fn send(&mut self, command: Cmd) -> std::result::Result<(), Trouble> {
        self.conversation.send(command, deadline(self.limit))
    }

    fn receive<T: FromRedisValue>(&mut self, key: &str) -> Result<T> {
        let value = self
            .conversation
            .receive(deadline(self.limit))
            .map_err(|trouble| trouble.context(&format!("cannot read the counters {key}")))?;
        from_redis_value(value).map_err(|error| no_counter(key, &error.to_string()))
    }
}

fn no_counter(key: &str, why: &str) -> Failure {
    Failure::new(
        Status::BadData,
        format!("the counters {key} in Redis hold a value that is none ({why}); delete that key"),
    )
}

/// A limit too far away to be a moment is as good as a day.
fn deadline(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + Duration::from_secs(86_400))
}
