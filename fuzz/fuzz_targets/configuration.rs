//! Any text around addresses that hold passwords, as a configuration: it is read, or refused in one line that names the
//! file and none of the passwords.
//!
//! The first byte says where in the text the addresses stand, in tenths of its lines.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use sessionstat::config::Config;

/// Part of each password.
const CANARY: &str = "c4n4ry";
const ADDRESSES: [&str; 3] = [
    "[mysql]\nurl = \"mysql://u:c4n4ry-1@db/sessionstat\"\n",
    "[redis]\nurl = \"redis://u:c4n4ry-2@counters:6379/\"\n",
    "[moodle]\nurl = \"mysql://u:c4n4ry-3@moodle/moodle\"\n",
];

fuzz_target!(|data: &[u8]| {
    let Some((place, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    if text.contains(CANARY) {
        return;
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let place = lines.len() * usize::from(place % 11) / 10;
    let (before, behind) = lines.split_at(place);
    let addresses = ADDRESSES.get(usize::from(data[0] / 11) % 4..).unwrap_or_default();
    let whole = [before.concat().as_str(), &addresses.concat(), &behind.concat()].concat();
    match Config::of_text(&whole, Path::new("sessionstat.toml")) {
        Ok(config) => {
            let printed = format!("{config:?}");
            assert!(!printed.contains(CANARY), "a password is printed: {printed}");
        }
        Err(failure) => {
            let message = failure.to_string();
            assert!(message.starts_with("sessionstat.toml:"), "{message}");
            assert!(!message.contains(CANARY), "a password is told: {message}");
        }
    }
});
