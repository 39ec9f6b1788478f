//! macrosession-compile: templates with session macros into PHP pages that are the same for all visitors.
//!
//! [`language`] is the compiler: text in, PHP out. The other rooms read templates and write pages. A pass of [`mod@run`] goes
//! through them from top to bottom:
//!
//! | room | what it owes its callers |
//! |---|---|
//! | [`places`] | SOURCE and TARGET: two folders or two files, and the lock of TARGET |
//! | [`tree`] | a folder, and nothing but what is beneath it, whatever links say |
//! | [`walk`] | which templates a folder holds |
//! | [`header`] | what a page says about what it was compiled from; there is no other record |
//! | [`survey`] | what is there, at the cost of reading templates and the first bytes of pages |
//! | [`include_graph`] | who includes whom: what a change reaches, and who includes itself |
//! | [`batch`] | several templates compiled at once, and told of in their order |
//! | [`php_check`] | what PHP says about the PHP of a template's author |
//! | [`page_file`] | a page put in its place in one step, or not at all |
//! | [`tell`] | errors and warnings for people and for programs |
//! | `watch` | a pass after each change |

pub mod batch;
pub mod header;
pub mod include_graph;
pub mod language;
pub mod page_file;
pub mod php_check;
pub mod places;
pub mod run;
pub mod survey;
pub mod tell;
pub mod tree;
pub mod walk;
mod watch;

pub use run::{Options, run};
