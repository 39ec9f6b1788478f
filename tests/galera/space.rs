//! A public space, filled part by part, and what has to become of it.

use std::{collections::HashSet, ops::Range, sync::OnceLock};

use mysql::prelude::Queryable;

use crate::support::{Database, Galera, MariaDb, NODES, Output, Tool, until};

/// The sightings come in so many parts.
pub const PARTS: u64 = 24;
/// Sightings in each of them.
const ROWS: u64 = 100;

/// Several transactions a run.
const CONFIG: &str = "general.timezone = \"Europe/Paris\"\nepn.batch_rows = 150\n";
/// After all sightings.
const NOW: &str = "--now=2026-03-14T20:00:00Z";

/// What people do not change. Without numbers, which depend on the node that gives them; charges as sums, because a run
/// may find in one step what two found in two.
const END_STATE: [&str; 9] = [
    "SELECT login, workshop_credits FROM epn_user",
    "SELECT login, credit_minutes FROM epn_user",
    "SELECT user_id, computer_id, starts_at, ends_at, status, source, verified FROM epn_booking",
    "SELECT u.user_id, u.computer_id, u.first_seen, u.last_seen, b.starts_at, b.ends_at \
     FROM epn_use u LEFT JOIN epn_booking b ON b.id = u.booking_id",
    "SELECT user_id, day_begins, computer_id, HEX(minutes) FROM epn_presence",
    "SELECT user_id, kind, workshop_id, at, SUM(delta) FROM epn_credit_ledger GROUP BY 1, 2, 3, 4 HAVING SUM(delta) <> 0",
    "SELECT seen_at, server, login, machine, ip, ingested_at FROM users_log",
    "SELECT a.workshop_id, a.user_id, a.status, a.source, s.user_id FROM epn_attendance a \
     LEFT JOIN epn_workshop_seen s USING (workshop_id, user_id)",
    "SELECT year, user_id, HEX(uses), runs_until FROM epn_history",
];

/// What a run has to have left empty.
const EMPTY: [&str; 2] = ["users_temp", "epn_history_stale"];

/// epn-ingest on a host of its own.
pub fn ingest(database: &Database) -> Tool {
    Tool::new("epn-ingest").config(CONFIG).url(database).arg(NOW)
}

/// The same, that gives up after so long.
pub fn ingest_within(database: &Database, retry_for: &str) -> Tool {
    ingest(database).config(&format!("{CONFIG}mysql.retry_for = {retry_for:?}\n"))
}

/// The tables, the accounts, twelve machines, twenty people of whom some have no account, four days of workshops and reservations.
pub fn open(database: &Database) {
    ingest(database).arg("--init-db").run().silent();
    // Before anything happens to the nodes.
    for command in ["samba-snapshot", "epn-ingest", "stats-report"] {
        database.account(command);
    }
    let mut conn = database.conn();
    for sql in [
        "INSERT INTO epn_room (id, name) VALUES (1, 'salle 1'), (2, 'salle 2')",
        "INSERT INTO epn_computer (id, netbios_name, room_id) SELECT seq, CONCAT('POSTE-', seq), 1 + seq % 2 FROM seq_1_to_12",
        "INSERT INTO epn_user (id, login, credit_minutes, workshop_credits) \
         SELECT seq, CONCAT('usager', seq), IF(seq % 4, 600, NULL), IF(seq % 5, 10, NULL) FROM seq_1_to_20",
        "INSERT INTO epn_workshop (id, room_id, starts_at, ends_at) \
         SELECT 1 + seq, 1, '2026-03-10 13:00:00' + INTERVAL seq DAY, '2026-03-10 15:00:00' + INTERVAL seq DAY FROM seq_0_to_3",
        "INSERT INTO epn_attendance (workshop_id, user_id) SELECT w.seq, u.seq FROM seq_1_to_4 w, seq_1_to_20 u \
         WHERE (w.seq + u.seq) % 5 = 0",
        "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at) \
         SELECT 1 + seq % 12, 1 + seq * 7 % 20, '2026-03-10 09:00:00' + INTERVAL seq % 4 DAY + INTERVAL seq % 8 HOUR, \
         '2026-03-10 10:00:00' + INTERVAL seq % 4 DAY + INTERVAL seq % 8 HOUR FROM seq_1_to_24",
    ] {
        conn.query_drop(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// Adds a part of the sightings: of each machine one in four hours, so that uses grow at both ends and in the middle, and
/// become one.
pub fn add_part(conn: &mut impl Queryable, part: u64) {
    let sql = format!(
        "INSERT INTO users_temp (seen_at, server, login, machine) SELECT \
         '2026-03-10 08:00:00' + INTERVAL seq DIV 12 DIV 50 DAY + INTERVAL seq DIV 12 % 50 * 10 MINUTE, 'nas', \
         CONCAT('usager', 1 + (seq % 12 * 3 + seq DIV 240 * 7) % 20), CONCAT('POSTE-', 1 + seq % 12) \
         FROM seq_0_to_{} WHERE (seq DIV 12 + seq * 5) % {PARTS} = {part}",
        PARTS * ROWS - 1
    );
    conn.query_drop(&sql).unwrap_or_else(|error| panic!("part {part}: {error}"));
}

/// Adds some of the parts, one after the other.
pub fn add_parts(conn: &mut impl Queryable, parts: Range<u64>) {
    parts.for_each(|part| add_part(conn, part));
}

/// A new space that all nodes show, with these parts of its sightings.
#[track_caller]
pub fn with_parts(cluster: &Galera, parts: Range<u64>) -> [Database; NODES] {
    let nodes = cluster.databases();
    open(&nodes[0]);
    add_parts(&mut nodes[0].conn(), parts);
    cluster.wait_for(&[0, 1, 2]);
    nodes
}

/// A new space that all nodes show, with all its sightings.
#[track_caller]
pub fn full(cluster: &Galera) -> [Database; NODES] {
    with_parts(cluster, 0..PARTS)
}

/// How many sightings runs have taken and committed, seen through the node of `conn`.
pub fn taken(conn: &mut impl Queryable) -> mysql::Result<u64> {
    Ok(conn.query_first("SELECT COUNT(*) FROM users_log")?.unwrap_or(0))
}

/// Waits until a run has taken at least so many, seen through that node.
#[track_caller]
pub fn until_taken(node: &Database, sightings: u64) {
    let mut conn = node.conn();
    until("some batches", || taken(&mut conn).is_ok_and(|taken| taken >= sightings));
}

/// A run that gave up, in one line.
#[track_caller]
pub fn assert_gave_up(run: &Output) {
    assert_eq!(run.status, 69, "{run:?}");
    assert!(run.stderr.starts_with("epn-ingest: ") && run.stderr.lines().count() == 1, "{run:?}");
}

/// The state that has to come of all parts: that after one undisturbed run on a server without a cluster, on which
/// `change` was done before.
pub fn expected(change: &str) -> String {
    let database = MariaDb::shared().database();
    open(&database);
    database.run(change);
    add_parts(&mut database.conn(), 0..PARTS);
    ingest(&database).run().silent();
    let state = database.dump(&END_STATE);
    assert!(state.lines().count() > 500, "{state}");
    state
}

/// Asserts that each of the nodes shows `should`.
#[track_caller]
pub fn assert_state(nodes: &[Database], should: &str, what: &str) {
    for (node, database) in nodes.iter().enumerate() {
        for table in EMPTY {
            let count = database.value(&format!("SELECT COUNT(*) FROM {table}"));
            assert_eq!(count, "0", "{what}: {table} of node {node}");
        }
        let is = database.dump(&END_STATE);
        let only = |one: &str, other: &str| -> Vec<String> {
            let other: HashSet<&str> = other.lines().collect();
            one.lines().filter(|line| !other.contains(line)).take(20).map(str::to_owned).collect()
        };
        let (too_much, missing) = (only(&is, should), only(should, &is));
        assert!(is == should, "{what}: node {node}: is {too_much:#?}, should be {missing:#?}");
    }
}

/// The state that has to come of all parts where nothing else is changed.
pub fn undisturbed() -> &'static str {
    static UNDISTURBED: OnceLock<String> = OnceLock::new();
    UNDISTURBED.get_or_init(|| expected("DO 0"))
}

/// Asserts that each of the nodes shows what has to come of all parts.
#[track_caller]
pub fn assert_right(nodes: &[Database], what: &str) {
    assert_state(nodes, undisturbed(), what);
}
