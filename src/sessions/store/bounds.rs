//! What the columns of session records hold. ILIAS's end in 2038, and a server's own message names no table.

use std::{collections::HashMap, ops::RangeInclusive};

use ::mysql::prelude::Queryable;

use crate::{
    failure::Result,
    mysql::rows,
    sessions::record::{Ending, Record},
};

const COLUMNS: &str = "SELECT CONCAT(table_name, '.', column_name), data_type, column_type, \
    character_maximum_length, character_set_name FROM information_schema.columns \
    WHERE table_schema = DATABASE() AND table_name IN ('usr_session_stats_raw', 'usr_session_log')";

/// The columns that commands write into.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// `session_id`
    pub id: IdColumn,
    /// `tstamp` of the limits.
    pub limit_at: IntegerColumn,
    /// `maxval` of the limits.
    pub limit: IntegerColumn,
    /// `user_id` of the limits.
    pub limit_user: IntegerColumn,
    /// `end_time`
    pub end: IntegerColumn,
    start: IntegerColumn,
    user: IntegerColumn,
    kind: IntegerColumn,
    context: IntegerColumn,
}

impl Bounds {
    /// Looks at the tables of the database.
    ///
    /// # Errors
    /// Those of the server.
    pub fn read(conn: &mut impl Queryable) -> Result<Self> {
        type Row = (String, String, String, Option<u64>, Option<String>);
        let found: Vec<Row> = rows(conn, "information_schema.columns", COLUMNS, ())?;
        let columns: HashMap<_, _> = found
            .iter()
            .map(|(name, kind, full, longest, set)| (&**name, (kind, full, longest, set)))
            .collect();
        let integer = |name: &'static str| {
            let (kind, full) = columns.get(name).map_or(("", ""), |(kind, full, ..)| (kind, full));
            IntegerColumn { name, kind: kind.to_owned(), range: range(kind, full.contains("unsigned")) }
        };
        let id = columns.get("usr_session_stats_raw.session_id");
        let longest = id.and_then(|(_, _, longest, _)| **longest).unwrap_or(256);
        let set = id.and_then(|(.., set)| set.as_deref()).unwrap_or_default();
        Ok(Self {
            id: IdColumn {
                longest: usize::try_from(longest).unwrap_or(usize::MAX),
                is_basic: set == "utf8mb3" || set == "utf8",
            },
            limit_at: integer("usr_session_log.tstamp"),
            limit: integer("usr_session_log.maxval"),
            limit_user: integer("usr_session_log.user_id"),
            end: integer("usr_session_stats_raw.end_time"),
            start: integer("usr_session_stats_raw.start_time"),
            user: integer("usr_session_stats_raw.user_id"),
            kind: integer("usr_session_stats_raw.type"),
            context: integer("usr_session_stats_raw.end_context"),
        })
    }

    /// Whether a record can be written.
    ///
    /// # Errors
    /// What does not fit, and into which column.
    pub fn check(&self, record: &Record) -> std::result::Result<(), String> {
        self.id.check(&record.id)?;
        self.start.check(record.start)?;
        self.user.check(record.user)?;
        self.kind.check(record.kind.into())?;
        self.check_end(record.end, record.context)
    }

    /// The same of the end of a session.
    ///
    /// # Errors
    /// What does not fit, and into which column.
    pub fn check_ending(&self, ending: &Ending) -> std::result::Result<(), String> {
        self.id.check(&ending.id)?;
        self.check_end(Some(ending.end), ending.context)
    }

    fn check_end(&self, end: Option<i64>, context: Option<i16>) -> std::result::Result<(), String> {
        end.map_or(Ok(()), |end| self.end.check(end))?;
        context.map_or(Ok(()), |context| self.context.check(context.into()))
    }
}

/// A column of integers.
#[derive(Clone, Debug)]
pub struct IntegerColumn {
    name: &'static str,
    kind: String,
    range: RangeInclusive<i64>,
}

impl IntegerColumn {
    /// Whether the column holds this number.
    ///
    /// # Errors
    /// That it does not, with the names of table and column.
    pub fn check(&self, value: i64) -> std::result::Result<(), String> {
        if self.range.contains(&value) {
            return Ok(());
        }
        let Self { name, kind, range } = self;
        Err(format!("{value} does not fit into {name} ({kind}: {} to {})", range.start(), range.end()))
    }
}

/// The column of session ids.
#[derive(Clone, Debug)]
pub struct IdColumn {
    /// Characters that it holds.
    pub longest: usize,
    /// Whether it holds no characters behind U+FFFF.
    is_basic: bool,
}

impl IdColumn {
    /// Whether this is a session id, and fits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, id: &str) -> std::result::Result<(), String> {
        if id.is_empty() {
            return Err("the session id is empty".to_owned());
        }
        if id.contains(char::is_control) {
            return Err(format!("session id {}: holds a control character", beginning(id)));
        }
        if id.ends_with(' ') {
            return Err(format!(
                "session id {id:?}: MySQL takes it for the one without the blank at its end"
            ));
        }
        let length = id.chars().count();
        if length > self.longest {
            return Err(format!(
                "session id {}: has {length} characters, usr_session_stats_raw.session_id holds {}",
                beginning(id),
                self.longest
            ));
        }
        match id.chars().find(|character| self.is_basic && u32::from(*character) > 0xffff) {
            Some(foreign) => Err(format!(
                "session id {id}: usr_session_stats_raw.session_id cannot hold {foreign:?} (utf8mb3)"
            )),
            None => Ok(()),
        }
    }
}

fn beginning(id: &str) -> String {
    match id.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &id[..end]),
        None => id.to_owned(),
    }
}

/// The numbers of a type of MySQL. One that is no integer is not judged.
fn range(kind: &str, is_unsigned: bool) -> RangeInclusive<i64> {
    let bits = match kind {
        "tinyint" => 8,
        "smallint" => 16,
        "mediumint" => 24,
        "int" => 32,
        "bigint" if is_unsigned => return 0..=i64::MAX,
        _ => return i64::MIN..=i64::MAX,
    };
    if is_unsigned { 0..=(1 << bits) - 1 } else { -(1 << (bits - 1))..=(1 << (bits - 1)) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_mysql() {
        assert_eq!(range("mediumint", false), -8_388_608..=8_388_607);
        assert_eq!(range("int", false), i64::from(i32::MIN)..=i64::from(i32::MAX));
        assert_eq!(range("int", true), 0..=i64::from(u32::MAX));
        assert_eq!(range("bigint", false), i64::MIN..=i64::MAX);
    }

    #[test]
    fn ids_are_counted_in_characters() {
        let column = IdColumn { longest: 4, is_basic: true };
        assert_eq!(column.check("éééé"), Ok(()));
        assert!(column.check("abcde").unwrap_err().contains("has 5 characters"));
        assert!(column.check("a😀").unwrap_err().contains("utf8mb3"));
        assert!(column.check("a\tb").unwrap_err().contains("control"));
        assert!(column.check("").is_err() && column.check("a ").is_err());
        assert_eq!(column.check("a b"), Ok(()));
    }
}
