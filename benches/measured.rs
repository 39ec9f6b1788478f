//! What a run of a command takes: time, processor, memory; and what to compare it with.

// Each benchmark uses its part of this.
#![allow(dead_code)]

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use mysql::{Conn, OptsBuilder};

use crate::support::{Database, MariaDb, Tool};

/// What a run took.
pub struct Measured {
    /// From its start to its end.
    pub wall: Duration,
    /// Processor seconds of the command.
    pub own: f64,
    /// Processor seconds of the server meanwhile.
    pub server: f64,
    /// Most memory resident.
    pub peak_kib: u64,
}

/// Runs a command, which must succeed.
pub fn measure(server: &MariaDb, tool: &Tool) -> Measured {
    let before = processor_seconds(server.pid()).unwrap_or_default();
    let began = Instant::now();
    let running = tool.start();
    let pid = running.pid();
    // The kernel forgets these with the process: the last look before its end counts.
    let watcher = std::thread::spawn(move || {
        let (mut own, mut peak_kib) = (0.0, 0);
        while let (Some(seconds), Some(kib)) = (processor_seconds(pid), peak_kib_of(pid)) {
            (own, peak_kib) = (seconds, kib.max(peak_kib));
            std::thread::sleep(Duration::from_millis(2));
        }
        (own, peak_kib)
    });
    let run = running.wait();
    let wall = began.elapsed();
    assert_eq!(run.status, 0, "{run:?}");
    let (own, peak_kib) = watcher.join().expect("the watcher");
    let server = processor_seconds(server.pid()).unwrap_or_default() - before;
    Measured { wall, own, server, peak_kib }
}

/// User and system time of a process; `None` if it has ended.
fn processor_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    (fields.first() != Some(&"Z")).then_some(ticks / 100.0)
}

fn peak_kib_of(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A server with room for tables of millions of rows.
pub fn large_server() -> MariaDb {
    let server = MariaDb::start();
    for setting in ["innodb_buffer_pool_size = 2147483648", "innodb_log_file_size = 1073741824"] {
        server.database().run(&format!("SET GLOBAL {setting}"));
    }
    server
}

/// The time in which MariaDB's own client reads the rows of a query and throws them away.
pub fn stream(server: &MariaDb, sql: &str) -> Duration {
    let began = Instant::now();
    let status = Command::new("mariadb")
        .args(["--no-defaults", "--user=root", "--quick", "--skip-column-names"])
        .arg(format!("--socket={}", server.socket().display()))
        .arg(format!("--execute={sql}"))
        .stdout(Stdio::null())
        .status()
        .expect("mariadb");
    assert!(status.success(), "mariadb reads the rows");
    began.elapsed()
}

/// The time of connecting to the server.
pub fn connect(server: &MariaDb) -> Duration {
    let began = Instant::now();
    let socket = server.socket().to_string_lossy().into_owned();
    Conn::new(OptsBuilder::new().user(Some("root")).socket(Some(socket))).expect("a connection");
    began.elapsed()
}

/// The rows of a table.
pub fn count(database: &Database, table: &str) -> u64 {
    database.value(&format!("SELECT COUNT(*) FROM {table}")).parse().expect("a number")
}

/// The middle one.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
