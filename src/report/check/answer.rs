//! The one line of a monitoring plugin: `SESSIONSTAT STATE - what is wrong | performance data`.

use super::{
    facts::Measured,
    range::{Range, Unit},
    rule::{Rule, State},
};
use crate::{report::Language, terminal::safe};

/// What one rule came to.
#[derive(Debug)]
pub struct Verdict<'a> {
    rule: &'a Rule,
    measured: Measured,
    state: State,
}

impl<'a> Verdict<'a> {
    /// What `rule` says of what was measured.
    pub fn new(rule: &'a Rule, measured: Measured) -> Self {
        let state = rule.judge(measured.as_ref().ok().copied());
        Self { rule, measured, state }
    }

    /// `unmatched_rows 12 (warning 10)`
    fn words(&self) -> String {
        let Rule { name, warning, critical, .. } = self.rule;
        let range = |what: &str, range: &Option<Range>| {
            range.as_ref().map(|range| format!(" ({what} {})", range.told(|bound| self.value(bound))))
        };
        let limit = match self.state {
            State::Warning => range("warning", warning),
            State::Critical => range("critical", critical),
            State::Ok | State::Unknown => None,
        };
        match &self.measured {
            Ok(value) => format!("{name} {}{}", self.value(*value), limit.unwrap_or_default()),
            Err(why) => format!("{name}: {why}"),
        }
    }

    fn value(&self, value: f64) -> String {
        match self.rule.measure.unit() {
            Unit::Seconds => Language::En.length(value as i64),
            Unit::Count => value.to_string(),
        }
    }

    /// `'label'=value[unit];warning;critical;least`
    fn performance(&self) -> String {
        let unit = match self.rule.measure.unit() {
            Unit::Seconds => "s",
            Unit::Count => "",
        };
        let value = match &self.measured {
            Ok(value) => format!("{value}{unit}"),
            Err(_) => "U".to_owned(),
        };
        let range = |range: &Option<Range>| range.map(|range| range.to_string()).unwrap_or_default();
        let Rule { name, warning, critical, .. } = self.rule;
        let label = name.replace('=', "_").replace('\'', "''");
        format!("'{label}'={value};{};{};0", range(warning), range(critical))
    }
}

/// The line for all rules, and the worst of their states.
pub fn line(verdicts: &[Verdict<'_>]) -> (State, String) {
    let state = verdicts.iter().map(|verdict| verdict.state).max().unwrap_or(State::Unknown);
    let mut shown: Vec<&Verdict<'_>> =
        verdicts.iter().filter(|verdict| state == State::Ok || verdict.state != State::Ok).collect();
    shown.sort_by_key(|verdict| std::cmp::Reverse(verdict.state));
    let words: Vec<String> = shown.into_iter().map(Verdict::words).collect();
    let performance: Vec<String> = verdicts.iter().map(Verdict::performance).collect();
    (state, format!("{} | {}", said(state, &words.join(", ")), clean(&performance.join(" "))))
}

/// The line where there are no figures.
pub fn unknown(why: &str) -> String {
    said(State::Unknown, why)
}

fn said(state: State, words: &str) -> String {
    format!("SESSIONSTAT {state} - {}", clean(words))
}

/// One line, without the mark behind which figures stand.
fn clean(text: &str) -> String {
    safe(text, true).replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(rules: &[(&str, Measured)]) -> (State, String) {
        let rules: Vec<(Rule, Measured)> =
            rules.iter().map(|(text, measured)| (Rule::parse(text).unwrap(), measured.clone())).collect();
        let verdicts: Vec<_> =
            rules.iter().map(|(rule, measured)| Verdict::new(rule, measured.clone())).collect();
        line(&verdicts)
    }

    #[test]
    fn the_worst_comes_first_and_every_figure_has_its_data() {
        let (state, line) = said_of(&[
            ("waiting_rows", Ok(7.0)),
            ("unmatched_rows,10,50", Ok(12.0)),
            ("run_status:epn-ingest,0", Err("no run | of\nepn-ingest".into())),
            ("last_aggregation_age,30m,2h", Ok(9_000.0)),
        ]);
        assert_eq!(state, State::Critical);
        assert_eq!(
            line,
            "SESSIONSTAT CRITICAL - last_aggregation_age 2 h 30 min (critical 2 h), unmatched_rows 12 (warning 10), \
             run_status:epn-ingest: no run / of\\nepn-ingest | 'waiting_rows'=7;;;0 'unmatched_rows'=12;10;50;0 \
             'run_status:epn-ingest'=U;0;;0 'last_aggregation_age'=9000s;1800;7200;0"
        );
    }

    #[test]
    fn all_that_is_well_is_told_when_nothing_else_is() {
        let (state, line) = said_of(&[("snapshot_age:o'b=x,15m", Ok(0.0)), ("waiting_rows,@1:5", Ok(0.0))]);
        assert_eq!(state, State::Ok);
        assert_eq!(
            line,
            "SESSIONSTAT OK - snapshot_age:o'b=x 0 s, waiting_rows 0 | \
             'snapshot_age:o''b_x'=0s;900;;0 'waiting_rows'=0;@1:5;;0"
        );
    }
}
