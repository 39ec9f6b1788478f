//! `session-aggregate limit`

use super::run;
use crate::{forms::Form, support::Database};

fn log(database: &Database) -> Vec<String> {
    let sql = "SELECT CONCAT_WS(' ', tstamp, maxval, user_id) FROM usr_session_log ORDER BY tstamp, maxval, user_id";
    database.query(sql).into_iter().map(|mut row| row.remove(0).unwrap()).collect()
}

#[test]
fn limits_are_noted_and_the_same_again_is_harmless() {
    for form in [Form::Ours, Form::Ilias9] {
        let database = form.database();
        let rehearsed = run(&database, "limit 50 --at 100 --dry-run").expect(0);
        assert_eq!(rehearsed.stdout, "would record a limit of 50 sessions from 1970-01-01T00:01:40Z on\n");
        assert_eq!(log(&database), [""; 0]);
        for arguments in
            ["limit 50 --at 100", "limit 50 --at 100", "limit 0 --user 6 --now 200", "limit 9 --at 200"]
        {
            run(&database, arguments).silent();
        }
        assert_eq!(log(&database), ["100 50 0", "200 0 6", "200 9 0"]);
    }
}

#[test]
fn a_number_that_the_column_cannot_hold_is_refused() {
    let refused = |form: Form, arguments: &str, why: &str| {
        let database = form.database();
        for rehearsal in ["", " --dry-run"] {
            let ended = run(&database, &format!("{arguments}{rehearsal}")).expect(65);
            assert_eq!(ended.stderr, format!("session-aggregate: {why}\n"));
        }
        assert_eq!(log(&database), [""; 0]);
    };
    refused(
        Form::Ilias9,
        "limit 8388608",
        "8388608 does not fit into usr_session_log.maxval (mediumint: -8388608 to 8388607)",
    );
    refused(
        Form::Ours,
        "limit 4294967295",
        "4294967295 does not fit into usr_session_log.maxval (int: -2147483648 to 2147483647)",
    );
    refused(
        Form::Ilias9,
        "limit 5 --at 2147483648",
        "2147483648 does not fit into usr_session_log.tstamp (int: -2147483648 to 2147483647)",
    );
    let database = Form::Ours.database();
    run(&database, "limit 5 --at 2106-02-07T06:28:16Z").silent();
    assert_eq!(log(&database), ["4294967296 5 0"]);
}

#[test]
fn ilias_10_has_no_log_of_limits() {
    let database = Form::Ilias10.database();
    let ended = run(&database, "limit 5").expect(78);
    assert!(
        ended.stderr.ends_with(
            "has no table usr_session_log (ILIAS 10 dropped it): set [aggregate] max_sessions instead\n"
        ),
        "{ended:?}"
    );
}
