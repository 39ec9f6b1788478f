//! `prometheus`: what can be measured, in the text format that the textfile collector of node_exporter reads.
//!
//! Figures are those of the period, in seconds and plain numbers. Nothing is told of single people: that would be one
//! series for each, and nobody's business.

mod sections;

use std::{collections::BTreeMap, fmt::Display};

use crate::{report::model::Report, terminal::safe};

/// The report as metrics.
pub(super) fn render(report: &Report) -> String {
    let mut metrics = Metrics::default();
    metrics.of_report(report);
    for gap in &report.gaps {
        metrics.of_gap(gap);
    }
    if let Some(overview) = &report.overview {
        metrics.of_overview(overview);
    }
    if let Some(sessions) = &report.sessions {
        metrics.of_sessions(sessions);
    }
    if let Some(logins) = &report.logins {
        metrics.of_logins(logins);
    }
    if let Some(services) = &report.services {
        metrics.of_services(services);
    }
    if let Some(epn) = &report.epn {
        metrics.of_epn(epn);
    }
    if let Some(time) = &report.time {
        metrics.of_time(time);
    }
    if let Some(runs) = &report.runs {
        metrics.of_runs(runs);
    }
    metrics.text()
}

/// All metrics, each with its series together.
#[derive(Default)]
struct Metrics(Vec<Metric>);

struct Metric {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    /// By their labels, written out.
    series: BTreeMap<String, String>,
}

impl Metrics {
    /// Adds a value. Sections have figures in common: what was said once is not said again.
    fn put(&mut self, kind: &'static str, (name, help): Told, labels: &[(&str, &str)], value: impl Display) {
        let labels = labels_of(labels);
        match self.0.iter_mut().find(|metric| metric.name == name) {
            Some(metric) => {
                metric.series.entry(labels).or_insert_with(|| value.to_string());
            }
            None => {
                let series = BTreeMap::from([(labels, value.to_string())]);
                self.0.push(Metric { name, help, kind, series });
            }
        }
    }

    fn gauge(&mut self, told: Told, value: impl Display) {
        self.put("gauge", told, &[], value);
    }

    fn gauge_of(&mut self, told: Told, labels: &[(&str, &str)], value: impl Display) {
        self.put("gauge", told, labels, value);
    }

    fn counter_of(&mut self, told: Told, labels: &[(&str, &str)], value: impl Display) {
        self.put("counter", told, labels, value);
    }

    fn text(&self) -> String {
        let lines = self.0.iter().map(|Metric { name, help, kind, series }| {
            let series: String =
                series.iter().map(|(labels, value)| format!("{name}{labels} {value}\n")).collect();
            format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{series}")
        });
        lines.collect()
    }
}

/// Name of a metric and what it is.
type Told = (&'static str, &'static str);

/// `{name="value"}`, or nothing without labels.
fn labels_of(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let labels: Vec<_> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", labels.join(","))
}

/// A value of a label. What a terminal would obey is spelled out first; of what is left, two characters have a meaning.
fn escaped(value: &str) -> String {
    safe(value, true).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const USES: Told = ("sessionstat_uses", "Uses.");

    #[test]
    fn series_of_a_metric_stand_together_and_once() {
        let mut metrics = Metrics::default();
        metrics.gauge(USES, 3);
        metrics.gauge_of(("sessionstat_x_seconds", "X."), &[("room", "a \"b\" \\ c\n")], 1.5);
        metrics.counter_of(("sessionstat_y_total", "Y."), &[], 7);
        metrics.gauge_of(("sessionstat_x_seconds", "X."), &[("room", "")], 0);
        metrics.gauge(USES, 4);
        assert_eq!(
            metrics.text(),
            "# HELP sessionstat_uses Uses.\n\
             # TYPE sessionstat_uses gauge\n\
             sessionstat_uses 3\n\
             # HELP sessionstat_x_seconds X.\n\
             # TYPE sessionstat_x_seconds gauge\n\
             sessionstat_x_seconds{room=\"\"} 0\n\
             sessionstat_x_seconds{room=\"a \\\"b\\\" \\\\ c\\\\n\"} 1.5\n\
             # HELP sessionstat_y_total Y.\n\
             # TYPE sessionstat_y_total counter\n\
             sessionstat_y_total 7\n"
        );
    }
}
