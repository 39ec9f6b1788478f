//! Forgetting what is older than the connection record may be kept.

use ::mysql::{Conn, prelude::Queryable};
use chrono::NaiveDateTime;

use crate::{failure::Result, mysql::Link};

/// Rows in one transaction: short enough to disturb nobody.
const ROWS: u64 = 5_000;

/// The connection record, and the sightings of whole days that old (a day has up to 25 hours). The uses made of them
/// stay, as the bookings do.
const PURGES: [&str; 2] = [
    "DELETE FROM users_log WHERE seen_at < ? ORDER BY seen_at LIMIT ?",
    "DELETE FROM epn_presence WHERE day_begins < ? - INTERVAL 25 HOUR ORDER BY day_begins LIMIT ?",
];

/// Deletes what is older than `before`, in small transactions.
///
/// # Errors
/// The server's.
pub fn older_than(link: &mut Link<'_>, before: NaiveDateTime) -> Result<()> {
    for sql in PURGES {
        while link.run(|conn: &mut Conn| Ok(conn.exec_iter(sql, (before, ROWS))?.affected_rows()))? == ROWS {}
    }
    Ok(())
}
