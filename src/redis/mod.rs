//! Redis: the counters.
//!
//! Owes its callers: no call waits longer than its limit, and a failure names the server, not the password.
//!
//! | file | its purpose |
//! |---|---|
//! | [`connection`] | a connection for reports, of which a few milliseconds more do not matter |
//! | [`conversation`] | commands and answers before a deadline, whoever answers |
//! | `socket` | one server: nothing is sent before the first command, nothing asked besides it |
//! | `stream`, `reply` | what it stands on: sockets that never block, and answers read from memory |
//! | `sentinel` | the server that Sentinels name |
//! | `cluster` | the driver's own way to a Cluster |
//! | [`trouble`] | what can go wrong, in words that a program can act on |

mod cluster;
pub mod connection;
pub mod conversation;
mod reply;
mod sentinel;
mod socket;
mod stream;
pub mod trouble;

pub use connection::{connect, version};
pub use conversation::Conversation;
pub use trouble::{Kind, Trouble};
