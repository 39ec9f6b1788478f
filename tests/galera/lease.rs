//! The lease: of runs on all nodes, at most one works at a time.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
};

use sessionstat::{
    config::{Mysql, Secret},
    failure::Status,
    lock::LockFile,
    mysql::{Link, Server, lease::Lease},
};

use mysql::prelude::Queryable;

use crate::{
    cluster, space,
    support::{Database, NODES},
};

/// Hosts on each node, and how often each of them tries.
const HOSTS: usize = 2;
const TRIES: u32 = 60;

/// What all hosts share in this process.
#[derive(Default)]
struct Shared {
    is_at_work: AtomicBool,
    worked: AtomicU32,
    busy: AtomicU32,
}

/// One host: takes the lease again and again, and counts in the database while it has it.
fn host(database: &Database, shared: &Shared) {
    let folder = tempfile::tempdir().unwrap();
    let lock = LockFile::take(folder.path(), "counting").unwrap();
    let settings = Mysql { url: Secret::new(database.url()), ..Mysql::default() };
    let server = Server::new(&settings).unwrap();
    let mut link = Link::new(&server);
    for _ in 0..TRIES {
        // Another run, for the lease; the lock file must not tell that the one before is dead.
        let lease = Lease::of_job("counting", &lock).unwrap();
        let done = lease.hold(&mut link, |link, lease| {
            assert!(!shared.is_at_work.swap(true, Ordering::SeqCst), "two at a time");
            let counted = lease.committed(link, |conn| {
                let count: Option<u32> = conn.query_first("SELECT count FROM counter")?;
                // What was read must be the last that anybody wrote, or a count is lost.
                Ok(conn.exec_drop("UPDATE counter SET count = ?", (count.unwrap() + 1,))?)
            });
            shared.is_at_work.store(false, Ordering::SeqCst);
            counted
        });
        match done {
            Ok(()) => shared.worked.fetch_add(1, Ordering::SeqCst),
            Err(failure) if failure.status() == Status::Busy => shared.busy.fetch_add(1, Ordering::SeqCst),
            Err(failure) => panic!("{failure}"),
        };
    }
}

#[test]
fn of_six_hosts_on_three_nodes_at_most_one_works_at_a_time() {
    let cluster = cluster();
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    nodes[0].run(
        "CREATE TABLE counter (id int PRIMARY KEY, count int NOT NULL); INSERT INTO counter VALUES (1, 0)",
    );
    cluster.wait_for(&[0, 1, 2]);
    let shared = Shared::default();
    thread::scope(|scope| {
        for number in 0..HOSTS * NODES {
            let (database, shared) = (&nodes[number % NODES], &shared);
            scope.spawn(move || host(database, shared));
        }
    });
    cluster.wait_for(&[0, 1, 2]);
    let (worked, busy) = (shared.worked.into_inner(), shared.busy.into_inner());
    eprintln!("{worked} worked, {busy} found another one at work");
    for node in &nodes {
        assert_eq!(node.value("SELECT count FROM counter"), worked.to_string());
    }
    assert!(worked > 20 && busy > 20, "{worked} worked, {busy} were busy");
}
