//! What runs of the commands cost: counts of the servers, which no other program on the machine changes, and processor
//! time and memory, which it does.

use std::{fs, ops::AddAssign, time::Duration};

use mysql::{Conn, prelude::Queryable};
use redis::Connection;

use crate::support::{self, Database, MariaDb, Output, Redis, Tool};

/// What one run cost, or many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub runs: u64,
    /// What was to be worked off.
    pub rows: u64,
    /// Statements to MySQL, or commands to Redis, those within its scripts included.
    pub statements: u64,
    /// Rows and index entries that the server of MySQL read (`Handler_read%`).
    pub reads: u64,
    /// Processor seconds of the command, and of the server meanwhile.
    pub own: f64,
    pub server: f64,
    /// Most memory resident of one run.
    pub peak_kib: u64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, more: Self) {
        self.runs += more.runs;
        self.rows += more.rows;
        self.statements += more.statements;
        self.reads += more.reads;
        self.own += more.own;
        self.server += more.server;
        self.peak_kib = self.peak_kib.max(more.peak_kib);
    }
}

impl Cost {
    /// Statements a row.
    pub fn statements_a_row(&self) -> f64 {
        self.statements as f64 / self.rows.max(1) as f64
    }

    /// Rows and index entries read, a row.
    pub fn reads_a_row(&self) -> f64 {
        self.reads as f64 / self.rows.max(1) as f64
    }
}

#[derive(Clone, Copy, Default)]
struct Counts {
    statements: u64,
    reads: u64,
}

/// Measures runs on one pair of servers.
pub struct Meter {
    conn: Conn,
    redis: Connection,
    mariadb: u32,
    redis_process: u32,
    /// What a look at the counts adds to them.
    of_looking: Counts,
}

impl Meter {
    pub fn new(mariadb: &MariaDb, database: &Database, redis: &Redis) -> Self {
        let mut meter = Self {
            conn: database.conn(),
            redis: redis.connect(0),
            mariadb: mariadb.pid(),
            redis_process: redis.pid(),
            of_looking: Counts::default(),
        };
        meter.counts();
        let (before, after) = (meter.counts(), meter.counts());
        meter.of_looking =
            Counts { statements: after.statements - before.statements, reads: after.reads - before.reads };
        meter
    }

    /// Runs a command that works on MySQL, which must succeed.
    #[track_caller]
    pub fn run(&mut self, tool: &Tool, rows: u64) -> Cost {
        let before = self.counts();
        let cost = processor_time(self.mariadb, tool);
        let after = self.counts();
        Cost {
            rows,
            statements: after.statements - before.statements - self.of_looking.statements,
            reads: after.reads - before.reads - self.of_looking.reads,
            ..cost
        }
    }

    /// Runs a command that works on Redis, which must succeed.
    #[track_caller]
    pub fn run_on_redis(&mut self, tool: &Tool, rows: u64) -> Cost {
        let before = self.commands();
        let cost = processor_time(self.redis_process, tool);
        // The question itself is one more.
        Cost { rows, statements: self.commands() - before - 1, ..cost }
    }

    /// Bytes that Redis uses.
    pub fn redis_bytes(&mut self) -> u64 {
        self.info("memory", "used_memory:")
    }

    fn commands(&mut self) -> u64 {
        self.info("stats", "total_commands_processed:")
    }

    fn info(&mut self, section: &str, name: &str) -> u64 {
        let info: String = support::redis::ask(&mut self.redis, &["INFO", section]);
        let value = info.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        value.trim().parse().unwrap()
    }

    fn counts(&mut self) -> Counts {
        let rows: Vec<(String, u64)> = self
            .conn
            .query(
                "SHOW GLOBAL STATUS WHERE Variable_name LIKE 'Handler\\_read%' OR Variable_name = 'Questions'",
            )
            .unwrap();
        let mut counts = Counts::default();
        for (name, value) in rows {
            if name == "Questions" { counts.statements = value } else { counts.reads += value }
        }
        counts
    }
}

/// Runs a command and looks at the processor time that it and a server used meanwhile.
#[track_caller]
fn processor_time(server: u32, tool: &Tool) -> Cost {
    let (own_before, before) = (of_children(), of_process(server));
    let mut running = tool.start();
    let pid = running.pid();
    let name = tool.path().file_name().and_then(|name| name.to_str()).unwrap();
    let mut peak_kib = 0;
    // The kernel forgets it with the process: the last look before its end counts.
    while !running.is_over() {
        peak_kib = peak_kib.max(peak_kib_of(pid, name).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    let run: Output = running.wait();
    assert!(run.status == 0 && run.stderr.is_empty(), "{}: {run:?}", tool.path().display());
    Cost {
        runs: 1,
        own: of_children() - own_before,
        server: of_process(server) - before,
        peak_kib,
        ..Cost::default()
    }
}

/// User and system time of the processes that this one started and that have ended.
fn of_children() -> f64 {
    ticks("/proc/self/stat", 13)
}

fn of_process(pid: u32) -> f64 {
    ticks(&format!("/proc/{pid}/stat"), 11)
}

/// The sum of two numbers of a process's state, in hundredths of a second.
fn ticks(file: &str, first: usize) -> f64 {
    let stat = fs::read_to_string(file).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    (fields[first].parse::<f64>().unwrap() + fields[first + 1].parse::<f64>().unwrap()) / 100.0
}

/// Of a process that already is the program of that name, of which the kernel keeps 15 characters.
fn peak_kib_of(pid: u32, program: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let name = status.lines().find_map(|line| line.strip_prefix("Name:"))?.trim();
    if !program.starts_with(name) {
        return None;
    }
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
