//! Redis: the counters.
//!
//! Owes its callers: no call waits longer than its limit, and a failure names the server, not the password.
//!
//! | file | its purpose |
//! |---|---|
//! | [`connection`] | a connection for reports, of which a few milliseconds more do not matter |
//! | [`conversation`] | commands and answers before a deadline: with one server, a Cluster, or a server behind Sentinels |
//! | `socket` | the fastest way to one server: nothing is sent before the first command, nothing asked besides it |
//! | `library` | the driver's own ways to a Cluster and to Sentinels |
//! | [`trouble`] | what can go wrong, in words that a program can act on |

pub mod connection;
pub mod conversation;
mod library;
mod socket;
pub mod trouble;

pub use connection::{connect, version};
pub use conversation::Conversation;
pub use trouble::{Kind, Trouble};
