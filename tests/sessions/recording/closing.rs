//! `session-aggregate close --id`

use super::run;
use crate::forms::{Form, Record, insert, records};

#[test]
fn sessions_end_for_a_reason_or_none() {
    for form in Form::ALL {
        let database = form.database();
        for id in ["a", "b", "c", "d", "e"] {
            insert(&database, &[Record::new(id, 100, None, None)]);
        }
        run(&database, "close --id a b --context expire --at 200").silent();
        run(&database, "close --id c --id d --context 0 --at 201").silent();
        run(&database, "close --id e --context -5 --now 202").silent();
        assert_eq!(
            records(&database),
            ["a 3 100 200 2 7", "b 3 100 200 2 7", "c 3 100 201 - 7", "d 3 100 201 - 7", "e 3 100 202 -5 7"]
        );
    }
}

#[test]
fn what_is_closed_stays_and_what_is_not_open_is_told() {
    for form in Form::ALL {
        let database = form.database();
        let closed = Record::new("a", 100, Some(150), Some(1));
        insert(&database, &[closed, Record::new("b", 100, None, None)]);
        let ended = run(&database, "close --id a b nobody --context 5 --at 200").expect(0);
        assert_eq!(
            ended.stderr,
            "session-aggregate: warning: no session a is open\n\
             session-aggregate: warning: no session nobody is open\n"
        );
        assert_eq!(ended.stdout, "");
        assert_eq!(records(&database), ["a 3 100 150 1 7", "b 3 100 200 5 7"]);
    }
}

#[test]
fn an_end_before_the_beginning_is_recorded_and_told() {
    for form in Form::ALL {
        let database = form.database();
        insert(&database, &[Record::new("a", 100, None, None)]);
        let ended = run(&database, "close --id a --at 50").expect(0);
        assert_eq!(
            ended.stderr,
            "session-aggregate: warning: session a of 1970-01-01T00:01:40Z ends before it begins, at \
             1970-01-01T00:00:50Z: was a clock set back?\n"
        );
        assert_eq!(records(&database), ["a 3 100 50 - 7"]);
    }
}

#[test]
fn a_rehearsal_closes_nothing() {
    for form in Form::ALL {
        let database = form.database();
        insert(&database, &[Record::new("a", 100, None, None)]);
        let ended = run(&database, "close --id a b --context idle --at 200 --dry-run").expect(0);
        assert_eq!(
            ended.stdout,
            "would end session a of 1970-01-01T00:01:40Z at 1970-01-01T00:03:20Z (idle)\n"
        );
        assert_eq!(ended.stderr, "session-aggregate: warning: no session b is open\n");
        assert_eq!(records(&database), ["a 3 100 - - 7"]);
    }
}
