//! `session-aggregate open`

use super::{aggregate, run};
use crate::forms::{Form, Record, insert, records};

#[test]
fn only_users_and_anonymous_visitors_are_recorded() {
    for form in Form::ALL {
        let database = form.database();
        for unrecorded in ["--type 0", "--type system", "--type admin", "--type 5", "--type -1", "--user 0"] {
            let user = if unrecorded.contains("user") { "" } else { " --user 7" };
            run(&database, &format!("open --id a {unrecorded}{user} --at 100")).silent();
        }
        assert_eq!(records(&database), [""; 0]);
        run(&database, "open --id a --user 7 --at 1970-01-01T00:01:40Z").silent();
        run(&database, "open --id b --user 13 --type 4 --at 101").silent();
        run(&database, "open --id c --user -2 --type ANONYMOUS --now 102").silent();
        assert_eq!(records(&database), ["a 3 100 - - 7", "b 4 101 - - 13", "c 4 102 - - -2"]);
    }
}

#[test]
fn the_same_again_is_harmless() {
    for form in Form::ALL {
        let database = form.database();
        let open = || run(&database, "open --id a --user 7 --at 100").silent();
        open();
        open();
        assert_eq!(records(&database), ["a 3 100 - - 7"]);
        run(&database, "close --id a --context user --at 200").silent();
        open();
        assert_eq!(records(&database), ["a 3 100 200 1 7"]);
    }
}

#[test]
fn an_id_used_again_is_another_session_and_ends_the_one_before() {
    for form in Form::ALL {
        let database = form.database();
        for at in [100, 200, 300] {
            run(&database, &format!("open --id a --user 7 --at {at}")).silent();
        }
        run(&database, "close --id a --context 1 --at 350").silent();
        run(&database, "open --id a --user 8 --at 400").silent();
        let expected = if form.is_ilias() {
            ["a#100 3 100 200 6 7", "a#200 3 200 300 6 7", "a#300 3 300 350 1 7", "a 3 400 - - 8"]
        } else {
            ["a 3 100 200 6 7", "a 3 200 300 6 7", "a 3 300 350 1 7", "a 3 400 - - 8"]
        };
        assert_eq!(records(&database), expected);
        // Each of them once more: nothing happens.
        for at in [200, 100, 400, 300] {
            run(&database, &format!("open --id a --user 7 --at {at}")).silent();
        }
        assert_eq!(records(&database), expected);
    }
}

#[test]
fn what_began_later_is_left_alone() {
    for form in Form::ALL {
        let database = form.database();
        run(&database, "open --id a --user 7 --at 300").silent();
        run(&database, "open --id a --user 7 --at 200").silent();
        let expected = if form.is_ilias() {
            // One that is open keeps its id: without it, nobody could close it.
            ["a#200 3 200 300 6 7", "a 3 300 - - 7"]
        } else {
            ["a 3 200 - - 7", "a 3 300 - - 7"]
        };
        assert_eq!(records(&database), expected);
        let database = form.database();
        insert(&database, &[Record::new("a", 300, Some(310), Some(2))]);
        run(&database, "open --id a --user 7 --at 200").silent();
        let name = if form.is_ilias() { "a#300" } else { "a" };
        assert_eq!(records(&database), ["a 3 200 - - 7", &format!("{name} 3 300 310 2 7")]);
    }
}

#[test]
fn a_name_aside_that_is_taken_costs_nobody_a_record() {
    for form in Form::ILIAS {
        let database = form.database();
        insert(
            &database,
            &[
                Record::new("a#100", 50, None, None),
                Record::new("a#100.2", 60, None, None),
                Record::new("a", 100, None, None),
            ],
        );
        run(&database, "open --id a --user 7 --at 200").silent();
        let expected = ["a#100 3 50 - - 7", "a#100.2 3 60 - - 7", "a#100.3 3 100 200 6 7", "a 3 200 - - 7"];
        assert_eq!(records(&database), expected);
        run(&database, "open --id a --user 7 --at 100").silent();
        assert_eq!(records(&database), expected);
    }
}

#[test]
fn ids_as_long_as_the_column_can_be_used_again() {
    for form in Form::ALL {
        let database = form.database();
        let ids = ["x".repeat(255) + "é", "x".repeat(255) + "z"];
        for at in [100, 200, 200] {
            for id in &ids {
                run(&database, &format!("open --id {id} --user 7 --at {at}")).silent();
            }
        }
        let found = records(&database);
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(found.iter().filter(|row| row.ends_with(" 3 100 200 6 7")).count(), 2, "{found:?}");
        for id in ids {
            assert!(found.contains(&format!("{id} 3 200 - - 7")), "{found:?}");
        }
    }
}

#[test]
fn ilias_itself_erases_the_session_before() {
    for form in Form::ALL {
        let database = form.database();
        insert(&database, &[Record::new("a", 100, Some(150), Some(1)), Record::new("b", 100, None, None)]);
        if form == Form::Ours {
            insert(&database, &[Record::new("a", 160, None, None)]);
        }
        let open = |at| run(&database, &format!("open --compat ilias --id a --user 7 --at {at}")).silent();
        open(200);
        assert_eq!(records(&database), ["b 3 100 - - 7", "a 3 200 - - 7"]);
        run(&database, "close --id a --context 1 --at 250").silent();
        open(200);
        assert_eq!(records(&database), ["b 3 100 - - 7", "a 3 200 - - 7"]);
    }
}

#[test]
fn sessions_opened_at_the_same_moment_are_all_kept() {
    for form in Form::ILIAS {
        let database = form.database();
        let running: Vec<_> = (1..=8)
            .map(|n| {
                let at = format!("{n}00");
                aggregate(&database).args(["open", "--id", "a", "--user", "7", "--at", &at]).start()
            })
            .collect();
        for run in running {
            run.wait().silent();
        }
        let found = records(&database);
        assert_eq!(found.len(), 8, "{found:?}");
        assert_eq!(found.iter().filter(|row| row.contains(" - - ")).collect::<Vec<_>>(), ["a 3 800 - - 7"]);
    }
}

#[test]
fn an_id_that_cannot_be_one_is_refused() {
    let refused = |form: Form, id: &str, why: &str| {
        let database = form.database();
        for command in [&["open", "--user", "7"][..], &["close"]] {
            let tool = aggregate(&database).args(command).arg("--id").arg(id).arg("--dry-run");
            for tool in [tool.clone(), aggregate(&database).args(command).args(["--id", id])] {
                let ended = tool.run().expect(65);
                assert!(ended.stderr.contains(why), "{ended:?}");
                assert_eq!((ended.stderr.lines().count(), &*ended.stdout), (1, ""));
            }
        }
        assert_eq!(records(&database), [""; 0]);
    };
    refused(Form::Ours, "", "the session id is empty");
    refused(Form::Ours, "a\tb", "session id a\\tb: holds a control character");
    refused(Form::Ours, &"x".repeat(257), "has 257 characters, usr_session_stats_raw.session_id holds 256");
    refused(Form::Ours, "a ", "without the blank at its end");
    refused(Form::Ilias9, "a😀", "usr_session_stats_raw.session_id cannot hold");
    let database = Form::Ours.database();
    aggregate(&database).args(["open", "--id=😀'; -- \\", "--user=7", "--at=1"]).run().silent();
    assert_eq!(records(&database), ["😀'; -- \\ 3 1 - - 7"]);
}

#[test]
fn times_behind_2038_need_our_tables() {
    let late = ["2038-01-19T03:14:08Z", "2106-02-07T06:28:16Z", "9998-12-31T23:59:59Z"];
    let database = Form::Ours.database();
    for at in late {
        run(&database, &format!("open --id {at} --user 7 --at {at}")).silent();
        run(&database, &format!("close --id {at} --at {at}")).silent();
    }
    assert_eq!(
        database.value("SELECT GROUP_CONCAT(end_time ORDER BY end_time) FROM usr_session_stats_raw"),
        "2147483648,4294967296,253370764799"
    );
    for form in Form::ILIAS {
        let database = form.database();
        run(&database, "open --id a --user 7 --at 2147483647").silent();
        let ended = run(&database, &format!("open --id a --user 7 --at {}", late[0])).expect(65);
        assert_eq!(
            ended.stderr,
            "session-aggregate: 2147483648 does not fit into usr_session_stats_raw.start_time \
             (int: -2147483648 to 2147483647)\n"
        );
        let ended = run(&database, &format!("close --id a --at {}", late[0])).expect(65);
        assert!(ended.stderr.contains("usr_session_stats_raw.end_time (int"), "{ended:?}");
        let ended = run(&database, "open --id b --user 2147483648 --at 1").expect(65);
        assert!(ended.stderr.contains("usr_session_stats_raw.user_id (int"), "{ended:?}");
        assert_eq!(records(&database), ["a 3 2147483647 - - 7"]);
    }
}

#[test]
fn a_rehearsal_says_what_would_be_done_and_does_nothing() {
    for form in Form::ALL {
        let database = form.database();
        let rehearse = |arguments: &str| run(&database, &format!("{arguments} --dry-run")).expect(0).stdout;
        assert_eq!(
            rehearse("open --id a --user 7 --at 100"),
            "would record session a of user 7 from 1970-01-01T00:01:40Z on\n"
        );
        assert!(rehearse("open --id a --user 0 --at 100").contains("none of those that are recorded"));
        insert(&database, &[Record::new("a", 100, None, None)]);
        let end = "would end session a of 1970-01-01T00:01:40Z at 1970-01-01T00:03:20Z (login)\n";
        let aside = "would keep session a of 1970-01-01T00:01:40Z as a#100\n";
        let write = "would record session a of user 7 from 1970-01-01T00:03:20Z on\n";
        let expected = if form.is_ilias() { format!("{end}{aside}{write}") } else { format!("{end}{write}") };
        assert_eq!(rehearse("open --id a --user 7 --at 200"), expected);
        assert_eq!(
            rehearse("open --id a --user 7 --at 200 --compat ilias"),
            format!("would erase the earlier records of session a\n{write}")
        );
        assert_eq!(rehearse("open --id a --user 7 --at 100"), "");
        assert_eq!(records(&database), ["a 3 100 - - 7"]);
    }
}
