//! Days at the sites, worked off by the commands as cron would have them do it.

use std::{collections::BTreeMap, time::Duration};

use mysql::{Conn, prelude::Queryable};

use crate::{
    ledger::{Ledger, Stock},
    load,
    meter::Meter,
    plan::{BEGIN, DAY, OPENS, Plan, SNAPSHOT},
    support::{Database, MariaDb, Redis, Tool},
};

/// What runs here.
const COMMANDS: [&str; 5] =
    ["samba-snapshot", "epn-ingest", "session-aggregate", "ratelimit-check", "stats-report"];

/// How long things are kept, so that all that is full at some time is full soon.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// Days of session records and of rows that match nothing.
    pub days: usize,
}

/// Servers, a database and the commands on them.
pub struct Host {
    plan: Plan,
    pub database: Database,
    conn: Conn,
    meter: Meter,
    ledger: Ledger,
    config: String,
    tools: BTreeMap<&'static str, Tool>,
}

impl Host {
    /// A new database with the sites of the plan; `prefix` is that of its keys in Redis.
    pub fn new(
        title: String,
        plan: Plan,
        keeping: Keeping,
        mariadb: &MariaDb,
        redis: &Redis,
        prefix: &str,
    ) -> Self {
        let database = mariadb.database();
        // Redis's ends are those of the real clock, not of the replayed one: states of rules go soon.
        let config = format!(
            "general.timezone = \"Europe/Paris\"\nsamba.resolve = []\nepn.unmatched_keep_days = {days}\n\
             aggregate.retention = \"{days}d\"\nratelimit.prefix = \"{prefix}\"\n\
             ratelimit.rules.login.window = \"10s\"\nredis.timeout = \"30s\"\n",
            days = keeping.days
        );
        Tool::new("epn-ingest").config(&config).url(&database).arg("--init-db").run().silent();
        // Addresses are asked for once: the questions behind them are not the commands'.
        let tools = COMMANDS.map(|name| {
            let tool = Tool::new(name).env("SESSIONSTAT_MYSQL_URL", database.url_of(name)).redis(redis);
            (name, tool.limit(Duration::from_secs(600)))
        });
        let host = Self {
            plan,
            conn: database.conn(),
            meter: Meter::new(mariadb, &database, redis),
            ledger: Ledger::new(title, keeping.days + 1),
            config,
            tools: tools.into(),
            database,
        };
        load::space(&host.database, &plan);
        load::old_log(&host.database);
        host.database.run("SET GLOBAL userstat = 1");
        host
    }

    /// All sites in one database; each command has a few runs a day, with all that came since.
    pub fn days_in_few_runs(&mut self, days: usize, runs: i64) {
        let tails = |day: i64| if day > 0 { day - 1 } else { day };
        for day in 0..days as i64 {
            self.begin(day);
            let (visits, traces) = (self.plan.visits(day), self.plan.traces(day));
            // Sessions of the evening before may end after midnight.
            let sessions: Vec<_> = (tails(day)..=day).flat_map(|day| self.plan.sessions(day)).collect();
            let mut logins = self.plan.logins(day).into_iter().peekable();
            let a_run = self.plan.logins(day).len().div_ceil(runs as usize);
            let midnight = BEGIN + day * DAY;
            let mut before = midnight;
            for number in 1..=runs {
                let now = midnight + DAY * number / runs;
                let seen = load::sightings(&mut self.conn, &visits, before, now);
                let mut news = load::records(&mut self.conn, sessions.iter(), before, now);
                news += load::traces(&mut self.conn, &traces, before, now);
                news +=
                    visits.iter().filter(|visit| (before + 1..=now).contains(&visit.begins)).count() as u64;
                self.ingest(now, seen);
                self.aggregate(now, news);
                let names: Vec<String> = logins.by_ref().take(a_run).collect();
                self.check(now, &names);
                before = now;
            }
            self.report(day, visits.len() + traces.len());
            self.end();
        }
    }

    /// One site at the rhythm of cron: a snapshot every five minutes, epn-ingest every ten, session-aggregate as told.
    pub fn days_at_crons_rhythm(&mut self, days: usize, aggregate_every: i64) {
        let open = self.plan.hours * 3_600;
        for day in 0..days as i64 {
            self.begin(day);
            let (visits, traces) = (self.plan.visits(day), self.plan.traces(day));
            let sessions: Vec<_> = ((day - 1).max(0)..=day).flat_map(|day| self.plan.sessions(day)).collect();
            let logins = self.plan.logins(day);
            let midnight = BEGIN + day * DAY;
            let opens = midnight + OPENS;
            let (mut waiting, mut aggregated) = (0, midnight);
            for now in (midnight..=midnight + DAY - SNAPSHOT).step_by(SNAPSHOT as usize) {
                let is_open = (opens..=opens + open).contains(&now);
                if is_open {
                    waiting += self.snapshot(&visits, now);
                }
                if is_open && (now - opens) % (2 * SNAPSHOT) == 0 {
                    self.ingest(now, waiting);
                    waiting = 0;
                }
                if (now - midnight) % aggregate_every == 0 && now > midnight {
                    let mut news = load::records(&mut self.conn, sessions.iter(), aggregated, now);
                    news += load::traces(&mut self.conn, &traces, aggregated, now);
                    let is_new = |moment: i64| (aggregated + 1..=now).contains(&moment);
                    news += visits.iter().filter(|visit| is_new(visit.begins)).count() as u64;
                    self.aggregate(now, news);
                    aggregated = now;
                }
            }
            load::records(&mut self.conn, sessions.iter(), aggregated, midnight + DAY);
            load::traces(&mut self.conn, &traces, aggregated, midnight + DAY);
            self.check(opens, &logins);
            self.report(day, visits.len() + traces.len());
            self.end();
        }
    }

    /// What was measured.
    pub fn into_ledger(self) -> Ledger {
        self.ledger
    }

    /// The database, full.
    pub fn into_database(self) -> Database {
        self.database
    }

    fn begin(&mut self, day: i64) {
        self.ledger.days.push(BTreeMap::new());
        load::workshops(&mut self.conn, &self.plan, day);
        self.conn.query_drop("FLUSH TABLE_STATISTICS").unwrap();
    }

    fn end(&mut self) {
        let name = self.database.name();
        let files = format!(
            "SELECT IFNULL(SUM(file_size), 0) FROM information_schema.innodb_sys_tablespaces \
             WHERE name LIKE '{name}/%'"
        );
        let reads = format!(
            "SELECT table_name, rows_read FROM information_schema.table_statistics WHERE table_schema = '{name}'"
        );
        let stock = Stock {
            database_bytes: self.database.value(&files).parse().unwrap(),
            redis_bytes: self.meter.redis_bytes(),
        };
        self.ledger.stock.push(stock);
        self.ledger.tables.push(self.conn.query(reads).unwrap().into_iter().collect());
    }

    /// A snapshot by samba-snapshot, of what smbstatus would have printed. Counts the people in it.
    fn snapshot(&mut self, visits: &[crate::plan::Visit], now: i64) -> u64 {
        let listing = load::smbstatus(&self.plan, visits, now);
        let seen = listing.matches("\"username\"").count() as u64;
        let tool = self
            .tool("samba-snapshot")
            .args(["--input", "-", "--server", "site0", "--now"])
            .arg(now.to_string())
            .stdin(listing);
        let cost = self.meter.run(&tool, seen);
        self.ledger.add("samba-snapshot", cost);
        seen
    }

    fn ingest(&mut self, now: i64, rows: u64) {
        let tool = self.tool("epn-ingest").arg("--now").arg(now.to_string());
        let cost = self.meter.run(&tool, rows);
        self.ledger.add("epn-ingest", cost);
    }

    fn aggregate(&mut self, now: i64, rows: u64) {
        let tool = self.tool("session-aggregate").arg("--now").arg(now.to_string());
        let cost = self.meter.run(&tool, rows);
        self.ledger.add("session-aggregate", cost);
    }

    fn check(&mut self, now: i64, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let tool = self.tool("ratelimit-check").args(["--batch", "--now"]).arg(now.to_string());
        let cost = self.meter.run_on_redis(&tool.stdin(names.join("\n") + "\n"), names.len() as u64);
        self.ledger.add("ratelimit-check", cost);
    }

    /// The report of a day, all sections, when it is over.
    fn report(&mut self, day: i64, rows: usize) {
        let date =
            chrono::DateTime::from_timestamp(BEGIN + day * DAY, 0).unwrap().format("%Y-%m-%d").to_string();
        let now = (BEGIN + (day + 1) * DAY - 60).to_string();
        let tool = self
            .tool("stats-report")
            .args(["--format", "json", "--from", &date, "--to", &date, "--now", &now]);
        let cost = self.meter.run(&tool, rows as u64);
        self.ledger.add("stats-report", cost);
    }

    /// A command of this host, always the same lock and spool.
    fn tool(&self, name: &str) -> Tool {
        self.tools[name].clone().config(&self.config)
    }
}
