//! Whose figures: the true ones, or ILIAS's.

use clap::ValueEnum;

use super::{
    exact, ilias,
    limits::Limits,
    record::Stay,
    slot::{Figures, Slots},
};
use crate::failure::Result;

/// Whose figures a run writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compat {
    /// The true ones
    Exact,
    /// Those that ILIAS writes, mistakes included
    Ilias,
}

/// Sessions counted over the slots of a window.
pub enum Tally {
    /// By the definitions.
    Exact(exact::Tally),
    /// As ILIAS does.
    Ilias(ilias::Tally),
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(compat: Compat, slots: Slots) -> Self {
        match compat {
            Compat::Exact => Self::Exact(exact::Tally::new(slots)),
            Compat::Ilias => Self::Ilias(ilias::Tally::new(slots)),
        }
    }

    /// Counts a session.
    pub fn add(&mut self, stay: &Stay) {
        match self {
            Self::Exact(tally) => tally.add(stay),
            Self::Ilias(tally) => tally.add(stay),
        }
    }

    /// Hands the figures of all slots to `take`, some hundred at a time, in order.
    ///
    /// # Errors
    /// The first of `take`.
    pub fn each(&self, limits: &Limits, take: impl FnMut(&[Figures]) -> Result<()>) -> Result<()> {
        match self {
            Self::Exact(tally) => in_parts(tally.figures(limits), take),
            Self::Ilias(tally) => in_parts(tally.figures(limits), take),
        }
    }
}

/// Slots handed on at once.
const PART: usize = 500;

fn in_parts(
    mut figures: impl Iterator<Item = Figures>,
    mut take: impl FnMut(&[Figures]) -> Result<()>,
) -> Result<()> {
    loop {
        let part: Vec<_> = figures.by_ref().take(PART).collect();
        if part.is_empty() {
            return Ok(());
        }
        take(&part)?;
    }
}
