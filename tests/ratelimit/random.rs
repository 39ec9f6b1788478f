//! Any tries of any users, at any moment: every answer is that of the model.

use std::collections::HashMap;

use proptest::prelude::*;
use sessionstat::{
    config::ratelimit::Rule,
    ratelimit::{
        question::What,
        script::{Decision, Verdict},
    },
};

use crate::{
    desk::{ALGORITHMS, Desk, EPOCH, SECOND, Try, count, micros, rule},
    model::{Model, Penalty},
};

/// Redis forgets on its own clock. A state that it may forget in less than this is left alone until the test's clock
/// agrees.
const SHORT: i64 = 30 * SECOND;

/// How the clock moves before a try.
#[derive(Clone, Copy, Debug)]
enum Move {
    Stay,
    /// By parts of a thousand of a window, and some microseconds.
    Ahead(i64, i64),
    /// To the end of the last wait, or a microsecond off.
    ToWait(i64),
    /// Back by parts of a thousand of a window.
    Back(i64),
}

#[derive(Clone, Copy, Debug)]
struct Step {
    clock: Move,
    user: usize,
    cost: u64,
    what: What,
}

const USERS: [&str; 3] = ["marie", "Paul Durand", "{42}"];

fn clock(back: bool) -> impl Strategy<Value = Move> {
    let ahead = (0..400_i64, 0..5_i64).prop_map(|(parts, jitter)| Move::Ahead(parts, jitter));
    let far = (900..3000_i64, -2..3_i64).prop_map(|(parts, jitter)| Move::Ahead(parts, jitter));
    let backwards = (1..1500_i64).prop_map(Move::Back);
    prop_oneof![
        4 => Just(Move::Stay),
        6 => ahead,
        2 => far,
        4 => (-1..2_i64).prop_map(Move::ToWait),
        u32::from(back) => backwards,
    ]
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![20 => Just(What::Check), 4 => Just(What::Peek), 1 => Just(What::Reset)]
}

fn steps(back: bool) -> impl Strategy<Value = Vec<Step>> {
    let cost = prop_oneof![6 => Just(1_u64), 3 => 1..5_u64, 1 => 5..25_u64];
    let step = (clock(back), 0..USERS.len(), cost, what());
    prop::collection::vec(step.prop_map(|(clock, user, cost, what)| Step { clock, user, cost, what }), 1..40)
}

fn any_rule(block: bool) -> impl Strategy<Value = Rule> {
    // Windows that the limit divides, and such that it does not; every interval is long enough for Redis's clock.
    let windows = prop_oneof![Just(600 * SECOND), Just(86_399_999_999), 1_000_000_000..9_000_000_000_i64];
    let blocks = (1..6_u64, 60..5000_i64);
    (0..4_usize, 1..15_u64, windows, blocks, any::<bool>()).prop_map(
        move |(algorithm, limit, window, (block_after, block_for), blocks)| Rule {
            block_after: if block && blocks { block_after } else { 0 },
            block_for: micros(block_for * SECOND),
            ..rule(ALGORITHMS[algorithm], limit, window)
        },
    )
}

/// What the models know of one user, a model and a penalty a rule.
type Known = Vec<(Model, Penalty)>;

/// A story told to Redis and to the models.
struct Story<'a> {
    desk: Desk,
    rules: Vec<(&'a str, &'a Rule)>,
    known: HashMap<usize, Known>,
    now: i64,
    last_wait: i64,
    /// Before this moment, Redis may know more or less than the models.
    settled: i64,
}

impl<'a> Story<'a> {
    fn begin(rules: &'a [Rule]) -> Self {
        let rules: Vec<_> = ["login", "service", "third"].into_iter().zip(rules).collect();
        Self { desk: Desk::open(), rules, known: HashMap::new(), now: EPOCH, last_wait: 0, settled: EPOCH }
    }

    fn tell(&mut self, step: Step) {
        let window = count(self.rules[0].1.window);
        self.now = match step.clock {
            Move::Stay => self.now,
            Move::Ahead(parts, jitter) => (self.now + window * parts / 1000 + jitter).max(self.now),
            Move::ToWait(jitter) => (self.now + self.last_wait + jitter).max(self.now),
            Move::Back(parts) => self.now - window * parts / 1000,
        }
        .max(self.settled);
        let one = Try { what: step.what, cost: step.cost, now: self.now, user: USERS[step.user] };
        let decision = self.desk.ask(&self.rules, one);
        self.compare(step, decision);
        self.last_wait = decision.wait.map_or(0, count);
    }

    fn compare(&mut self, step: Step, decision: Decision) {
        let Step { user, cost, what, .. } = step;
        let (now, rules) = (self.now, &self.rules);
        let fresh = || rules.iter().map(|(_, rule)| (Model::new(rule), Penalty::default())).collect();
        let known = self.known.entry(user).or_insert_with(fresh);
        if what == What::Reset {
            *known = fresh();
        }
        // What each rule has to say: its verdict, its wait (none: never).
        let mut verdicts: Vec<(Verdict, Option<i64>)> = known
            .iter()
            .map(|(model, penalty)| {
                let look = model.look(now, cost);
                match (penalty.rest(now), look.wait) {
                    (0, Some(0)) => (Verdict::Allowed, Some(0)),
                    (0, wait) => (Verdict::Refused, wait),
                    (rest, wait) => (Verdict::Blocked, wait.map(|wait| rest.max(wait))),
                }
            })
            .collect();
        let allowed = verdicts.iter().all(|(verdict, _)| *verdict == Verdict::Allowed);
        if what == What::Check {
            for ((model, penalty), (verdict, wait)) in known.iter_mut().zip(&mut verdicts) {
                if allowed {
                    model.charge(now, cost);
                } else if let (Verdict::Refused, Some(needs)) = (*verdict, *wait) {
                    let rule = model.rule().clone();
                    if rule.block_after == 0 {
                        continue;
                    }
                    if penalty.refuse(&rule, now) {
                        *verdict = Verdict::Blocked;
                        *wait = Some(penalty.rest(now).max(needs));
                    }
                    let rest = penalty.forgotten(&rule) - now;
                    if rest < SHORT {
                        self.settled = self.settled.max(now + rest);
                    }
                }
            }
        }
        let deciding = decision.rule.expect("a rule that decides");
        let look = known[deciding].0.look(now, cost);
        assert_eq!(decision.verdict == Verdict::Allowed, allowed, "{step:?} {decision:?}");
        if allowed {
            assert_eq!(decision.wait.map(count), Some(0));
            let least = known.iter().map(|(model, _)| model.look(now, cost).left).min().unwrap();
            assert_eq!((decision.remaining, look.left), (least, least), "the least left: {decision:?}");
            assert_eq!(count(decision.reset), look.reset, "until all is forgotten: {decision:?}");
            if what == What::Check && look.reset < SHORT {
                self.settled = self.settled.max(now + look.reset);
            }
        } else {
            let waits = verdicts.iter().filter(|(verdict, _)| *verdict != Verdict::Allowed);
            let longest = waits.map(|(_, wait)| wait.unwrap_or(i64::MAX)).max().unwrap();
            let said = decision.wait.map_or(i64::MAX, count);
            assert_eq!(said, longest, "the longest wait: {step:?} {decision:?} {verdicts:?}");
            let left = if decision.verdict == Verdict::Blocked { 0 } else { look.left };
            assert_eq!(decision.remaining, left, "{decision:?}");
        }
        // Every rule was charged, not only the one that is reported.
        if what == What::Check && allowed {
            for (model, _) in known.iter() {
                let reset = model.look(now, cost).reset;
                if reset < SHORT {
                    self.settled = self.settled.max(now + reset);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_rule_answers_as_its_model_whatever_the_clock_does(rule in any_rule(false), steps in steps(true)) {
        let rules = [rule];
        let mut story = Story::begin(&rules);
        steps.into_iter().for_each(|step| story.tell(step));
    }

    #[test]
    fn several_rules_allow_and_are_charged_together(
        rules in prop::collection::vec(any_rule(false), 2..=3),
        steps in steps(false),
    ) {
        let mut story = Story::begin(&rules);
        steps.into_iter().for_each(|step| story.tell(step));
    }

    #[test]
    fn refusals_lead_to_blocks_and_blocks_end(
        rules in prop::collection::vec(any_rule(true), 1..=2),
        steps in steps(false),
    ) {
        let mut story = Story::begin(&rules);
        steps.into_iter().for_each(|step| story.tell(step));
    }

    /// The promise of the default rule, by brute force, without the model.
    #[test]
    fn the_log_never_lets_more_than_the_limit_into_any_window_and_refuses_nothing_else(
        limit in 1..12_u64,
        window in 600_000_000..1_200_000_000_i64,
        steps in steps(false),
    ) {
        let rule = rule(ALGORITHMS[0], limit, window);
        let desk = Desk::open();
        let (mut now, mut last_wait) = (EPOCH, 0);
        let mut passed: Vec<(i64, u64)> = Vec::new();
        for step in steps {
            now = match step.clock {
                Move::Ahead(parts, jitter) => (now + window * parts / 1000 + jitter).max(now),
                Move::ToWait(jitter) => (now + last_wait + jitter).max(now),
                Move::Stay | Move::Back(_) => now,
            };
            let decision = desk.check(&rule, "marie", now, step.cost);
            let wait = decision.wait.map(count);
            if decision.verdict == Verdict::Allowed {
                passed.push((now, step.cost));
            } else if step.cost > limit {
                prop_assert_eq!(wait, None);
            } else {
                let wait = wait.unwrap();
                last_wait = wait;
                let recent: u64 =
                    passed.iter().filter(|(at, _)| *at > now - window).map(|(_, cost)| cost).sum();
                prop_assert!(recent + step.cost > limit, "refused without need: {recent} of {limit}");
                let before = desk.peek(&rule, "marie", now + wait - 1, step.cost);
                prop_assert_eq!(before.verdict, Verdict::Refused, "a microsecond before the wait is over");
                let after = desk.peek(&rule, "marie", now + wait, step.cost);
                prop_assert_eq!(after.verdict, Verdict::Allowed, "when the wait is over");
            }
        }
        for (begin, _) in &passed {
            let inside: u64 = passed
                .iter()
                .filter(|(at, _)| (*begin..begin + window).contains(at))
                .map(|(_, cost)| cost)
                .sum();
            prop_assert!(inside <= limit, "{inside} of {limit} from {begin}: {passed:?}");
        }
    }

    /// The wait that an algorithm reports is the least one.
    #[test]
    fn a_wait_is_over_at_its_end_and_not_a_microsecond_before(rule in any_rule(false), steps in steps(false)) {
        let rules = [rule];
        let mut story = Story::begin(&rules);
        for step in steps {
            story.tell(step);
            let wait = story.last_wait;
            if wait > 0 {
                let user = USERS[step.user];
                let at = |now: i64| story.desk.peek(&rules[0], user, now, step.cost).verdict;
                prop_assert_eq!(at(story.now + wait - 1), Verdict::Refused);
                prop_assert_eq!(at(story.now + wait), Verdict::Allowed);
            }
        }
    }

    /// Up to the largest values that the configuration takes. (The sliding window divides: there, so far out, a wait may
    /// be a microsecond short.)
    #[test]
    fn large_limits_and_long_windows_are_exact_too(
        algorithm in prop::sample::select(vec![0, 1, 3]),
        limit in 100_000..1_000_000_u64,
        window in 3_000_000_000_000..31_622_400_000_000_i64,
        steps in steps(false),
        extra in 0..1000_u64,
    ) {
        let limit = if algorithm == 0 { limit / 100 } else { limit };
        let rules = [rule(ALGORITHMS[algorithm], limit, window)];
        let mut story = Story::begin(&rules);
        for step in steps {
            story.tell(Step { cost: step.cost * limit / 13 + extra, ..step });
        }
    }
}
