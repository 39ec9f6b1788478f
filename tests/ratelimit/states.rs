//! States that are not what they were: Redis lost them, somebody else wrote them, or the rules changed meanwhile.

use sessionstat::{
    config::ratelimit::{Algorithm, Rule},
    ratelimit::script::Verdict,
};

use crate::{
    desk::{ALGORITHMS, Desk, EPOCH, SECOND, rule},
    door::{allowed_of, door, door_with, line},
    support::{Dialogue, Redis, redis::ask},
};

#[test]
fn a_redis_that_lost_everything_begins_anew() {
    let mut redis = Redis::start();
    let tool = door(&redis, "").arg("42");
    assert_eq!(allowed_of(12, &tool), 10);
    redis.kill();
    redis.restart();
    // It knows neither the states nor the script.
    assert_eq!(allowed_of(12, &tool), 10);
}

#[test]
fn a_conversation_goes_on_when_the_scripts_are_flushed() {
    let redis = Redis::start();
    let mut talk = Dialogue::begin(&door(&redis, "").arg("--batch"));
    for round in 0..4 {
        for user in ["a", "b"] {
            let answer = talk.ask(user);
            assert_eq!((&answer["allowed"], &answer["remaining"]), (&true.into(), &(9 - round).into()));
        }
        let _: () = redis.ask(&["SCRIPT", "FLUSH"]);
    }
    assert_eq!(talk.end().status.code(), Some(0));
    // Many at once, while the scripts are flushed again and again.
    let users: String = (0..10_000).map(|number| format!("u{}\n", number % 500)).collect();
    let mut running = door(&redis, "").arg("--batch").stdin(users).start();
    let mut flush = redis.connect(0);
    while !running.is_over() {
        let _: () = ask(&mut flush, &["SCRIPT", "FLUSH"]);
    }
    let output = running.wait().expect(1);
    let allowed = output.stdout.lines().filter(|line| line.contains("\"allowed\":true")).count();
    assert_eq!((allowed, output.stdout.lines().count()), (5_000, 10_000));
    assert_eq!(output.stderr, "");
}

#[test]
fn a_rule_that_changes_its_algorithm_neither_fails_nor_locks_anybody_out() {
    for old in ALGORITHMS {
        for new in ALGORITHMS {
            for cost in [1, 1000] {
                let desk = Desk::open();
                let (before, after) =
                    (rule(old, 10 * cost, 600 * SECOND), rule(new, 10 * cost, 600 * SECOND));
                for number in 0..10 {
                    desk.check(&before, "marie", EPOCH + number, cost);
                }
                // At the latest after two windows all that was is over, and the rule holds.
                for number in 0..12 {
                    desk.check(&after, "marie", EPOCH + 20 + number, cost);
                }
                let later = EPOCH + 1200 * SECOND;
                let allowed = |number: &i64| {
                    desk.check(&after, "marie", later + number, cost).verdict == Verdict::Allowed
                };
                assert_eq!((0..12).filter(allowed).count(), 10, "from {old:?} to {new:?}, cost {cost}");
            }
        }
    }
}

#[test]
fn a_key_of_another_type_is_no_state() {
    let redis = Redis::shared();
    let makers: [&[&str]; 5] = [
        &["RPUSH", "KEY", "1", "2"],
        &["HSET", "KEY", "a", "1"],
        &["ZADD", "KEY", "1", "1773180000000000:1"],
        &["SET", "KEY", "no state at all, of some length"],
        &["SET", "KEY", "-1e400"],
    ];
    for algorithm in ALGORITHMS {
        for maker in makers {
            let prefix = Redis::prefix();
            let rules = format!(
                "[ratelimit.rules.login]\nlimit = 2\nalgorithm = \"{}\"\nblock_after = 9\n",
                algorithm.name()
            );
            let tool = door_with(redis, &prefix, &rules);
            for suffix in ["login", "login:refused"] {
                let key = format!("{prefix}rl:{{u}}:{suffix}");
                let command: Vec<&str> =
                    maker.iter().map(|part| if *part == "KEY" { key.as_str() } else { *part }).collect();
                let _: redis::Value = ask(&mut redis.connect(0), &command);
            }
            let peek = line(&tool.clone().args(["--peek", "u"]).run());
            assert_eq!(peek["allowed"], true, "{algorithm:?}, {maker:?}: {peek}");
            assert_eq!(allowed_of(4, &tool.arg("u")), 2, "{algorithm:?}, {maker:?}");
        }
    }
}

/// Of a user who tries each `pause` seconds under `before` for a while and then under `after`, by number: which tries
/// under `after` are refused.
fn refused_after_the_change(before: &Rule, after: &Rule, pause: i64) -> Vec<i64> {
    let desk = Desk::open();
    for number in 0..5 {
        desk.check(before, "marie", EPOCH + number * pause * SECOND, 1);
    }
    let refused = |number: &i64| {
        let now = EPOCH + (5 + number) * pause * SECOND;
        desk.check(after, "marie", now, 1).verdict != Verdict::Allowed
    };
    (0..60).filter(refused).collect()
}

#[test]
fn a_user_far_below_the_limit_is_not_refused_because_the_window_changed() {
    for algorithm in ALGORITHMS {
        let (short, long) = (rule(algorithm, 10, 60 * SECOND), rule(algorithm, 10, 600 * SECOND));
        for (before, after) in [(&short, &long), (&long, &short)] {
            let refused = refused_after_the_change(before, after, 200);
            let (from, to) = (before.window, after.window);
            assert!(refused.is_empty(), "{algorithm:?} from {from:?} to {to:?}: tries {refused:?} refused");
        }
    }
}

#[test]
fn a_limit_that_is_lowered_or_raised_holds_at_once() {
    for algorithm in ALGORITHMS {
        let desk = Desk::open();
        let (low, high) = (rule(algorithm, 5, 600 * SECOND), rule(algorithm, 20, 600 * SECOND));
        for _ in 0..20 {
            assert_eq!(desk.check(&high, "marie", EPOCH, 1).verdict, Verdict::Allowed);
        }
        let refused = desk.check(&low, "marie", EPOCH + 1, 1);
        assert_eq!((refused.verdict, refused.remaining), (Verdict::Refused, 0), "{algorithm:?}");
        for _ in 0..5 {
            desk.check(&low, "paul", EPOCH, 1);
        }
        // GCRA keeps how full the bucket was, not what was in it: a full one has room for the next after an interval.
        let (later, remaining) = if algorithm == Algorithm::Gcra { (30 * SECOND, 0) } else { (1, 14) };
        let raised = desk.check(&high, "paul", EPOCH + later, 1);
        assert_eq!((raised.verdict, raised.remaining), (Verdict::Allowed, remaining), "{algorithm:?}");
    }
}

#[test]
fn a_clock_that_ran_ahead_and_was_set_right_locks_nobody_out_for_longer_than_his_state_lives() {
    // The clock of the host was a year ahead for a while. Redis keeps the states no longer than their windows.
    for algorithm in ALGORITHMS {
        let name = algorithm.name();
        let rules = format!("[ratelimit.rules.login]\nlimit = 2\nwindow = \"1s\"\nalgorithm = \"{name}\"\n");
        let tool = door(Redis::shared(), &rules);
        let ahead = tool.clone().args(["--now", "2080-01-01T00:00:00Z", "u"]);
        assert_eq!(allowed_of(2, &ahead), 2);
        let now = tool.arg("u");
        crate::support::until("an allowed try", || line(&now.run())["allowed"] == true);
    }
}
