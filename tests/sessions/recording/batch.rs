//! `session-aggregate close --batch`

use std::fs;

use super::{aggregate, run};
use crate::{
    forms::{Form, Record, insert, records},
    support::{Database, Output, until},
};

/// Closes what these lines say.
fn close(database: &Database, lines: impl Into<Vec<u8>>) -> Output {
    aggregate(database).args(["close", "--batch", "-"]).stdin(lines).run()
}

/// Open sessions `s0`, `s1` and so on, of second 100.
fn insert_open(database: &Database, count: usize) {
    let rows: Vec<_> = (0..count).map(|n| Record::new(format!("s{n}"), 100, None, None)).collect();
    insert(database, &rows);
}

#[test]
fn each_line_ends_its_session() {
    for form in Form::ALL {
        let database = form.database();
        insert_open(&database, 6);
        insert(&database, &[Record::new("old", 50, Some(60), Some(2))]);
        let lines = "\u{feff}s0\t200\r\n\n   \ts1\t201\n";
        assert_eq!(close(&database, lines).status, 65, "a line of blanks is none");
        assert_eq!(records(&database)[1], "s0 3 100 200 - 7");
        let lines = "s0\t999\t5\ns1\t1970-01-01T01:03:21+01:00\tuser\ns2\t202\t0\ns3\t203\t\nold\t300\t1\n\
                     s4\t206\t-7\ns4\t205\t1\nnobody\t5";
        close(&database, lines).silent();
        assert_eq!(
            records(&database),
            [
                "old 3 50 60 2 7",
                "s0 3 100 200 - 7",
                "s1 3 100 201 1 7",
                "s2 3 100 202 - 7",
                "s3 3 100 203 - 7",
                "s4 3 100 206 -7 7",
                "s5 3 100 - - 7",
            ]
        );
    }
}

#[test]
fn a_file_of_any_size_is_closed_line_by_line() {
    for form in Form::ALL {
        let database = form.database();
        insert_open(&database, 10_007);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ends");
        // Not in the order of the ids, with ends and reasons of their own.
        let lines = (0..10_000).map(|n| n * 7919 % 10_000);
        let lines: String = lines.map(|n| format!("s{n}\t{}\t{}\n", 1000 + n, n % 12)).collect();
        fs::write(&file, lines).unwrap();
        let tool = aggregate(&database).args(["-v", "close", "--batch"]).arg(&file);
        let ended = tool.run().expect(0);
        let wanted = "10000 sessions closed; 0 lines of 10000 name no open session\n";
        assert!(ended.stderr.ends_with(wanted), "{ended:?}");
        assert_eq!(
            database.value(
                "SELECT COUNT(*) FROM usr_session_stats_raw WHERE end_time = 1000 + SUBSTRING(session_id, 2) \
                 AND IFNULL(end_context, 0) = SUBSTRING(session_id, 2) % 12"
            ),
            "10000"
        );
        assert_eq!(database.value("SELECT COUNT(*) FROM usr_session_stats_raw WHERE end_time IS NULL"), "7");
        let ended = tool.run().expect(0);
        let wanted = "0 sessions closed; 10000 lines of 10000 name no open session\n";
        assert!(ended.stderr.ends_with(wanted), "{ended:?}");
    }
}

#[test]
fn bad_lines_are_told_and_the_others_done() {
    for form in Form::ALL {
        let database = form.database();
        insert_open(&database, 5);
        let mut lines = b"s0\t200\ns1\nno tab\ns1\tsoon\ns1\t200\tbored\ns1\t200\t1\t2\n\t200\n".to_vec();
        lines.extend(b"s\xff\t200\n");
        lines.extend([b"s1\t".to_vec(), vec![b'1'; 100_000], b"\n".to_vec()].concat());
        lines.extend(b"a\x01\t200\ns2\t1700000000000\n");
        lines.extend(b"s3\t201\n");
        let ended = close(&database, lines).expect(65);
        let told = [
            "2: not id, end and perhaps context, with tabs between them",
            "3: not id, end and perhaps context, with tabs between them",
            "4: end \"soon\": neither RFC 3339 (2026-03-10T14:00:00+01:00) nor seconds since the epoch",
            "5: context \"bored\": neither a number nor one of user, expire, first, idle, limit, login, public, \
             time, ip, simul, inactive",
            "6: not id, end and perhaps context, with tabs between them",
            "7: the session id is empty",
            "8: is not UTF-8",
            "9: has more than 4096 bytes",
            "10: session id a\\u{1}: holds a control character",
            "11: end \"1700000000000\": not in the years 1970 to 9998",
        ];
        let told: String =
            told.iter().map(|line| format!("session-aggregate: error: standard input:{line}\n")).collect();
        let end = "session-aggregate: standard input: 10 lines are bad; the others are done. Mend these and run it \
            again: what is closed stays as it is\n";
        assert_eq!(ended.stderr, format!("{told}{end}"));
        assert_eq!(ended.stdout, "");
        assert_eq!(
            records(&database),
            ["s0 3 100 200 - 7", "s1 3 100 - - 7", "s2 3 100 - - 7", "s3 3 100 201 - 7", "s4 3 100 - - 7"]
        );
    }
}

#[test]
fn many_bad_lines_are_counted() {
    let database = Form::Ours.database();
    insert_open(&database, 1);
    let ended = close(&database, "bad\n".repeat(1_000) + "s0\t200\n").expect(65);
    assert_eq!(ended.stderr.lines().count(), 21);
    assert!(
        ended.stderr.contains("standard input: 1000 lines are bad (980 of them not told here); the others"),
        "{ended:?}"
    );
    assert_eq!(records(&database), ["s0 3 100 200 - 7"]);
}

#[test]
fn a_time_that_the_table_cannot_hold_is_a_bad_line() {
    let lines = "s0\t2147483648\ns1\t200\n";
    for form in Form::ILIAS {
        let database = form.database();
        insert_open(&database, 2);
        let ended = close(&database, lines).expect(65);
        let wanted = "standard input:1: 2147483648 does not fit into usr_session_stats_raw.end_time (int: ";
        assert!(ended.stderr.contains(wanted), "{ended:?}");
        assert_eq!(records(&database), ["s0 3 100 - - 7", "s1 3 100 200 - 7"]);
    }
    let database = Form::Ours.database();
    insert_open(&database, 2);
    close(&database, lines).silent();
    assert_eq!(records(&database), ["s0 3 100 2147483648 - 7", "s1 3 100 200 - 7"]);
}

#[test]
fn ends_before_their_beginnings_are_recorded_and_told_once() {
    for form in Form::ALL {
        let database = form.database();
        insert_open(&database, 3);
        let ended = close(&database, "s0\t50\ns1\t60\ns2\t100\n").expect(0);
        assert_eq!(
            ended.stderr,
            "session-aggregate: warning: standard input: 2 sessions end before they begin: was a clock set back, \
             or another unit of time used?\n"
        );
        assert_eq!(records(&database), ["s0 3 100 50 - 7", "s1 3 100 60 - 7", "s2 3 100 100 - 7"]);
    }
}

#[test]
fn a_rehearsal_counts_and_closes_nothing() {
    for form in Form::ALL {
        let database = form.database();
        insert_open(&database, 3);
        let tool = aggregate(&database).args(["close", "--dry-run", "--batch", "-"]);
        let ended = tool.stdin("s0\t200\nnobody\t200\ns2\t200\nbad\n").run().expect(65);
        assert_eq!(ended.stdout, "would end 2 open sessions; 1 lines of 3 name none\n");
        assert!(ended.stderr.contains("standard input:4: "), "{ended:?}");
        assert_eq!(records(&database), ["s0 3 100 - - 7", "s1 3 100 - - 7", "s2 3 100 - - 7"]);
    }
}

#[test]
fn a_run_that_was_killed_is_repeated_and_ends_where_one_alone_would() {
    for form in Form::ALL {
        let database = form.database();
        let count = 20_000;
        insert_open(&database, count);
        let lines: String = (0..count).map(|n| format!("s{n}\t{}\t1\n", 200 + n)).collect();
        let tool = aggregate(&database).args(["close", "--batch", "-"]).stdin(lines);
        let closed =
            || database.value("SELECT COUNT(*) FROM usr_session_stats_raw WHERE end_time IS NOT NULL");
        let running = tool.start();
        until("the first lines to be done", || closed() != "0");
        running.kill();
        tool.run().silent();
        assert_eq!(
            database.value(
                "SELECT COUNT(*) FROM usr_session_stats_raw WHERE end_time = 200 + SUBSTRING(session_id, 2)"
            ),
            count.to_string()
        );
    }
}

#[test]
fn two_runs_of_the_same_lines_do_not_stand_in_each_others_way() {
    for form in Form::ALL {
        let database = form.database();
        let count = 10_000;
        insert_open(&database, count);
        let line = |n: usize| format!("s{n}\t200\t1\n");
        let (up, down): (String, String) =
            ((0..count).map(line).collect(), (0..count).rev().map(line).collect());
        let tool = aggregate(&database).args(["close", "--batch", "-"]);
        let running = [tool.clone().stdin(up).start(), tool.stdin(down).start()];
        running.into_iter().for_each(|run| run.wait().silent());
        assert_eq!(
            database.value("SELECT COUNT(*) FROM usr_session_stats_raw WHERE end_time = 200"),
            count.to_string()
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let database = Form::Ours.database();
    let ended = run(&database, "close --batch /nonexistent/file").expect(74);
    assert!(ended.stderr.contains("cannot read /nonexistent/file: No such file"), "{ended:?}");
    let ended = run(&database, "close --batch /").expect(74);
    assert!(ended.stderr.contains("cannot read /: Is a directory"), "{ended:?}");
    run(&database, "close --batch /dev/null").silent();
    run(&database, "close --batch - --id a").expect(2);
    run(&database, "close").expect(2);
}
