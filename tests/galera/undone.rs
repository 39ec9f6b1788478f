//! Transactions that a node undoes in their midst, because others change the same rows: each is told, or was not undone.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use mysql::{Conn, prelude::Queryable};
use sessionstat::{failure::Result, mysql::transaction};

use crate::{
    cluster,
    support::{Database, NODES},
};

/// Rows that each transaction adds.
const ROWS: u64 = 10;

/// How a transaction adds its rows, and what it does beside that.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Each statement is a text.
    Texts,
    /// Prepared statements, with a SELECT between them.
    Prepared,
    /// Several statements in one packet.
    Together,
}

/// Takes a row on which the others are at work, and adds rows.
fn work(conn: &mut Conn, way: Way, number: u64) -> mysql::Result<()> {
    conn.query_drop("UPDATE wanted SET v = v + 1 WHERE id = 1")?;
    for row in 0..ROWS {
        let text = format!("INSERT INTO added (number, row) VALUES ({number}, {row})");
        match way {
            Way::Texts => conn.query_drop(text)?,
            Way::Prepared => {
                conn.exec_drop("INSERT INTO added (number, row) VALUES (?, ?)", (number, row))?;
                let _: Option<u64> = conn.exec_first("SELECT v FROM wanted WHERE id > ?", (0,))?;
            }
            Way::Together => {
                let mut sets = conn.query_iter(format!("SET @before = 1; {text}; SET @behind = 1"))?;
                while let Some(mut set) = sets.iter() {
                    set.try_for_each(|row| row.map(drop))?;
                }
            }
        }
    }
    Ok(())
}

/// What is left of transactions whose COMMIT went well.
#[derive(Debug, Default)]
struct Left {
    all: u64,
    less: u64,
    undone: u64,
}

/// Tries until so many transactions said that they were committed; the server may undo each at any moment.
#[allow(clippy::print_stderr)]
fn left_of(count: u64, database: &Database, way: Way, commit: impl Fn(&mut Conn, u64) -> Result<()>) -> Left {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut left = Left::default();
    while left.all + left.less < count {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // After an error a connection is not used again.
        if commit(&mut database.conn(), number).is_err() {
            left.undone += 1;
            continue;
        }
        let rows = database.value(&format!("SELECT COUNT(*) FROM added WHERE number = {number}"));
        *(if rows == ROWS.to_string() { &mut left.all } else { &mut left.less }) += 1;
    }
    eprintln!("{way:?}: {left:?}");
    left
}

/// Tells the others to stop, also when a test fails.
struct Others<'a>(&'a AtomicBool);

impl Drop for Others<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `measure` on one node, in each way, while the other nodes change the row that its transactions want.
fn in_each_way(measure: impl Fn(&Database, Way) -> Left) -> [Left; 3] {
    let cluster = cluster();
    let nodes = cluster.databases();
    nodes[0].run(
        "CREATE TABLE wanted (id int PRIMARY KEY, v int); INSERT INTO wanted VALUES (1, 0);
         CREATE TABLE added (id int AUTO_INCREMENT PRIMARY KEY, number int, row int, KEY (number))",
    );
    cluster.wait_for(&[0, 1, 2]);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _others = Others(&is_over);
        for node in &nodes[1..NODES] {
            let is_over = &is_over;
            scope.spawn(move || {
                let mut conn = node.conn();
                while !is_over.load(Ordering::Relaxed) {
                    // It may be undone itself.
                    let _ = conn.query_drop("UPDATE wanted SET v = 0 WHERE id = 1");
                    std::thread::sleep(Duration::from_millis(2));
                }
            });
        }
        [Way::Texts, Way::Prepared, Way::Together].map(|way| measure(&nodes[0], way))
    })
}

#[test]
fn what_a_node_undoes_is_never_committed_in_part() {
    let left = in_each_way(|database, way| {
        left_of(400, database, way, |conn, number| {
            transaction::committed(conn, |conn| Ok(work(conn, way, number)?))
        })
    });
    for left in left {
        assert_eq!(left.less, 0, "{left:?}");
        assert!(left.undone > 20, "nobody was in the way: {left:?}");
    }
}

/// How many transactions lose their beginning without a word.
#[test]
#[ignore = "a measurement: cargo test --test galera swallows -- --ignored --nocapture"]
fn what_the_server_swallows() {
    in_each_way(|database, way| {
        left_of(3_000, database, way, |conn, number| {
            conn.query_drop("START TRANSACTION")?;
            work(conn, way, number)?;
            Ok(conn.query_drop("COMMIT")?)
        })
    });
}
