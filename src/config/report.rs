//! `[report]`: what stats-report has to know of the place, and of the mail that it makes.

use serde::Deserialize;

use super::mail_address;
pub use super::{mail_address::parse_address, opening_hours::OpeningHours};

/// `[report]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// To whom `stats-report --mail` writes where the command line says nothing.
    #[serde(deserialize_with = "mail_address::addresses")]
    pub mail_to: Vec<String>,
    /// The sender.
    #[serde(deserialize_with = "mail_address::address")]
    pub mail_from: String,
    /// When snapshots are expected.
    pub opening_hours: OpeningHours,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            mail_to: vec!["root".to_owned()],
            mail_from: "sessionstat".to_owned(),
            opening_hours: OpeningHours::default(),
        }
    }
}

impl Report {
    /// What is wrong with the values of a section that could be read: key and message.
    pub(super) fn complaint(&self) -> Option<(&'static str, &'static str)> {
        self.mail_to.is_empty().then_some(("report.mail_to", "nobody; name at least one address"))
    }
}
