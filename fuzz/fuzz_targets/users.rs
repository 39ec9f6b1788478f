//! Any lines as users of ratelimit-check --batch: two of them share a key only if they are one, and no name leaves the
//! place of a key that is the user's.
#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use sessionstat::{
    config::ratelimit::Fold,
    ratelimit::user::{User, unescape},
};

fuzz_target!(|data: &[u8]| {
    for fold in [Fold::Lower, Fold::None] {
        let mut known: HashMap<String, String> = HashMap::new();
        for line in data.split(|byte| *byte == b'\n') {
            let Ok(user) = User::new(line, fold) else { continue };
            assert_eq!(unescape(&user.key), user.name);
            // Braces say which part of a key is the user; blanks and control characters end a command.
            let is_kept_apart =
                |character: char| !matches!(character, '{' | '}') && !character.is_whitespace();
            assert!(user.key.chars().all(|character| is_kept_apart(character) && !character.is_control()));
            let other = known.entry(user.key).or_insert_with(|| user.name.clone());
            assert_eq!(*other, user.name, "two users with one key");
            assert_eq!(
                User::new(user.name.as_bytes(), fold).expect("a user").name,
                user.name,
                "counted under two names"
            );
        }
    }
});
