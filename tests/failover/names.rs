//! Whatever a user is called: his keys are in one slot, and nobody else's. Statistics are in one place, and reports read
//! them, also with replicas, after a failover, and with hostile names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    killed::users_of,
    load::{LIMIT, Word, at, exhaust, patient},
    support::{Cluster, Database, MariaDb, Redis, Tool, redis::ask, until},
};

const RULES: &str = "[ratelimit.rules.login]\nlimit = 1\nblock_after = 1\n\
                     [ratelimit.rules.service]\nlimit = 5\n[ratelimit.rules.day]\nlimit = 5\nwindow = \"1d\"\n";

/// Names that look like parts of keys, like each other, or like nothing at all.
fn hostile() -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = [
        "marie",
        "}{",
        "{}",
        "{",
        "}",
        "{{}}",
        "}}{{",
        "a}{b",
        "{a}",
        "a",
        "b",
        "{stats}",
        "stats",
        "a:login",
        "a:day",
        "a:login:refused",
        "rl:{a}:login",
        "x y",
        "x%20y",
        "x\u{a0}y",
        "x\u{2003}y",
        "%7d%7b",
        "%",
        "%%",
        "x\ty",
        "x\u{0}y",
        "\u{0}",
        "x\ry",
        "日本",
        "e\u{301}",
        "é",
        "\u{202e}evil",
        "*",
        "?",
        "[a-z]",
        "\\",
        "\"",
        "'",
        "$1",
        "-1",
        "{user}1",
        "{user}2",
    ]
    .iter()
    .map(|name| name.as_bytes().to_vec())
    .collect();
    names.push(vec![b'{'; 1024]);
    names.push(vec![b'a'; 1024]);
    names
}

#[test]
fn each_user_has_one_slot_and_keys_of_his_own() {
    let cluster = Cluster::with_replicas(&[]);
    let prefix = Redis::prefix();
    let limit = std::time::Duration::from_secs(20);
    let tool = at(&cluster.config(), &prefix, limit, RULES).args([
        "--rule",
        "login",
        "--rule",
        "day",
        "--service",
        "vente",
        "--batch",
    ]);
    let (mut owners, mut slots) = (BTreeMap::new(), BTreeSet::new());
    let mut known = BTreeSet::new();
    for name in hostile() {
        let input = [&name[..], b"\n", &name, b"\n"].concat();
        let run = tool.clone().stdin(input).run();
        let shown = String::from_utf8_lossy(&name).into_owned();
        assert_eq!((run.status, run.stderr.as_str()), (1, ""), "{shown:?}: {}", run.stdout);
        let words: Vec<Word> =
            run.stdout.lines().map(|line| Word::of(&serde_json::from_str(line).unwrap())).collect();
        assert_eq!(words, [Word::Allowed, Word::Denied], "{shown:?}");
        let keys: BTreeSet<String> = cluster
            .keys()
            .into_iter()
            .filter(|(key, _)| key.starts_with(&format!("{prefix}rl:")))
            .map(|(key, seconds)| {
                assert!(seconds > 0, "{key} has no end");
                key
            })
            .collect();
        let own: Vec<&String> = keys.difference(&known).collect();
        // The login, its refusals, the service and the day.
        assert_eq!(own.len(), 4, "{shown:?}: {own:?}");
        let own_slots: BTreeSet<u16> = own.iter().map(|key| cluster.slot(key)).collect();
        assert_eq!(own_slots.len(), 1, "{shown:?}: {own:?}");
        for key in own {
            assert_eq!(owners.insert(key.clone(), shown.clone()), None, "{key}");
        }
        slots.extend(own_slots);
        known = keys;
    }
    assert!(slots.len() > 30, "spread over the Cluster: {slots:?}");
    let run = tool.clone().stdin(b"\xff\xfe\n\xc3\n  \n".to_vec()).run().expect(65);
    assert!(run.stdout.lines().all(|line| line.contains("\"error\":\"user\"")), "{}", run.stdout);
    let too_long = tool.stdin(vec![b'}'; 1025]).run().expect(65);
    assert!(too_long.stdout.contains("\"error\":\"user\""));
}

fn report(cluster: &Cluster, database: &Database, prefix: &str) -> Value {
    let text = format!(
        "{}timeout = \"20s\"\n[ratelimit]\nprefix = \"{prefix}\"\n",
        cluster.config_for("stats-report", &[0, 1])
    );
    let report = ["logins", "services", "--format=json", "--now=2026-03-10T12:00:00Z", "--from=2026-03-10"];
    let run = Tool::new("stats-report").config(&text).url(database).args(report).run().expect(0);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

#[test]
fn reports_count_on_after_a_failover() {
    let mut cluster = Cluster::with_replicas(&[]);
    let database = MariaDb::shared().database();
    Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
    let prefix = Redis::prefix();
    let tool = patient(&cluster.config(), &prefix).arg("--now=2026-03-10T08:00:00Z");
    let users: Vec<String> = (0..7).map(|user| format!("user{user}")).collect();
    assert_eq!(exhaust(&tool, &users), vec![LIMIT; 7]);
    let before = report(&cluster, &database, &prefix);
    let text = before.to_string();
    assert!(text.contains("70") && text.contains("user6"), "{text}");
    // The statistics lose their master, once all of them are copied.
    let key = format!("{prefix}{{stats}}:logins:2026-03-10");
    let old = cluster.master_of(cluster.slot(&key));
    let new = cluster.replica_of(old);
    until("a whole copy", || {
        let offset = |node: usize, name: &str| -> String {
            let info: String = cluster.nodes[node].ask(&["INFO", "replication"]);
            info.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
        };
        offset(old, "master_repl_offset:") == offset(new, "slave_repl_offset:")
    });
    // Whoever is counted elsewhere is decided about all the while; only counting fails.
    let elsewhere = users_of(&cluster, (0..3).find(|node| *node != old).unwrap(), &prefix, 9).remove(8);
    cluster.nodes[old].kill();
    let section = cluster.config_of(&[(old + 1) % 3, (old + 2) % 3]);
    let run = patient(&section, &prefix).args(["--now=2026-03-10T08:00:00Z", &elsewhere]).run().expect(0);
    assert!(run.stderr.contains("could not write down all"), "{}", run.stderr);
    until("a new master", || cluster.nodes[new].says("replication", "role:master"));
    cluster.nodes[old].restart();
    cluster.until_whole();
    assert_eq!(report(&cluster, &database, &prefix), before);
    assert_eq!(exhaust(&tool, &[elsewhere]), [LIMIT - 1]);
    let counted: u64 = ask(&mut cluster.nodes[new].connect(0), &["HLEN", &key]);
    assert_eq!(counted, 8);
}
