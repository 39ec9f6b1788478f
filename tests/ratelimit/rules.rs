//! One rule and several: what the command answers, charges and forgets.

use serde_json::json;

use crate::{
    desk::{ALGORITHMS, EPOCH, SECOND, rule},
    door::{all_end, allowed_of, contents, door, door_with, is_allowed, line, time},
    model::Model,
    support::{Redis, Tool, until},
};

fn at(tool: &Tool, seconds: i64) -> Tool {
    tool.clone().arg("--now").arg(time(EPOCH + seconds * SECOND))
}

#[test]
fn the_lines_are_those_of_the_manual() {
    let tool = door(Redis::shared(), "").arg("--now=2026-03-10T08:00:00Z");
    let first = tool.clone().arg("42").run().expect(0);
    assert_eq!(
        first.stdout,
        "{\"allowed\":true,\"rule\":\"login\",\"user\":\"42\",\"limit\":10,\"remaining\":9,\"retry_after\":0,\"reset_after\":600}\n"
    );
    let text = tool.clone().args(["--format", "text", "42"]);
    assert_eq!(text.run().expect(0).stdout, "allowed 8\n");
    assert_eq!(allowed_of(8, &tool.clone().arg("42")), 8);
    let denied = tool.clone().arg("42").run().expect(1);
    assert_eq!(
        denied.stdout,
        "{\"allowed\":false,\"rule\":\"login\",\"user\":\"42\",\"limit\":10,\"remaining\":0,\"retry_after\":600,\"reset_after\":600}\n"
    );
    assert_eq!(text.run().expect(1).stdout, "denied 600\n");
}

#[test]
fn the_command_answers_as_the_models_in_whole_seconds_rounded_up() {
    for algorithm in ALGORITHMS {
        let rule = rule(algorithm, 3, 600 * SECOND);
        let tool = door(
            Redis::shared(),
            &format!(
                "[ratelimit.rules.login]\nlimit = 3\nwindow = \"10m\"\nalgorithm = \"{}\"\n",
                algorithm.name()
            ),
        );
        let mut model = Model::new(&rule);
        let up = |micros: i64| (micros + SECOND - 1) / SECOND;
        for (micros, cost) in [
            (0, 1),
            (1, 1),
            (199_000_001, 2),
            (199_000_001, 1),
            (200_000_000, 4),
            (250_500_000, 1),
            (599_999_999, 1),
            (600_000_000, 1),
            (600_000_001, 2),
            (799_000_001, 2),
            (1_000_000_000, 3),
            (2_500_000_001, 3),
            (2_500_000_002, 1),
        ] {
            let now = EPOCH + micros;
            let tried = tool.clone().arg("--now").arg(time(now)).arg("--cost").arg(cost.to_string()).arg("7");
            let look = model.look(now, cost);
            let allowed = look.wait == Some(0);
            let mut after = look;
            if allowed {
                model.charge(now, cost);
                after = model.look(now, cost);
            }
            let expected = json!({
                "allowed": allowed, "rule": "login", "user": "7", "limit": 3, "remaining": after.left,
                "retry_after": look.wait.map(up), "reset_after": up(after.reset),
            });
            let run = tried.run().expect(i32::from(!allowed));
            assert_eq!(line(&run), expected, "{algorithm:?} at {micros}, cost {cost}");
        }
    }
}

#[test]
fn without_now_the_clock_of_redis_decides() {
    let tool = door(Redis::shared(), "[ratelimit.rules.login]\nlimit = 2\nwindow = \"2s\"\n").arg("5");
    assert_eq!(allowed_of(2, &tool), 2);
    let denied = line(&tool.run().expect(1));
    assert!([1, 2].contains(&denied["retry_after"].as_u64().unwrap()), "{denied}");
    until("the end of the window", || is_allowed(&tool.run()));
}

const TWO_RULES: &str = "[ratelimit.rules.login]\nlimit = 2\nwindow = \"10m\"\n\
                         [ratelimit.rules.day]\nlimit = 5\nwindow = \"1d\"\n";

#[test]
fn rules_that_are_named_together_allow_together_or_charge_nothing() {
    let tool = door(Redis::shared(), TWO_RULES);
    let both = tool.clone().args(["--rule", "login", "--rule", "day", "anne"]);
    for remaining in [1, 0] {
        let run = line(&at(&both, 0).run().expect(0));
        assert_eq!((&run["rule"], &run["remaining"]), (&json!("login"), &json!(remaining)));
    }
    for _ in 0..4 {
        assert_eq!(line(&at(&both, 1).run().expect(1))["rule"], "login");
    }
    // The refused tries cost nothing in either rule.
    let day = tool.clone().args(["--rule", "day", "--peek", "anne"]);
    assert_eq!(line(&at(&day, 1).run().expect(0))["remaining"], 3);
    assert_eq!(allowed_of(2, &at(&both, 600)), 2);
    let last = line(&at(&both, 1200).run().expect(0));
    assert_eq!((&last["rule"], &last["remaining"]), (&json!("day"), &json!(0)), "the least left");
    let refused = line(&at(&both, 1201).run().expect(1));
    assert_eq!((&refused["rule"], &refused["retry_after"]), (&json!("day"), &json!(86_400 - 1201)));
    // Both refuse: the longest wait is reported.
    assert!(is_allowed(&at(&tool.clone().arg("anne"), 1202).run()));
    let refused = line(&at(&both, 1203).run().expect(1));
    assert_eq!(refused["rule"], "day");
    // A rule that is named twice is one rule.
    let twice = tool.clone().args(["--rule", "login", "--rule", "login", "paul"]);
    assert_eq!(allowed_of(3, &at(&twice, 0)), 2);
}

#[test]
fn a_service_is_checked_by_its_rule_where_there_is_one() {
    let prefix = Redis::prefix();
    let without = door_with(Redis::shared(), &prefix, "").args(["--service", "vente", "8"]);
    let free = without.run().expect(0);
    assert_eq!(
        free.stdout,
        "{\"allowed\":true,\"rule\":null,\"user\":\"8\",\"limit\":null,\"remaining\":null,\"retry_after\":0,\"reset_after\":0}\n"
    );
    assert_eq!(without.clone().args(["--format", "text"]).run().expect(0).stdout, "allowed unlimited\n");
    let rules = "[ratelimit.rules.service]\nlimit = 1\nwindow = \"1h\"\n";
    let with = door_with(Redis::shared(), &prefix, rules);
    assert_eq!(allowed_of(3, &with.clone().args(["--service", "vente", "8"])), 1);
    assert_eq!(line(&with.clone().args(["--service", "achat", "8"]).run().expect(1))["rule"], "service");
    // Logins have their own rule, and both together need both.
    assert!(is_allowed(&with.clone().arg("8").run()));
    let both = with.args(["--rule", "login", "--service", "vente"]);
    assert_eq!(line(&both.clone().arg("8").run().expect(1))["rule"], "service");
    assert!(is_allowed(&both.arg("9").run()));
}

#[test]
fn a_cost_above_the_limit_is_never_possible() {
    let tool = door(Redis::shared(), "[ratelimit.rules.day]\nlimit = 100\nwindow = \"1d\"\n");
    let eleven = tool.clone().args(["--cost", "11", "3"]);
    let run = line(&eleven.run().expect(1));
    assert_eq!((&run["retry_after"], &run["remaining"]), (&json!(null), &json!(10)), "{run}");
    assert_eq!(eleven.clone().args(["--format", "text"]).run().expect(1).stdout, "denied never\n");
    // Also where another rule would allow it, or only for a while not.
    assert_eq!(allowed_of(1, &tool.clone().args(["--rule", "day", "--cost", "100", "3"])), 1);
    let both = tool.clone().args(["--rule", "day", "--rule", "login", "--cost", "11", "3"]);
    let run = line(&both.run().expect(1));
    assert_eq!((&run["rule"], &run["retry_after"]), (&json!("login"), &json!(null)));
    assert_eq!(allowed_of(2, &tool.args(["--cost", "10", "3"])), 1);
}

#[test]
fn looking_changes_nothing() {
    let redis = Redis::shared();
    for algorithm in ALGORITHMS {
        let prefix = Redis::prefix();
        let rules = format!(
            "[ratelimit.rules.login]\nlimit = 2\nalgorithm = \"{}\"\nblock_after = 2\n",
            algorithm.name()
        );
        let tool = door_with(redis, &prefix, &rules);
        let peek = tool.clone().args(["--peek", "lea"]);
        for tries in 0..5 {
            let before = contents(redis, &prefix);
            assert_eq!(before.is_empty(), tries == 0, "{before:?}");
            for _ in 0..2 {
                assert_eq!(is_allowed(&peek.run()), tries < 2);
                let far = peek.clone().args(["--now", "2030-01-01T00:00:00Z"]);
                assert_eq!(line(&far.run().expect(0))["allowed"], true);
            }
            assert_eq!(contents(redis, &prefix), before);
            let checked = tool.clone().arg("lea").run();
            assert_eq!(checked.status, i32::from(tries >= 2));
        }
    }
}

#[test]
fn a_reset_forgets_the_user_in_the_rules_that_are_named() {
    let (redis, prefix) = (Redis::shared(), Redis::prefix());
    let rules = "[ratelimit.rules.login]\nlimit = 2\nblock_after = 1\n\
                 [ratelimit.rules.day]\nlimit = 3\nwindow = \"1d\"\n";
    let tool = door_with(redis, &prefix, rules);
    let both = tool.clone().args(["--rule", "login", "--rule", "day"]);
    for user in ["eva", "tom"] {
        assert_eq!(allowed_of(3, &both.clone().arg(user)), 2);
    }
    let reset = line(&tool.clone().args(["--reset", "eva"]).run().expect(0));
    assert_eq!((&reset["allowed"], &reset["remaining"]), (&json!(true), &json!(2)));
    // The other rule and the other user stay as they were.
    assert_eq!(allowed_of(3, &both.clone().arg("eva")), 1);
    assert_eq!(allowed_of(1, &both.clone().arg("tom")), 0);
    both.clone().args(["--reset", "eva"]).run().expect(0);
    assert_eq!(allowed_of(3, &both.clone().arg("eva")), 2);
    both.args(["--reset", "tom"]).run().expect(0);
    tool.args(["--rule", "login", "--rule", "day", "--reset", "eva"]).run().expect(0);
    assert!(!contents(redis, &prefix).iter().any(|key| key.starts_with("0 ")), "no state is left");
    all_end(redis, &prefix);
}

#[test]
fn refusals_block_a_user_for_a_while_and_then_no_more() {
    let rules = "[ratelimit.rules.login]\nlimit = 1\nwindow = \"10m\"\nblock_after = 3\nblock_for = \"1h\"\n";
    let tool = door(Redis::shared(), rules).arg("max");
    assert!(is_allowed(&at(&tool, 0).run()));
    for second in [1, 2] {
        let refused = line(&at(&tool, second).run().expect(1));
        assert_eq!((&refused["retry_after"], refused.get("reason")), (&json!(600 - second), None));
    }
    // The third one blocks; what comes during the block neither counts nor prolongs it.
    for (second, wait) in [(3, 3600), (4, 3599), (5, 3598), (6, 3597), (7, 3596), (3602, 1)] {
        let blocked = line(&at(&tool, second).run().expect(1));
        let found = (&blocked["retry_after"], &blocked["reason"], &blocked["remaining"]);
        assert_eq!(found, (&json!(wait), &json!("blocked"), &json!(0)), "{second}");
    }
    assert!(is_allowed(&at(&tool, 3603).run()));
    // It takes as many refusals again, within a window of the first of them.
    assert_eq!(line(&at(&tool, 3604).run().expect(1)).get("reason"), None);
    assert_eq!(line(&at(&tool, 3605).run().expect(1)).get("reason"), None);
    assert!(is_allowed(&at(&tool, 4204).run()));
    for second in [4205, 4206] {
        assert_eq!(line(&at(&tool, second).run().expect(1)).get("reason"), None, "{second}");
    }
    assert_eq!(line(&at(&tool, 4207).run().expect(1))["reason"], "blocked");
}

#[test]
fn all_is_not_forgotten_before_a_block_ends() {
    let rules = "[ratelimit.rules.login]\nlimit = 1\nwindow = \"10m\"\nblock_after = 1\nblock_for = \"1h\"\n";
    let tool = door(Redis::shared(), rules).arg("max");
    assert!(is_allowed(&at(&tool, 0).run()));
    for second in [1, 2, 700] {
        let blocked = line(&at(&tool, second).run().expect(1));
        assert_eq!(blocked["reset_after"], 3601 - second, "{blocked}");
    }
}

#[test]
fn a_blocked_user_cannot_have_what_is_above_the_limit_at_any_time() {
    let rules = "[ratelimit.rules.login]\nlimit = 1\nblock_after = 1\n";
    let tool = door(Redis::shared(), rules).arg("max");
    assert_eq!(allowed_of(2, &tool), 1);
    assert_eq!(line(&tool.arg("--cost=2").run().expect(1))["retry_after"], json!(null));
}
