//! MySQL and MariaDB: connections that end in time, another try when it pays, the schema, the lease,
//! and the record of runs.
//!
//! Owes its callers: no call waits for ever; an error names the server and never the password; nothing is written to a
//! server that lags behind its cluster; two runs of a job never work at once. The SQL of a job stands with the job.

pub mod bulk;
mod connection;
mod encryption;
mod error;
mod health;
mod host;
pub mod lease;
mod link;
mod rows;
pub mod run_record;
pub mod schema;
pub mod transaction;

pub use connection::Server;
pub use link::Link;
pub use rows::{each_row, rows};
pub use run_record::RunRecord;
