//! What a user costs in the memory of Redis.

use redis::Connection;

use crate::{contenders::Bench, support::Redis};

const USERS: usize = 20_000;
const TRIES: usize = 10;
const ALGORITHMS: [&str; 4] = ["sliding-log", "fixed-window", "sliding-window", "gcra"];

/// Bytes a user, by algorithm: all that Redis needs more than before, its table of keys and the ends included.
pub fn a_user(bench: &Bench, redis: &Redis) -> Vec<(&'static str, f64)> {
    let url = format!("unix://{}", redis.socket().display());
    let mut connection = redis::Client::open(url).and_then(|client| client.get_connection()).expect("Redis");
    // As long as the e-mail of somebody.
    let users: String = (0..USERS).map(|user| format!("user{user:06}@example.org\n")).collect();
    ALGORITHMS
        .into_iter()
        .map(|algorithm| {
            redis::cmd("FLUSHALL").exec(&mut connection).expect("an empty Redis");
            let before = used(&mut connection);
            let config = bench.config(&format!(
                "[ratelimit]\nstatistics = false\n[ratelimit.rules.login]\nalgorithm = \"{algorithm}\"\n"
            ));
            let [musl, _] = bench.ours();
            let tool = musl.with_arguments(&["--batch"]).with_config(config);
            for _ in 0..TRIES {
                tool.run_with(users.as_bytes());
            }
            (algorithm, (used(&mut connection) - before) as f64 / USERS as f64)
        })
        .collect()
}

fn used(connection: &mut Connection) -> i64 {
    let info: String = redis::cmd("INFO").arg("memory").query(connection).expect("INFO");
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory_dataset:"));
    let overhead = info.lines().find_map(|line| line.strip_prefix("used_memory_overhead:"));
    let number =
        |text: Option<&str>| text.and_then(|text| text.trim().parse::<i64>().ok()).expect("a number");
    number(line) + number(overhead)
}
