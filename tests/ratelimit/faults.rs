//! Redis that is away, still, full, read-only or locked: there is always a line, in time, and the status says 69.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    door::{contents, door, is_allowed, line},
    support::{Dialogue, Output, Redis, Tool, free_port, until},
};

/// The longest that a command with a limit of 250 ms may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(2);

/// What a command says that could not ask, in time; `word` is the error's.
#[track_caller]
pub fn undecided(tool: &Tool, word: &str) -> Output {
    let begin = Instant::now();
    let run = tool.run().expect(69);
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    let answer = line(&run);
    assert_eq!(answer["error"], word, "{run:?}");
    assert_eq!(answer["allowed"], json!(false), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    run
}

fn quick(redis: &Redis, more: &str) -> Tool {
    door(redis, &format!("timeout = \"250ms\"\n{more}"))
}

#[test]
fn a_redis_that_is_away_leaves_the_decision_to_the_configuration() {
    let mut redis = Redis::start();
    redis.kill();
    let deny = quick(&redis, "").arg("Marie");
    let run = undecided(&deny, "unreachable");
    assert_eq!(
        run.stdout,
        "{\"allowed\":false,\"rule\":\"login\",\"user\":\"marie\",\"limit\":10,\"remaining\":0,\"retry_after\":1,\"reset_after\":0,\"error\":\"unreachable\"}\n"
    );
    let socket = redis.socket().display().to_string();
    assert!(run.stderr.contains(&socket) && run.stderr.contains("check that it runs"), "{}", run.stderr);
    assert_eq!(deny.args(["--format", "text"]).run().expect(69).stdout, "denied 1 error=unreachable\n");
    let allow = quick(&redis, "on_error = \"allow\"\n").arg("Marie");
    let answer = line(&allow.run().expect(69));
    assert_eq!((&answer["allowed"], &answer["error"]), (&json!(true), &json!("unreachable")));
    assert_eq!(allow.args(["--format", "text"]).run().expect(69).stdout, "allowed 0 error=unreachable\n");
    // The file is there, but nobody listens; and there is none.
    fs::remove_file(redis.socket()).ok();
    undecided(&quick(&redis, "").arg("7"), "unreachable");
    let nobody = format!("redis://127.0.0.1:{}/", free_port());
    undecided(&quick(&redis, "").env("SESSIONSTAT_REDIS_URL", nobody).arg("7"), "unreachable");
}

#[test]
fn a_redis_that_stands_still_is_not_waited_for() {
    for redis in [Redis::start(), Redis::on_tcp(&[])] {
        let tool = quick(&redis, "").arg("7");
        assert!(is_allowed(&tool.run()));
        redis.freeze();
        undecided(&tool, "timeout");
        undecided(&tool.clone().arg("--peek"), "timeout");
        let usual = Tool::new("ratelimit-check").redis(&redis).arg("7");
        undecided(&usual, "timeout");
        let allow = quick(&redis, "on_error = \"allow\"\n").arg("7");
        assert_eq!(line(&allow.run().expect(69))["allowed"], json!(true));
        // A try that was not answered in time may or may not be charged when the server goes on: once, at most.
        redis.thaw();
        let left = line(&tool.clone().arg("--peek").run().expect(0))["remaining"].as_u64().unwrap();
        assert!((6..=9).contains(&left), "{left}");
    }
}

#[test]
fn a_limit_of_a_millisecond_is_a_limit() {
    let redis = Redis::start();
    redis.freeze();
    let begin = Instant::now();
    let tool = door(&redis, "timeout = \"1ms\"\n[redis]\ntimeout = \"30s\"\n").arg("7");
    undecided(&tool, "timeout");
    assert!(begin.elapsed() < SOON);
    redis.thaw();
}

#[test]
fn a_full_redis_charges_nobody_and_says_so() {
    let redis = Redis::with(&["--maxmemory-policy", "noeviction"]);
    let tool = quick(&redis, "").arg("7");
    assert!(is_allowed(&tool.run()));
    let _: () = redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    undecided(&tool, "full");
    undecided(&tool.clone().args(["--rule", "login", "--service", "vente"]), "full");
    // Looking needs no memory.
    assert_eq!(line(&tool.clone().arg("--peek").run().expect(0))["remaining"], json!(9));
    let _: () = redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(line(&tool.run().expect(0))["remaining"], json!(8));
}

#[test]
fn a_replica_is_told_from_a_server() {
    let (master, replica) = (Redis::on_tcp(&[]), Redis::on_tcp(&[]));
    assert!(is_allowed(&quick(&master, "").arg("7").run()));
    let _: () = replica.ask(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]);
    until("the replica's copy", || {
        let info: String = replica.ask(&["INFO", "replication"]);
        info.contains("master_link_status:up")
    });
    let tool = quick(&replica, "").arg("7");
    undecided(&tool, "readonly");
    undecided(&tool.clone().arg("--reset"), "readonly");
    assert!(is_allowed(&tool.clone().arg("--peek").run()));
    // One that lost its master and does not answer from what it has.
    let _: () = replica.ask(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    let _: () = replica.ask(&["REPLICAOF", "127.0.0.1", &free_port().to_string()]);
    undecided(&tool, "busy");
}

#[test]
fn a_server_that_may_not_write_is_told_from_one_that_is_away() {
    let redis = Redis::with(&["--save", "3600 1"]);
    let tool = quick(&redis, "").arg("7");
    assert!(is_allowed(&tool.run()));
    // A folder stands where its file should be: saving fails.
    fs::create_dir_all(redis.folder().join("dump.rdb/in the way")).unwrap();
    let _: String = redis.ask(&["BGSAVE"]);
    until("a failure to save", || {
        let info: String = redis.ask(&["INFO", "persistence"]);
        info.contains("rdb_last_bgsave_status:err")
    });
    undecided(&tool, "readonly");
    let lonely = Redis::with(&["--min-replicas-to-write", "1"]);
    undecided(&quick(&lonely, "").arg("7"), "readonly");
}

#[test]
fn a_script_of_somebody_else_that_does_not_end_is_told_from_a_dead_server() {
    let redis = Redis::with(&["--busy-reply-threshold", "10"]);
    let tool = door(&redis, "timeout = \"1s\"\n").arg("7");
    let mut other = redis.connect(0);
    let busy = std::thread::spawn(move || {
        redis::cmd("EVAL").arg("while true do end").arg(0).query::<redis::Value>(&mut other).is_err()
    });
    let mut line_of_busy = Value::Null;
    until("a busy server", || {
        let run = tool.run();
        line_of_busy = line(&run);
        run.status == 69
    });
    assert_eq!((&line_of_busy["allowed"], &line_of_busy["error"]), (&json!(false), &json!("busy")));
    let _: () = redis.ask(&["SCRIPT", "KILL"]);
    assert!(busy.join().unwrap());
    until("a server that is free again", || tool.run().status != 69);
}

#[test]
fn statistics_that_cannot_be_counted_do_not_spoil_the_decision() {
    let redis = Redis::with(&["--databases", "1"]);
    let tool = door(&redis, "[ratelimit.rules.login]\nlimit = 2\n").arg("7");
    for (number, allowed) in [true, true, false].into_iter().enumerate() {
        let run = tool.run().expect(i32::from(!allowed));
        let answer = line(&run);
        assert_eq!((&answer["allowed"], answer.get("error")), (&json!(allowed), None), "try {number}");
        assert!(
            run.stderr.contains("warning") && run.stderr.contains("could not write down all"),
            "{}",
            run.stderr
        );
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    // Whoever does not want them is not warned.
    assert!(is_allowed(&door(&redis, "statistics = false\n").arg("7").run()));
    // A counter that is none: somebody else's key.
    let redis = Redis::start();
    let tool = door(&redis, "").arg("7");
    assert!(is_allowed(&tool.run()));
    let names: Vec<String> = contents(&redis, "").into_iter().filter(|key| key.starts_with("1 ")).collect();
    for key in names.iter().filter_map(|key| key.split(' ').nth(1)) {
        let mut connection = redis.connect(1);
        redis::cmd("SET").arg(key).arg("x").exec(&mut connection).unwrap();
    }
    let run = tool.run().expect(0);
    assert_eq!(line(&run)["remaining"], json!(8));
    assert!(run.stderr.contains("could not write down all"), "{}", run.stderr);
}

const PASSWORD: &str = "s3cr/et%25 @:x";
/// The same as it is written in an address.
const IN_ADDRESS: &str = "s3cr%2Fet%2525%20%40%3Ax";

fn with_account(redis: &Redis, account: &str) -> Tool {
    let url = redis.url().replace("redis://", &format!("redis://{account}@"));
    quick(redis, "").env("SESSIONSTAT_REDIS_URL", url).arg("-vv").env("SESSIONSTAT_LOG", "trace")
}

#[track_caller]
fn assert_hidden(run: &Output) {
    for secret in [PASSWORD, IN_ADDRESS, "s3cr", "wr0ng"] {
        assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{run:?}");
    }
}

#[test]
fn a_missing_password_is_named() {
    let redis = Redis::on_tcp(&["--requirepass", PASSWORD]);
    undecided(&quick(&redis, "").arg("7"), "auth");
    undecided(&quick(&redis, "statistics = false\n").arg("7"), "auth");
}

#[test]
fn a_wrong_password_is_named_and_never_shown() {
    let redis = Redis::on_tcp(&["--requirepass", PASSWORD]);
    for account in [":wr0ng", "nobody:wr0ng", "default:wr0ng"] {
        let run = with_account(&redis, account).arg("7").run().expect(69);
        assert_eq!(line(&run)["error"], "auth");
        assert_hidden(&run);
    }
    for account in [format!(":{IN_ADDRESS}"), format!("default:{IN_ADDRESS}")] {
        let run = with_account(&redis, &account).arg("7").run().expect(0);
        assert_hidden(&run);
    }
    // By its socket, with the database besides.
    let parts = format!("{}?pass={IN_ADDRESS}&db=3", redis.socket().display());
    let tool = quick(&redis, "").env("SESSIONSTAT_REDIS_URL", format!("redis+unix://{parts}"));
    assert_hidden(&tool.clone().args(["-vv", "7"]).run().expect(0));
    let states: Vec<String> = crate::support::redis::ask(&mut redis.connect(3), &["KEYS", "*rl:*"]);
    assert_eq!(states.len(), 1, "in database 3");
    // An account that may do too little.
    let _: () = redis.ask(&["ACL", "SETUSER", "php", "on", ">wr0ng", "~*", "+get", "+set"]);
    let run = with_account(&redis, "php:wr0ng").arg("7").run().expect(69);
    assert_eq!(line(&run)["error"], "auth");
    assert_hidden(&run);
}

#[test]
fn a_password_may_be_in_a_file_that_others_cannot_read() {
    let redis = Redis::on_tcp(&["--requirepass", PASSWORD]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("redis.password");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let section = format!("[redis]\npassword_file = \"{}\"\n", file.display());
    let tool = quick(&redis, &section).arg("7");
    assert!(is_allowed(&tool.run()));
    // One that others can read, or that is not there, is a mistake of the configuration: nobody is let in by it.
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let allowing = quick(&redis, &format!("on_error = \"allow\"\n{section}")).arg("7");
    for remedy in ["chmod", "cannot read"] {
        for tool in [&tool, &allowing] {
            let run = tool.run().expect(78);
            let answer = line(&run);
            assert_eq!((&answer["allowed"], &answer["error"]), (&json!(false), &json!("config")));
            assert!(run.stderr.contains(file.to_str().unwrap()), "{}", run.stderr);
            assert!(run.stderr.contains(remedy) && run.stderr.lines().count() == 1, "{}", run.stderr);
            assert_hidden(&run);
        }
        let _ = fs::remove_file(&file);
    }
}

#[test]
fn a_password_for_a_server_without_one_is_an_account_that_is_wrong() {
    let redis = Redis::on_tcp(&[]);
    // With the user named, such a server takes any password.
    let run = with_account(&redis, ":wr0ng").arg("7").run();
    assert_hidden(&run);
    assert_eq!((run.status, &line(&run)["error"]), (69, &json!("auth")), "{run:?}");
}

#[test]
fn a_server_that_takes_no_more_clients_is_undecided_as_well() {
    let redis = Redis::with(&["--maxclients", "1"]);
    let mut talk = Dialogue::begin(&door(&redis, "").arg("--batch"));
    assert_eq!(talk.ask("7")["allowed"], json!(true));
    // It may hang up before or after it has heard the question.
    let run = quick(&redis, "").arg("7").run().expect(69);
    let answer = line(&run);
    assert!(answer["allowed"] == json!(false) && answer["error"].is_string(), "{run:?}");
    assert_eq!(talk.end().status.code(), Some(0));
}
