//! What there is to do for the commands: a command that never ran is a fault only if its work waits.

use ::mysql::{Conn, prelude::Queryable};

use crate::{failure::Result, mysql::Link};

/// What waits in the tables, as far as this account can see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Rows of `users_temp`: work of `epn-ingest`.
    pub waiting_rows: u64,
    /// Whether machines were used: sessions for `session-aggregate`.
    pub has_uses: bool,
    /// Whether somebody has an account of the web site: logins, and sessions of web pages.
    pub has_accounts: bool,
}

impl Due {
    /// Asks the server. What cannot be read does not count: that is a matter of rights.
    pub fn read(link: &mut Link<'_>) -> Self {
        let mut count = |sql: &str| -> u64 {
            let read = |conn: &mut Conn| -> Result<Option<u64>> { Ok(conn.query_first(sql)?) };
            link.once(read).ok().flatten().unwrap_or(0)
        };
        Self {
            waiting_rows: count("SELECT COUNT(*) FROM users_temp"),
            has_uses: count("SELECT EXISTS (SELECT id FROM epn_booking WHERE status = 'used')") > 0,
            has_accounts: count("SELECT EXISTS (SELECT id FROM utilisateurs)") > 0,
        }
    }
}
