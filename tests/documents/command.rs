//! The commands of the package, and what they say of themselves.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::support::Tool;

/// Every command: each is a file in `bin`. A folder beside it, of the same name, holds parts of it.
pub fn commands() -> Vec<String> {
    let folder = format!("{}/bin", env!("CARGO_MANIFEST_DIR"));
    let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (files, folders): (Vec<&PathBuf>, Vec<&PathBuf>) = entries.iter().partition(|path| path.is_file());
    let name = |path: &&PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = files.iter().map(name).collect();
    names.sort();
    assert!(!names.is_empty());
    for folder in folders.iter().map(name) {
        assert!(names.contains(&folder), "bin/{folder} is part of no command");
    }
    names
}

/// What `COMMAND --help` prints, and the same of each of its own commands.
pub fn help(command: &str) -> String {
    let of = |arguments: &[&str]| {
        Tool::new(command).no_config().args(arguments).arg("--help").run().expect(0).stdout
    };
    let whole = of(&[]);
    let listed = whole.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.map_while(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let parts: String = listed.map(|name| of(&[name])).collect();
    whole + &parts
}

/// The flags in the help of a command, short ones included.
pub fn flags(command: &str) -> BTreeSet<String> {
    let help = help(command);
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let flags: BTreeSet<String> = lines.flat_map(flags_of).collect();
    assert!(flags.contains("--config") && flags.contains("-q"), "{flags:?}");
    flags
}

/// The values that the help of a command offers for its flags.
pub fn values(command: &str) -> BTreeSet<String> {
    let help = help(command);
    let listed = help.lines().filter_map(|line| line.trim_start().strip_prefix("- ")?.split(':').next());
    let in_brackets =
        help.split("[possible values: ").skip(1).flat_map(|rest| rest.split(']').next().unwrap().split(", "));
    listed.chain(in_brackets).map(str::to_owned).collect()
}

/// The flags in a text: `-v`, `--dry-run`.
pub fn flags_of(text: &str) -> Vec<String> {
    let is_part = |character: char| character == '-' || character.is_ascii_alphanumeric();
    text.split(|character| !is_part(character))
        .filter(|word| {
            let name = word.trim_start_matches('-');
            let dashes = word.len() - name.len();
            name.starts_with(|first: char| first.is_ascii_alphabetic())
                && (dashes == 2 || (dashes == 1 && name.len() == 1))
        })
        .map(str::to_owned)
        .collect()
}

/// Whether a command takes these arguments: it then prints completions instead of working.
pub fn takes(command: &str, arguments: &[String]) -> Result<(), String> {
    let flags = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let (flags, rest) = arguments.split_at(flags);
    let run = Tool::new(command).no_config().args(flags).arg("--completions=bash").args(rest).run();
    if run.status == 0 { Ok(()) } else { Err(format!("{command} {}: {}", arguments.join(" "), run.stderr)) }
}

#[test]
fn flags_are_told_from_other_words() {
    assert_eq!(flags_of("[-v, --verbose...] *-2 2-6 - -- samba-snapshot -vv"), ["-v", "--verbose"]);
}
