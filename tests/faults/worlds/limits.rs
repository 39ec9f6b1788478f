//! ratelimit-check: never more tries go on than the limit, and a lost answer costs no more than its try.

use std::collections::BTreeMap;

use serde_json::Value;

use super::time;
use crate::{
    case::{Case, Run, Scene},
    servers::Servers,
    strike::End,
    support::Tool,
    world::{World, limits},
};

const USERS: [&str; 3] = ["amina", "bruno", "chloé"];
const LIMIT: i64 = 8;
/// How often each user is in a list.
const TRIES: usize = 6;
const NOW: &str = "2026-03-10T10:00:00Z";

/// What is known of the tries of one user.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    allowed: i64,
    /// Tries of which nobody knows whether they were charged.
    undecided: i64,
}

/// The world.
pub struct Limits {
    servers: Servers,
    host: Tool,
    known: BTreeMap<&'static str, Known>,
}

impl Limits {
    pub fn new() -> Self {
        let servers = Servers::of(Scene::Limits);
        Self { servers, host: Tool::new("ratelimit-check"), known: BTreeMap::new() }
    }

    fn allows_on_error(variant: u64) -> bool {
        variant / 4 % 2 == 1
    }

    /// The users that a run asks about, one after the other.
    fn asked(variant: u64, number: usize) -> Vec<&'static str> {
        match variant % 2 {
            0 => vec![USERS[number % 2]],
            _ => (0..TRIES).flat_map(|_| USERS).collect(),
        }
    }

    fn base(&self, variant: u64, shift: i64, limits: &str) -> Tool {
        let on_error = if Self::allows_on_error(variant) { "allow" } else { "deny" };
        // Longer than any clock is wrong: nothing is forgotten.
        let rule = format!("rules.login = {{ limit = {LIMIT}, window = \"4h\" }}");
        let config = format!("{limits}[ratelimit]\non_error = \"{on_error}\"\n{rule}\n");
        let tool = self.host.clone().config(&config);
        if (variant / 2).is_multiple_of(2) { tool } else { tool.arg("--now").arg(time(NOW, shift)) }
    }

    /// What an undisturbed run answers about each of these users.
    fn ask(&self, variant: u64, flags: &[&str], users: &[&str]) -> Vec<Value> {
        let tool = self.base(variant, 0, limits(false)).arg("--batch").args(flags);
        let run = self.servers.direct(tool.stdin(users.join("\n"))).run();
        assert!(run.status <= 1 && run.stderr.is_empty(), "{run:?}");
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl World for Limits {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    fn rewind(&mut self, _variant: u64) {
        let redis = self.servers.redis.as_ref().unwrap().lock().unwrap();
        let _: String = redis.ask(&["FLUSHALL"]);
        self.known.clear();
    }

    fn tool(&self, variant: u64, number: usize, shift: i64, limits: &str) -> Tool {
        let tool = self.base(variant, shift, limits);
        let asked = Self::asked(variant, number);
        match asked.as_slice() {
            [user] => tool.arg(user),
            users => tool.arg("--batch").stdin(users.join("\n")),
        }
    }

    fn after(&mut self, variant: u64, number: usize, _run: &Run, end: &End) -> Vec<String> {
        let mut wrong = Vec::new();
        let (output, asked) = (&end.output, Self::asked(variant, number));
        // A configuration that cannot be read: it answered that, and asked nobody.
        if output.status == 78 {
            let is_refused =
                output.stdout.contains("\"allowed\":false") && output.stdout.contains("\"error\":\"config\"");
            return if is_refused { Vec::new() } else { vec![format!("{output:?}")] };
        }
        let mut answers = Vec::new();
        for line in output.stdout.split_inclusive('\n') {
            match serde_json::from_str::<Value>(line) {
                Ok(answer) if line.ends_with('\n') => answers.push(answer),
                _ => wrong.push(format!("no line: {line:?}")),
            }
        }
        if !end.was_killed && output.status != 74 && answers.len() != asked.len() {
            wrong.push(format!("{} answers to {} questions", answers.len(), asked.len()));
        }
        let mut gravest = 0;
        for (place, user) in asked.iter().enumerate() {
            let known = self.known.entry(user).or_default();
            let Some(answer) = answers.get(place) else {
                known.undecided += 1;
                continue;
            };
            let is_allowed = answer["allowed"] == true;
            if answer["user"] != *user {
                wrong.push(format!("{answer} is not about {user}"));
            }
            if answer.get("error").is_some() {
                known.undecided += 1;
                gravest = 69;
                if is_allowed != Self::allows_on_error(variant) {
                    wrong.push(format!("not as on_error has it: {answer}"));
                }
            } else {
                known.allowed += i64::from(is_allowed);
                gravest = gravest.max(i32::from(!is_allowed));
            }
        }
        if !end.was_killed && output.status != 74 && output.status != gravest {
            wrong.push(format!("status {}, and not {gravest}", output.status));
        }
        if !wrong.is_empty() {
            wrong.push(format!("{output:?}"));
        }
        wrong
    }

    fn left(&mut self) -> String {
        String::new()
    }

    fn is_compared(&self) -> bool {
        false
    }

    fn in_the_end(&mut self, case: &Case, _ends: &[End]) -> Vec<String> {
        let mut wrong = Vec::new();
        let left: Vec<i64> = self
            .ask(case.variant, &["--peek"], &USERS)
            .iter()
            .map(|answer| answer["remaining"].as_i64().unwrap())
            .collect();
        for (user, left) in USERS.iter().zip(left) {
            let known = self.known.get(user).copied().unwrap_or_default();
            let charged = LIMIT - left;
            if known.allowed > LIMIT || charged < known.allowed || charged > known.allowed + known.undecided {
                wrong.push(format!("{user}: {charged} charged, {known:?}"));
            }
            let tries = vec![*user; LIMIT as usize + 1];
            let answers = self.ask(case.variant, &[], &tries);
            let more = answers.iter().filter(|answer| answer["allowed"] == true).count() as i64;
            if more != left {
                wrong.push(format!("{user}: {more} more went on, and not {left}"));
            }
        }
        wrong
    }
}
