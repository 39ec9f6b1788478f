//! Where a session record goes, if its id was used before. Nobody uses one id for two sessions at once.
//!
//! In our tables an id may have any number of records. In those of ILIAS it has one: the others are kept under names of
//! their own, `ID#START`.

use std::fmt;

use chrono::DateTime;

use super::record::{Context, Record};

/// One change of the records of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Delete all records of the id.
    Erase {
        /// The id.
        id: String,
    },
    /// End the record of the id that began at `start` and is still open.
    End {
        /// The id.
        id: String,
        /// When it began.
        start: i64,
        /// When it ends.
        end: i64,
        /// Why.
        context: Option<i16>,
    },
    /// Give the record of the id that began at `start` another id.
    Move {
        /// The id.
        id: String,
        /// When it began.
        start: i64,
        /// Its new id.
        to: String,
    },
    /// Write a new record.
    Write(Record),
}

/// A record that is there: when it began, and whether it is still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// The id under which it is kept.
    pub id: String,
    /// When it began.
    pub start: i64,
    /// Whether it has no end.
    pub is_open: bool,
}

/// Steps where ILIAS's rule holds: a record erases those before it.
pub fn replacing(record: &Record) -> Vec<Step> {
    vec![Step::Erase { id: record.id.clone() }, Step::Write(record.clone())]
}

/// Steps where an id may have many records; `present` are those it has. The same beginning again changes nothing, but
/// that what is open there ends where the record is known to have ended.
pub fn beside(record: &Record, present: &[Present]) -> Vec<Step> {
    if let Some(known) = present.iter().find(|present| present.start == record.start) {
        return ended(known, record).into_iter().collect();
    }
    let earlier = present.iter().filter(|present| present.is_open && present.start < record.start);
    let ends = earlier.map(|present| replaced(present, record.start));
    ends.chain([Step::Write(record.clone())]).collect()
}

/// Steps where an id has one record. `holder` is the record that has the id now, and its name [`aside`]; `own` is the
/// record itself if it is known under a name of its own, else the name that it can have.
///
/// The record that began later keeps the id, and the one before it ends there if it was open. A beginning that arrives
/// late, or after a clock was set back, takes the id over only from a record that needs it no more: one without its id
/// could never be closed.
pub fn in_place(record: &Record, holder: Option<(&Present, &str)>, own: Result<&Present, &str>) -> Vec<Step> {
    let aside = match (holder, own) {
        (Some((holder, _)), _) if holder.start == record.start => {
            return ended(holder, record).into_iter().collect();
        }
        (_, Ok(known)) => return ended(known, record).into_iter().collect(),
        (None, _) => return vec![Step::Write(record.clone())],
        (Some(_), Err(aside)) => aside,
    };
    let Some((holder, holder_aside)) = holder else { return Vec::new() };
    let write = Step::Write(record.clone());
    let step_aside = Step::Move { id: holder.id.clone(), start: holder.start, to: holder_aside.to_owned() };
    if holder.start < record.start {
        let end = holder.is_open.then(|| replaced(holder, record.start));
        return end.into_iter().chain([step_aside, write]).collect();
    }
    if !holder.is_open && record.end.is_none() {
        return vec![step_aside, write];
    }
    let (end, context) = match record.end {
        Some(end) => (end, record.context),
        None => (holder.start, Context::LOGIN.stored()),
    };
    vec![Step::Write(Record { id: aside.to_owned(), end: Some(end), context, ..record.clone() })]
}

/// The known record ends where `record` says.
fn ended(known: &Present, record: &Record) -> Option<Step> {
    let end = record.end.filter(|_| known.is_open)?;
    Some(Step::End { id: known.id.clone(), start: known.start, end, context: record.context })
}

/// The record ends because another session takes its id at `end`.
fn replaced(present: &Present, end: i64) -> Step {
    let context = Context::LOGIN.stored();
    Step::End { id: present.id.clone(), start: present.start, end, context }
}

/// The id under which a record is kept whose own id another one has: the `attempt`th (from 1 on) of those tried, at
/// most `longest` characters.
pub fn aside(id: &str, start: i64, attempt: u32, longest: usize) -> String {
    let mut tail = format!("#{start}");
    if attempt > 1 {
        tail += &format!(".{attempt}");
    }
    if id.chars().count() + tail.len() <= longest {
        return format!("{id}{tail}");
    }
    // Long ids that differ in their last characters only must stay different.
    let tail = format!("~{:016x}{tail}", digest(id));
    let kept: String = id.chars().take(longest.saturating_sub(tail.len())).collect();
    format!("{kept}{tail}")
}

/// FNV-1a: the same in all releases, which std's hashes are not.
fn digest(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What a step does, for a rehearsal.
impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Erase { id } => write!(formatter, "erase the earlier records of session {id}"),
            Self::End { id, start, end, context } => {
                write!(
                    formatter,
                    "end session {id} of {} at {} ({})",
                    instant(*start),
                    instant(*end),
                    Context(context.unwrap_or(0))
                )
            }
            Self::Move { id, start, to } => {
                write!(formatter, "keep session {id} of {} as {to}", instant(*start))
            }
            Self::Write(record) => {
                let Record { id, user, start, .. } = record;
                write!(formatter, "record session {id} of user {user} from {} on", instant(*start))?;
                match record.end {
                    Some(end) => write!(formatter, ", until {}", instant(end)),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Seconds since 1970 as people read them, where a calendar reaches.
pub fn instant(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map_or_else(|| seconds.to_string(), |instant| instant.format("%FT%TZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(start: i64, end: Option<i64>) -> Record {
        Record { id: "x".into(), kind: 3, start, end, context: end.map(|_| 1), user: 7 }
    }

    fn present(start: i64, is_open: bool) -> Present {
        Present { id: "x".into(), start, is_open }
    }

    fn in_place_of(new: &Record, start: i64, is_open: bool) -> Vec<Step> {
        in_place(new, Some((&present(start, is_open), "x#holder")), Err("x#own"))
    }

    fn moved(start: i64) -> Step {
        Step::Move { id: "x".into(), start, to: "x#holder".into() }
    }

    fn login(start: i64, end: i64) -> Step {
        Step::End { id: "x".into(), start, end, context: Some(6) }
    }

    #[test]
    fn an_id_used_again_ends_what_was_open_before() {
        let new = record(200, None);
        let written = Step::Write(new.clone());
        assert_eq!(beside(&new, &[]), vec![written.clone()]);
        assert_eq!(
            beside(&new, &[present(100, true), present(50, false), present(300, true)]),
            [login(100, 200), written.clone()]
        );
        assert_eq!(in_place_of(&new, 100, true), [login(100, 200), moved(100), written.clone()]);
        assert_eq!(in_place_of(&new, 100, false), [moved(100), written]);
    }

    #[test]
    fn the_same_beginning_again_changes_nothing_but_brings_a_missing_end() {
        assert_eq!(beside(&record(200, None), &[present(100, true), present(200, true)]), []);
        assert_eq!(in_place_of(&record(200, None), 200, false), []);
        let end = Step::End { id: "x".into(), start: 200, end: 250, context: Some(1) };
        let known = Present { id: "x#200".into(), start: 200, is_open: true };
        assert_eq!(beside(&record(200, Some(250)), &[present(200, true)]), vec![end.clone()]);
        assert_eq!(in_place_of(&record(200, Some(250)), 200, true), [end]);
        assert_eq!(in_place_of(&record(200, Some(250)), 200, false), []);
        let aside = in_place(&record(200, Some(250)), Some((&present(900, true), "x#900")), Ok(&known));
        assert_eq!(aside, [Step::End { id: "x#200".into(), start: 200, end: 250, context: Some(1) }]);
    }

    #[test]
    fn what_arrives_late_never_takes_the_id_of_an_open_session() {
        let own = |end, context| {
            [Step::Write(Record { id: "x#own".into(), end: Some(end), context, ..record(200, None) })]
        };
        assert_eq!(in_place_of(&record(200, None), 300, true), own(300, Some(6)));
        assert_eq!(in_place_of(&record(200, Some(250)), 300, true), own(250, Some(1)));
        assert_eq!(in_place_of(&record(200, Some(250)), 300, false), own(250, Some(1)));
        // This one has to be closed by its id.
        let new = record(200, None);
        assert_eq!(in_place_of(&new, 300, false), [moved(300), Step::Write(new)]);
    }

    #[test]
    fn names_aside_fit_their_column_and_stay_different() {
        assert_eq!(aside("abc", 100, 1, 256), "abc#100");
        assert_eq!(aside("abc", -5, 3, 256), "abc#-5.3");
        let (one, other) = ("é".repeat(80), "é".repeat(79) + "e");
        let names = [aside(&one, 1_700_000_000, 1, 80), aside(&other, 1_700_000_000, 1, 80)];
        assert_ne!(names[0], names[1]);
        for name in names {
            assert_eq!(name.chars().count(), 80);
            assert!(name.ends_with("#1700000000"), "{name}");
        }
    }
}
