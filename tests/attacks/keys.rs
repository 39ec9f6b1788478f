//! The keys of limits: one user, one key, and none that belongs to something else.

use proptest::prelude::*;
use sessionstat::{
    config::ratelimit::Fold,
    ratelimit::user::{LONGEST, User},
};

use crate::{servers::Servers, strings::STRINGS, support::redis::ask};

/// Names of users, made of the pieces of keys.
fn names() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("rl:"),
        Just("{"),
        Just("}"),
        Just("{stats}"),
        Just(":login"),
        Just(":"),
        Just("%"),
        Just("%7b"),
        Just("%7B"),
        Just(" "),
        Just("\r\n"),
        Just("\0"),
        Just("a"),
        Just("A"),
        Just("\u{e9}"),
        Just("e\u{301}"),
        Just("İ"),
        Just("ß"),
        Just("ς"),
        Just("Σ"),
        Just("::ffff:1.2.3.4"),
        Just("01.2.3.4"),
        Just("\u{a0}"),
        Just("\u{200b}"),
    ];
    prop_oneof![
        prop::collection::vec(pieces, 1..6).prop_map(|pieces| pieces.concat()),
        "\\PC{1,20}",
        ".{1,20}"
    ]
}

fn user(text: &str, fold: Fold) -> Option<User> {
    User::new(text.as_bytes(), fold).ok()
}

proptest! {
    #[test]
    fn two_users_never_share_a_key(one in names(), other in names(), rules in ("[a-z0-9_-]{1,6}", "[a-z0-9_-]{1,6}")) {
        for fold in [Fold::Lower, Fold::None] {
            let (Some(one), Some(other)) = (user(&one, fold), user(&other, fold)) else { continue };
            let key = |user: &User, rule: &str| format!("rl:{{{}}}:{rule}", user.key);
            let same = one.name == other.name && rules.0 == rules.1;
            prop_assert_eq!(key(&one, &rules.0) == key(&other, &rules.1), same);
        }
    }

    #[test]
    fn a_key_has_one_hash_tag_which_is_the_user(name in names()) {
        let Some(user) = user(&name, Fold::Lower) else { return Ok(()) };
        let key = format!("rl:{{{}}}:login", user.key);
        // What Redis Cluster looks at: from the first { to the first } behind it.
        let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
        prop_assert_eq!(tag, Some(user.key.as_str()));
        prop_assert!(!user.key.is_empty() && user.key.len() <= 6 * LONGEST);
        prop_assert!(!user.key.chars().any(|character| character.is_control() || character.is_whitespace()));
    }

    #[test]
    fn without_folding_a_name_is_only_trimmed(name in names()) {
        if let Some(user) = user(&name, Fold::None) {
            prop_assert_eq!(user.name, name.trim());
        }
    }
}

#[test]
fn a_name_of_a_megabyte_is_refused_and_stored_nowhere() {
    let servers = Servers::start();
    let name = "x".repeat(1 << 20);
    let run =
        servers.tool("ratelimit-check").arg("--batch").stdin(format!("{name}\nanne\n{name}{name}\n")).run();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!((run.status, lines.len()), (65, 2), "{run:?}");
    assert!(lines[0].contains("\"error\":\"user\"") && lines[1].contains("\"allowed\":true"), "{lines:?}");
    assert!(run.stderr.contains("standard input has a line of more than 1 MiB"), "{run:?}");
    assert!(run.stdout.len() < 2_000 && run.stderr.len() < 2_000, "{run:?}");
    servers.assert_whole("a megabyte");
    let keys: Vec<String> = ask(&mut servers.redis.connect(0), &["KEYS", "sessionstat:rl:*"]);
    assert_eq!(keys, ["sessionstat:rl:{anne}:login"]);
}

#[test]
fn each_hostile_name_has_a_limit_and_counters_of_its_own() {
    let servers = Servers::start();
    let tool = servers.tool("ratelimit-check").config("[ratelimit.rules.login]\nlimit = 1\n");
    let mut count = 0;
    for (attack, name) in STRINGS.into_iter().filter(|(_, name)| !name.contains('\0')) {
        // What a shell or a page passes on: one argument.
        tool.clone().args(["--", name]).run().expect(0);
        tool.clone().args(["--", name]).run().expect(1);
        count += 1;
        servers.assert_whole(attack);
    }
    let keys: Vec<String> = ask(&mut servers.redis.connect(0), &["KEYS", "sessionstat:rl:*"]);
    assert_eq!(keys.len(), count, "{keys:?}");
    let kinds: Vec<String> = ask(&mut servers.redis.connect(1), &["KEYS", "sessionstat:{stats}:logins:*"]);
    let counted: usize =
        kinds.iter().map(|key| ask::<usize>(&mut servers.redis.connect(1), &["HLEN", key])).sum();
    assert_eq!(counted, count);
    // Addresses are names, too: each spelling is one user, as the manual says.
    for address in ["1.2.3.4", "01.2.3.4", "::ffff:1.2.3.4", "::FFFF:1.2.3.5"] {
        tool.clone().args(["--", address]).run().expect(0);
    }
    tool.clone().args(["--", "::ffff:1.2.3.5"]).run().expect(1);
}
