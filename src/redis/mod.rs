//! Redis: the counters.
//!
//! Owes its callers: no call waits longer than its limit, and a failure names the server, not the password.
//!
//! | file | its purpose |
//! |---|---|
//! | `account` | where it is, and who we are to it |
//! | [`conversation`] | commands and answers before a deadline, whoever answers |
//! | `socket` | one server: nothing is sent before the first command, nothing asked besides it |
//! | `channel`, `tls` | bytes to it and back, encrypted where the address says `rediss://` |
//! | `stream`, `reply` | what these stand on: sockets that never block, and answers read from memory |
//! | `sentinel` | the server that Sentinels name |
//! | `cluster` | the nodes of a Cluster: who has a key, and nobody told twice |
//! | [`trouble`] | what can go wrong, in words that a program can act on |

mod account;
mod channel;
mod cluster;
pub mod conversation;
pub mod reply;
mod sentinel;
mod socket;
mod stream;
mod tls;
pub mod trouble;

pub use conversation::Conversation;
pub use reply::Answer;
pub use trouble::{Kind, Trouble};
