//! Which spellings are the same user, and how a name becomes part of a key.

use std::fmt::Write;

use crate::config::ratelimit::Fold;

/// Longest name of a user, in bytes: it is part of keys and counters.
pub const LONGEST: usize = 1024;

/// A user, under the name by which he is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name, trimmed and folded.
    pub name: String,
    /// The same as a part of keys: see [`escape`].
    pub key: String,
}

/// Why a text cannot be a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There is nothing in it but blanks.
    Empty,
    /// It is longer than [`LONGEST`].
    TooLong,
    /// It is not UTF-8.
    NotText,
}

impl Unusable {
    /// What is wrong and what to do, for people.
    pub fn message(self) -> &'static str {
        match self {
            Self::Empty => "the name of the user is empty; give one",
            Self::TooLong => {
                "the name of the user is longer than 1024 bytes; give the number or the e-mail of the user"
            }
            Self::NotText => {
                "the name of the user is not UTF-8; give it as UTF-8, or give the number of the user"
            }
        }
    }
}

impl User {
    /// Takes the blanks from both ends and makes all spellings that `fold` means alike one.
    ///
    /// # Errors
    /// The text cannot be a user.
    pub fn new(text: &[u8], fold: Fold) -> Result<Self, Unusable> {
        let text = std::str::from_utf8(text).map_err(|_| Unusable::NotText)?.trim();
        if text.is_empty() {
            return Err(Unusable::Empty);
        }
        if text.len() > LONGEST {
            return Err(Unusable::TooLong);
        }
        let name = match fold {
            // A sigma at the end of a word is a sigma, for databases, too.
            Fold::Lower => text.to_lowercase().replace('ς', "σ"),
            Fold::None => text.to_owned(),
        };
        let key = escape(&name);
        Ok(Self { name, key })
    }
}

/// A name as a part of keys: braces (which mark the part that Redis Cluster looks at), blanks, control characters and
/// the percent sign become `%` and two hexadecimal digits for each of their bytes.
pub fn escape(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '{' | '}' | '%') || character.is_whitespace() || character.is_control() {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(key, "%{byte:02x}");
            }
        } else {
            key.push(character);
        }
    }
    key
}

/// The name that [`escape`] made this of; what it cannot have made stays as it is.
pub fn unescape(key: &str) -> String {
    let mut name = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                name.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                name.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(name).unwrap_or_else(|_| key.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lower(text: &str) -> User {
        User::new(text.as_bytes(), Fold::Lower).unwrap()
    }

    #[test]
    fn spellings_that_the_database_takes_for_one_are_one() {
        assert_eq!(lower(" Chloé@Example.ORG\r\n"), lower("chloé@example.org"));
        assert_eq!(lower("ΟΔΟΣ"), lower("οδοσ"));
        let kept = User::new(b"Chlo", Fold::None).unwrap();
        assert_eq!(kept.name, "Chlo");
    }

    #[test]
    fn what_would_break_a_key_is_escaped() {
        assert_eq!(lower("}a{b c%\u{1}\u{a0}é").key, "%7da%7bb%20c%25%01%c2%a0é");
    }

    #[test]
    fn texts_that_are_no_users_are_refused() {
        assert_eq!(User::new(b" \t\n", Fold::Lower), Err(Unusable::Empty));
        assert_eq!(User::new(b"\xff", Fold::Lower), Err(Unusable::NotText));
        assert_eq!(User::new(&[b'a'; LONGEST + 1], Fold::Lower), Err(Unusable::TooLong));
        assert!(User::new(&[b'a'; LONGEST], Fold::Lower).is_ok());
    }

    proptest! {
        #[test]
        fn a_name_comes_back_from_its_key(name in "\\PC*|.*") {
            let key = escape(&name);
            prop_assert_eq!(unescape(&key), name);
            let breaks_a_key = key.contains(['{', '}', ' ', '\n', '\0']);
            prop_assert!(!breaks_a_key);
        }
    }
}
