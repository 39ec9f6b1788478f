//! The command itself, as PHP calls it.

use chrono::{DateTime, SecondsFormat};
use serde_json::Value;

use crate::support::{Output, Redis, Tool, redis::keys};

/// The command at this server, with keys of its own. `more` goes on in `[ratelimit]`, and may begin other sections.
#[track_caller]
pub fn door(redis: &Redis, more: &str) -> Tool {
    let prefix = Redis::prefix();
    door_with(redis, &prefix, more)
}

/// The same with keys under this prefix. It has as much time as a busy machine needs: what is tested is not that.
#[track_caller]
pub fn door_with(redis: &Redis, prefix: &str, more: &str) -> Tool {
    let given = |key: &str| more.lines().any(|line| line.starts_with(key));
    let timeout = if given("timeout") { "" } else { "timeout = \"20s\"\n" };
    Tool::new("ratelimit-check")
        .redis(redis)
        .config(&format!("[ratelimit]\nprefix = \"{prefix}\"\n{timeout}{more}"))
}

/// A moment as `--now` takes it, to the microsecond.
pub fn time(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap().to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The one line of an answer, as JSON.
#[track_caller]
pub fn line(output: &Output) -> Value {
    let line = output.stdout.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {output:?}"));
    assert!(!line.contains('\n'), "one line: {output:?}");
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// The lines of a batch, as JSON.
#[track_caller]
pub fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Whether the answer lets the user go on; the exit status has to say the same.
#[track_caller]
pub fn is_allowed(output: &Output) -> bool {
    let allowed = line(output)["allowed"].as_bool().unwrap();
    assert_eq!(output.status, i32::from(!allowed), "{output:?}");
    assert_eq!(output.stderr, "");
    allowed
}

/// How many of so many tries are allowed.
#[track_caller]
pub fn allowed_of(count: usize, tool: &Tool) -> usize {
    (0..count).filter(|_| is_allowed(&tool.run())).count()
}

/// Every key of a prefix in both databases, with what it holds, as text that is equal for equal contents.
#[track_caller]
pub fn contents(redis: &Redis, prefix: &str) -> Vec<String> {
    let mut all = Vec::new();
    for database in [0, 1] {
        let mut connection = redis.connect(database);
        for (key, _) in keys(&mut connection, &format!("{prefix}*")) {
            let held: Vec<u8> = ::redis::cmd("DUMP").arg(&key).query(&mut connection).unwrap();
            all.push(format!("{database} {key} {held:?}"));
        }
    }
    all
}

/// Asserts that each key of a prefix, in both databases, ends some day; the number of keys.
#[track_caller]
pub fn all_end(redis: &Redis, prefix: &str) -> usize {
    let all = [0, 1].map(|database| keys(&mut redis.connect(database), &format!("{prefix}*"))).concat();
    let endless: Vec<_> = all.iter().filter(|(_, seconds)| *seconds < 0).collect();
    assert!(endless.is_empty(), "without an end: {endless:?}");
    all.len()
}
