//! What the reader's side can show: columns, Unicode, colour.

use std::{
    env,
    io::{IsTerminal, stdout},
};

/// The columns of a reader about whom nothing is known: paper, mail, a pipe.
const USUAL_COLUMNS: usize = 80;

/// Fewer columns than that are taken for that many.
const LEAST_COLUMNS: usize = 60;

/// The reader's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns of a line.
    pub columns: usize,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
    /// Whether it shows colours.
    pub colour: bool,
}

impl Screen {
    /// The screen on which a report appears that goes to standard output (or else to a file).
    pub fn of_environment(to_stdout: bool) -> Self {
        let terminal = to_stdout && stdout().is_terminal();
        let measured = if terminal { terminal_size::terminal_size_of(stdout()) } else { None };
        Self::new(&variable, terminal, measured.map(|(columns, _)| usize::from(columns.0)))
    }

    /// `COLUMNS` wins over what the terminal says of itself; colour is for terminals that did not refuse it
    /// (`NO_COLOR`, `TERM=dumb`).
    fn new(variable: &Lookup<'_>, terminal: bool, measured: Option<usize>) -> Self {
        let asked = variable("COLUMNS").and_then(|columns| columns.trim().parse().ok());
        let codeset = locale(variable, "LC_CTYPE").to_ascii_lowercase();
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Self {
            columns: asked
                .filter(|columns| *columns > 0)
                .or(measured)
                .unwrap_or(USUAL_COLUMNS)
                .max(LEAST_COLUMNS),
            unicode: codeset.contains("utf-8") || codeset.contains("utf8"),
            colour: terminal && !dumb && variable("NO_COLOR").is_none(),
        }
    }
}

/// Looks a variable of the environment up; an empty one counts as none.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The environment of this process.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The locale in force for `category` (`LC_CTYPE`, `LC_MESSAGES`), as POSIX has it: `LC_ALL`, the category, `LANG`.
pub fn locale(variable: &Lookup<'_>, category: &str) -> String {
    ["LC_ALL", category, "LANG"].into_iter().find_map(variable).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(environment: &[(&str, &str)], terminal: bool, measured: Option<usize>) -> Screen {
        let lookup = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Screen::new(&lookup, terminal, measured)
    }

    #[test]
    fn columns_are_those_asked_for_then_measured_then_eighty() {
        assert_eq!(screen(&[("COLUMNS", "132")], true, Some(100)).columns, 132);
        assert_eq!(screen(&[("COLUMNS", "wide")], true, Some(100)).columns, 100);
        assert_eq!(screen(&[("COLUMNS", "0")], false, None).columns, 80);
        assert_eq!(screen(&[], true, Some(3)).columns, 60);
    }

    #[test]
    fn only_a_terminal_that_did_not_refuse_gets_colour() {
        assert!(screen(&[("TERM", "xterm")], true, None).colour);
        assert!(!screen(&[("TERM", "xterm")], false, None).colour);
        assert!(!screen(&[("TERM", "dumb")], true, None).colour);
        assert!(!screen(&[("TERM", "xterm"), ("NO_COLOR", "1")], true, None).colour);
    }

    #[test]
    fn unicode_is_for_locales_of_utf_8() {
        assert!(screen(&[("LANG", "fr_FR.UTF-8")], false, None).unicode);
        assert!(screen(&[("LANG", "C"), ("LC_CTYPE", "C.utf8")], false, None).unicode);
        assert!(!screen(&[("LANG", "C.UTF-8"), ("LC_ALL", "fr_FR.ISO-8859-1")], false, None).unicode);
        assert!(!screen(&[], false, None).unicode);
    }
}
