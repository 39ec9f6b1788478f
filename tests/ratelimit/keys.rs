//! What is kept in Redis: it ends by itself, and it does not grow without bounds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sessionstat::ratelimit::question::{Counted, What};

use crate::{
    desk::{ALGORITHMS, Desk, EPOCH, SECOND, Try, rule},
    door::{all_end, contents, door_with, is_allowed, line, time},
    support::{
        Redis,
        redis::{ask, keys},
    },
};

#[test]
fn every_key_ends_after_every_kind_of_call() {
    let redis = Redis::shared();
    for algorithm in ALGORITHMS {
        let prefix = Redis::prefix();
        let rules = format!(
            "[ratelimit.rules.login]\nlimit = 2\nwindow = \"1s\"\nalgorithm = \"{0}\"\nblock_after = 2\nblock_for = \"1s\"\n\
             [ratelimit.rules.service]\nlimit = 1\nalgorithm = \"{0}\"\n",
            algorithm.name()
        );
        let tool = door_with(redis, &prefix, &rules);
        let calls: [&[&str]; 12] = [
            &["--peek", "u"],
            &["u"],
            &["--now", "2020-01-01T00:00:00Z", "u"],
            &["--now", "2040-01-01T00:00:00Z", "--cost", "2", "u"],
            &["u"],
            &["u"],
            &["u"],
            &["--service", "vente", "u"],
            &["--service", "vente", "u"],
            &["--rule", "login", "--service", "vente", "v"],
            &["--reset", "u"],
            &["--cost", "2", "u"],
        ];
        for arguments in calls {
            let run = tool.clone().args(arguments).run();
            assert!([0, 1].contains(&run.status), "{run:?}");
            all_end(redis, &prefix);
        }
        assert!(all_end(redis, &prefix) >= 4, "states and statistics");
    }
}

#[test]
fn states_vanish_when_their_time_is_over() {
    let (redis, prefix) = (Redis::shared(), Redis::prefix());
    let rules = "[ratelimit.rules.login]\nlimit = 2\nwindow = \"1s\"\n";
    let tool = door_with(redis, &prefix, rules).arg("u");
    assert!(is_allowed(&tool.run()));
    crate::support::until("the state's end", || {
        keys(&mut redis.connect(0), &format!("{prefix}*")).is_empty()
    });
}

#[test]
fn a_state_without_an_end_is_given_one_by_the_next_check() {
    let redis = Redis::shared();
    for algorithm in ALGORITHMS {
        let prefix = Redis::prefix();
        let rules = format!("[ratelimit.rules.login]\nlimit = 1\nalgorithm = \"{}\"\n", algorithm.name());
        let tool = door_with(redis, &prefix, &rules).arg("u");
        assert!(is_allowed(&tool.run()));
        let key = format!("{prefix}rl:{{u}}:login");
        // As a restored copy, or another program, may leave it.
        let _: () = ask(&mut redis.connect(0), &["PERSIST", &key]);
        assert!(!is_allowed(&tool.run()));
        all_end(redis, &prefix);
    }
}

#[test]
fn one_user_takes_little_memory_whatever_he_tries() {
    let (redis, desk) = (Redis::shared(), Desk::open());
    let log = rule(ALGORITHMS[0], 10, 600 * SECOND);
    for number in 0..3000 {
        desk.check(&log, "marie", EPOCH + number * SECOND, 1);
    }
    let key = format!("{}rl:{{marie}}:login", desk.config.ratelimit.prefix);
    let small: u64 = ask(&mut redis.connect(0), &["MEMORY", "USAGE", &key]);
    assert!(small <= 300, "{small} bytes");
    // The largest log that a rule may ask for: 7 bytes a try.
    let large = rule(ALGORITHMS[0], 10_000, 600 * SECOND);
    for number in 0..150 {
        desk.check(&large, "paul", EPOCH + number * SECOND, 100);
    }
    let key = format!("{}rl:{{paul}}:login", desk.config.ratelimit.prefix);
    let large: u64 = ask(&mut redis.connect(0), &["MEMORY", "USAGE", &key]);
    assert!((70_000..110_000).contains(&large), "{large} bytes");
}

/// A hash of the statistics.
fn counters(redis: &Redis, prefix: &str, kind: &str, day: &str) -> BTreeMap<String, u64> {
    ask(&mut redis.connect(1), &["HGETALL", &format!("{prefix}{{stats}}:{kind}:{day}")])
}

#[test]
fn logins_calls_and_refusals_are_counted_by_day_in_database_1() {
    let (redis, prefix) = (Redis::shared(), Redis::prefix());
    let rules = "[ratelimit.rules.login]\nlimit = 2\n[ratelimit.rules.service]\nlimit = 1\n";
    let tool = door_with(redis, &prefix, rules).arg("--now=2028-02-29T23:59:59.9Z");
    for (user, tries) in [("anne", 3), ("Paul D", 1)] {
        for _ in 0..tries {
            tool.clone().arg(user).run();
        }
    }
    for service in ["vente", "vente", "achat"] {
        tool.clone().args(["--service", service, "anne"]).run();
    }
    tool.clone().args(["--service", "a b", "Paul D"]).run();
    tool.clone().args(["--peek", "anne"]).run();
    let of = |kind: &str| counters(redis, &prefix, kind, "2028-02-29");
    let map = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    assert_eq!(of("logins"), map(&[("anne", 2), ("paul%20d", 1)]));
    assert_eq!(of("calls"), map(&[("vente anne", 1), ("a%20b paul%20d", 1)]));
    assert_eq!(of("refused"), map(&[("login anne", 1), ("service anne", 2)]));
    let recent: Vec<String> =
        ask(&mut redis.connect(1), &["ZREVRANGE", &format!("{prefix}{{stats}}:recent"), "0", "-1"]);
    assert_eq!(recent.len(), 2);
    all_end(redis, &prefix);
    // Nothing at all where nothing shall be counted.
    let silent = Redis::prefix();
    let tool = door_with(redis, &silent, "statistics = false\n");
    assert!(is_allowed(&tool.arg("anne").run()));
    assert!(!contents(redis, &silent).iter().any(|key| key.starts_with("1 ")));
}

#[test]
fn a_day_is_one_of_the_calendar() {
    let (redis, desk) = (Redis::shared(), Desk::open());
    let rule = rule(ALGORITHMS[3], 1_000_000, 600 * SECOND);
    let prefix = desk.config.ratelimit.prefix.clone();
    for date in [
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2000-02-29T00:00:00Z",
        "2000-03-01T00:00:00Z",
        "2026-11-22T12:00:00Z",
        "2027-01-01T00:00:00Z",
        "2096-02-29T23:59:59Z",
        "2100-02-28T23:59:59Z",
        "2100-03-01T00:00:00Z",
        "2254-12-31T23:59:59Z",
    ] {
        let now = date.parse::<DateTime<Utc>>().unwrap().timestamp_micros();
        desk.check(&rule, "anne", now, 1);
        let counted = counters(redis, &prefix, "logins", &date[..10]);
        assert_eq!(counted.get("anne"), Some(&1), "{date}");
    }
}

#[test]
fn the_recent_users_are_the_last_hundred() {
    let (redis, prefix) = (Redis::shared(), Redis::prefix());
    let tool = door_with(redis, &prefix, "").arg("--batch");
    let users = |range: std::ops::Range<u32>| range.map(|number| format!("u{number}\n")).collect::<String>();
    tool.clone().stdin(users(0..300)).arg("--now=1000000").run().expect(0);
    tool.clone().stdin(users(40..45)).arg("--now=1000001").run().expect(0);
    let recent: Vec<String> =
        ask(&mut redis.connect(1), &["ZREVRANGE", &format!("{prefix}{{stats}}:recent"), "0", "-1"]);
    assert_eq!(recent.len(), 100);
    let mut newest = recent[..5].to_vec();
    newest.sort();
    assert_eq!(newest, ["u40", "u41", "u42", "u43", "u44"]);
    // The last ones of the many that came at the same moment, not any hundred of them.
    tool.stdin(users(1000..1250)).run().expect(0);
    let recent: Vec<String> =
        ask(&mut redis.connect(1), &["ZREVRANGE", &format!("{prefix}{{stats}}:recent"), "0", "-1"]);
    assert_eq!(recent.len(), 100);
    assert!(recent.iter().all(|user| user[1..].parse::<u32>().unwrap() >= 1150), "{recent:?}");
}

#[test]
fn strangers_are_counted_together_where_a_day_has_no_room_for_more() {
    let (redis, prefix) = (Redis::shared(), Redis::prefix());
    let tool = door_with(redis, &prefix, "most_counted = 3\n[ratelimit.rules.login]\nlimit = 100\n");
    let tool = tool.args(["--batch", "--now=2026-03-10T08:00:00Z"]);
    for _ in 0..2 {
        tool.clone().stdin("a\nb\na\nc\nd\ne\na\nd\n").run().expect(0);
    }
    let counted = counters(redis, &prefix, "logins", "2026-03-10");
    let expected = [("", 6), ("a", 6), ("b", 2), ("c", 2)];
    assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)).into());
    all_end(redis, &prefix);
}

#[test]
fn statistics_of_the_library_are_counted_as_it_is_asked_to() {
    let (redis, desk) = (Redis::shared(), Desk::open());
    let rule = rule(ALGORITHMS[0], 1, 600 * SECOND);
    let one = Try { what: What::Check, cost: 1, now: EPOCH, user: "anne" };
    let counted = Counted { login: false, service: Some("vente") };
    desk.try_ask(&[("login", &rule)], one, Some(counted)).unwrap();
    desk.try_ask(&[("login", &rule)], one, None).unwrap();
    let prefix = &desk.config.ratelimit.prefix;
    let day = &time(EPOCH)[..10];
    assert_eq!(counters(redis, prefix, "calls", day).get("vente anne"), Some(&1));
    assert!(counters(redis, prefix, "logins", day).is_empty());
    assert!(counters(redis, prefix, "refused", day).is_empty());
}

#[test]
fn a_limit_holds_at_any_moment_that_the_clock_may_be_given() {
    let redis = Redis::shared();
    for algorithm in ALGORITHMS {
        for year in ["1970-01-01", "2255-06-05", "2255-06-06", "2300-01-01", "9998-12-31"] {
            let rules = format!("[ratelimit.rules.login]\nlimit = 2\nalgorithm = \"{}\"\n", algorithm.name());
            let tool = door_with(redis, &Redis::prefix(), &rules);
            let tool = tool.args(["--now", &format!("{year}T00:00:00Z"), "u"]);
            // A moment that is too far away for a state may be refused; it may not open the door.
            let allowed = (0..4).filter(|_| line(&tool.run())["allowed"] == true).count();
            assert!(
                allowed == 2 || (allowed == 0 && year > "2255-06-05"),
                "{allowed}: {algorithm:?} in {year}"
            );
        }
    }
}
