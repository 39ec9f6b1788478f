//! Session records and their statistics in slots of a quarter of an hour: the work of session-aggregate.
//!
//! The rules stand in files that know neither SQL nor a clock:
//!
//! | file | what it says |
//! |---|---|
//! | [`record`] | what a session record holds: kinds of sessions, reasons of their ends |
//! | [`placing`] | where a record goes, if its id was used before |
//! | [`slot`] | slots and the figures of one |
//! | [`limits`] | the limit of sessions at once, in the course of time |
//! | [`exact`] | the true figures |
//! | [`ilias`], [`first_slot`] | the figures that ILIAS writes, and where it begins |
//! | [`compat`] | which of the two |
//! | [`made`], [`epn`] | sessions of other sources: uses of machines |
//!
//! [`store`] is the other part: the tables, in their forms. The commands stand on both: [`aggregate`] is the run
//! itself, [`rebuild`] writes a period again; both write [`window`] by window. [`recording`] writes session records.

pub mod aggregate;
pub mod compat;
pub mod epn;
pub mod exact;
pub mod first_slot;
pub mod ilias;
pub mod limits;
pub mod made;
pub mod placing;
mod progress_bar;
pub mod rebuild;
pub mod record;
pub mod recording;
pub mod slot;
pub mod steps;
pub mod store;
pub mod summary;
pub mod window;

pub use compat::Compat;
pub use rebuild::Rebuild;
