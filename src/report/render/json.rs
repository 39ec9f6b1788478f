//! `json`: the models as they are, for machines. Neither language nor locale changes it.

use crate::{
    failure::{OrFail, Result, Status},
    report::model::Report,
    terminal::safe_json,
};

/// The report as one object.
pub(super) fn render(report: &Report) -> Result<String> {
    let text = serde_json::to_string_pretty(report).or_fail(Status::Io, || "writing the report as JSON")?;
    Ok(safe_json(&text) + "\n")
}
