//! Time online, rebuilt from the traces in a log of Moodle's shape: the source `moodle` of session-aggregate.
//!
//! | file | what it says |
//! |---|---|
//! | [`trace`] | what a row of the log is |
//! | [`rules`] | from traces to sessions: a state machine for one user, without SQL or a clock |
//! | [`recent`] | which rows were there, so that one which is committed late is noticed |
//! | [`log`] | the log in SQL; it may be on another server |
//! | [`batches`] | what is new in it |
//! | [`reading`] | batches through the machines into sessions |
//! | [`store`] | sessions, and where each user stands, in MySQL |

pub mod batches;
pub mod log;
pub mod reading;
pub mod recent;
pub mod rules;
pub mod store;
pub mod trace;
pub mod uncertainty;

pub use reading::{Done, read, read_by, rebuild};
pub use store::sessions::PREFIX;
