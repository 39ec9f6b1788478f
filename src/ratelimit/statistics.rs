//! The counters of many days read and summed, for who reports them.
//!
//! Owes its callers: no user waits at a check because of a report. Redis answers one command after the other, so a long
//! hash is read in pages, and of short ones only as many are asked for at once as one page would hold.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use ::redis::{Cmd, FromRedisValue, cmd, from_redis_value};
use chrono::{DateTime, NaiveDate, Utc};

use super::{
    counters::{self, DATABASE, Kind},
    user::unescape,
};
use crate::{
    config::{Config, Ratelimit},
    failure::{Failure, Result, Status},
    redis::{Conversation, Trouble},
};

/// Fields that Redis reads in one go: a millisecond or two.
const PAGE: usize = 2_000;
/// Commands on their way at once.
const PIPELINE: usize = 1_000;

/// What was counted in a number of days.
#[derive(Debug, Default)]
pub struct Statistics {
    /// The users who logged in last, of whatever day, and when, to the microsecond: 100 at most.
    pub recent: Vec<(String, DateTime<Utc>)>,
    /// Allowed logins, by user.
    pub logins: Counts,
    /// Allowed calls, by service and user.
    pub calls: Counts,
    /// Refused tries, by rule and user.
    pub refused: Counts,
}

/// Counters of one kind.
#[derive(Debug, Default)]
pub struct Counts {
    /// Of each day on which something was counted.
    pub by_day: BTreeMap<NaiveDate, u64>,
    /// What was counted without a name, because there was no room for more names.
    pub others: u64,
    /// By the fields of the hashes.
    named: HashMap<String, u64>,
}

impl Counts {
    /// The sum of all.
    pub fn total(&self) -> u64 {
        self.by_day.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Each user with what was counted for him.
    pub fn by_user(&self) -> impl Iterator<Item = (String, u64)> {
        self.named.iter().map(|(user, count)| (unescape(user), *count))
    }

    /// Each service or rule and user with what was counted for them.
    pub fn by_pair(&self) -> impl Iterator<Item = (String, String, u64)> {
        self.named.iter().map(|(pair, count)| {
            let (what, user) = pair.split_once(' ').unwrap_or((pair, ""));
            (unescape(what), unescape(user), *count)
        })
    }

    fn add(&mut self, day: NaiveDate, fields: impl IntoIterator<Item = (Vec<u8>, i64)>) {
        for (field, count) in fields {
            let count = u64::try_from(count).unwrap_or(0);
            let raise = |sum: &mut u64| *sum = sum.saturating_add(count);
            raise(self.by_day.entry(day).or_default());
            if field.is_empty() {
                raise(&mut self.others);
                continue;
            }
            let field = String::from_utf8(field)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            raise(self.named.entry(field).or_default());
        }
    }
}

/// Reads the counters of `days`, each of which is one of UTC.
///
/// # Errors
/// [`Status::Unavailable`] if Redis does not answer, [`Status::BadData`] for a counter that is none.
pub fn read(config: &Config, days: &[NaiveDate]) -> Result<Statistics> {
    let mut reader = Reader::open(config)?;
    Ok(Statistics {
        recent: reader.recent()?,
        logins: reader.counts(Kind::Logins, days)?,
        calls: reader.counts(Kind::Calls, days)?,
        refused: reader.counts(Kind::Refused, days)?,
    })
}

struct Reader<'a> {
    settings: &'a Ratelimit,
    conversation: Conversation,
    /// For one answer.
    limit: Duration,
}

impl<'a> Reader<'a> {
    fn open(config: &'a Config) -> Result<Self> {
        let limit = config.redis.timeout;
        let conversation = Conversation::open(&config.redis, deadline(limit))?;
        let mut reader = Self { settings: &config.ratelimit, conversation, limit };
        if !config.redis.cluster {
            let mut select = cmd("SELECT");
            select.arg(DATABASE);
            reader.send(select).and_then(|()| reader.conversation.receive(deadline(limit)))?;
        }
        Ok(reader)
    }

    fn recent(&mut self) -> Result<Vec<(String, DateTime<Utc>)>> {
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

    fn counts(&mut self, kind: Kind, days: &[NaiveDate]) -> Result<Counts> {
        let mut counts = Counts::default();
        let mut short = Vec::new();
        let mut fields = 0;
        for days in days.chunks(PIPELINE) {
            let keys: Vec<_> = days.iter().map(|day| counters::of_day(self.settings, kind, *day)).collect();
            let lengths: Vec<usize> = self.ask_all("HLEN", &keys)?;
            for ((day, key), length) in days.iter().zip(keys).zip(lengths) {
                if length > PAGE {
                    counts.add(*day, self.pages(&key)?);
                    continue;
                }
                if fields + length > PAGE || short.len() == PIPELINE {
                    self.whole(&mut short, &mut counts)?;
                    fields = 0;
                }
                if length > 0 {
                    short.push((*day, key));
                    fields += length;
                }
            }
        }
        self.whole(&mut short, &mut counts)?;
        Ok(counts)
    }

    /// Adds the hashes of these days, and empties the list.
    fn whole(&mut self, days: &mut Vec<(NaiveDate, String)>, counts: &mut Counts) -> Result<()> {
        let (days, keys): (Vec<_>, Vec<_>) = days.drain(..).unzip();
        let hashes: Vec<Vec<(Vec<u8>, i64)>> = self.ask_all("HGETALL", &keys)?;
        for (day, hash) in days.into_iter().zip(hashes) {
            counts.add(day, hash);
        }
        Ok(())
    }

    /// A long hash. A field may come twice while others are added: the later one holds.
    fn pages(&mut self, key: &str) -> Result<HashMap<Vec<u8>, i64>> {
        let page = |cursor: u64| {
            let mut command = cmd("HSCAN");
            command.arg(key).arg(cursor).arg("COUNT").arg(PAGE);
            command
        };
        let mut hash = HashMap::new();
        self.send(page(0))?;
        loop {
            let (next, fields): (u64, Vec<(Vec<u8>, i64)>) = self.receive(key)?;
            if next != 0 {
                // Redis reads it while we add.
                self.send(page(next))?;
            }
            hash.extend(fields);
            if next == 0 {
                return Ok(hash);
            }
        }
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
        from_redis_value(value).map_err(|error| {
            Failure::new(
                Status::BadData,
                format!("the counters {key} in Redis hold a value that is none ({error}); delete that key"),
            )
        })
    }
}

/// A limit too far away to be a moment is as good as a day.
fn deadline(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + Duration::from_secs(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_summed_and_what_has_no_name_stays_apart() {
        let (first, second) = ("2026-03-09".parse().unwrap(), "2026-03-10".parse().unwrap());
        let mut counts = Counts::default();
        counts.add(first, [(b"vente marie%20curie".to_vec(), 2), (b"".to_vec(), 5)]);
        counts.add(second, [(b"vente marie%20curie".to_vec(), 1), (b"a%20b 7".to_vec(), -1)]);
        assert_eq!(counts.by_day, BTreeMap::from([(first, 7), (second, 1)]));
        assert_eq!((counts.total(), counts.others), (8, 5));
        let mut pairs: Vec<_> = counts.by_pair().collect();
        pairs.sort();
        assert_eq!(
            pairs,
            [("a b".to_owned(), "7".to_owned(), 0), ("vente".to_owned(), "marie curie".to_owned(), 3)]
        );
    }
}
