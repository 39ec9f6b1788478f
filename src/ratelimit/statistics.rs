//! The counters of many days summed, for who reports them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    counters::Kind,
    day_hashes::Reader,
    names::{Name, Names},
    tally::Tally,
};
use crate::{config::Config, failure::Result};

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
    pub(super) fn add(&mut self, day: NaiveDate, counted: &Counted) {
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
pub(super) struct Counted {
    others: u64,
    by_user: Vec<(Name, Name, u64)>,
    /// Fields that were read.
    read: usize,
}

impl Counted {
    /// Takes a field of a hash: `USER`, or `SUBJECT USER`; and its value. None: that is no number.
    pub(super) fn take(
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
    pub(super) fn without_repetitions(&mut self, length: usize) {
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
/// [`Unavailable`](crate::failure::Status::Unavailable) if Redis does not answer, [`BadData`](crate::failure::Status::BadData)
/// for a counter that is none.
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
