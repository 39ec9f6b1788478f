//! What Redis answers: the few forms of it that come here, read from memory.
//!
//! The driver's own parser asks the processor for its abilities first, which takes a virtual machine longer than all
//! the rest of a check (docs/ratelimit-speed.md). It still reads what is worth its care: errors.

use ::redis::{ErrorKind, RedisError, RedisResult, Value, parse_redis_value};

/// Arrays in arrays: more is not an answer to anything that is asked here.
const DEEPEST: usize = 8;

/// How much of the first value is there. What was looked at once is not looked at again: long answers come in many parts.
#[derive(Debug)]
pub struct Progress {
    /// What was looked at, as long as more follows.
    at: usize,
    /// Values that are still to come.
    missing: u64,
}

impl Default for Progress {
    fn default() -> Self {
        Self { at: 0, missing: 1 }
    }
}

impl Progress {
    /// How many bytes were looked at: of a whole value, its length.
    pub fn length(&self) -> usize {
        self.at
    }

    /// Whether the first value in `bytes`, of which more may have come, is there as a whole.
    ///
    /// # Errors
    /// What is there is no answer of Redis.
    pub fn is_whole(&mut self, bytes: &[u8]) -> RedisResult<bool> {
        while self.missing > 0 {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some(end) = end_of_line(rest) else { return Ok(false) };
            let (kind, line) = rest.get(..end).and_then(<[u8]>::split_first).ok_or_else(nonsense)?;
            let mut length = end + 2;
            match kind {
                b'$' => {
                    if let Ok(text) = usize::try_from(number(line)?) {
                        length = length
                            .checked_add(text)
                            .and_then(|sum| sum.checked_add(2))
                            .ok_or_else(nonsense)?;
                    }
                }
                b'*' => self.missing = self.missing.saturating_add_signed(number(line)?.max(0)),
                _ => {}
            }
            if rest.len() < length {
                return Ok(false);
            }
            self.at += length;
            self.missing -= 1;
        }
        Ok(true)
    }
}

/// The first value in `bytes` and how many of them it takes; none if it is not there as a whole.
///
/// # Errors
/// What is there is no answer of Redis.
pub fn first(bytes: &[u8]) -> RedisResult<Option<(Value, usize)>> {
    value(bytes, 0)
}

/// An answer that is kept as it came, and read when there is time for it.
#[derive(Debug)]
pub struct Answer(Form);

#[derive(Debug)]
enum Form {
    /// One whole value, which is no error.
    Bytes(Vec<u8>),
    Value(Value),
}

impl Answer {
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(Form::Bytes(bytes))
    }

    pub(super) fn of_value(value: Value) -> Self {
        Self(Form::Value(value))
    }

    /// Hands out its texts and numbers one after the other, each with the number of arrays in which it stands, for as
    /// long as `take` says true. Long answers take no memory as values.
    pub fn texts(&self, mut take: impl FnMut(&[u8], usize) -> bool) {
        match &self.0 {
            // It was whole when it came: nothing in it can be wrong any more.
            Form::Bytes(bytes) => drop(texts(bytes, take)),
            Form::Value(value) => drop(texts_of(value, 0, &mut take)),
        }
    }
}

/// None if `take` had enough, or this is no answer of Redis.
fn texts(bytes: &[u8], mut take: impl FnMut(&[u8], usize) -> bool) -> Option<()> {
    // How many values of each open array are still to come.
    let (mut at, mut open) = (0, vec![1_u64]);
    while let Some(missing) = open.last_mut() {
        if *missing == 0 {
            open.pop();
            continue;
        }
        *missing -= 1;
        let depth = open.len() - 1;
        let rest = bytes.get(at..)?;
        let end = end_of_line(rest)?;
        let (kind, line) = rest.get(..end)?.split_first()?;
        at += end + 2;
        let goes_on = match kind {
            b'$' => match usize::try_from(number(line).ok()?) {
                Ok(length) => {
                    let text = bytes.get(at..at.checked_add(length)?)?;
                    at += length + 2;
                    take(text, depth)
                }
                Err(_) => true,
            },
            b'*' => {
                open.push(number(line).ok()?.try_into().unwrap_or(0));
                true
            }
            _ => take(line, depth),
        };
        if !goes_on {
            return None;
        }
    }
    Some(())
}

/// The same of a value that was read already.
fn texts_of(value: &Value, depth: usize, take: &mut impl FnMut(&[u8], usize) -> bool) -> Option<()> {
    let goes_on = match value {
        Value::BulkString(text) => take(text, depth),
        Value::SimpleString(text) => take(text.as_bytes(), depth),
        Value::Int(number) => take(number.to_string().as_bytes(), depth),
        Value::Array(values) => return values.iter().try_for_each(|value| texts_of(value, depth + 1, take)),
        Value::Map(pairs) => {
            return pairs.iter().try_for_each(|(key, value)| {
                texts_of(key, depth + 1, take)?;
                texts_of(value, depth + 1, take)
            });
        }
        _ => true,
    };
    goes_on.then_some(())
}

fn value(bytes: &[u8], depth: usize) -> RedisResult<Option<(Value, usize)>> {
    let Some(end) = end_of_line(bytes) else { return Ok(None) };
    let after = end + 2;
    let (kind, line) = bytes.get(..end).and_then(<[u8]>::split_first).ok_or_else(nonsense)?;
    let value = match kind {
        b':' => Value::Int(number(line)?),
        b'+' if line == b"OK" => Value::Okay,
        b'+' => Value::SimpleString(String::from_utf8_lossy(line).into_owned()),
        b'-' => parse_redis_value(bytes.get(..after).unwrap_or_default())?,
        b'$' => return bulk(bytes, after, number(line)?),
        b'*' if depth < DEEPEST => return array(bytes, after, number(line)?, depth),
        _ => return Err(nonsense()),
    };
    Ok(Some((value, after)))
}

fn bulk(bytes: &[u8], begin: usize, length: i64) -> RedisResult<Option<(Value, usize)>> {
    if length == -1 {
        return Ok(Some((Value::Nil, begin)));
    }
    let end =
        usize::try_from(length).ok().and_then(|length| begin.checked_add(length)).ok_or_else(nonsense)?;
    let whole = end.checked_add(2).ok_or_else(nonsense)?;
    match bytes.get(begin..whole) {
        None => Ok(None),
        Some(text) if text.ends_with(b"\r\n") => {
            Ok(Some((Value::BulkString(bytes.get(begin..end).unwrap_or_default().to_vec()), whole)))
        }
        Some(_) => Err(nonsense()),
    }
}

fn array(bytes: &[u8], begin: usize, length: i64, depth: usize) -> RedisResult<Option<(Value, usize)>> {
    if length == -1 {
        return Ok(Some((Value::Nil, begin)));
    }
    let length = usize::try_from(length).map_err(|_| nonsense())?;
    // What a server only announces takes no memory yet.
    let mut values = Vec::with_capacity(length.min(bytes.len()));
    let mut at = begin;
    while values.len() < length {
        match value(bytes.get(at..).unwrap_or_default(), depth + 1)? {
            None => return Ok(None),
            Some((value, taken)) => {
                values.push(value);
                at += taken;
            }
        }
    }
    Ok(Some((Value::Array(values), at)))
}

/// Not by a library that asks the processor for its abilities.
fn end_of_line(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n")
}

fn number(line: &[u8]) -> RedisResult<i64> {
    std::str::from_utf8(line).ok().and_then(|text| text.parse().ok()).ok_or_else(nonsense)
}

fn nonsense() -> RedisError {
    RedisError::from((ErrorKind::Parse, "not an answer of Redis"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_that_the_driver_reads() {
        for text in [
            ":42\r\n",
            ":-1\r\n",
            "+OK\r\n",
            "$3\r\na\r\n\r\n",
            "$0\r\n\r\n",
            "$-1\r\n",
            "*0\r\n",
            "*-1\r\n",
            "*3\r\n:1\r\n$2\r\n\r\n\r\n*1\r\n+x\r\n",
            "-ERR no such thing\r\n",
            "*2\r\n:1\r\n-NOSCRIPT none\r\n",
        ] {
            let (value, length) = first(text.as_bytes()).unwrap().unwrap();
            assert_eq!(length, text.len(), "{text:?}");
            assert_eq!(value, parse_redis_value(text.as_bytes()).unwrap(), "{text:?}");
        }
    }

    #[test]
    fn the_beginning_of_an_answer_is_none_yet() {
        let text = b"*3\r\n:1\r\n$2\r\n\r\n\r\n*1\r\n+x\r\n:7\r\n";
        for length in 0..text.len() - 4 {
            assert_eq!(first(&text[..length]).unwrap(), None, "{length}");
        }
        assert_eq!(first(text).unwrap().unwrap().1, text.len() - 4);
    }

    #[test]
    fn texts_are_those_of_the_value() {
        let text = b"*3\r\n:1\r\n$2\r\n\r\n\r\n*3\r\n+x\r\n$-1\r\n$0\r\n\r\n:7\r\n";
        let (value, length) = first(text).unwrap().unwrap();
        let told = |answer: Answer, most: usize| {
            let mut told = Vec::new();
            answer.texts(|text, depth| {
                told.push((text.to_vec(), depth));
                told.len() < most
            });
            told
        };
        let bytes = told(Answer::of_bytes(text[..length].to_vec()), 9);
        assert_eq!(bytes, told(Answer::of_value(value.clone()), 9));
        assert_eq!(bytes, [(b"1".to_vec(), 1), (b"\r\n".to_vec(), 1), (b"x".to_vec(), 2), (b"".to_vec(), 2)]);
        assert_eq!(told(Answer::of_value(value), 3), bytes[..3]);
        assert_eq!(told(Answer::of_bytes(text.to_vec()), 1), bytes[..1]);
    }

    #[test]
    fn an_answer_that_comes_in_parts_is_whole_when_its_last_byte_is_there() {
        for text in
            [":42\r\n", "$-1\r\n", "*0\r\n", "*3\r\n:1\r\n$2\r\n\r\n\r\n*2\r\n+x\r\n*-1\r\n", "-ERR no\r\n"]
        {
            let mut progress = Progress::default();
            let followed = format!("{text}:7\r\n");
            for length in 0..followed.len() {
                let is_whole = progress.is_whole(&followed.as_bytes()[..length]).unwrap();
                assert_eq!(is_whole, length >= text.len(), "{text:?} to {length}");
            }
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "\r\n",
            "HTTP/1.1 400\r\n",
            ":x\r\n",
            "$-2\r\n",
            "$2\r\nabcd\r\n",
            "$99999999999999999999\r\n",
            "*-2\r\n",
        ] {
            assert!(first(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(first("*1\r\n".repeat(20).as_bytes()).is_err());
        // Announced, but not there.
        assert_eq!(first(b"*4611686018427387904\r\n").unwrap(), None);
    }
}
