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
    names::{Name, Names},
    tally::Tally,
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
    /// All users of whom something was counted.
    pub users: Names,
    /// Allowed logins.
    pub logins: Counts,
    /// Allowed calls, by service.
    pub calls: Counts,
    /// Refused tries, by rule.
    pub refused: Counts,
}

/// Counters of one kind.
#[derive(Debug, Default)]
pub struct Counts {
    /// Of each day on which something was counted.
    pub by_day: BTreeMap<NaiveDate, u64>,
    /// What was counted without a name, because there was no room for more names.
    pub others: u64,
    /// The services or rules; of logins, one without a name.
    pub subjects: Names,
    /// Of each of them, by user.
    by_user: Vec<Tally>,
}

impl Counts {
    /// The sum of all.
    pub fn total(&self) -> u64 {
        self.by_day.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Service or rule, the index of the user, and what was counted for both.
    pub fn by_user(&self) -> impl Iterator<Item = (Name, usize, u64)> {
        self.subjects
            .all()
            .zip(&self.by_user)
            .flat_map(|(subject, tally)| tally.all().map(move |(user, count)| (subject, user, count)))
    }

    /// Adds what was counted on a day.
    fn add(&mut self, day: NaiveDate, counted: &Counted) {
        let Counted { others, by_user, read: _ } = counted;
        let mut total = *others;
        self.others = self.others.saturating_add(*others);
        for (subject, user, count) in by_user {
            total = total.saturating_add(*count);
            if self.by_user.len() <= subject.index() {
                self.by_user.resize_with(subject.index() + 1, Tally::default);
            }
            if let Some(tally) = self.by_user.get_mut(subject.index()) {
                tally.add(*user, *count);
            }
        }
        let of_day = self.by_day.entry(day).or_default();
        *of_day = of_day.saturating_add(total);
    }
}

/// What was counted on one day.
#[derive(Debug, Default)]
struct Counted {
    others: u64,
    by_user: Vec<(Name, Name, u64)>,
    /// Fields that were read.
    read: usize,
}

impl Counted {
    /// Takes a field of a hash: `USER`, or `SUBJECT USER`; and its value. None: that is no number.
    fn take(
        &mut self,
        field: &[u8],
        count: &[u8],
        kind: Kind,
        subjects: &mut Names,
        users: &mut Names,
    ) -> Option<()> {
        self.read += 1;
        let count: i64 = std::str::from_utf8(count).ok()?.parse().ok()?;
        let count = u64::try_from(count).unwrap_or(0);
        if field.is_empty() {
            self.others = count;
            return Some(());
        }
        let (subject, user) = match kind {
            Kind::Logins => (&[][..], field),
            Kind::Calls | Kind::Refused => {
                let blank = field.iter().position(|byte| *byte == b' ').unwrap_or(field.len());
                (field.get(..blank).unwrap_or_default(), field.get(blank + 1..).unwrap_or_default())
            }
        };
        self.by_user.push((subjects.add(subject), users.add(user), count));
        Some(())
    }

    /// A field of a long hash may have been read twice while others were added: the later one holds. Of `length` fields
    /// that were there before, none is ever left out: as many were each read once.
    fn without_repetitions(&mut self, length: usize) {
        if self.read != length {
            let last: HashMap<_, _> =
                self.by_user.drain(..).map(|(subject, user, count)| ((subject, user), count)).collect();
            self.by_user.extend(last.into_iter().map(|((subject, user), count)| (subject, user, count)));
        }
    }
}

/// Reads the counters of `days`, each of which is one of UTC.
///
/// # Errors
/// [`Status::Unavailable`] if Redis does not answer, [`Status::BadData`] for a counter that is none.
pub fn read(config: &Config, days: &[NaiveDate]) -> Result<Statistics> {
    let mut reader = Reader::open(config)?;
    let recent = reader.recent()?;
    let logins = reader.counts(Kind::Logins, days)?;
    let calls = reader.counts(Kind::Calls, days)?;
    let refused = reader.counts(Kind::Refused, days)?;
    Ok(Statistics { recent, users: reader.users, logins, calls, refused })
}

/// How many tries were refused in these days.
///
/// # Errors
/// Those of [`read`].
pub fn refused(config: &Config, days: &[NaiveDate]) -> Result<u64> {
    Ok(Reader::open(config)?.counts(Kind::Refused, days)?.total())
}

struct Reader<'a> {
    settings: &'a Ratelimit,
    conversation: Conversation,
    /// For one answer.
    limit: Duration,
    users: Names,
}

impl<'a> Reader<'a> {
    fn open(config: &'a Config) -> Result<Self> {
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
                    self.pages(*day, &key, length, kind, &mut counts)?;
                    continue;
                }
                if fields + length > PAGE || short.len() == PIPELINE {
                    self.whole(&mut short, kind, &mut counts)?;
                    fields = 0;
                }
                if length > 0 {
                    short.push((*day, key));
                    fields += length;
                }
            }
        }
        self.whole(&mut short, kind, &mut counts)?;
        Ok(counts)
    }

    /// Adds the hashes of these days, and empties the list.
    fn whole(&mut self, days: &mut Vec<(NaiveDate, String)>, kind: Kind, counts: &mut Counts) -> Result<()> {
        for (_, key) in days.iter() {
            let mut command = cmd("HGETALL");
            command.arg(key);
            self.send(command)?;
        }
        for (day, key) in days.drain(..) {
            let mut counted = Counted::default();
            self.fields(&key, false, kind, counts, &mut counted)?;
            counts.add(day, &counted);
        }
        Ok(())
    }

    /// Adds a long hash.
    fn pages(
        &mut self,
        day: NaiveDate,
        key: &str,
        length: usize,
        kind: Kind,
        counts: &mut Counts,
    ) -> Result<()> {
        let mut counted = Counted::default();
        let mut cursor = "0".to_owned();
        loop {
            let mut command = cmd("HSCAN");
            command.arg(key).arg(&cursor).arg("COUNT").arg(PAGE);
            self.send(command)?;
            cursor = self.fields(key, true, kind, counts, &mut counted)?;
            if cursor == "0" {
                counted.without_repetitions(length);
                counts.add(day, &counted);
                return Ok(());
            }
        }
    }

    /// Takes the fields and values of an answer. Returns the cursor, if it is a page.
    fn fields(
        &mut self,
        key: &str,
        is_page: bool,
        kind: Kind,
        counts: &mut Counts,
        counted: &mut Counted,
    ) -> Result<String> {
        let Self { conversation, users, limit, .. } = self;
        let subjects = &mut counts.subjects;
        let (mut cursor, mut wrong) = (String::new(), None);
        let (mut field, mut has_field) = (Vec::new(), false);
        let take = |text: &[u8], depth: usize| {
            if is_page && depth == 1 {
                cursor = String::from_utf8_lossy(text).into_owned();
            } else if has_field {
                has_field = false;
                if counted.take(&field, text, kind, subjects, users).is_none() {
                    wrong.get_or_insert_with(|| String::from_utf8_lossy(text).into_owned());
                }
            } else {
                has_field = true;
                field.clear();
                field.extend_from_slice(text);
            }
        };
        conversation
            .texts(deadline(*limit), take)
            .map_err(|trouble| trouble.context(&format!("cannot read the counters {key}")))?;
        wrong.map_or(Ok(cursor), |wrong| Err(no_counter(key, &format!("{wrong:?} is no number"))))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_summed_and_what_has_no_name_stays_apart() {
        let (first, second) = ("2026-03-09".parse().unwrap(), "2026-03-10".parse().unwrap());
        let (mut counts, mut users) = (Counts::default(), Names::default());
        let mut count = |day, fields: &[(&str, &str)]| {
            let mut counted = Counted::default();
            for (field, count) in fields {
                let Counts { subjects, .. } = &mut counts;
                let field = field.as_bytes();
                counted.take(field, count.as_bytes(), Kind::Calls, subjects, &mut users).unwrap();
            }
            counted.without_repetitions(fields.len());
            counts.add(day, &counted);
        };
        count(first, &[("", "5"), ("vente marie%20curie", "2")]);
        count(second, &[("vente marie%20curie", "1"), ("a%20b 7", "-1"), ("a%20b 8", "4")]);
        assert_eq!(counts.by_day, BTreeMap::from([(first, 7), (second, 5)]));
        assert_eq!((counts.total(), counts.others), (12, 5));
        let told = |(subject, user, count)| {
            let user = users.at(user).unwrap();
            (counts.subjects.get(subject).into_owned(), users.get(user).into_owned(), count)
        };
        let mut pairs: Vec<_> = counts.by_user().map(told).collect();
        pairs.sort();
        assert_eq!(
            pairs,
            [("a b".to_owned(), "8".to_owned(), 4), ("vente".to_owned(), "marie curie".to_owned(), 3)]
        );
    }

    #[test]
    fn a_field_that_is_read_twice_holds_as_it_came_last() {
        let (mut subjects, mut users) = (Names::default(), Names::default());
        let mut counted = Counted::default();
        for (field, count) in [("zoe", "1"), ("ali", "7"), ("zoe", "2")] {
            counted
                .take(field.as_bytes(), count.as_bytes(), Kind::Logins, &mut subjects, &mut users)
                .unwrap();
        }
        counted.without_repetitions(2);
        let mut told: Vec<_> =
            counted.by_user.iter().map(|(_, user, count)| (users.get(*user), *count)).collect();
        told.sort();
        assert_eq!(told, [("ali".into(), 7), ("zoe".into(), 2)]);
    }
}
