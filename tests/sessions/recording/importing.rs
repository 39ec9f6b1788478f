//! `session-aggregate import csv`

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::aggregate;
use crate::{
    forms::{Form, Record, insert, records},
    support::{Database, Output, Tool, until},
};

const HEADER: &str = "session_id,type,start_time,end_time,end_context,user_id\n";

/// A file to import.
struct Sheet {
    folder: TempDir,
}

impl Sheet {
    fn of(text: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sessions.csv"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sessions.csv")
    }

    fn tool(&self, database: &Database) -> Tool {
        aggregate(database).args(["import", "csv"]).arg(self.path())
    }
}

fn import(database: &Database, text: impl AsRef<[u8]>) -> Output {
    Sheet::of(text).tool(database).run()
}

/// What a file with mistakes is told.
fn mistakes(database: &Database, text: impl AsRef<[u8]>) -> String {
    let sheet = Sheet::of(text);
    let ended = sheet.tool(database).run().expect(65);
    assert_eq!(records(database), [""; 0]);
    ended.stderr.replace(&format!("{}", sheet.path().display()), "FILE").replace("session-aggregate: ", "")
}

#[test]
fn records_are_imported_as_they_are_and_again_is_harmless() {
    let text = HEADER.to_owned()
        + "a,3,100,200,1,7\nb,4,-50,,,8\n\"c,\"\"d\",0,100,\\N,\\N,0\r\n\nü,user,1970-01-01T00:02:00Z,10,login,9\n\
           e,2,100,0,0,-3\nf,3,100,\\N,5,1";
    let expected = [
        "b 4 -50 - - 8",
        "a 3 100 200 1 7",
        "c,\"d 0 100 - - 0",
        "e 2 100 0 0 -3",
        "f 3 100 - 5 1",
        "ü 3 120 10 6 9",
    ];
    for form in Form::ALL {
        let database = form.database();
        for _ in 0..2 {
            import(&database, &text).silent();
            assert_eq!(records(&database), expected);
        }
        let shuffled =
            "\u{feff}user_id,END_TIME, session_id,start_time,end_context,type\r\n7,200,a,100,1,3\r\n";
        import(&database, shuffled).silent();
        assert_eq!(records(&database), expected);
    }
}

#[test]
fn what_is_there_stays_but_gets_the_end_that_it_lacks() {
    for form in Form::ALL {
        let database = form.database();
        insert(&database, &[Record::new("a", 100, None, None), Record::new("b", 100, Some(150), Some(1))]);
        import(&database, HEADER.to_owned() + "a,3,100,,5,7\nb,3,100,300,2,7\n").silent();
        assert_eq!(records(&database), ["a 3 100 - - 7", "b 3 100 150 1 7"]);
        import(&database, HEADER.to_owned() + "a,4,100,300,2,8\nb,3,100,,,7\n").silent();
        assert_eq!(records(&database), ["a 3 100 300 2 7", "b 3 100 150 1 7"]);
    }
}

#[test]
fn an_id_with_several_beginnings_keeps_them_all() {
    let text = HEADER.to_owned()
        + "x,3,300,,,7\ny,3,10,20,1,7\nx,3,100,150,1,7\nx,3,200,,,7\ny,3,30,40,1,7\ny,3,20,25,2,7\n";
    for form in Form::ALL {
        let database = form.database();
        for _ in 0..2 {
            import(&database, &text).silent();
            let expected = if form.is_ilias() {
                [
                    "y#10 3 10 20 1 7",
                    "y#20 3 20 25 2 7",
                    "y 3 30 40 1 7",
                    "x#100 3 100 150 1 7",
                    // Nobody could close it any more.
                    "x#200 3 200 300 6 7",
                    "x 3 300 - - 7",
                ]
            } else {
                [
                    "y 3 10 20 1 7",
                    "y 3 20 25 2 7",
                    "y 3 30 40 1 7",
                    "x 3 100 150 1 7",
                    "x 3 200 - - 7",
                    "x 3 300 - - 7",
                ]
            };
            assert_eq!(records(&database), expected);
        }
    }
}

#[test]
fn where_ids_are_compared_without_case_no_record_is_lost() {
    for form in Form::ALL {
        let database = form.database();
        for _ in 0..2 {
            import(
                &database,
                HEADER.to_owned() + "abc,3,100,150,1,7\nABC,3,200,250,1,8\nAbc,3,100,150,1,7\n",
            )
            .silent();
            let found = records(&database);
            if form.is_ilias() {
                // The same id and the same beginning: the same record.
                assert_eq!(found, ["abc#100 3 100 150 1 7", "ABC 3 200 250 1 8"]);
            } else {
                assert_eq!(found, ["Abc 3 100 150 1 7", "abc 3 100 150 1 7", "ABC 3 200 250 1 8"]);
            }
        }
    }
}

#[test]
fn a_file_with_mistakes_is_told_all_of_them_and_not_imported() {
    for form in Form::ALL {
        let database = form.database();
        let mut text = HEADER.as_bytes().to_vec();
        text.extend(b"good,3,100,200,1,7\nshort,3,100\nlong,3,1,2,3,4,5\n,3,1,2,3,4\nt,x,1,2,3,4\n");
        text.extend(
            b"s,3,,2,3,4\ne,3,1,never,3,4\nc,3,1,2,99999,4\nu,3,1,2,3,\n\"open,3,1,2,3,4\n\xff,3,1,2,3,4\n",
        );
        text.extend(b"good2,3,100,200,1,7\n");
        let told = mistakes(&database, text);
        let expected = [
            "3: 3 fields instead of 6",
            "4: 7 fields instead of 6",
            "5: the session id is empty",
            "6: type \"x\": neither a number nor one of unknown, system, admin, user, anonymous",
            "7: start_time \"\": neither seconds since the epoch nor RFC 3339 (2026-03-10T14:00:00+01:00)",
            "8: end_time \"never\": neither seconds since the epoch nor RFC 3339 (2026-03-10T14:00:00+01:00)",
            "9: end_context \"99999\": neither a number nor one of user, expire, first, idle, limit, login, public, \
             time, ip, simul, inactive",
            "10: user_id \"\": not a number",
            "11: 1 fields instead of 6",
            "12: is not UTF-8",
        ];
        let expected: String = expected.iter().map(|line| format!("error: FILE:{line}\n")).collect();
        let end = "FILE: 10 lines are bad; nothing was imported. Mend the file and run it again\n";
        assert_eq!(told, expected + end);
        let many = mistakes(&database, HEADER.to_owned() + "a,3,100,200,1,7\n" + &"bad\n".repeat(50));
        assert_eq!(many.lines().count(), 21);
        assert!(many.contains("FILE: 50 lines are bad (30 of them not told here); nothing"), "{many}");
    }
}

#[test]
fn the_header_names_exactly_the_columns() {
    let database = Form::Ours.database();
    let wanted =
        "the first line has to name the columns session_id,type,start_time,end_time,end_context,user_id";
    let end = "FILE: 1 line is bad; nothing was imported. Mend the file and run it again\n";
    for (text, why) in [
        ("", "there is nothing"),
        ("a,3,100,200,1,7\n", "the column \"a\" is none of a session record"),
        ("session_id,type,start_time,end_time,user_id\na,3,1,2,3\n", "the column end_context is missing"),
        (
            "session_id,type,start_time,end_time,end_context,user_id,seq\n",
            "the column \"seq\" is none of a session record",
        ),
        (
            "session_id,type,start_time,end_time,end_context,user_id,type\n",
            "the column \"type\" is there twice",
        ),
    ] {
        assert_eq!(mistakes(&database, text), format!("error: FILE:1: {why}; {wanted}\n{end}"));
    }
    import(&database, HEADER).silent();
    assert_eq!(records(&database), [""; 0]);
}

#[test]
fn times_behind_2038_need_our_tables() {
    let text = HEADER.to_owned() + "a,3,2147483648,4294967296,1,7\nb,3,-2147483649,,,7\n";
    for form in Form::ILIAS {
        let told = mistakes(&form.database(), &text);
        assert!(
            told.contains(
                "FILE:2: 2147483648 does not fit into usr_session_stats_raw.start_time (int: -2147483648 to 2147483647)"
            ),
            "{told}"
        );
        assert!(
            told.contains("FILE:3: -2147483649 does not fit into usr_session_stats_raw.start_time"),
            "{told}"
        );
    }
    let database = Form::Ours.database();
    import(&database, text + "c,3,-9223372036854775808,9223372036854775807,1,7\n").silent();
    assert_eq!(
        records(&database),
        [
            "c 3 -9223372036854775808 9223372036854775807 1 7",
            "b 3 -2147483649 - - 7",
            "a 3 2147483648 4294967296 1 7"
        ]
    );
}

#[test]
fn a_rehearsal_imports_nothing() {
    for form in Form::ALL {
        let database = form.database();
        let sheet = Sheet::of(HEADER.to_owned() + "a,3,100,200,1,7\nb,3,100,200,1,7\n");
        let ended = sheet.tool(&database).arg("--dry-run").run().expect(0);
        let wanted = "would import 2 session records; those that are there already stay\n";
        assert_eq!((&*ended.stdout, &*ended.stderr), (wanted, ""));
        assert_eq!(records(&database), [""; 0]);
    }
}

#[test]
fn an_import_that_was_killed_is_repeated() {
    for form in Form::ALL {
        let database = form.database();
        let ids = 8_000;
        let line = |n: usize| format!("s{},3,{},{},1,7\n", n % ids, 1000 + n, 2000 + n);
        let sheet = Sheet::of(HEADER.to_owned() + &(0..ids + 500).map(line).collect::<String>());
        let running = sheet.tool(&database).start();
        let count = || database.value("SELECT COUNT(*) FROM usr_session_stats_raw");
        until("the first records", || count() != "0");
        running.kill();
        sheet.tool(&database).run().silent();
        assert_eq!(count(), (ids + 500).to_string());
        assert_eq!(
            database.value(
                "SELECT CONCAT_WS(' ', COUNT(DISTINCT start_time), SUM(end_time - start_time)) \
                 FROM usr_session_stats_raw"
            ),
            format!("{} {}", ids + 500, 1000 * (ids + 500))
        );
    }
}

#[test]
fn what_is_no_file_is_told() {
    let database = Form::Ours.database();
    let ended = aggregate(&database).args(["import", "csv", "/nonexistent/file"]).run().expect(74);
    assert!(ended.stderr.contains("cannot read /nonexistent/file: No such file"), "{ended:?}");
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [folder.path(), &pipe] {
        let ended = aggregate(&database).args(["import", "csv"]).arg(path).run().expect(74);
        assert!(ended.stderr.contains("is not a file: import reads twice"), "{ended:?}");
    }
}
