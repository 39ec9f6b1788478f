//! Sections that could not be read: what kept them, while the others are shown.

use serde::Serialize;

use super::Section;
use crate::{
    failure::{Failure, Result, Status},
    report::{
        sheet::{Block, Sheet},
        texts::{self, Text},
    },
};

/// A section that was asked for and could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Which.
    pub section: Section,
    /// What failed, on what, and what to do: one line.
    pub why: String,
    /// The exit status that it leads to.
    #[serde(skip)]
    pub status: Status,
}

impl Gap {
    /// That `failure` kept `section`.
    pub fn new(section: Section, failure: &Failure) -> Self {
        Self { section, why: failure.to_string(), status: failure.status() }
    }

    /// What the run ends with, after the report of the other sections.
    pub fn failure(&self) -> Failure {
        Failure::new(self.status, self.why.clone())
    }

    /// Leaves out why: a value that cannot be read may be a person's. Who made the report is told on standard error.
    pub fn anonymize(&mut self) {
        "cannot be read; the command said why on its standard error".clone_into(&mut self.why);
    }

    /// What people see in the place of the section.
    pub fn sheet(&self) -> Sheet {
        Sheet { title: title(self.section), blocks: vec![Block::Message(self.why.clone())] }
    }
}

/// What was read of `section`; none: its tables are missing, may not be read, or hold what cannot be read, which is
/// noted in `gaps`. Other sections have other tables.
///
/// # Errors
/// Whatever keeps all sections, or may be gone in a moment.
pub fn unless_kept<T>(gaps: &mut Vec<Gap>, section: Section, read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(failure) if !failure.is_passing() && is_of_tables(failure.status()) => {
            gaps.push(Gap::new(section, &failure));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn is_of_tables(status: Status) -> bool {
    matches!(status, Status::Config | Status::BadData)
}

fn title(section: Section) -> Text {
    match section {
        Section::Overview => texts::OVERVIEW,
        Section::Sessions => texts::SESSIONS,
        Section::Logins => texts::LOGINS,
        Section::Services => texts::SERVICES,
        Section::Epn => texts::EPN,
        Section::Time => texts::TIME,
        Section::Runs => texts::RUNS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_one_section_is_noted_and_what_keeps_all_is_not() {
        let mut gaps = Vec::new();
        let missing = Failure::new(Status::Config, "no table\nx");
        assert!(unless_kept::<()>(&mut gaps, Section::Epn, Err(missing)).unwrap().is_none());
        assert_eq!(gaps[0].why, "no table\\nx");
        assert_eq!(gaps[0].failure().to_string(), gaps[0].why);
        for failure in [
            Failure::new(Status::Unavailable, "server has gone"),
            Failure::passing(Status::Config, "no such database, in this moment of a failover"),
        ] {
            assert!(unless_kept::<()>(&mut gaps, Section::Time, Err(failure)).is_err());
        }
        assert_eq!(gaps.len(), 1);
        assert_eq!(serde_json::to_string(&gaps[0]).unwrap(), r#"{"section":"epn","why":"no table\\nx"}"#);
    }
}
