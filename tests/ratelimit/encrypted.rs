//! `rediss://`: the same answers through TLS.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    thread,
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use serde_json::json;
use sessionstat::{
    config::{Config, Secret},
    ratelimit::statistics,
};

use crate::{
    door::{allowed_of, is_allowed, lines},
    faults::SOON,
    support::{
        Authority, Certificate, Dialogue, Redis, Tool, accounts::PASSWORD, free_port, redis::ask, until,
    },
    trust::refused,
};

pub fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(Authority::new)
}

/// What a server is started with that speaks TLS on a port and demands no certificate.
fn settings(port: u16, certificate: &Certificate) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    let authority = path(&authority().file());
    [
        ["--tls-port", &port.to_string()],
        ["--tls-cert-file", &path(&certificate.file)],
        ["--tls-key-file", &path(&certificate.key)],
        ["--tls-ca-cert-file", &authority],
        ["--tls-auth-clients", "no"],
        ["--tls-replication", "yes"],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect()
}

/// A server with this certificate and its port; without TLS it is on a Unix socket only.
#[track_caller]
pub fn server_with(certificate: &Certificate, more: &[&str]) -> (Redis, u16) {
    let port = free_port();
    let settings = settings(port, certificate);
    let settings: Vec<&str> = settings.iter().map(String::as_str).chain(more.iter().copied()).collect();
    (Redis::with(&settings), port)
}

#[track_caller]
pub fn server() -> (Redis, u16) {
    server_with(&authority().certificate_for(&["localhost", "127.0.0.1"]), &[])
}

/// A `[redis]` section that trusts this test's authority, with the account of ratelimit-check if it names none. There is time enough: what is tested is not that.
pub fn section(url: &str, more: &str) -> String {
    let file = authority().file();
    let own = format!("rediss://ratelimit_check:{PASSWORD}@");
    let url = if url.contains('@') { url.to_owned() } else { url.replace("rediss://", &own) };
    format!("[redis]\nurl = \"{url}\"\ntls_ca_file = \"{}\"\ntimeout = \"20s\"\n{more}", file.display())
}

/// The command with this `[redis]` section.
pub fn at(section: &str) -> Tool {
    Tool::new("ratelimit-check").config(&format!("{section}[ratelimit.rules.login]\nlimit = 4\n"))
}

#[test]
fn limits_hold_through_tls_whether_a_name_or_an_address_is_checked() {
    let (redis, port) = server();
    for (user, host) in [("a", "localhost"), ("b", "127.0.0.1")] {
        let tool = at(&section(&format!("rediss://{host}:{port}/"), "")).arg(user);
        assert_eq!(allowed_of(6, &tool), 4);
    }
    let keys: Vec<String> = redis.keys().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["sessionstat:rl:{a}:login", "sessionstat:rl:{b}:login"]);
    // The environment names the server, the file whom to trust.
    let tool = at(&section("redis://127.0.0.1:1/", "")).arg("c");
    let tool = tool.env("SESSIONSTAT_REDIS_URL", format!("rediss://:@localhost:{port}/2"));
    assert!(is_allowed(&tool.run()));
    let states: Vec<String> = ask(&mut redis.connect(2), &["KEYS", "*rl:*"]);
    assert_eq!(states, ["sessionstat:rl:{c}:login"]);
}

#[test]
fn a_password_and_a_list_of_users_go_through_tls() {
    let certificate = authority().certificate_for(&["localhost"]);
    let (_redis, port) = server_with(&certificate, &["--requirepass", "s3cret"]);
    let url = |password: &str| section(&format!("rediss://:{password}@localhost:{port}/"), "");
    let input: String = (0..3000).map(|number| format!("user{}\n", number % 500)).collect();
    let run = at(&url("s3cret")).arg("--batch").stdin(input).run().expect(1);
    let answers = lines(&run.stdout);
    let allowed = answers.iter().filter(|answer| answer["allowed"] == json!(true)).count();
    assert_eq!((answers.len(), allowed, run.stderr.as_str()), (3000, 2000, ""));
    refused(&url("s3cret0"), "auth", "check the account");
}

#[test]
fn a_conversation_stays_on_one_connection_until_the_server_hangs_up() {
    let (redis, port) = server();
    let connections = || -> u64 {
        let stats: String = redis.ask(&["INFO", "stats"]);
        let count = stats.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        count.unwrap().trim().parse().unwrap()
    };
    let mut talk = Dialogue::begin(&at(&section(&format!("rediss://localhost:{port}/"), "")).arg("--batch"));
    let before = connections();
    for remaining in [3, 2, 1] {
        assert_eq!(talk.ask("7")["remaining"], json!(remaining));
    }
    // That of the conversation, and that which asks.
    assert_eq!(connections() - before, 2);
    let _: u64 = redis.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    assert_eq!(talk.ask("7")["remaining"], json!(0));
    assert_eq!(talk.end().status.code(), Some(0));
}

#[test]
fn a_server_that_stops_in_a_conversation_is_not_waited_for() {
    let (mut redis, port) = server();
    let section = section(&format!("rediss://localhost:{port}/"), "");
    let tool = Tool::new("ratelimit-check").config(&format!("{section}[ratelimit]\ntimeout = \"1s\"\n"));
    let mut talk = Dialogue::begin(&tool.arg("--batch"));
    until("an answer", || talk.ask("7").get("error").is_none());
    redis.freeze();
    let begin = Instant::now();
    assert_eq!(talk.ask("7")["error"], json!("timeout"));
    assert!(begin.elapsed() < SOON + Duration::from_secs(1));
    redis.thaw();
    until("an answer", || talk.ask("7").get("error").is_none());
    redis.kill();
    assert_eq!(talk.ask("7")["error"], json!("unreachable"));
    redis.restart();
    until("an answer", || talk.ask("7").get("error").is_none());
    assert_eq!(talk.end().status.code(), Some(69));
}

#[test]
fn answers_of_megabytes_come_through_tls_whole() {
    let (redis, port) = server();
    let day: NaiveDate = "2026-03-10".parse().unwrap();
    let mut config = Config::default();
    config.redis.url = Secret::new(format!("rediss://localhost:{port}/"));
    config.redis.tls_ca_file = Some(authority().file());
    config.redis.timeout = Duration::from_secs(30);
    // One hash that is read as a whole, and one of several pages.
    let mut connection = redis.connect(1);
    for (kind, count) in [("logins", 3_000), ("refused", 9_000)] {
        let mut command = ::redis::cmd("HSET");
        command.arg(format!("{}{{stats}}:{kind}:{day}", config.ratelimit.prefix));
        for number in 0..count {
            let user = format!("{number:01000}");
            let field = if kind == "logins" { user } else { format!("login {user}") };
            command.arg(field).arg(number);
        }
        let _: () = command.query(&mut connection).unwrap();
    }
    let found = statistics::read(&config, &[day]).unwrap();
    assert_eq!(found.logins.total(), (0..3_000).sum::<u64>());
    assert_eq!(found.refused.total(), (0..9_000).sum::<u64>());
}

/// A relay to a port of this host, and all that went through it in both directions.
fn relay(port: u16) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let own = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    thread::spawn(move || {
        for guest in listener.incoming() {
            let (guest, host) = (guest.unwrap(), TcpStream::connect(("127.0.0.1", port)).unwrap());
            for (mut from, mut to) in [(guest.try_clone().unwrap(), host.try_clone().unwrap()), (host, guest)]
            {
                let sink = Arc::clone(&sink);
                thread::spawn(move || {
                    let mut bytes = [0; 4096];
                    while let Ok(count @ 1..) = from.read(&mut bytes) {
                        sink.lock().unwrap().extend_from_slice(&bytes[..count]);
                        if to.write_all(&bytes[..count]).is_err() {
                            return;
                        }
                    }
                });
            }
        }
    });
    (own, heard)
}

#[test]
fn who_listens_on_the_way_hears_no_name() {
    let names: [&[u8]; 4] = [b"marie.curie", b"s3cret", b"login", b"EVALSHA"];
    let hears = |heard: &Mutex<Vec<u8>>| {
        let heard = heard.lock().unwrap();
        assert!(!heard.is_empty());
        names.map(|name| heard.windows(name.len()).any(|part| part == name))
    };
    let password = ["--requirepass", "s3cret"];
    let plain = Redis::on_tcp(&password);
    let (port, heard) = relay(plain.port());
    assert!(is_allowed(
        &at(&format!("[redis]\nurl = \"redis://:s3cret@localhost:{port}/\"\n")).arg("marie.curie").run()
    ));
    assert_eq!(hears(&heard), [true; 4]);
    let (_redis, port) = server_with(&authority().certificate_for(&["localhost"]), &password);
    let (port, heard) = relay(port);
    let tool = at(&section(&format!("rediss://:s3cret@localhost:{port}/"), "")).arg("marie.curie");
    assert_eq!(allowed_of(5, &tool), 4);
    assert_eq!(hears(&heard), [false; 4]);
}

#[test]
fn sentinels_and_their_server_are_both_behind_tls() {
    let certificate = authority().certificate_for(&["localhost", "127.0.0.1"]);
    let (master, master_port) = server_with(&certificate, &[]);
    let port = free_port();
    let settings = settings(port, &certificate);
    let settings: Vec<&str> = settings.iter().map(String::as_str).chain(["--port", "0"]).collect();
    let watched = Redis::on_tcp(&[]);
    let sentinel = Redis::sentinel("plain", &watched, &settings);
    let _: () = sentinel.ask(&["SENTINEL", "MONITOR", "main", "127.0.0.1", &master_port.to_string(), "1"]);
    let of = |url: &str| section(url, "sentinel = \"main\"\n");
    let url = format!("rediss://localhost:{port}/");
    // The first is away, the second is encrypted like it.
    let away = format!("nodes = [\"127.0.0.1:{port}\"]\nsentinel = \"main\"\n");
    for (user, section) in
        [("a", of(&url)), ("b", section(&format!("rediss://localhost:{}/", free_port()), &away))]
    {
        assert_eq!(allowed_of(5, &at(&section).arg(user)), 4);
    }
    assert!(master.keys().iter().any(|(key, _)| key == "sessionstat:rl:{a}:login"));
    // A Sentinel that may be trusted, and a server that may not.
    let (_strange, strange_port) = server_with(&Authority::new().certificate_for(&["127.0.0.1"]), &[]);
    let _: () = sentinel.ask(&["SENTINEL", "MONITOR", "false", "127.0.0.1", &strange_port.to_string(), "1"]);
    let wrong = section(&url, "sentinel = \"false\"\n");
    refused(&wrong, "unreachable", &format!("rediss://127.0.0.1:{strange_port}: its certificate"));
    refused(
        &of(&format!("redis://localhost:{port}/")).replace("tls_ca_file", "#"),
        "unreachable",
        "(rediss://)",
    );
}

#[test]
fn all_nodes_of_a_cluster_are_behind_tls() {
    let certificate = authority().certificate_for(&["localhost", "127.0.0.1"]);
    let nodes = [("0", "8191"), ("8192", "16383")].map(|(first, last)| {
        let bus = free_port().to_string();
        let more = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--tls-cluster", "yes"];
        let (node, port) = server_with(&certificate, &more);
        let _: () = node.ask(&["CLUSTER", "ADDSLOTSRANGE", first, last]);
        let _: () = node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", if first == "0" { "1" } else { "2" }]);
        (node, port, bus)
    });
    let (_, port, bus) = &nodes[1];
    let _: () = nodes[0].0.ask(&["CLUSTER", "MEET", "127.0.0.1", &port.to_string(), bus]);
    until("a Redis Cluster that is whole", || {
        nodes.iter().all(|(node, ..)| {
            let info: String = node.ask(&["CLUSTER", "INFO"]);
            ["cluster_state:ok", "cluster_known_nodes:2"].iter().all(|part| info.contains(part))
        })
    });
    let more = |port: u16| format!("cluster = true\nnodes = [\"127.0.0.1:{port}\"]\n");
    let tool = at(&section(&format!("rediss://localhost:{}/", free_port()), &more(nodes[0].1)));
    for user in 0..6 {
        assert_eq!(allowed_of(5, &tool.clone().arg(user.to_string())), 4);
    }
    for (node, ..) in &nodes {
        assert!(node.keys().iter().any(|(key, _)| key.starts_with("sessionstat:rl:")), "all on one node");
    }
    let stranger = Authority::new();
    let url = format!("rediss://localhost:{}/", nodes[0].1);
    let trusting = section(&url, "cluster = true\n")
        .replace(&*authority().file().to_string_lossy(), &stranger.file().to_string_lossy());
    refused(&trusting, "unreachable", "its certificate was issued by no authority");
}
