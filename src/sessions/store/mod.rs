//! Session records, their statistics and their limits in MySQL: ours, and those of an ILIAS as they are.

pub mod bounds;
pub mod due;
pub mod endings;
pub mod epn;
pub mod made;
pub mod progress;
pub mod records;
pub mod statistics;
pub mod stays;
pub mod tables;

pub use bounds::Bounds;
pub use tables::{StatisticsForm, Tables};
