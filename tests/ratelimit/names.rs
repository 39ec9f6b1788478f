//! Who is who: spellings, lists, and names that would break a key or a line.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use serde_json::json;

use crate::{
    door::{allowed_of, contents, door, door_with, is_allowed, line},
    support::{Redis, Tool},
};

const ONCE: &str = "[ratelimit.rules.login]\nlimit = 1\n";

/// Whether two names are one user.
fn are_one(tool: &Tool, one: &str, other: &str) -> bool {
    assert!(is_allowed(&tool.clone().args(["--", one]).run()), "{one:?} is known already");
    !is_allowed(&tool.clone().args(["--", other]).run())
}

#[test]
fn spellings_that_mysql_takes_for_one_are_one_user() {
    let tool = door(Redis::shared(), ONCE);
    assert!(are_one(&tool, "Chloé@Example.ORG", "  chlOÉ@example.org\r\n"));
    assert!(are_one(&tool, "a b", "A B\t"));
    assert!(!are_one(&tool, "ab", "a  b"));
    let exact = door(Redis::shared(), &format!("fold = \"none\"\n{ONCE}"));
    assert!(!are_one(&exact, "Chloé", "chloé"));
    assert!(are_one(&exact, " 42", "42 "));
}

#[test]
fn no_name_is_taken_for_another_or_leaves_its_own_keys() {
    const NAMES: [&str; 22] = [
        "}",
        "{",
        "{}",
        "}{",
        "a}b",
        "a{b",
        "a b",
        "a%20b",
        "a%b",
        "%",
        "%25",
        "\u{1}",
        "a\u{1b}[31m",
        "é",
        "日本",
        "a\u{a0}b",
        "-x",
        "--peek",
        "a\nb",
        "{stats}",
        "x:login",
        "'; drop",
    ];
    let (redis, prefix) = (Redis::shared(), Redis::prefix());
    let tool = door_with(redis, &prefix, ONCE);
    for name in NAMES {
        let one = tool.clone().args(["--", name]);
        let run = one.run().expect(0);
        assert_eq!(line(&run)["user"], name, "the name itself, in JSON");
        assert_eq!(line(&one.run().expect(1))["user"], name);
    }
    let held = contents(redis, &prefix);
    let states: Vec<&str> = held.iter().filter_map(|key| key.strip_prefix("0 ")?.split(' ').next()).collect();
    assert_eq!(states.len(), NAMES.len(), "{states:?}");
    for state in states {
        // One hash tag, which is not empty: all keys of a user are in one slot of a Cluster.
        let tag = state.strip_prefix(&format!("{prefix}rl:{{")).and_then(|rest| rest.strip_suffix("}:login"));
        assert!(tag.is_some_and(|tag| !tag.is_empty() && !tag.contains(['{', '}'])), "{state}");
        assert!(!state.contains(|character: char| character.is_control()), "{state:?}");
    }
}

#[test]
fn a_text_that_is_no_name_is_refused_with_a_line_of_its_own() {
    let tool = door(Redis::shared(), ONCE);
    let long = "x".repeat(1025);
    let texts: [(&OsStr, &str); 5] = [
        (OsStr::new(""), "empty"),
        (OsStr::new(" \t "), "empty"),
        (OsStr::new("\u{a0}"), "empty"),
        (OsStr::from_bytes(b"caf\xe9"), "UTF-8"),
        (OsStr::new(&long), "1024"),
    ];
    for (text, word) in texts {
        let run = tool.clone().arg("--").arg(text).run().expect(65);
        let answer = line(&run);
        assert_eq!((&answer["allowed"], &answer["error"]), (&json!(false), &json!("user")), "{text:?}");
        assert!(run.stderr.contains(word) && run.stderr.lines().count() == 1, "{}", run.stderr);
        let text = tool.clone().args(["--format", "text", "--"]).arg(text).run().expect(65);
        assert_eq!(text.stdout, "denied 1 error=user\n");
    }
    // The longest name is one, also where folding makes it longer still.
    assert!(is_allowed(&tool.clone().arg("y".repeat(1024)).run()));
    assert!(is_allowed(&tool.clone().arg("İ".repeat(512)).run()));
    assert!(!is_allowed(&tool.arg("İ".repeat(512)).run()));
}

#[test]
fn who_is_on_the_allow_list_is_never_limited_and_charged_nothing() {
    let (redis, prefix) = (Redis::shared(), Redis::prefix());
    let rules = "[ratelimit.rules.login]\nlimit = 1\nblock_after = 1\n";
    let listed = format!("allow = [\" Robot@Example.org \"]\n{rules}");
    let tool = door_with(redis, &prefix, &listed).arg("ROBOT@example.org");
    for _ in 0..3 {
        let run = tool.run().expect(0);
        assert_eq!(
            run.stdout,
            "{\"allowed\":true,\"rule\":\"login\",\"user\":\"robot@example.org\",\"limit\":1,\"remaining\":1,\"retry_after\":0,\"reset_after\":0,\"reason\":\"allow-list\"}\n"
        );
    }
    assert!(!contents(redis, &prefix).iter().any(|key| key.starts_with("0 ")), "charged");
    // Its logins are logins all the same.
    assert!(contents(redis, &prefix).iter().any(|key| key.contains("{stats}:logins:")), "counted");
    let unlisted = door_with(redis, &prefix, rules).arg("robot@example.org");
    assert_eq!(allowed_of(2, &unlisted), 1);
    assert!(tool.run().status == 0);
}

#[test]
fn lists_hold_without_redis() {
    let mut redis = Redis::start();
    let tool =
        door(&redis, "allow = [\"good\", \"both\"]\ndeny = [\"Bad\", \"both\"]\ntimeout = \"250ms\"\n");
    redis.kill();
    for name in ["bad", " BAD", "both"] {
        let run = tool.clone().arg(name).run().expect(1);
        let answer = line(&run);
        assert_eq!((&answer["reason"], &answer["retry_after"]), (&json!("deny-list"), &json!(null)));
        assert_eq!((run.stderr.as_str(), answer.get("error")), ("", None));
    }
    let text = tool.clone().args(["--format", "text", "bad"]).run().expect(1);
    assert_eq!(text.stdout, "denied never\n");
    let run = tool.clone().arg("good").run().expect(0);
    assert_eq!(line(&run)["reason"], "allow-list");
    // Nobody else goes on.
    assert_eq!(line(&tool.arg("other").run().expect(69))["allowed"], false);
}
