//! Every argument of every command, also those that will be added: the names come from `--help`.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use crate::{
    output::assert_harmless,
    servers::{COMMANDS, Servers},
    strings::{NO_TEXT, STRINGS},
    support::Tool,
};

/// The options of a command that take a value, as `--name`.
fn options(help: &str) -> Vec<String> {
    let mut options = Vec::new();
    for line in help.lines() {
        let Some(rest) = line.trim_start().split_once("--").map(|(_, rest)| rest) else { continue };
        let name: String = rest
            .chars()
            .take_while(|character| character.is_ascii_lowercase() || *character == '-')
            .collect();
        let after = &rest[name.len()..];
        let takes_value = after.starts_with(" <") || after.starts_with("[=<") || after.starts_with("=<");
        if takes_value && line.trim_start().starts_with('-') {
            options.push(format!("--{name}"));
        }
    }
    options
}

/// The words that stand before the options: none, and each subcommand.
fn subcommands(tool: &Tool) -> Vec<Vec<String>> {
    let help = tool.clone().arg("--help").run().expect(0).stdout;
    let mut words = vec![Vec::new()];
    if let Some((_, listed)) = help.split_once("Commands:\n") {
        let lines = listed.lines().take_while(|line| line.starts_with("  "));
        let names = lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        words.extend(names.map(|name| vec![name.to_owned()]));
    }
    words
}

#[test]
fn no_value_of_an_option_is_more_than_text() {
    let servers = Servers::start();
    let mut tried = 0;
    for command in COMMANDS {
        // Nothing of a run takes long, whatever is asked for.
        let plain = Tool::new(command).no_config().env("SESSIONSTAT_CONFIG", "/dev/null");
        for words in subcommands(&plain) {
            let help = plain.clone().args(&words).arg("--help").run().expect(0).stdout;
            for option in options(&help) {
                let texts = STRINGS.iter().map(|(_, text)| text.as_bytes());
                for text in texts.chain(NO_TEXT).filter(|text| !text.contains(&0)) {
                    // A new home for each: nobody sees what another one has left.
                    let tool = servers.tool(command).config("mysql.retry_for = \"0s\"\n").args(&words);
                    let argument = [option.as_bytes(), b"=", text].concat();
                    let tool = tool.arg(OsStr::from_bytes(&argument)).env("COLUMNS", "80");
                    let what = format!("{command} {words:?} {option} {:?}", String::from_utf8_lossy(text));
                    assert_harmless(&tool.run(), &what);
                    assert!(!tool.home().join("touched").exists(), "{what}");
                    tried += 1;
                }
            }
        }
        servers.assert_whole(command);
    }
    assert!(tried > 700, "{tried}: has the form of --help changed?");
}

#[test]
fn no_word_of_the_command_line_is_more_than_text() {
    let servers = Servers::start();
    for command in COMMANDS {
        for text in STRINGS.iter().map(|(_, text)| text.as_bytes()).chain(NO_TEXT) {
            if text.contains(&0) {
                continue;
            }
            for before in [&[][..], &["--"][..], &["--unknown"][..]] {
                let tool = servers.tool(command).args(before).arg(OsStr::from_bytes(text));
                assert_harmless(
                    &tool.run(),
                    &format!("{command} {before:?} {:?}", String::from_utf8_lossy(text)),
                );
                assert!(!tool.home().join("touched").exists());
            }
        }
    }
    servers.assert_whole("words");
}

#[test]
fn no_value_of_the_configuration_is_more_than_text() {
    let servers = Servers::start();
    let sample = include_str!("../../etc/sessionstat.toml");
    let mut section = "";
    let mut tried = 0;
    for line in sample.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            continue;
        }
        let Some((key, value)) = line.split_once(" = ") else { continue };
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !is_key || !value.starts_with(['"', '[']) {
            continue;
        }
        tried += 1;
        for (attack, text) in STRINGS {
            let text = toml::Value::String(text.to_owned()).to_string();
            let list = if value.starts_with('[') { format!("[{text}]") } else { text };
            // Quoted, as a name may be, so that this key is the file's only one.
            let name = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            let config = format!("{name} = {list}\n");
            let command = COMMANDS[tried % COMMANDS.len()];
            for command in [command, "stats-report"] {
                let tool = Tool::new(command).config(&config).arg("--check-config");
                assert_harmless(&tool.run(), &format!("{command}, {name} with {attack}"));
                assert!(!tool.home().join("touched").exists(), "{name}");
            }
        }
    }
    assert!(tried > 20, "{tried}: has the form of etc/sessionstat.toml changed?");
    servers.assert_whole("configuration");
}
