//! A user a line, an answer a line.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    door::{door, lines},
    support::{Dialogue, LIMIT, Redis, Tool, until},
};

fn batch(redis: &Redis, more: &str) -> Tool {
    door(redis, more).arg("--batch")
}

fn users(answers: &[Value]) -> Vec<&str> {
    answers.iter().map(|answer| answer["user"].as_str().unwrap()).collect()
}

#[test]
fn each_line_has_its_answer_in_its_place() {
    let tool =
        batch(Redis::shared(), "deny = [\"d\"]\nallow = [\"e\"]\n[ratelimit.rules.login]\nlimit = 2\n");
    // Blank lines, CRLF, no line break at the end, and bytes that are no text.
    let input = b"a\n\n b \r\nA\nd\n\xff\ne\na\n{x}\n\t\nc".to_vec();
    let run = tool.clone().stdin(input.clone()).run().expect(65);
    let answers = lines(&run.stdout);
    assert_eq!(users(&answers), ["a", "", "b", "a", "d", "", "e", "a", "{x}", "", "c"]);
    let allowed: Vec<bool> = answers.iter().map(|answer| answer["allowed"].as_bool().unwrap()).collect();
    assert_eq!(allowed, [true, false, true, true, false, false, true, false, true, false, true]);
    assert_eq!(answers[1]["error"], "user");
    assert_eq!(run.stderr.lines().count(), 3, "{}", run.stderr);
    let text = tool.args(["--format", "text"]).stdin(input).run().expect(65);
    let expected = "denied 1800\n";
    assert!(text.stdout.lines().count() == 11 && !text.stdout.contains(expected), "{}", text.stdout);
    assert!(text.stdout.ends_with("allowed 0\n"), "{}", text.stdout);
}

#[test]
fn the_gravest_answer_is_the_status() {
    let rules = "[ratelimit.rules.login]\nlimit = 1\n";
    for (input, status) in
        [("", 0), ("a\n", 0), ("a\nb", 0), ("a\na\nb\n", 1), ("a\na\n\nb\n", 65), ("\n", 65)]
    {
        let run = batch(Redis::shared(), rules).stdin(input).run().expect(status);
        assert_eq!(run.stdout.lines().count(), input.lines().count(), "{input:?}");
    }
    let mut redis = Redis::start();
    redis.kill();
    let run = batch(&redis, "deny = [\"a\"]\n").stdin("a\n\nb\na\n").run().expect(69);
    let answers = lines(&run.stdout);
    assert_eq!(users(&answers), ["a", "", "b", "a"]);
    assert_eq!(answers[2]["error"], "unreachable");
}

#[test]
fn a_hundred_thousand_lines_are_answered_in_their_order_and_few_questions() {
    let redis = Redis::start();
    let input: String = (0..100_000).map(|number| format!("user{}@example.org\n", number % 40_000)).collect();
    let tool = batch(&redis, "statistics = false\n[ratelimit.rules.login]\nlimit = 2\n");
    let run = tool.stdin(input.clone()).run().expect(1);
    let mut count = 0;
    for (number, (line, user)) in run.stdout.lines().zip(input.lines()).enumerate() {
        let start = format!("{{\"allowed\":{},\"rule\":\"login\",\"user\":\"{user}\",", number < 80_000);
        assert!(line.starts_with(&start), "line {number}: {line}");
        count += 1;
    }
    assert_eq!(count, 100_000);
    let info: String = redis.ask(&["INFO", "commandstats"]);
    let calls = info.split("cmdstat_evalsha:calls=").nth(1).and_then(|rest| rest.split(',').next());
    let calls: u32 = calls.unwrap().parse().unwrap();
    assert!(calls < 2_000, "{calls} questions: a group of users needs one");
}

#[test]
fn a_conversation_takes_no_more_memory_the_longer_it_lasts() {
    let mut talk = Dialogue::begin(&batch(Redis::shared(), ""));
    let mut kilobytes = Vec::new();
    for _ in 0..2 {
        for number in 0..3000 {
            talk.ask(&format!("{:0>200}", number % 500));
        }
        let status = fs::read_to_string(format!("/proc/{}/status", talk.pid())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        kilobytes.push(resident.trim().trim_end_matches(" kB").parse::<u64>().unwrap());
    }
    assert!(kilobytes[1] < kilobytes[0] + 512, "{kilobytes:?}");
    talk.end();
}

#[test]
fn whoever_waits_for_each_answer_gets_it() {
    let mut talk = Dialogue::begin(&batch(Redis::shared(), ""));
    for number in 0..200 {
        let answer = talk.ask(&format!("u{}", number / 10));
        assert_eq!(answer["remaining"], json!(9 - number % 10));
    }
    assert_eq!(talk.ask("")["error"], "user");
    assert_eq!(talk.ask("u0")["allowed"], json!(false));
    assert_eq!(talk.end().status.code(), Some(65));
}

#[test]
fn a_line_that_comes_in_pieces_is_one_line() {
    let mut talk = Dialogue::begin(&batch(Redis::shared(), ""));
    for piece in ["an", "n", "e\npa"] {
        talk.say_part(piece);
    }
    assert_eq!(talk.hear()["user"], "anne");
    talk.say("ul");
    assert_eq!(talk.hear()["user"], "paul");
    assert_eq!(talk.end().status.code(), Some(0));
}

#[test]
fn a_redis_that_goes_away_and_comes_back_is_asked_again() {
    let mut redis = Redis::start();
    let mut talk = Dialogue::begin(&batch(&redis, ""));
    assert_eq!(talk.ask("a")["remaining"], json!(9));
    redis.kill();
    for _ in 0..2 {
        let answer = talk.ask("a");
        assert_eq!((&answer["allowed"], &answer["error"]), (&json!(false), &json!("unreachable")));
    }
    redis.restart();
    let answer = talk.ask("a");
    assert_eq!((&answer["remaining"], answer.get("error")), (&json!(9), None));
    redis.kill();
    redis.restart();
    // The connection broke between two questions: only that one may be lost.
    talk.ask("a");
    assert_eq!(talk.ask("b")["remaining"], json!(9));
    let end = talk.end();
    assert_eq!(end.status.code(), Some(69));
    let stderr = String::from_utf8_lossy(&end.stderr);
    assert!((2..=3).contains(&stderr.lines().count()), "{stderr}");
}

#[test]
fn a_redis_that_dies_under_a_long_list_leaves_no_line_out() {
    let mut redis = Redis::start();
    let tool = batch(&redis, "timeout = \"2s\"\n");
    let input: String = (0..30_000).map(|number| format!("u{number}\n")).collect();
    let running = tool.stdin(input).start();
    until("the first answers", || running.stdout_so_far().lines().count() > 1000);
    redis.kill();
    redis.restart();
    let run = running.wait();
    let answers = lines(&run.stdout);
    assert_eq!(answers.len(), 30_000);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer["user"], json!(format!("u{number}")));
        let undecided = answer.get("error").is_some();
        assert_eq!(answer["allowed"], json!(!undecided), "{answer}");
        // A refused user was never charged twice: an allowed one has what a first try leaves.
        assert!(undecided || answer["remaining"] == json!(9), "{answer}");
    }
    assert!(answers.last().unwrap().get("error").is_none(), "the last line is answered by the rules again");
    assert_eq!(run.status, 69);
}

#[test]
fn a_frozen_redis_does_not_hold_up_a_long_list_for_ever() {
    let redis = Redis::start();
    let tool = batch(&redis, "timeout = \"100ms\"\n");
    redis.freeze();
    let begin = Instant::now();
    let input: String = (0..2_000).map(|number| format!("u{number}\n")).collect();
    let run = tool.stdin(input).limit(LIMIT).run().expect(69);
    redis.thaw();
    // All of them, also those who were asked about before the first answer was missed.
    let answers = lines(&run.stdout);
    let undecided = |answer: &&Value| answer["error"] == "timeout" && answer["allowed"] == json!(false);
    assert_eq!((answers.len(), answers.iter().filter(undecided).count()), (2000, 2000));
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

#[test]
fn long_names_and_several_rules_fill_no_pipe() {
    // A group of users is more than a megabyte of keys.
    let rules = "[ratelimit.rules.login]\nlimit = 1\nblock_after = 3\n[ratelimit.rules.day]\nlimit = 5\nblock_after = 3\n";
    let tool = batch(Redis::shared(), rules).args(["--rule", "login", "--rule", "day"]);
    let input: String = (0..1500).map(|number| format!("{number:0>1000}\n")).collect();
    let run = tool.clone().stdin(input.clone()).run().expect(0);
    let answers = lines(&run.stdout);
    assert!(answers.iter().zip(input.lines()).all(|(answer, user)| answer["user"] == json!(user)));
    assert_eq!((answers.len(), run.stderr.as_str()), (1500, ""));
    let again = tool.stdin(input).run().expect(1);
    assert!(lines(&again.stdout).iter().all(|answer| answer["allowed"] == json!(false)));
}

#[test]
fn a_line_without_an_end_is_refused() {
    let mut input = b"a\n".to_vec();
    input.extend(vec![b'x'; 3 << 20]);
    let run = batch(Redis::shared(), "").stdin(input).run().expect(65);
    assert_eq!(lines(&run.stdout)[0]["user"], "a");
    assert!(run.stderr.contains("1 MiB"), "{}", run.stderr);
}

#[test]
fn a_reader_that_goes_away_ends_the_batch_quietly() {
    let input: String = (0..50_000).map(|number| format!("u{number}\n")).collect();
    let tool = batch(Redis::shared(), "");
    let mut child =
        tool.command().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut questions = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || questions.write_all(input.as_bytes()));
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    answers.read_line(&mut first).unwrap();
    drop(answers);
    let end = child.wait_with_output().unwrap();
    let _ = writer.join();
    assert!(end.stderr.is_empty(), "{}", String::from_utf8_lossy(&end.stderr));
    assert!([Some(0), Some(74)].contains(&end.status.code()), "{:?}", end.status);
}
