//! The packed uses of past years (`etc/schema/010-epn-history.sql`): which ones are stale, and packing them again.

use std::collections::BTreeMap;

use ::mysql::prelude::Queryable;
use chrono::Datelike;

use crate::{
    clock::YEARS,
    epn::{
        changes::WrittenUse,
        history::{PastUse, pack, runs_until, unpack},
    },
    failure::{Failure, Result, Status},
    mysql::{Link, bulk, lease::Lease, rows},
};

/// People and years packed in one transaction, and in one run. The next run goes on; until then, reports read them as
/// they stand in `epn_booking`.
const BATCH: usize = 500;
const MOST: usize = 10_000;

const STALE: &str = "SELECT year, user_id FROM epn_history_stale WHERE year BETWEEN ? AND ? \
    ORDER BY year, user_id LIMIT ?";
/// None, also of a time that is none (0000-00-00): any of what is packed may be wrong.
const SINCE: &str = "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', since) FROM epn_history_stale \
    WHERE user_id IN ({ids}) AND year = ? FOR UPDATE";
const NO_LONGER_STALE: &str = "DELETE FROM epn_history_stale WHERE user_id IN ({ids}) AND year = {year}";
/// A time that is none (0000-00-00) has no seconds, and no part in a period.
const USES: &str = "SELECT user_id, TIMESTAMPDIFF(SECOND, '1970-01-01', starts_at), \
    TIMESTAMPDIFF(SECOND, '1970-01-01', ends_at), computer_id, verified FROM epn_booking \
    WHERE user_id IN ({ids}) AND status = 'used' AND YEAR(starts_at) = ? \
    AND TIMESTAMPDIFF(SECOND, '1970-01-01', ends_at) IS NOT NULL";
const FROM: &str = " AND ends_at >= '1970-01-01' + INTERVAL ? SECOND";
const KEPT: &str = "SELECT user_id, uses FROM epn_history WHERE user_id IN ({ids}) AND year = ?";
const PACKED: &str = "INSERT INTO epn_history (year, user_id, uses, runs_until)";
const PACKED_AGAIN: &str = "ON DUPLICATE KEY UPDATE uses = VALUES(uses), runs_until = VALUES(runs_until)";
const NO_USES: &str = "DELETE FROM epn_history WHERE user_id IN ({ids}) AND year = {year}";

/// Whether the triggers of `epn_booking` noted what was just written.
const NOTED: &str = "SELECT COUNT(*) FROM epn_history_stale WHERE year = ? AND user_id = ?";
/// The entry of nobody: nothing that is packed can be relied on.
const DISTRUST: &str = "INSERT IGNORE INTO epn_history_stale (year, user_id) VALUES (0, 0)";
const IS_DISTRUSTED: &str = "SELECT COUNT(*) FROM epn_history_stale WHERE year = 0 AND user_id = 0";
const TRUST: &str = "DELETE FROM epn_history_stale WHERE year = 0 AND user_id = 0";
const ALL_OF_THEM: &str = "REPLACE INTO epn_history_stale (year, user_id, changes, since) \
    SELECT year, user_id, changes, NULL FROM epn_history_stale WHERE since IS NOT NULL";
const ALL_STALE: &str =
    "INSERT IGNORE INTO epn_history_stale (year, user_id) SELECT YEAR(starts_at), user_id FROM epn_booking";

/// Makes sure, in the transaction that wrote `written`, that the triggers noted it. A database that was restored without
/// its triggers must not have reports rely on what is packed; once they are back, everything is packed again.
///
/// # Errors
/// The server's.
pub fn watch(conn: &mut impl Queryable, written: Option<&WrittenUse>) -> Result<()> {
    let Some(written) = written else { return Ok(()) };
    let noted: Option<u64> = conn.exec_first(NOTED, (written.span.start.time().year(), written.person.0))?;
    if noted == Some(0) {
        log::warn!(
            "the triggers of epn_booking are missing: reports over a year take longer; load etc/schema/010-epn-history.sql again"
        );
        conn.query_drop(DISTRUST)?;
    } else if conn.query_first::<u64, _>(IS_DISTRUSTED)? != Some(0) {
        conn.query_drop(ALL_OF_THEM)?;
        conn.query_drop(ALL_STALE)?;
        conn.query_drop(TRUST)?;
    }
    Ok(())
}

/// Packs the uses of those whose bookings were changed.
///
/// # Errors
/// The server's, and those of the lease. What was not committed is done by the next run.
pub fn refresh(link: &mut Link<'_>, lease: &Lease) -> Result<()> {
    let stale: Vec<(i32, u64)> =
        link.run(|conn| rows(conn, "epn_history_stale", STALE, (*YEARS.start(), *YEARS.end(), MOST)))?;
    for of_year in stale.chunk_by(|one, next| one.0 == next.0) {
        for part in of_year.chunks(BATCH) {
            let year = part.first().map_or(0, |(year, _)| *year);
            let people: Vec<u64> = part.iter().map(|(_, person)| *person).collect();
            let mut rest = people.as_slice();
            while !rest.is_empty() {
                let (_, packed) =
                    lease.committed_some(link, rest, |conn, some| pack_again(conn, year, some))?;
                rest = rest.get(packed..).unwrap_or_default();
            }
        }
    }
    Ok(())
}

/// The entries go first: whoever changes bookings of these people now waits with his entry, and so makes a new one. What
/// ended before the first change is taken over as it is packed, so that this takes no longer the more uses there were.
fn pack_again(conn: &mut impl Queryable, year: i32, people: &[u64]) -> Result<()> {
    let of_year = |sql: &str| sql.replace("{year}", &year.to_string());
    let since: Vec<Option<i64>> =
        bulk::select_by_id(conn, "epn_history_stale", SINCE, people, &[year.into()])?;
    bulk::change_by_id(conn, &of_year(NO_LONGER_STALE), people)?;
    let mut uses: BTreeMap<u64, Vec<PastUse>> = people.iter().map(|person| (*person, Vec::new())).collect();
    let since = since.into_iter().collect::<Option<Vec<i64>>>().and_then(|since| since.into_iter().min());
    let since = match since {
        Some(since) if take_over(conn, year, since, &mut uses)? => Some(since),
        _ => None,
    };
    type Columns = (u64, i64, i64, u64, bool);
    let found: Vec<Columns> = match since {
        Some(since) => {
            let values = [year.into(), since.into()];
            bulk::select_by_id(conn, "epn_booking", &format!("{USES}{FROM}"), people, &values)?
        }
        None => bulk::select_by_id(conn, "epn_booking", USES, people, &[year.into()])?,
    };
    for (person, starts_at, ends_at, computer, is_verified) in found {
        uses.entry(person).or_default().push(PastUse { starts_at, ends_at, computer, is_verified });
    }
    let (mut packed, mut none) = (Vec::new(), Vec::new());
    for (person, uses) in uses {
        if uses.is_empty() {
            none.push(person);
            continue;
        }
        let runs_until = runs_until(year, &uses).map(|end| end.naive_utc());
        let bytes = pack(year, uses).ok_or_else(|| {
            Failure::new(
                Status::BadData,
                format!("epn_booking holds uses of the person {person} in {year} whose times make no sense; mend them"),
            )
        })?;
        packed.push(vec![year.into(), person.into(), bytes.into(), runs_until.into()]);
    }
    bulk::insert(conn, PACKED, PACKED_AGAIN, &packed)?;
    bulk::change_by_id(conn, &of_year(NO_USES), &none)
}

/// Takes what is packed of these people and ended before `since`. False if something of it cannot be read: then nothing
/// is taken.
fn take_over(
    conn: &mut impl Queryable,
    year: i32,
    since: i64,
    uses: &mut BTreeMap<u64, Vec<PastUse>>,
) -> Result<bool> {
    let people: Vec<u64> = uses.keys().copied().collect();
    let packed: Vec<(u64, Vec<u8>)> = bulk::select_by_id(conn, "epn_history", KEPT, &people, &[year.into()])?;
    for (person, bytes) in packed {
        let kept = uses.entry(person).or_default();
        let take = |of: PastUse| {
            if of.ends_at < since {
                kept.push(of);
            }
        };
        if unpack(year, &bytes, take).is_none() {
            uses.values_mut().for_each(Vec::clear);
            return Ok(false);
        }
    }
    Ok(true)
}
