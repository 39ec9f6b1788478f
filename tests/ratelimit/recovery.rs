//! What went wrong once is over with it: later questions are asked anew, and what was decided stands.

use std::{
    io::Write,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    door::{contents, door, line, lines},
    faults::undecided,
    support::{Dialogue, Redis, Tool, until},
};

/// Lines that are several groups, all of them read at once.
fn crowd() -> String {
    (10_000..14_000).map(|user| format!("{user}\n")).collect()
}

#[test]
fn a_list_goes_on_after_a_moment_without_answers() {
    let redis = Redis::start();
    redis.freeze();
    let tool = door(&redis, "timeout = \"250ms\"\n").arg("--batch");
    let mut child =
        tool.command().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let begin = Instant::now();
    let writer = thread::spawn(move || stdin.write_all(crowd().as_bytes()));
    // Two groups are asked about before the first answer is missed.
    until("the limit of the first groups", || begin.elapsed() > Duration::from_millis(350));
    redis.thaw();
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers = lines(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(answers.len(), 4_000);
    let undecided = answers.iter().filter(|answer| answer.get("error").is_some()).count();
    // The machine may be busy: then it is some groups more, but never all that follow.
    assert!((1..3_000).contains(&undecided), "{undecided}");
    assert_eq!(answers[3_999]["allowed"], json!(true), "{}", answers[3_999]);
    assert_eq!(output.status.code(), Some(69));
}

#[test]
fn a_connection_that_redis_closed_while_nobody_asked_is_no_trouble() {
    let redis = Redis::start();
    let mut talk = Dialogue::begin(&door(&redis, "").arg("--batch"));
    assert_eq!(talk.ask("1")["allowed"], json!(true));
    let killed: i64 = redis.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    assert_eq!(killed, 1);
    assert_eq!(talk.ask("1")["remaining"], json!(8));
    assert_eq!(talk.end().status.code(), Some(0));
}

#[test]
fn a_refusal_stands_where_it_cannot_be_written_down() {
    let redis = Redis::start();
    let rule = "on_error = \"allow\"\nrules.login = { limit = 1, block_after = 2 }\n";
    let tool = door(&redis, rule).arg("42");
    tool.run().expect(0);
    let _: String = redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let run = tool.run().expect(1);
    assert_eq!(line(&run)["allowed"], json!(false));
    assert!(run.stderr.contains("Redis decided, but could not write down all: OOM"), "{}", run.stderr);
    let _: String = redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    let _: String = redis.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(line(&tool.run().expect(1))["allowed"], json!(false));
}

#[test]
fn what_no_rule_limits_needs_no_redis() {
    let mut redis = Redis::start();
    redis.kill();
    let run = door(&redis, "").args(["--service", "vente", "42"]).run().expect(0);
    assert_eq!((&line(&run)["allowed"], &line(&run)["rule"]), (&json!(true), &json!(null)));
    assert!(run.stderr.contains("cannot reach Redis"), "{}", run.stderr);
    let listed = door(&redis, "allow = [\"42\"]\n").arg("42").run().expect(0);
    assert_eq!(line(&listed)["reason"], "allow-list");
    let limited = door(&redis, "rules.service.limit = 5\n").args(["--service", "vente", "42"]);
    undecided(&limited, "unreachable");
}

#[test]
fn a_database_that_is_none_is_a_wrong_configuration_and_charges_nobody() {
    let redis = Redis::start();
    let url = format!("{}&db=99", redis.url_of("ratelimit-check"));
    let tool = Tool::new("ratelimit-check").config("ratelimit.on_error = \"allow\"\n").arg("42");
    let run = tool.clone().env("SESSIONSTAT_REDIS_URL", &url).run().expect(78);
    assert_eq!((&line(&run)["allowed"], &line(&run)["error"]), (&json!(false), &json!("config")));
    assert!(contents(&redis, "").is_empty());
    let in_three =
        tool.clone().env("SESSIONSTAT_REDIS_URL", format!("{}&db=3", redis.url_of("ratelimit-check")));
    in_three.run().expect(0);
    let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query(&mut redis.connect(3)).unwrap();
    assert_eq!(keys, ["sessionstat:rl:{42}:login"]);
    let negative = tool.env("SESSIONSTAT_REDIS_URL", "redis://127.0.0.1/-1").run().expect(78);
    assert!(negative.stderr.contains("SESSIONSTAT_REDIS_URL: not an address of Redis"), "{negative:?}");
}

#[test]
fn nobody_is_charged_for_answers_that_nobody_reads() {
    let redis = Redis::start();
    let tool = door(&redis, "statistics = false\n").arg("--batch");
    let mut child = tool.command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let users: String = (0..200_000).map(|user| format!("user{user}\n")).collect();
    // The command ends before it has read all.
    let _ = stdin.write_all(users.as_bytes());
    drop(stdin);
    child.wait().unwrap();
    let charged: i64 = redis.ask(&["DBSIZE"]);
    assert!(charged < 20_000, "{charged}");
}

#[test]
fn a_refused_user_can_be_reset_and_stays_refused() {
    let redis = Redis::start();
    let tool = |more: &str| {
        Tool::new("ratelimit-check").redis(&redis).config(&format!("[ratelimit]\n{more}")).arg("bob")
    };
    tool("").run().expect(0);
    let denied = "deny = [\"bob\"]\n";
    let run = tool(denied).arg("--reset").run().expect(1);
    assert_eq!(line(&run)["reason"], "deny-list");
    assert_eq!(line(&tool("").arg("--peek").run().expect(0))["remaining"], json!(10));
}

#[test]
fn names_that_are_none_are_refused() {
    for list in ["allow = [\" \"]\n", &format!("deny = [\"{}\"]\n", "a".repeat(1025))] {
        let run = Tool::new("ratelimit-check").config(&format!("[ratelimit]\n{list}")).arg("42").run();
        assert!(run.clone().expect(78).stderr.contains("the name of the user is"), "{run:?}");
    }
    let long = "v".repeat(129);
    let run = Tool::new("ratelimit-check").args(["--service", &long, "42"]).run().expect(2);
    assert!(run.stderr.contains("1 to 128 bytes"), "{run:?}");
    let nodes = "[redis]\nsentinel = \"main\"\nnodes = [\"redis://h:1\"]\n";
    let run = Tool::new("ratelimit-check").config(nodes).arg("42").run().expect(78);
    assert!(run.stderr.contains("[redis] nodes: an address here is written as host:port"), "{run:?}");
}
