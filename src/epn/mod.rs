//! From snapshots of connected users to workshop attendance, uses of machines and charges: the work of epn-ingest.
//!
//! The rules (numbered 1 to 30 in `docs/epn-rules.md`) stand in files that know neither SQL nor a clock:
//!
//! | file | rules |
//! |---|---|
//! | [`calendar`] | minutes and local days (6, 19, 29) |
//! | [`directory`] | which person and which machine a row means (2, 3, 5) |
//! | [`rows`] | what becomes of each row (1, 4, 5, 6) |
//! | [`workshops`] | which workshop a sighting belongs to, and attendance (7 to 14) |
//! | [`presence`], [`uses`] | sightings outside workshops, and the uses they make (15 to 23) |
//! | [`charges`] | minutes and units (24 to 26) |
//! | `notices` | what staff should look at (11, 24, 25, 27) |
//! | [`rules`] | all of them over one batch: rows and what is known in, [`changes`] out |
//!
//! [`store`] is the other part: it reads what the rules ask for and writes their changes, in MySQL. [`ingest`] is the
//! run itself. Another store needs only another `store`. What was used in a year is also kept packed, for reports:
//! [`history`]. [`erase`] forgets a person.

pub mod calendar;
pub mod changes;
pub mod charges;
pub mod directory;
pub mod erase;
pub mod history;
pub mod ingest;
mod notices;
pub mod presence;
pub mod rows;
pub mod rules;
pub mod space;
pub mod store;
pub mod summary;
pub mod uses;
pub mod workshops;

pub use ingest::run;
