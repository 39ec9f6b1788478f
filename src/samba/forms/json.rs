//! `smbstatus --json`: Samba 4.17 and later, and vendors' builds with arrays in place of objects.
//!
//! One pass; only sessions and shares are kept. Fields of a wrong type count as missing: one odd session must not
//! cost the others.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, FixedOffset};
use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{NoList, Printed, process, text};
use crate::samba::session::{Session, Share};

pub(super) fn read(bytes: &[u8]) -> Result<Printed, NoList> {
    let text = String::from_utf8_lossy(bytes);
    let mut parser = serde_json::Deserializer::from_str(&text);
    parser
        .deserialize_map(Top)
        .and_then(|printed| parser.end().map(|()| printed))
        .map_err(|error| NoList::BadJson(error.to_string()))
}

struct Top;

impl<'de> Visitor<'de> for Top {
    type Value = Printed;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Printed, A::Error> {
        let mut printed = Printed::default();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match key.as_ref() {
                "timestamp" => {
                    printed.offset = time(&map.next_value()?).map(|time| *time.offset());
                }
                "smb_conf" => {
                    map.next_value::<IgnoredAny>()?;
                    printed.smb_conf = true;
                }
                "sessions" => printed.sessions = map.next_value_seed(Each(session))?,
                // Vendors' builds say `shares`.
                "tcons" | "shares" => {
                    printed.shares = map.next_value_seed(Each(share))?.unwrap_or_default();
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(printed)
    }
}

/// Each entry of an object or an array, made into a `T` from its key ("" in an array) and its value.
/// `null` is as good as absent.
struct Each<T>(fn(&str, &Value) -> Option<T>);

impl<'de, T> DeserializeSeed<'de> for Each<T> {
    type Value = Option<Vec<T>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T> Visitor<'de> for Each<T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or an array")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Cow<'_, str>, Value>()? {
            entries.extend(self.0(&key, &value));
        }
        Ok(Some(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(value) = seq.next_element::<Value>()? {
            entries.extend(self.0("", &value));
        }
        Ok(Some(entries))
    }
}

fn session(id: &str, value: &Value) -> Option<Session> {
    let object = value.as_object()?;
    let word = |key: &str| object.get(key).and_then(word);
    let process_token = process_token(value);
    let key = word("session_id")
        .or_else(|| (!id.is_empty()).then(|| id.to_owned()))
        .or_else(|| process_token.clone());
    Some(Session {
        login: word("username").unwrap_or_default(),
        uid: word("uid"),
        machine: word("remote_machine").unwrap_or_default(),
        address: word("hostname").unwrap_or_default(),
        pid: process_token.and_then(|token| process(&token)),
        protocol: word("session_dialect").filter(|dialect| !dialect.is_empty()),
        key: key.unwrap_or_default(),
        created: object.get("creation_time").and_then(time),
    })
}

fn share(_id: &str, value: &Value) -> Option<Share> {
    Some(Share {
        key: value.get("session_id").and_then(word).or_else(|| process_token(value))?,
        connected: value.get("connected_at").and_then(time)?,
    })
}

fn process_token(value: &Value) -> Option<String> {
    value.pointer("/server_id/pid").or_else(|| value.get("pid")).and_then(word)
}

/// A text, or a number as it was written.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `2027-03-17T14:09:48.036935+01:00`, as `timestamp` also with `+0100`; vendors print text's dates.
fn time(value: &Value) -> Option<DateTime<FixedOffset>> {
    let printed = value.as_str()?;
    DateTime::parse_from_str(printed, "%Y-%m-%dT%H:%M:%S%.f%z")
        .ok()
        .or_else(|| text::time(&printed.split_ascii_whitespace().take(7).collect::<Vec<_>>()))
}
