//! The accounts of `etc/redis.acl` on every node of a Cluster: enough for all that the commands do there.

use std::fs;

use crate::{
    account::keys,
    load::{LIMIT, Word, exhaust, patient},
    support::{Cluster, MariaDb, Tool, until},
};

const PASSWORD: &str = "for-this-test-only";

#[test]
fn the_accounts_of_the_file_are_enough_in_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.acl");
    let accounts = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/redis.acl")).unwrap();
    fs::write(&file, accounts).unwrap();
    let cluster = Cluster::with_replicas(&["--aclfile", file.to_str().unwrap()]);
    for node in &cluster.nodes {
        for account in ["ratelimit_check", "stats_report"] {
            let _: () = node.ask(&["ACL", "SETUSER", account, "on", &format!(">{PASSWORD}")]);
        }
    }
    // The file gives rights to keys that begin in this way.
    let prefix = "sessionstat:";
    let section = |account: &str| {
        cluster.config_of(&[0, 3]).replace("redis://", &format!("redis://{account}:{PASSWORD}@"))
    };
    let tool = patient(&section("ratelimit_check"), prefix);
    let users: Vec<String> = (0..9).map(|user| format!("user{user}")).collect();
    assert_eq!(exhaust(&tool, &users), vec![LIMIT; 9]);
    let run = tool.clone().arg("another").run().expect(0);
    assert_eq!(run.stderr, "", "counted, too");
    assert_eq!(tool.clone().args(["--reset", "another"]).run().expect(0).stderr, "");
    let database = MariaDb::shared().database();
    Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
    let text = format!("{}timeout = \"20s\"\n", section("stats_report"));
    let report = Tool::new("stats-report")
        .config(&text)
        .url(&database)
        .args(["logins", "--format=json"])
        .run()
        .expect(0);
    assert!(report.stdout.contains("user8") && report.stderr.is_empty(), "{report:?}");
    // A slot that moves, and a failover: nothing else is needed.
    let slot = cluster.slot(&keys(prefix, &["newcomer".to_owned()])[0]);
    let (from, to) = (cluster.master_of(slot), (cluster.master_of(slot) + 1) % 3);
    let text = slot.to_string();
    let _: () = cluster.nodes[to].ask(&["CLUSTER", "SETSLOT", &text, "IMPORTING", &cluster.id(from)]);
    let _: () = cluster.nodes[from].ask(&["CLUSTER", "SETSLOT", &text, "MIGRATING", &cluster.id(to)]);
    assert_eq!(Word::of_run(&tool.clone().arg("newcomer")), Word::Allowed);
    for node in &cluster.nodes {
        let _: () = node.ask(&["ACL", "SETUSER", "ratelimit_check", "-asking"]);
    }
    let run = tool.clone().arg("newcomer").run().expect(69);
    assert!(run.stdout.contains("\"error\":\"auth\""), "{run:?}");
    for node in &cluster.nodes {
        let _: () = node.ask(&["ACL", "SETUSER", "ratelimit_check", "+asking"]);
    }
    let _: () = cluster.nodes[to].ask(&["CLUSTER", "SETSLOT", &text, "STABLE"]);
    let _: () = cluster.nodes[from].ask(&["CLUSTER", "SETSLOT", &text, "STABLE"]);
    let new = cluster.replica_of(0);
    let _: () = cluster.nodes[new].ask(&["CLUSTER", "FAILOVER"]);
    until("a new master", || cluster.nodes[new].says("replication", "role:master"));
    cluster.until_whole();
    assert_eq!(exhaust(&tool, &users), vec![0; 9]);
}
