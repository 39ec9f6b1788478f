//! The answer of a monitoring plugin: `SESSIONSTAT STATE - what is wrong | performance data`, and below it one line a
//! finding of the installation, where that was looked at.

use super::{
    facts::Measured,
    installation::Finding,
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

/// What rules and findings came to, together.
#[derive(Debug, Default)]
pub struct Answer {
    /// What the first line tells, the worst first.
    parts: Vec<(State, String)>,
    performance: Vec<String>,
    /// Below the first line.
    findings: Vec<String>,
}

impl Answer {
    /// Of rules.
    pub fn of_rules(verdicts: &[Verdict<'_>]) -> Self {
        Self {
            parts: verdicts.iter().map(|verdict| (verdict.state, verdict.words())).collect(),
            performance: verdicts.iter().map(Verdict::performance).collect(),
            findings: Vec::new(),
        }
    }

    /// Of rules that could not be looked at.
    pub fn unknown(why: &str) -> Self {
        Self { parts: vec![(State::Unknown, why.to_owned())], ..Self::default() }
    }

    /// Adds what was found of the installation: a line each, and the first line names what is not well.
    pub fn add_findings(&mut self, findings: &[Finding]) {
        let told = |finding: &Finding| (finding.state, format!("{}: {}", finding.subject, finding.found));
        let bad: Vec<_> = findings.iter().filter(|finding| finding.state != State::Ok).map(told).collect();
        if bad.is_empty() {
            let well = format!("installation: all is well ({} findings)", findings.len());
            self.parts.push((State::Ok, well));
        }
        self.parts.extend(bad);
        self.findings.extend(findings.iter().map(ToString::to_string));
    }

    /// The worst state of all.
    pub fn state(&self) -> State {
        self.parts.iter().map(|(state, _)| *state).max().unwrap_or(State::Unknown)
    }

    /// The lines, without a break behind the last one.
    pub fn text(&self) -> String {
        let state = self.state();
        let mut shown: Vec<_> =
            self.parts.iter().filter(|(part, _)| state == State::Ok || *part != State::Ok).collect();
        shown.sort_by_key(|(state, _)| std::cmp::Reverse(*state));
        let words: Vec<&str> = shown.into_iter().map(|(_, words)| words.as_str()).collect();
        let mut first = said(state, &words.join(", "));
        if !self.performance.is_empty() {
            first += &format!(" | {}", clean(&self.performance.join(" ")));
        }
        let lines = self.findings.iter().map(|finding| clean(finding));
        std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n")
    }
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
        let answer = Answer::of_rules(&verdicts);
        (answer.state(), answer.text())
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

    #[test]
    fn findings_stand_below_and_what_is_wrong_also_in_the_first_line() {
        let rule = Rule::parse("waiting_rows,5").unwrap();
        let mut answer = Answer::of_rules(&[Verdict::new(&rule, Ok(7.0))]);
        let bad = Finding::bad(State::Critical, "redis", "away | gone", "start it");
        answer.add_findings(&[Finding::ok("mysql", "here"), bad]);
        assert_eq!(answer.state(), State::Critical);
        assert_eq!(
            answer.text(),
            "SESSIONSTAT CRITICAL - redis: away / gone, waiting_rows 7 (warning 5) | 'waiting_rows'=7;5;;0\n\
             OK mysql: here\nCRITICAL redis: away / gone; start it"
        );
        let mut well = Answer::default();
        well.add_findings(&[Finding::ok("mysql", "here")]);
        assert_eq!(well.text(), "SESSIONSTAT OK - installation: all is well (1 findings)\nOK mysql: here");
    }
}
