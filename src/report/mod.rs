//! The report of all statistics: the work of stats-report.
//!
//! A report passes through these rooms, top to bottom:
//!
//! | file | its purpose |
//! |---|---|
//! | [`command`] | the run: what is asked, collect, render, write |
//! | [`period`] | `--from` and `--to` |
//! | [`model`] | the figures, one file a section: data out of the database and Redis, JSON keys, and the section's [`sheet`] |
//! | [`sheet`] | what people see of a section, before anybody decided how it looks |
//! | [`render`] | one file a format: text out of a model or its sheets; `render/chart` draws |
//! | [`check`] | `stats-report check`: rules about the freshest figures, for monitoring |
//! | [`output`] | standard output, or a file that is never half written |
//!
//! The renderers stand on [`texts`] (all words, in all languages), [`language`] (numbers and times), [`screen`] (what
//! the reader's side can show) and [`terminal`](crate::terminal) (text from outside made safe).

pub mod check;
pub mod command;
pub mod language;
pub mod model;
pub mod output;
pub mod period;
pub mod render;
pub mod screen;
pub mod sheet;
pub mod texts;

pub use command::{Request, run};
pub use language::Language;
pub use model::Section;
pub use period::Moment;
pub use render::Format;
