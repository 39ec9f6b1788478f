//! Command lines that need no parser: whole flags of a closed set, each with its value in the next word, and a user.
//!
//! That is how pages call this command, and it is worth a tenth of the time of a check (docs/ratelimit-speed.md).
//! Whatever is not exactly of this form is left to the parser, which means the same by what is.

use std::{ffi::OsString, path::PathBuf};

use sessionstat::ratelimit::answer::Format;

/// What such a command line asks for.
#[derive(Default)]
pub(super) struct Plain {
    pub(super) config: Option<PathBuf>,
    pub(super) rules: Vec<String>,
    pub(super) service: Option<String>,
    pub(super) format: Option<Format>,
    pub(super) user: OsString,
}

/// Reads a command line of this form.
pub(super) fn read(command_line: &[OsString]) -> Option<Plain> {
    let mut plain = Plain::default();
    let mut user = None;
    let mut words = command_line.iter().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().filter(|value| is_value(value));
        match word.to_str()? {
            "--config" if plain.config.is_none() => plain.config = Some(value()?.into()),
            "--rule" => plain.rules.push(value()?.to_str()?.to_owned()),
            "--service" if plain.service.is_none() => {
                plain.service = Some(super::service(value()?.to_str()?).ok()?);
            }
            "--format" if plain.format.is_none() => {
                plain.format = Some(match value()?.to_str()? {
                    "json" => Format::Json,
                    "text" => Format::Text,
                    _ => return None,
                });
            }
            "--" if user.is_none() => {
                user = Some(words.next()?.clone());
                break;
            }
            _ if user.is_none() && is_value(word) => user = Some(word.clone()),
            _ => return None,
        }
    }
    plain.user = user?;
    words.next().is_none().then_some(plain)
}

/// Whether a word is neither a flag nor nothing.
fn is_value(word: &OsString) -> bool {
    !word.is_empty() && !word.as_encoded_bytes().starts_with(b"-")
}
