//! The EPN tables in MySQL, as `etc/schema/002-epn.sql` and `003-epn-ingest.sql` make them.
//!
//! Owes its callers: it reads what the rules ask for and writes what they answer, inside the caller's transaction. It
//! knows no rule.

pub mod purge;
pub mod queue;
pub mod read;
pub mod write;
