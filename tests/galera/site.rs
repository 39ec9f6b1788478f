//! Session records, filled in part by part, and the statistics that have to come of them.

use std::sync::OnceLock;

use mysql::prelude::Queryable;

use crate::support::{Database, Galera, MariaDb, NODES, Tool};

/// The records come in so many parts.
pub const PARTS: u64 = 16;
/// Records in each of them.
const ROWS: u64 = 40;
/// 10 March 2026, 00:00 UTC.
const BASE: i64 = 1_773_100_800;
/// Seconds between two sessions.
const RHYTHM: i64 = 613;

const CONFIG: &str = "[aggregate]\nmax_sessions = 2\nretention = \"30d\"\nmax_session = \"0s\"\n";

/// All but the numbers of records, which depend on the node that gives them.
const END_STATE: [&str; 4] = [
    "usr_session_stats",
    "usr_session_stats_raw",
    "session_at_limit",
    "SELECT right_until, complete_from, from_oldest, verified_on FROM session_progress",
];

/// session-aggregate on a host of its own.
pub fn aggregate(database: &Database) -> Tool {
    let now = BASE + (PARTS * ROWS) as i64 * RHYTHM + 7_200;
    Tool::new("session-aggregate").config(CONFIG).url(database).arg(format!("--now={now}"))
}

/// The tables, the account, and a first record, from which on statistics are made.
pub fn open(database: &Database) {
    aggregate(database).arg("--init-db").run().silent();
    database.account("session-aggregate");
    database.run(&format!(
        "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
         VALUES ('first', 3, {BASE}, {BASE} + 600, 1, 1)"
    ));
}

/// Adds a part of the records, some of them of sessions that have not ended, and ends those of the part before.
pub fn add_part(conn: &mut impl Queryable, part: u64) {
    change(
        conn,
        &format!(
            "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
             SELECT CONCAT('s', seq), 3 + seq % 2, {BASE} + seq * {RHYTHM}, \
             IF(seq % 7, {BASE} + seq * {RHYTHM} + seq % 5 * 700, NULL), IF(seq % 7, seq % 8, NULL), 7 \
             FROM seq_1_to_{} WHERE seq % {PARTS} = {part}",
            PARTS * ROWS
        ),
    );
    end_part(conn, (part + PARTS - 1) % PARTS);
}

/// Ends the sessions of a part that have not ended.
pub fn end_part(conn: &mut impl Queryable, part: u64) {
    change(
        conn,
        &format!(
            "UPDATE usr_session_stats_raw SET end_time = start_time + 1500, end_context = 2 \
             WHERE end_time IS NULL AND SUBSTR(session_id, 2) % {PARTS} = {part}"
        ),
    );
}

/// Adds all parts, one after the other. Sessions of the last one have not ended.
pub fn add_all(conn: &mut impl Queryable) {
    (0..PARTS).for_each(|part| add_part(conn, part));
}

/// Ends all sessions that have not ended.
pub fn end_all(conn: &mut impl Queryable) {
    (0..PARTS).for_each(|part| end_part(conn, part));
}

/// New tables that all nodes show, with all parts of the records.
#[track_caller]
pub fn with_all(cluster: &Galera) -> [Database; NODES] {
    let nodes = cluster.databases();
    open(&nodes[0]);
    add_all(&mut nodes[0].conn());
    cluster.wait_for(&[0, 1, 2]);
    nodes
}

/// As a page would: whoever meets a run tries again.
fn change(conn: &mut impl Queryable, sql: &str) {
    while let Err(error) = conn.query_drop(sql) {
        let is_conflict = matches!(&error, mysql::Error::MySqlError(cause) if cause.code == 1213);
        assert!(is_conflict, "{sql}: {error}");
    }
}

/// The state that has to come of all parts: that after one undisturbed run on a server without a cluster.
fn expected() -> &'static str {
    static EXPECTED: OnceLock<String> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let database = MariaDb::shared().database();
        open(&database);
        add_all(&mut database.conn());
        end_all(&mut database.conn());
        aggregate(&database).run().silent();
        let state = database.dump(&END_STATE);
        assert!(state.lines().count() > 500, "{state}");
        state
    })
}

/// Asserts that each of the nodes shows what has to come of all parts.
#[track_caller]
pub fn assert_right(nodes: &[Database], what: &str) {
    let should = expected();
    for (node, database) in nodes.iter().enumerate() {
        let is = database.dump(&END_STATE);
        let differs = is.lines().zip(should.lines()).find(|(is, should)| is != should);
        assert!(is == should, "{what}: node {node}: {differs:?} (is, should be)");
    }
}
