//! The tables, made through one node while the others are up.

use crate::{
    cluster, space,
    support::{Database, Tool},
};

const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()), \
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()), \
    (SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE()), \
    (SELECT MAX(version) FROM sessionstat_schema)";

fn init(database: &Database) -> Tool {
    Tool::new("session-aggregate").url(database).arg("--init-db")
}

#[test]
fn what_one_node_makes_all_have_and_galera_can_keep_the_same_everywhere() {
    let cluster = cluster();
    let nodes = cluster.databases();
    // Two hosts at once, on two nodes: one makes the tables, the other finds them, or makes what is missing.
    let running = [&nodes[1], &nodes[2]].map(|node| init(node).start());
    running.into_iter().for_each(|running| running.wait().silent());
    cluster.wait_for(&[0, 1, 2]);
    let made = nodes[1].query(COUNTS);
    assert!(made[0].iter().flatten().all(|count| count.parse::<u32>().unwrap() > 2), "{made:?}");
    assert_eq!((nodes[0].query(COUNTS), nodes[2].query(COUNTS)), (made.clone(), made));
    // Galera tells rows of tables without a primary key apart badly, and does not know those of other engines.
    let strange = "SELECT t.table_name, t.engine, COUNT(k.column_name) FROM information_schema.tables t \
        LEFT JOIN information_schema.statistics k ON k.table_schema = t.table_schema AND k.table_name = t.table_name \
        AND k.index_name = 'PRIMARY' WHERE t.table_schema = DATABASE() GROUP BY 1, 2 \
        HAVING t.engine <> 'InnoDB' OR COUNT(k.column_name) = 0";
    assert_eq!(nodes[0].query(strange), Vec::<Vec<Option<String>>>::new());
}

#[test]
fn triggers_that_one_node_made_note_what_is_changed_on_another() {
    let cluster = cluster();
    let nodes = cluster.databases();
    space::open(&nodes[0]);
    space::ingest(&nodes[0]).run().silent();
    cluster.wait_for(&[0, 1, 2]);
    nodes[2].run("UPDATE epn_booking SET ends_at = ends_at + INTERVAL 5 MINUTE WHERE user_id = 8");
    cluster.wait_for(&[0, 1, 2]);
    let stale = "SELECT GROUP_CONCAT(CONCAT(year, ' ', user_id)) FROM epn_history_stale";
    assert_eq!(nodes[0].value(stale), "2026 8");
    assert_eq!(nodes[0].dump(&["epn_history_stale"]), nodes[2].dump(&["epn_history_stale"]));
}
