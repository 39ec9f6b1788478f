//! Redis Cluster and Sentinel: by configuration alone, the same rules and the same promises.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    sync::OnceLock,
    time::Instant,
};

use serde_json::json;

use crate::{
    desk::ALGORITHMS,
    door::{allowed_of, is_allowed, line, lines},
    faults::SOON,
    support::{Cluster, Dialogue, Redis, Running, Tool, accounts::PASSWORD, free_port, redis::ask, until},
};

/// Of the keys on servers of a test's own.
const PREFIX: &str = "test:";

/// The command at servers that a `[redis]` section names.
fn at(section: &str, prefix: &str, more: &str) -> Tool {
    let timeout = if more.starts_with("timeout") { "" } else { "timeout = \"20s\"\n" };
    // One step of the driver's may take what all may take.
    let text = format!("{section}timeout = \"20s\"\n[ratelimit]\nprefix = \"{prefix}\"\n{timeout}{more}");
    Tool::new("ratelimit-check").config(&text)
}

fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start)
}

fn cluster(more: &str) -> (Tool, String) {
    let prefix = Redis::prefix();
    (at(&shared().config(), &prefix, more), prefix)
}

/// The keys of a prefix on all nodes; each of them ends.
#[track_caller]
fn keys_of(prefix: &str) -> Vec<String> {
    let keys: Vec<(String, i64)> =
        shared().keys().into_iter().filter(|(key, _)| key.starts_with(prefix)).collect();
    assert!(keys.iter().all(|(_, seconds)| *seconds >= 0), "without an end: {keys:?}");
    keys.into_iter().map(|(key, _)| key).collect()
}

#[test]
fn limits_hold_on_every_node_of_a_cluster() {
    for algorithm in ALGORITHMS {
        let rules = format!("[ratelimit.rules.login]\nlimit = 2\nalgorithm = \"{}\"\n", algorithm.name());
        let (tool, prefix) = cluster(&rules);
        // So many that each of the three nodes has some.
        for user in 0..8 {
            assert_eq!(allowed_of(3, &tool.clone().arg(user.to_string())), 2, "{algorithm:?}");
        }
        let state =
            |node: &Redis| node.keys().iter().any(|(key, _)| key.starts_with(&format!("{prefix}rl:")));
        assert!(shared().nodes.iter().all(state), "all on one node");
        keys_of(&prefix);
    }
}

#[test]
fn several_rules_of_a_user_are_one_step_whatever_his_name() {
    let rules = "[ratelimit.rules.login]\nlimit = 2\nblock_after = 2\n\
                 [ratelimit.rules.service]\nlimit = 2\n[ratelimit.rules.day]\nlimit = 5\nwindow = \"1d\"\n";
    let (tool, prefix) = cluster(rules);
    let all = tool.args(["--rule", "login", "--rule", "day", "--service", "vente"]);
    for name in ["marie", "}", "{", "a}{b", "{}", "x y", "%7d", "日本"] {
        let one = all.clone().args(["--", name]);
        assert_eq!(allowed_of(4, &one), 2, "{name}");
        assert!(!is_allowed(&all.clone().args(["--peek", "--", name]).run()));
        // Nobody says that this user may not begin anew.
        assert!(is_allowed(&all.clone().args(["--reset", "--", name]).run()));
        assert!(is_allowed(&one.run()), "{name}");
    }
    keys_of(&prefix);
}

#[test]
fn statistics_of_a_cluster_are_in_one_place() {
    let (tool, prefix) =
        cluster("[ratelimit.rules.login]\nlimit = 2\n[ratelimit.rules.service]\nlimit = 1\n");
    let tool = tool.arg("--now=2026-03-10T08:00:00Z");
    for user in ["a", "b", "a", "a", "c"] {
        tool.clone().arg(user).run();
    }
    for _ in 0..3 {
        tool.clone().args(["--service", "vente", "a"]).run();
    }
    tool.clone().args(["--peek", "d"]).run();
    let stats: Vec<String> =
        keys_of(&prefix).into_iter().filter(|key| key.starts_with(&format!("{prefix}{{stats}}:"))).collect();
    assert_eq!(stats.len(), 4, "{stats:?}");
    let holder =
        shared().nodes.iter().find(|node| node.keys().iter().any(|(key, _)| *key == stats[0])).unwrap();
    let hash = |kind: &str| -> Vec<(String, u64)> {
        let mut pairs: Vec<(String, u64)> =
            ask(&mut holder.connect(0), &["HGETALL", &format!("{prefix}{{stats}}:{kind}:2026-03-10")]);
        pairs.sort();
        pairs
    };
    let pair = |name: &str, count: u64| (name.to_owned(), count);
    assert_eq!(hash("logins"), [pair("a", 2), pair("b", 1), pair("c", 1)]);
    assert_eq!(hash("calls"), [pair("vente a", 1)]);
    assert_eq!(hash("refused"), [pair("login a", 1), pair("service a", 2)]);
    let recent: Vec<String> =
        ask(&mut holder.connect(0), &["ZRANGE", &format!("{prefix}{{stats}}:recent"), "0", "-1"]);
    assert_eq!(recent.len(), 3);
}

#[test]
fn lists_of_users_are_answered_by_a_cluster() {
    let (tool, _) = cluster("[ratelimit.rules.login]\nlimit = 2\n");
    let input: String = (0..600).map(|number| format!("u{}\n", number % 200)).collect();
    let run = tool.clone().arg("--batch").stdin(input).run().expect(1);
    let answers = lines(&run.stdout);
    for (number, answer) in answers.iter().enumerate() {
        let expected = (json!(format!("u{}", number % 200)), json!(number < 400));
        assert_eq!((&answer["user"], &answer["allowed"]), (&expected.0, &expected.1));
    }
    assert_eq!((answers.len(), run.stderr.as_str()), (600, ""));
    let mut talk = Dialogue::begin(&tool.arg("--batch"));
    for remaining in [1, 0] {
        assert_eq!(talk.ask("w")["remaining"], json!(remaining));
        for node in &shared().nodes {
            let _: () = node.ask(&["SCRIPT", "FLUSH"]);
        }
    }
    assert_eq!(talk.ask("w")["allowed"], json!(false));
    assert_eq!(talk.end().status.code(), Some(1));
}

#[test]
fn of_many_at_once_a_cluster_allows_the_limit() {
    let (tool, _) = cluster("");
    let running: Vec<Running> = (0..32).map(|_| tool.clone().arg("42").start()).collect();
    let statuses: Vec<i32> = running.into_iter().map(|one| one.wait().status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 0).count(), 10, "{statuses:?}");
    assert!(statuses.iter().all(|status| [0, 1].contains(status)), "{statuses:?}");
}

#[track_caller]
fn undecided_in_time(tool: &Tool) {
    let begin = Instant::now();
    let run = tool.run().expect(69);
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    let answer = line(&run);
    let error = answer["error"].as_str().unwrap();
    assert!(["unreachable", "timeout", "busy"].contains(&error), "{run:?}");
    assert_eq!((&answer["allowed"], run.stderr.lines().count()), (&json!(false), 1), "{run:?}");
}

#[test]
fn a_cluster_without_a_node_answers_in_time_and_comes_back() {
    let mut cluster = Cluster::start();
    let quick = at(&cluster.config(), PREFIX, "timeout = \"250ms\"\n");
    let patient = at(&cluster.config(), PREFIX, "");
    // A user for each node.
    let of_node = |number: usize| {
        let user = |number: &u32| number.to_string();
        let mut users = (0..1000).map(|number| user(&number));
        users.find(|user| {
            let key = format!("{PREFIX}rl:{{{user}}}:login");
            let slot: u16 = cluster.nodes[0].ask(&["CLUSTER", "KEYSLOT", &key]);
            usize::from(slot / 5461).min(2) == number
        })
    };
    let users: Vec<String> = (0..3).map(|number| of_node(number).unwrap()).collect();
    for user in &users {
        assert!(is_allowed(&patient.clone().arg(user).run()));
    }
    // One stands still: whoever is counted there waits no longer than the limit.
    cluster.nodes[2].freeze();
    undecided_in_time(&quick.clone().arg(&users[2]));
    cluster.nodes[2].thaw();
    until("an answer of the node", || patient.clone().arg(&users[2]).run().status == 0);
    // The node that the url names is dead: the others are named, too. The whole is down without its slots.
    cluster.nodes[0].kill();
    undecided_in_time(&quick.clone().arg(&users[0]));
    cluster.nodes[0].restart();
    until("the whole Cluster", || {
        users.iter().all(|user| patient.clone().args(["--peek", user]).run().status == 0)
    });
    assert!(is_allowed(&patient.clone().arg(&users[0]).run()));
    // All are dead.
    cluster.nodes.iter_mut().for_each(Redis::kill);
    undecided_in_time(&quick.clone().arg(&users[0]));
}

fn sentinel_section(sentinel: &Redis, more: &str) -> String {
    // The account is the one at the server.
    let url = sentinel.url().replace("redis://", &format!("redis://ratelimit_check:{PASSWORD}@"));
    format!("[redis]\nurl = \"{url}{more}\"\nsentinel = \"main\"\n")
}

#[test]
fn a_server_behind_sentinels_is_found_by_its_name() {
    let master = Redis::on_tcp(&[]);
    let sentinel = Redis::sentinel("main", &master, &[]);
    let tool = at(&sentinel_section(&sentinel, ""), PREFIX, "[ratelimit.rules.login]\nlimit = 2\n");
    for name in ["42", "a}{b"] {
        assert_eq!(allowed_of(3, &tool.clone().arg(name)), 2);
    }
    let run = tool.clone().arg("--batch").stdin("x\ny\nx\nx\n").run().expect(1);
    let allowed: Vec<bool> = lines(&run.stdout).iter().map(|line| line["allowed"] == true).collect();
    assert_eq!(allowed, [true, true, true, false]);
    // The states are on the server that it watches, the statistics in its database 1.
    assert!(master.keys().iter().any(|(key, _)| key == "test:rl:{42}:login"));
    let stats: Vec<String> = ask(&mut master.connect(1), &["KEYS", "*{stats}:*"]);
    assert_eq!(stats.len(), 3, "{stats:?}");
    let unknown = sentinel_section(&sentinel, "").replace("main", "other");
    let run = at(&unknown, PREFIX, "").arg("42").run().expect(69);
    assert_eq!(line(&run)["allowed"], json!(false));
}

#[test]
fn a_server_behind_sentinels_may_have_a_database_of_its_own() {
    let master = Redis::on_tcp(&[]);
    let sentinel = Redis::sentinel("main", &master, &[]);
    let tool = at(&sentinel_section(&sentinel, "3"), PREFIX, "[ratelimit.rules.login]\nlimit = 2\n");
    assert_eq!(allowed_of(3, &tool.arg("42")), 2);
    let states: Vec<String> = ask(&mut master.connect(3), &["KEYS", "*rl:*"]);
    assert_eq!(states, ["test:rl:{42}:login"]);
}

#[test]
fn sentinels_that_are_away_are_passed_over_and_a_dead_master_is_not_waited_for() {
    let mut master = Redis::on_tcp(&[]);
    let mut sentinel = Redis::sentinel("main", &master, &[]);
    // The one that the url names is away: the next is asked.
    let section = format!(
        "[redis]\nurl = \"redis://ratelimit_check:{PASSWORD}@127.0.0.1:{}/\"\nnodes = [\"127.0.0.1:{}\"]\nsentinel = \"main\"\n",
        free_port(),
        sentinel.port()
    );
    let patient = at(&section, PREFIX, "").arg("42");
    let quick = at(&section, PREFIX, "timeout = \"250ms\"\n").arg("42");
    assert!(is_allowed(&patient.run()));
    let mut talk = Dialogue::begin(&at(&section, PREFIX, "").arg("--batch"));
    assert_eq!(talk.ask("7")["allowed"], json!(true));
    master.freeze();
    undecided_in_time(&quick);
    master.thaw();
    until("an answer", || patient.run().status == 0);
    master.kill();
    undecided_in_time(&quick);
    master.restart();
    until("an answer in the conversation", || talk.ask("7")["allowed"] == json!(true));
    // Its connection was lost while nobody asked.
    assert_eq!(talk.end().status.code(), Some(0));
    sentinel.freeze();
    undecided_in_time(&quick);
    sentinel.thaw();
    sentinel.kill();
    undecided_in_time(&quick);
}

#[test]
fn a_sentinel_that_hangs_leaves_time_for_the_others() {
    let master = Redis::on_tcp(&[]);
    let (first, second) = (Redis::sentinel("main", &master, &[]), Redis::sentinel("main", &master, &[]));
    let section = format!(
        "[redis]\nurl = \"redis://ratelimit_check:{PASSWORD}@127.0.0.1:{}/\"\nnodes = [\"127.0.0.1:{}\"]\nsentinel = \"main\"\n",
        first.port(),
        second.port()
    );
    first.freeze();
    assert!(is_allowed(&at(&section, PREFIX, "timeout = \"3s\"\n").arg("42").run()));
}

#[test]
fn a_server_and_its_sentinels_have_passwords_of_their_own_or_none() {
    let master = Redis::on_tcp(&["--requirepass", "s3rver"]);
    let (open, locked) = (
        Redis::sentinel("main", &master, &[]),
        Redis::sentinel("main", &master, &["--requirepass", "w4tch"]),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sentinel.password");
    fs::write(&file, "w4tch\n").unwrap();
    let with = |sentinel: &Redis, more: &str| {
        let url = sentinel.url().replace("redis://", "redis://:s3rver@");
        at(&format!("[redis]\nurl = \"{url}\"\nsentinel = \"main\"\n{more}"), PREFIX, "").arg("42")
    };
    let password = format!("sentinel_password_file = \"{}\"\n", file.display());
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    assert!(is_allowed(&with(&open, "").run()));
    assert!(is_allowed(&with(&locked, &password).run()));
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let missing = "sentinel_password_file = \"/nowhere/password\"\n";
    for (more, status, error) in [("", 69, "auth"), (&*password, 78, "config"), (missing, 78, "config")] {
        let run = with(&locked, more).run();
        assert_eq!((run.status, &line(&run)["error"]), (status, &json!(error)), "{more}: {run:?}");
        assert!(!run.stderr.contains("s3rver") && !run.stderr.contains("w4tch"), "{}", run.stderr);
    }
}

#[test]
fn after_a_failover_the_new_server_is_asked() {
    let mut master = Redis::on_tcp(&[]);
    let replica = Redis::on_tcp(&["--replicaof", "127.0.0.1", &master.port().to_string()]);
    let sentinel = Redis::sentinel("main", &master, &[]);
    let tool = at(&sentinel_section(&sentinel, ""), PREFIX, "").arg("42");
    assert_eq!(allowed_of(4, &tool), 4);
    let mut talk = Dialogue::begin(&at(&sentinel_section(&sentinel, ""), PREFIX, "").arg("--batch"));
    assert_eq!(talk.ask("42")["remaining"], json!(5));
    until("a Sentinel that knows the replica and its copy", || {
        let watched: String = sentinel.ask(&["INFO", "sentinel"]);
        // While it loads its copy it answers nothing else.
        let copied: redis::RedisResult<String> =
            redis::cmd("TYPE").arg("test:rl:{42}:login").query(&mut replica.connect(0));
        watched.contains("slaves=1") && copied.is_ok_and(|copied| copied == "string")
    });
    master.kill();
    until("the new server", || {
        let info: String = replica.ask(&["INFO", "replication"]);
        info.contains("role:master")
    });
    // What was charged is still charged.
    until("an answer of it", || talk.ask("7").get("error").is_none());
    assert_eq!(talk.ask("42")["remaining"], json!(4));
    until("an answer of it to a new process", || tool.clone().arg("--peek").run().status == 0);
    assert_eq!(line(&tool.run().expect(0))["remaining"], json!(3));
}
