//! What `stats-report check --all` says of rights, beside the accounts of `etc/grants.sql`.

use crate::grants::{Right, database, rights, tool, without};

#[test]
fn every_right_to_read_that_is_missing_is_found() {
    let database = database();
    let tool = tool("stats-report", &database).args(["check", "--all"]);
    // The lines of this database: the rest is about the host on which the test runs.
    let lines = || -> Vec<String> {
        let stdout = tool.run().stdout;
        let of_rights = |line: &&str| [" schema: ", " rights: "].iter().any(|subject| line.contains(subject));
        stdout.lines().skip(1).filter(of_rights).map(str::to_owned).collect()
    };
    let well = lines();
    assert!(well.len() == 2 && well.iter().all(|line| line.starts_with("OK ")), "{well:?}");
    let is_read = |right: &Right| right.account == "stats_report" && right.verb.starts_with("SELECT");
    let read: Vec<Right> = rights().into_iter().filter(is_read).collect();
    assert!(read.len() > 20, "{read:?}");
    for right in read {
        let found = without(&right, &database, lines);
        let names_it = |line: &String| {
            line.starts_with("CRITICAL rights: ")
                && line.contains(&right.table)
                && line.contains("; load etc/grants.sql")
        };
        assert!(found.iter().any(names_it), "without {right:?}: {found:?}");
    }
}
