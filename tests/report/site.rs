//! A web site whose logins and calls ratelimit-check counted, with all that a report has to tell apart.

use crate::{
    space::{empty, report},
    support::{Database, Redis, Tool},
};

/// Three days in Paris, the last of which goes on: in UTC 2026-03-07 23:00 to 2026-03-10 23:00.
pub const DAYS: [&str; 2] = ["--from=2026-03-08", "--to=2026-03-10"];

const USERS: &str = "INSERT INTO utilisateurs (id, nom, prenom, email) VALUES \
    (1, 'Benali', 'Amina', 'amina@example.org'), (2, 'Roy', 'Bruno', 'Bruno.Roy@Example.org'), \
    (3, 'Petit', 'Chloé', 'chloé@example.org'), (4, 'Diallo', 'Dora', 'dora@example.org')";

/// A database and a Redis of a web site.
pub struct Site {
    pub database: Database,
    pub redis: Redis,
}

impl Site {
    /// Nobody knows it yet.
    #[track_caller]
    pub fn new() -> Self {
        Self { database: empty(), redis: Redis::start() }
    }

    /// With users who logged in and called services.
    #[track_caller]
    pub fn filled() -> Self {
        let site = Self::new();
        site.database.run(USERS);
        // A day whose noon lies before the three days.
        site.log_in("2026-03-07T22:59:59Z", &["1", "2", "visiteur"]);
        // Two spellings of amina, two of bruno, and the last moment of a day of UTC.
        site.log_in("2026-03-08T09:00:00Z", &["1", "Amina@Example.ORG", "2", " bruno.roy@example.org "]);
        site.log_in("2026-03-08T23:59:59.999999Z", &["4"]);
        // Names that would break a key or a terminal.
        site.log_in("2026-03-10T08:00:00Z", &["1", "{x} y%", "zoé\u{202e}", "99"]);
        // Three of five are allowed.
        site.log_in("2026-03-10T12:00:00.75Z", &["zoé\u{202e}"; 5]);
        site.log_in("2026-03-10T12:00:00Z", &["2", "2", "2", "bruno.roy@example.org"]);
        site.log_in("2026-03-10T12:01:00Z", &["2"]);
        site.call("2026-03-08T10:00:00Z", "Vente", &["1", "amina@example.org", "2"]);
        site.call("2026-03-10T10:00:00Z", "Achat", &["{x} y%", "zoé\u{202e}", "1"]);
        site.call("2026-03-10T10:00:00Z", "mes {données} 100%", &["{x} y%"]);
        site.call("2026-02-01T10:00:00Z", "Vente", &["4"]);
        site
    }

    /// These users log in, or try to.
    #[track_caller]
    pub fn log_in(&self, now: &str, users: &[&str]) {
        self.check(now, users, &[]);
    }

    /// These users call a service.
    #[track_caller]
    pub fn call(&self, now: &str, service: &str, users: &[&str]) {
        self.check(now, users, &["--service", service]);
    }

    #[track_caller]
    fn check(&self, now: &str, users: &[&str], arguments: &[&str]) {
        let users = users.join("\n") + "\n";
        let run = limiter(&self.redis).args(["--batch", "--now", now]).args(arguments).stdin(users).run();
        assert!(run.status <= 1 && run.stderr.is_empty(), "{run:?}");
    }

    /// stats-report about it.
    pub fn report(&self) -> Tool {
        report(&self.database).redis(&self.redis).args(DAYS)
    }

    /// What stats-report says in JSON.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        json(&report(&self.database).redis(&self.redis), arguments)
    }

    /// Runs a script in the database of the counters.
    #[track_caller]
    pub fn script(&self, lua: &str) {
        let mut connection = redis::Client::open(format!("{}?db=1", self.redis.url())).unwrap();
        let _: redis::Value = redis::cmd("EVAL").arg(lua).arg(0).query(&mut connection).unwrap();
    }
}

/// What a stats-report says in JSON.
#[track_caller]
pub fn json(tool: &Tool, arguments: &[&str]) -> serde_json::Value {
    let run = tool.clone().args(["--format=json"]).args(arguments).run().expect(0);
    assert_eq!(run.stderr, "");
    serde_json::from_str(&run.stdout).unwrap()
}

/// ratelimit-check with a limit of three logins.
pub fn limiter(redis: &Redis) -> Tool {
    Tool::new("ratelimit-check").redis(redis).config("[ratelimit.rules.login]\nlimit = 3\n")
}
