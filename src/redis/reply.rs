//! What Redis answers: the few forms of it that come here, read from memory.
//!
//! The driver's own parser asks the processor for its abilities first, which takes a virtual machine longer than all
//! the rest of a check (docs/ratelimit-speed.md). It still reads what is worth its care: errors.

use ::redis::{ErrorKind, RedisError, RedisResult, Value, parse_redis_value};

/// Arrays in arrays: more is not an answer to anything that is asked here.
const DEEPEST: usize = 8;

/// The first value in `bytes` and how many of them it takes; none if it is not there as a whole.
///
/// # Errors
/// What is there is no answer of Redis.
pub(super) fn first(bytes: &[u8]) -> RedisResult<Option<(Value, usize)>> {
    value(bytes, 0)
}

fn value(bytes: &[u8], depth: usize) -> RedisResult<Option<(Value, usize)>> {
    let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
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
