//! The tool's own tables beside those of an ILIAS.

use super::{aggregate, run};
use crate::{
    forms::{Form, records},
    support::{Database, MariaDb},
};

fn ilias_tables(database: &Database) -> Vec<Vec<Option<String>>> {
    database.query(
        "SELECT table_name, column_name, column_type, is_nullable, column_key, collation_name, extra \
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name LIKE 'usr\\_session%' \
         ORDER BY table_name, ordinal_position",
    )
}

#[test]
fn the_tables_of_an_ilias_stay_as_they_are() {
    for form in Form::ILIAS {
        let database = form.bare(MariaDb::shared());
        let before = ilias_tables(&database);
        // The first command that finds our tables missing makes them.
        run(&database, "open --id a --user 7 --at 100").silent();
        aggregate(&database).arg("--init-db").run().silent();
        assert_eq!(ilias_tables(&database), before);
        let has_log = before.iter().any(|row| row[0].as_deref() == Some("usr_session_log"));
        assert_eq!(has_log, form == Form::Ilias9);
        assert_eq!(database.value("SELECT COUNT(*) FROM session_progress"), "0");
        assert_eq!(records(&database), ["a 3 100 - - 7"]);
    }
}

#[test]
fn a_table_that_lacks_a_column_is_named() {
    let database = Form::Ilias9.database();
    database.run("ALTER TABLE usr_session_stats_raw DROP COLUMN end_context");
    for arguments in ["open --id a --user 7", "close --id a", "limit 5"] {
        let ended = run(&database, arguments).expect(78);
        assert!(
            ended.stderr.contains("the table usr_session_stats_raw lacks the column end_context"),
            "{ended:?}"
        );
        assert_eq!(ended.stderr.lines().count(), 1);
    }
}

#[test]
fn a_rehearsal_makes_no_tables() {
    let database = MariaDb::shared().database();
    let ended = run(&database, "open --id a --user 7 --dry-run").expect(78);
    assert!(ended.stderr.contains("--init-db"), "{ended:?}");
    assert_eq!(
        database.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"),
        "0"
    );
}
