//! samba-snapshot and stats-report on nodes of a cluster.

use std::{fs, path::Path};

use crate::{
    cluster, space,
    support::{Database, Tool},
};

/// samba-snapshot of a recorded listing, five connections, on a host of its own.
fn snapshot(database: &Database) -> Tool {
    let listing = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/samba/417-json-five-nbt.json");
    Tool::new("samba-snapshot")
        .config("samba.resolve = [\"snapshot\"]\nsamba.server = \"nas1\"\n")
        .url(database)
        .arg("--input")
        .arg(listing)
}

fn at(tool: &Tool, minute: u32) -> Tool {
    tool.clone().arg(format!("--now=2026-03-10T10:{minute:02}:00Z"))
}

#[test]
fn snapshots_wait_in_the_spool_while_their_node_is_cut_off_and_are_stored_once() {
    let cluster = cluster();
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    cluster.wait_for(&[0, 1, 2]);
    let tool = snapshot(&nodes[2]);
    let spool = tool.home().join("spool/samba-snapshot.spool");
    at(&tool, 0).run().silent();
    cluster.cut_off(2);
    // The node does not know yet that it is alone: whatever it answers, the snapshot is kept.
    let unsure = at(&tool, 5).run().expect(0);
    cluster.wait_until_alone(2);
    let sure = at(&tool, 10).run().expect(0);
    for run in [&unsure, &sure] {
        assert!(
            run.stderr.starts_with("samba-snapshot: warning: ") && run.stderr.lines().count() == 1,
            "{run:?}"
        );
        assert!(
            run.stderr.ends_with(&format!("; the snapshot waits in {} for the next run\n", spool.display())),
            "{run:?}"
        );
    }
    let strict = at(&tool.clone().arg("--strict"), 15).run().expect(69);
    assert_eq!(strict.stderr.lines().count(), 1, "{strict:?}");
    assert_eq!(fs::read_to_string(&spool).unwrap().lines().count(), 3);
    cluster.connect_again(2);
    at(&tool, 20).run().silent();
    assert!(!spool.exists());
    cluster.wait_for(&[0, 1, 2]);
    for node in &nodes {
        let stored = node.query(
            "SELECT CAST(MINUTE(seen_at) AS CHAR), COUNT(*) FROM users_temp GROUP BY 1 ORDER BY seen_at",
        );
        let stored: Vec<_> =
            stored.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>()).collect();
        assert_eq!(
            stored,
            ["0", "5", "10", "15", "20"].map(|minute| vec![minute.to_owned(), "5".to_owned()])
        );
    }
}

#[test]
fn samba_servers_on_all_nodes_store_at_once() {
    let cluster = cluster();
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    cluster.wait_for(&[0, 1, 2]);
    let tools: Vec<Tool> = nodes.iter().map(snapshot).collect();
    for minute in (0..30).step_by(5) {
        let running =
            [0, 1, 2].map(|host| at(&tools[host].clone().arg(format!("--server=nas{host}")), minute).start());
        for running in running {
            let run = running.wait().expect(0);
            // Two at once may meet in the record of runs; the snapshot of one may then wait for the next.
            assert!(run.stderr.is_empty() || run.stderr.contains("; the snapshot waits in "), "{run:?}");
        }
    }
    for (host, tool) in tools.iter().enumerate() {
        at(&tool.clone().arg(format!("--server=nas{host}")), 30).run().silent();
    }
    cluster.wait_for(&[0, 1, 2]);
    for node in &nodes {
        assert_eq!(node.value("SELECT COUNT(*) FROM users_temp"), (7 * 3 * 5).to_string());
    }
}

#[test]
fn each_node_reports_the_same() {
    let cluster = cluster();
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    space::add_parts(&mut nodes[1].conn(), 0..space::PARTS);
    cluster.wait_for(&[0, 1, 2]);
    space::ingest(&nodes[2]).run().silent();
    let reports = nodes.each_ref().map(|node| {
        let period =
            ["epn", "--from=2026-03-10", "--to=2026-03-14", "--format=json", "--now=2026-03-14T20:05:00Z"];
        let run = Tool::new("stats-report")
            .config("general.timezone = \"Europe/Paris\"\n")
            .url(node)
            .args(period)
            .run();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
        run.stdout
    });
    assert!(reports[0].contains("\"hours_by_room\""), "{}", reports[0]);
    assert!(reports.iter().all(|report| *report == reports[0]));
}
