//! The accounts of `etc/redis.acl`: each command runs with its own, needs all of its rights, and can do nothing else.

use std::collections::BTreeSet;

use crate::{
    read,
    support::{Database, MariaDb, Redis, Tool},
};

const PASSWORD: &str = "for-this-test-only";
const NOW: &str = "--now=2026-03-10T12:00:00Z";
/// One try in a window; one user a day is counted by name.
const RULES: &str = "[ratelimit]\nmost_counted = 1\n[ratelimit.rules.login]\nlimit = 1\n";

struct Site {
    redis: Redis,
    database: Database,
}

impl Site {
    /// A server that has read the file, with all accounts unlocked.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users.acl");
        std::fs::write(&file, read("etc/redis.acl")).unwrap();
        let redis = Redis::with(&["--aclfile", file.to_str().unwrap()]);
        for account in accounts() {
            let _: () = redis.ask(&["ACL", "SETUSER", &account.name, "on", &format!(">{PASSWORD}")]);
        }
        let database = MariaDb::shared().database();
        Tool::new("epn-ingest").url(&database).arg("--init-db").run().silent();
        Self { redis, database }
    }

    fn tool(&self, command: &str) -> Tool {
        let account = command.replace('-', "_");
        let url = format!("{}?user={account}&pass={PASSWORD}", self.redis.url());
        let tool = Tool::new(command).config(RULES).env("SESSIONSTAT_REDIS_URL", url);
        if command == "stats-report" { tool.url(&self.database) } else { tool }
    }

    /// What a command says and leaves behind when it does all that it can do.
    fn seen(&self, command: &str) -> Vec<String> {
        let _: () = self.redis.ask(&["FLUSHALL"]);
        let _: () = self.redis.ask(&["SCRIPT", "FLUSH"]);
        match command {
            "ratelimit-check" => self.checks(),
            _ => self.reports(),
        }
    }

    fn checks(&self) -> Vec<String> {
        let mut seen = Vec::new();
        let mut check = |arguments: &[&str]| {
            let run = self.tool("ratelimit-check").args(arguments).run();
            seen.push(format!("{} {} {}", run.status, run.stdout, run.stderr));
        };
        check(&[NOW, "42"]);
        // A state that somebody made last for ever gets an end.
        for (key, _) in self.redis.keys() {
            let _: () = self.redis.ask(&["PERSIST", &key]);
        }
        check(&[NOW, "42"]);
        check(&[NOW, "43"]);
        check(&[NOW, "--reset", "42"]);
        // By the clock of Redis.
        check(&["--peek", "42"]);
        let mut keys = self.redis.keys();
        keys.extend(crate::support::redis::keys(&mut self.redis.connect(1), "*"));
        seen.extend(keys.into_iter().map(|(key, seconds)| format!("{key} ends {}", seconds > 0)));
        seen
    }

    fn reports(&self) -> Vec<String> {
        let _: () = self.redis.ask(&[
            "EVAL",
            "redis.call('SELECT', 1)
             redis.call('ZADD', 'sessionstat:{stats}:recent', 1, 'zoe')
             redis.call('HSET', 'sessionstat:{stats}:logins:2026-03-09', 'zoe', 2)
             for user = 1, 5000 do redis.call('HSET', 'sessionstat:{stats}:calls:2026-03-09', 'Vente ' .. user, 1) end",
            "0",
        ]);
        let report = ["logins", "services", "overview", "--format=json", "--top=3", NOW];
        let shown = self.tool("stats-report").args(report).run();
        let checked = self.tool("stats-report").args(["check", "--all"]).run().stdout;
        let of_redis = checked.lines().filter(|line| line.to_lowercase().contains("redis"));
        // How far the clocks are apart changes from run to run.
        let words = |line: &str| line.replace(|character: char| character.is_ascii_digit(), "");
        let mut seen = vec![shown.stdout, shown.stderr];
        seen.extend(of_redis.map(words));
        seen
    }
}

struct Account {
    name: String,
    rights: Vec<String>,
}

fn accounts() -> Vec<Account> {
    let file = read("etc/redis.acl");
    let account = |line: &str| {
        let mut words = line.strip_prefix("user ").unwrap().split(' ');
        let name = words.next().unwrap().to_owned();
        Account { name, rights: words.filter_map(|word| Some(word.strip_prefix('+')?.to_owned())).collect() }
    };
    file.lines().map(account).collect()
}

#[test]
fn every_right_in_the_file_is_needed_and_enough() {
    let site = Site::new();
    for Account { name, rights } in accounts() {
        let command = name.replace('_', "-");
        let seen = site.seen(&command);
        let refusals = seen.iter().filter(|line| line.contains("NOPERM") || line.contains("permission"));
        assert_eq!(refusals.count(), 0, "{seen:?}");
        assert_eq!(site.seen(&command), seen, "the same twice");
        // Only where a slot of a Cluster is on its way to another node: tests/failover/rights.rs.
        for right in rights.into_iter().filter(|right| right != "asking") {
            let _: () = site.redis.ask(&["ACL", "SETUSER", &name, &format!("-{right}")]);
            assert_ne!(site.seen(&command), seen, "{name} does not need {right}");
            let _: () = site.redis.ask(&["ACL", "SETUSER", &name, &format!("+{right}")]);
        }
    }
}

#[test]
fn no_account_can_do_what_its_command_need_not() {
    let site = Site::new();
    let _: () = site.redis.ask(&["HSET", "sessionstat:{stats}:logins:2026-03-09", "zoe", "1"]);
    let state = "sessionstat:rl:login:42";
    for (account, commands) in [
        (
            "ratelimit_check",
            &[
                &["KEYS", "*"][..],
                &["FLUSHALL"],
                &["CONFIG", "GET", "*"],
                &["GET", "PHPREDIS_SESSION:1"],
                &["SET", "other:key", "1"],
                &["HGETALL", "sessionstat:{stats}:logins:2026-03-09"],
                &["PUBLISH", "channel", "1"],
                &["SCRIPT", "FLUSH"],
                &["ACL", "LIST"],
            ][..],
        ),
        (
            "stats_report",
            &[
                &["GET", state],
                &["DEL", "sessionstat:{stats}:logins:2026-03-09"],
                &["HINCRBY", "sessionstat:{stats}:logins:2026-03-09", "zoe", "1"],
                &["HGETALL", state],
                &["EVAL", "return 1", "0"],
                &["CONFIG", "GET", "*"],
                &["ACL", "LIST"],
                &["KEYS", "*"],
                &["FLUSHDB"],
            ],
        ),
    ] {
        let mut connection = site.redis.connect(0);
        redis::cmd("AUTH").arg(account).arg(PASSWORD).exec(&mut connection).unwrap();
        for words in commands {
            let refused = redis::cmd(words[0]).arg(&words[1..]).exec(&mut connection).unwrap_err();
            assert_eq!(refused.code(), Some("NOPERM"), "{account} may: {words:?}");
        }
    }
}

#[test]
fn accounts_are_locked_until_they_have_a_password() {
    let file = read("etc/redis.acl");
    assert!(file.lines().all(|line| line.split(' ').any(|word| word == "off")), "{file}");
    let names: BTreeSet<String> = accounts().into_iter().map(|account| account.name).collect();
    assert_eq!(names, BTreeSet::from(["ratelimit_check".to_owned(), "stats_report".to_owned()]));
    // The manual says the same of the one that stands in front of logins.
    let rights = accounts().remove(0).rights;
    for page in ["man/ratelimit-check.1", "man/fr/ratelimit-check.1"] {
        let page = read(page);
        let told: BTreeSet<&str> =
            page.split_whitespace().filter_map(|word| word.strip_prefix('+')).collect();
        let missing: Vec<_> = rights.iter().filter(|right| !told.contains(right.as_str())).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
