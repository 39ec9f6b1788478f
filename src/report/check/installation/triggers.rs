//! The triggers of `epn_booking`, which note what anybody changes there, as far as the account can see.

use ::mysql::{Conn, prelude::Queryable};

use super::finding::Finding;
use crate::{failure::Result, report::check::rule::State};

const SUBJECT: &str = "triggers";
/// Those of `etc/schema/010-epn-history.sql`.
const NEEDED: [&str; 3] = ["epn_booking_added", "epn_booking_changed", "epn_booking_deleted"];

const SEEN: &str = "SELECT TRIGGER_NAME, DEFINER FROM information_schema.TRIGGERS \
    WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'epn_booking'";

/// The rights of the account itself. An administrator also sees those of others.
const RIGHT: &str = "SELECT COUNT(*) FROM ( \
        SELECT GRANTEE FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' \
        UNION ALL SELECT GRANTEE FROM information_schema.SCHEMA_PRIVILEGES \
            WHERE PRIVILEGE_TYPE = 'TRIGGER' AND DATABASE() LIKE TABLE_SCHEMA \
        UNION ALL SELECT GRANTEE FROM information_schema.TABLE_PRIVILEGES \
            WHERE PRIVILEGE_TYPE = 'TRIGGER' AND TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'epn_booking' \
    ) AS theirs WHERE GRANTEE = CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', \
        SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')";

/// What this account sees of them: the server shows triggers only to those who may make them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Triggers {
    /// Name, and the account with whose rights it runs.
    seen: Vec<(String, String)>,
    /// Whether one that is there would be seen.
    may_see: bool,
}

impl Triggers {
    /// Asks the server.
    ///
    /// # Errors
    /// The server's.
    pub fn read(conn: &mut Conn) -> Result<Self> {
        let seen = conn.query(SEEN)?;
        let right: Option<u64> = conn.query_first(RIGHT)?;
        Ok(Self { seen, may_see: right.is_some_and(|count| count > 0) })
    }

    fn findings(&self) -> Finding {
        let has = |name: &&str| self.seen.iter().any(|(seen, _)| seen == name);
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !has(name)).collect();
        if missing.is_empty() {
            let mut definers: Vec<&str> = self.seen.iter().map(|(_, definer)| definer.as_str()).collect();
            definers.sort_unstable();
            definers.dedup();
            let found = format!("those of epn_booking run with the rights of {}", definers.join(", "));
            return Finding::ok(SUBJECT, found);
        }
        if self.seen.is_empty() && !self.may_see {
            let found = "those of epn_booking cannot be seen by this account, which may not make any";
            return Finding::ok(SUBJECT, found);
        }
        let found = format!(
            "epn_booking lacks {}: reports of long periods miss what is changed there",
            missing.join(", ")
        );
        let cure = "load etc/schema/010-epn-history.sql as an account that stays, such as root";
        Finding::bad(State::Critical, SUBJECT, found, cure)
    }
}

/// What that means.
pub fn finding(triggers: &Result<Triggers>) -> Finding {
    match triggers {
        Ok(triggers) => triggers.findings(),
        Err(failure) => Finding::of_failure(State::Unknown, SUBJECT, failure, "try again in a moment"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_no_fault_and_what_is_missing_is() {
        let told = |names: &[&str], may_see| {
            let seen = names.iter().map(|name| ((*name).to_owned(), "root@localhost".to_owned())).collect();
            finding(&Ok(Triggers { seen, may_see })).to_string()
        };
        assert!(told(&[], false).starts_with("OK triggers: those of epn_booking cannot be seen"));
        assert!(told(&NEEDED, true).ends_with("rights of root@localhost"));
        assert!(told(&[], true).starts_with("CRITICAL triggers: epn_booking lacks epn_booking_added, "));
        assert!(told(&NEEDED[..2], true).contains("lacks epn_booking_deleted: "));
    }
}
