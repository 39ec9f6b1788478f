//! A command with data to work on: what a case takes place in.

use crate::{
    case::{Case, Run},
    servers::Servers,
    strike::End,
    support::Tool,
};

/// What every run is told of its servers' time: limits, so that a run against a dead server ends soon.
const HURRY: &str = "mysql.connect_timeout = \"1s\"\nmysql.timeout = \"1s\"\nmysql.retry_for = \"2s\"\n\
    redis.timeout = \"500ms\"\n";

/// The same for runs that nothing disturbs, on a machine that may be busy.
const PATIENCE: &str = "mysql.connect_timeout = \"30s\"\nmysql.timeout = \"30s\"\nmysql.retry_for = \"30s\"\n\
    redis.timeout = \"20s\"\n";

/// A command, its data, and what has to come of them.
pub trait World {
    /// The servers of the command.
    fn servers(&self) -> &Servers;

    /// Makes all as it was before the first run.
    fn rewind(&mut self, variant: u64);

    /// The command as its `number`-th run, with a clock that is `shift` minutes off; without servers. `limits` belongs
    /// into its configuration, before all sections.
    fn tool(&self, variant: u64, number: usize, shift: i64, limits: &str) -> Tool;

    /// What is wrong right after a disturbed run.
    fn after(&mut self, _variant: u64, _number: usize, _run: &Run, _end: &End) -> Vec<String> {
        Vec::new()
    }

    /// What the runs have left, as text that is equal for equal contents.
    fn left(&mut self) -> String;

    /// What is wrong after the undisturbed run at the end, apart from what is `left`.
    fn in_the_end(&mut self, _case: &Case, _ends: &[End]) -> Vec<String> {
        Vec::new()
    }

    /// Whether `left` has to be what undisturbed runs leave.
    fn is_compared(&self) -> bool {
        true
    }
}

/// The configuration of a run: with little time for servers that are away, or with much.
pub fn limits(is_disturbed: bool) -> &'static str {
    if is_disturbed { HURRY } else { PATIENCE }
}
