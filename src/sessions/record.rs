//! A session record: one session as ILIAS writes it into `usr_session_stats_raw`.

use std::{fmt, str::FromStr};

/// The type of the sessions of users.
pub const USER: i16 = 3;

/// Which sessions are counted: those of users (3) and of anonymous visitors (4).
pub const COUNTED_TYPES: [i16; 2] = [USER, 4];

/// Kinds of sessions (ILIAS's numbers), for `open --type`.
const TYPES: [(&str, i16); 5] = [("unknown", 0), ("system", 1), ("admin", 2), ("user", 3), ("anonymous", 4)];

/// Reads a kind of session: its name or its number.
///
/// # Errors
/// A text that is neither; the message lists the names.
pub fn parse_type(text: &str) -> Result<i16, String> {
    named_or_number(text, &TYPES)
}

/// Why a session ended: `end_context`. Numbers that ILIAS does not know are kept and count as miscellaneous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context(pub i16);

impl Context {
    /// The user ended it.
    pub const USER: Self = Self(1);
    /// It was not used until it expired.
    pub const EXPIRE: Self = Self(2);
    /// Idle after its first request.
    pub const FIRST: Self = Self(3);
    /// Idle.
    pub const IDLE: Self = Self(4);
    /// The limit of sessions was reached.
    pub const LIMIT: Self = Self(5);
    /// An anonymous session whose visitor logged in.
    pub const LOGIN: Self = Self(6);

    /// ILIAS's names, in lower case, and their numbers.
    const NAMES: [(&'static str, i16); 11] = [
        ("user", 1),
        ("expire", 2),
        ("first", 3),
        ("idle", 4),
        ("limit", 5),
        ("login", 6),
        ("public", 7),
        ("time", 8),
        ("ip", 9),
        ("simul", 10),
        ("inactive", 11),
    ];

    /// What is stored: ILIAS leaves `end_context` NULL for 0.
    pub fn stored(self) -> Option<i16> {
        Some(self.0).filter(|number| *number != 0)
    }
}

impl FromStr for Context {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named_or_number(text, &Self::NAMES).map(Self)
    }
}

fn named_or_number(text: &str, names: &[(&str, i16)]) -> Result<i16, String> {
    let named = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, number)| *number);
    named.or_else(|| text.parse().ok()).ok_or_else(|| {
        let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        format!("neither a number nor one of {}", names.join(", "))
    })
}

/// The `closed_*` columns, in the order of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// `closed_manual`
    Manual,
    /// `closed_expire`
    Expire,
    /// `closed_idle`
    Idle,
    /// `closed_idle_first`
    IdleFirst,
    /// `closed_limit`
    Limit,
    /// `closed_login`
    Login,
    /// `closed_misc`
    Misc,
}

impl Closing {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Manual, Self::Expire, Self::Idle, Self::IdleFirst, Self::Limit, Self::Login, Self::Misc];

    /// The column that an `end_context` counts in.
    pub fn of(context: Option<i16>) -> Self {
        match context.map(Context) {
            Some(Context::USER) => Self::Manual,
            Some(Context::EXPIRE) => Self::Expire,
            Some(Context::FIRST) => Self::IdleFirst,
            Some(Context::IDLE) => Self::Idle,
            Some(Context::LIMIT) => Self::Limit,
            Some(Context::LOGIN) => Self::Login,
            _ => Self::Misc,
        }
    }

    /// The column's name.
    pub fn column(self) -> &'static str {
        match self {
            Self::Manual => "closed_manual",
            Self::Expire => "closed_expire",
            Self::Idle => "closed_idle",
            Self::IdleFirst => "closed_idle_first",
            Self::Limit => "closed_limit",
            Self::Login => "closed_login",
            Self::Misc => "closed_misc",
        }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => formatter.write_str(name),
            None => write!(formatter, "{}", self.0),
        }
    }
}

/// What the statistics need of a session record. Times are seconds since 1970, and may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// First second.
    pub start: i64,
    /// First second after it; none: still open.
    pub end: Option<i64>,
    /// `end_context`
    pub context: Option<i16>,
}

/// A whole session record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `session_id`
    pub id: String,
    /// `type`
    pub kind: i16,
    /// First second, as of 1970.
    pub start: i64,
    /// First second after it; none: still open.
    pub end: Option<i64>,
    /// `end_context`
    pub context: Option<i16>,
    /// `user_id`
    pub user: i64,
}

/// That a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Its `session_id`.
    pub id: String,
    /// First second after it, as of 1970.
    pub end: i64,
    /// `end_context`
    pub context: Option<i16>,
}
