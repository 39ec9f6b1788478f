//! ratelimit-check(1) explains each word of an answer and each key in Redis, and its figures are right.

use std::collections::{BTreeMap, BTreeSet};

use redis::Commands;
use serde_json::Value;
use sessionstat::redis::Kind;

use crate::{
    page::Page,
    support::{Redis, Tool},
};

/// The page in both languages.
fn pages() -> Vec<Page> {
    let pages: Vec<Page> = Page::every().into_iter().filter(|page| page.about == "ratelimit-check").collect();
    assert_eq!(pages.len(), 2);
    pages
}

/// What the parts of ANSWERS explain, in their order: keys, words of `reason`, words of `error`.
fn explained(page: &Page) -> Vec<Vec<String>> {
    let lines = page.part(&["ANSWERS", "RÉPONSES"]);
    let parts = lines.split(|line| line.starts_with(".SS ")).skip(1);
    let names = |part: &[&str]| {
        Page::tags(part).into_iter().map(|tag| tag.strip_prefix(".B ").unwrap().to_owned()).collect()
    };
    parts.map(names).collect()
}

/// The one line that a check printed.
fn answer(tool: Tool) -> Value {
    let run = tool.run();
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// The settings under which one refusal blocks, and both lists have somebody.
const RULE_AND_LISTS: &str = "[ratelimit]\nallow = [\"friend\"]\ndeny = [\"foe\"]\n\
                              [ratelimit.rules.login]\nlimit = 1\nblock_after = 1\n";

fn check(redis: &Redis, settings: &str, user: &str) -> Tool {
    Tool::new("ratelimit-check").redis(redis).config(settings).args(["--", user])
}

#[test]
fn every_key_and_word_of_an_answer_is_explained() {
    let redis = Redis::start();
    let ask = |user: &str| answer(check(&redis, RULE_AND_LISTS, user));
    let answers = [ask("42"), ask("42"), ask("friend"), ask("foe"), ask("")];
    let printed: BTreeSet<&str> =
        answers.iter().flat_map(|answer| answer.as_object().unwrap().keys()).map(String::as_str).collect();
    let reasons: Vec<&str> = answers.iter().filter_map(|answer| answer["reason"].as_str()).collect();
    let kinds = [
        Kind::Unreachable,
        Kind::Timeout,
        Kind::Auth,
        Kind::Readonly,
        Kind::Full,
        Kind::Busy,
        Kind::Protocol,
    ];
    let not_asked = [
        answers[4].clone(),
        answer(Tool::new("ratelimit-check").arg("--no-such-flag")),
        answer(Tool::new("ratelimit-check").args(["--rule", "no-such-rule", "42"])),
    ];
    let errors = kinds.iter().map(|kind| kind.word().to_owned());
    let errors: Vec<String> =
        errors.chain(not_asked.iter().map(|answer| answer["error"].as_str().unwrap().to_owned())).collect();
    for page in pages() {
        let parts = explained(&page);
        assert_eq!(parts[0].iter().map(String::as_str).collect::<BTreeSet<_>>(), printed, "{}", page.path);
        assert_eq!(parts[1], reasons, "{}", page.path);
        assert_eq!(parts[2], errors, "{}", page.path);
    }
}

/// The keys that checks leave in Redis, with what stands for a user, a rule and a day: `USER`, `RULE`, `DAY`.
pub fn keys() -> BTreeSet<String> {
    let redis = Redis::start();
    for user in ["42", "42"] {
        answer(check(&redis, RULE_AND_LISTS, user));
    }
    Tool::new("ratelimit-check").redis(&redis).args(["--service", "vente", "42"]).run().expect(0);
    let mut found = BTreeSet::new();
    for database in [0, 1] {
        let client = redis::Client::open(format!("{}?db={database}", redis.url())).unwrap();
        let keys: Vec<String> = client.get_connection().unwrap().keys("*").unwrap();
        found.extend(keys.into_iter().map(|key| {
            let is_statistic = key.contains("{stats}");
            assert_eq!(database, i32::from(is_statistic), "{key}");
            match key.rsplit_once(':') {
                Some((kind, day)) if day.starts_with("20") && is_statistic => format!("{kind}:DAY"),
                _ => key.replace("{42}", "{USER}").replace("login", "RULE"),
            }
        }));
    }
    found
}

/// The keys that a part of a page explains, in the words of [`keys`].
pub fn explained_keys(page: &Page, part: &[&str]) -> BTreeSet<String> {
    let part = page.part(part);
    let in_english = [("USAGER", "USER"), ("RÈGLE", "RULE"), ("JOUR", "DAY")];
    let keys = Page::tags(&part).into_iter().map(|key| {
        in_english.iter().fold(key.to_owned(), |key, (french, english)| key.replace(french, english))
    });
    keys.collect()
}

#[test]
fn every_key_in_redis_is_explained() {
    let keys = keys();
    for page in pages() {
        assert_eq!(explained_keys(&page, &["STATISTICS", "STATISTIQUES"]), keys, "{}", page.path);
    }
}

/// Moments, in seconds: ten minutes hold as many of these tries as an algorithm can be brought to allow.
fn worst(algorithm: &str) -> Vec<u32> {
    let every_minute = |from: u32| (1..10).map(move |minute| from + 60 * minute);
    match algorithm {
        "fixed-window" => [1].into_iter().chain([600; 9]).chain([601; 10]).collect(),
        "sliding-window" => [599; 10].into_iter().chain(every_minute(600)).collect(),
        _ => [600; 10].into_iter().chain(every_minute(600)).collect(),
    }
}

#[test]
fn the_table_says_what_each_algorithm_lets_through() {
    let redis = Redis::start();
    let names = ["sliding-log", "fixed-window", "sliding-window", "gcra"];
    let settings: String =
        names.iter().map(|name| format!("[ratelimit.rules.{name}]\nalgorithm = \"{name}\"\n")).collect();
    let mut most = BTreeMap::new();
    for name in names {
        let allowed: Vec<u32> = worst(name)
            .into_iter()
            .filter(|now| {
                let moment = now.to_string();
                let tool = Tool::new("ratelimit-check").redis(&redis).config(&settings);
                answer(tool.args(["--now", &moment, "--rule", name, "42"]))["allowed"] == true
            })
            .collect();
        let in_window =
            |begin: &u32| allowed.iter().filter(|now| (*begin..begin + 600).contains(now)).count();
        most.insert(name.to_owned(), allowed.iter().map(in_window).max().unwrap());
    }
    for page in pages() {
        let rows = page.part(&["ALGORITHMS", "ALGORITHMES"]).into_iter().filter_map(|line| {
            let mut columns = line.split_whitespace();
            let name = columns.next().filter(|name| names.contains(name))?;
            Some((name.to_owned(), columns.next()?.parse().unwrap()))
        });
        assert_eq!(rows.collect::<BTreeMap<String, usize>>(), most, "{}", page.path);
    }
}
