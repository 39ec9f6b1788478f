//! The same on Valkey, where there is one: `SESSIONSTAT_VALKEY_SERVER` names the program, or it is `valkey-server` in PATH.

use std::{env, path::PathBuf};

use crate::{
    account::Distribution,
    killed,
    load::{at, exhaust},
    seed::Seed,
    support::{Cluster, Redis, Sentinels, find_program},
    watched,
};

fn valkey() -> Option<PathBuf> {
    let named = env::var_os("SESSIONSTAT_VALKEY_SERVER").map(PathBuf::from);
    if let Some(program) = &named {
        assert!(program.is_file(), "SESSIONSTAT_VALKEY_SERVER is no file: {}", program.display());
    }
    let found = named.or_else(|| find_program(&["valkey-server"], "valkey-server").ok());
    if found.is_none() {
        eprintln!(
            "NOT TESTED: valkey-server is not installed; name the program in SESSIONSTAT_VALKEY_SERVER"
        );
    }
    found
}

#[test]
fn limits_and_failovers_are_those_of_redis() {
    let Some(program) = valkey() else { return };
    let server = Redis::on_tcp_by(Some(&program), &[]);
    let info: String = server.ask(&["INFO", "server"]);
    assert!(info.contains("server_name:valkey"), "{info}");
    let section = format!("[redis]\nurl = {:?}\n", server.url_of("ratelimit-check"));
    for algorithm in ["sliding-log", "fixed-window", "sliding-window", "gcra"] {
        let rules = format!("[ratelimit.rules.login]\nlimit = 3\nalgorithm = {algorithm:?}\n");
        let tool = at(&section, &Redis::prefix(), std::time::Duration::from_secs(20), &rules);
        assert_eq!(exhaust(&tool, &["a".to_owned(), "}{".to_owned()]), [3, 3], "{algorithm}");
    }
    let counters: Vec<String> = crate::support::redis::ask(&mut server.connect(1), &["KEYS", "*{stats}:*"]);
    // Of four prefixes: the last logins, logins and refusals.
    assert_eq!(counters.len(), 12, "{counters:?}");
    let mut seed = Seed::all(1).next().unwrap();
    let mut costs = Distribution::default();
    costs.add(killed::failover(&mut Cluster::of_program(&program), &mut seed, false));
    costs.add(watched::ended(&mut Sentinels::start(Some(&program), &[]), &mut seed, Redis::kill));
    costs.tell("Valkey, SIGKILL");
}
