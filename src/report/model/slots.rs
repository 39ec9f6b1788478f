//! The quarter hours of a period, as session-aggregate or ILIAS wrote them into `usr_session_stats`.

use std::collections::HashMap;

use ::mysql::Conn;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Serialize, Serializer};

use crate::{
    failure::{Failure, Result, Status},
    mysql::rows,
    report::period::Period,
    sessions::store::StatisticsForm,
};

const TABLE: &str = "usr_session_stats";

/// By the key (slot_end).
const LAST: &str = "SELECT MAX(slot_end) FROM usr_session_stats";
/// The slot in which a second lies, if one does: slots do not overlap.
const FIRST: &str = "SELECT MAX(slot_begin) FROM usr_session_stats WHERE slot_begin <= ?";
const SLOTS: &str = "SELECT slot_begin, slot_end, COALESCE(active_min, 0), COALESCE(active_max, 0), \
        CAST(COALESCE(active_avg, 0) * 10000 AS SIGNED), COALESCE(active_end, 0), COALESCE(opened, 0), \
        COALESCE({limit}, 0), active_max IS NOT NULL \
    FROM usr_session_stats WHERE slot_begin >= ? AND slot_begin < ? AND slot_end >= ? ORDER BY slot_begin";
const CLOSED: &str = "SELECT {sums} \
    FROM usr_session_stats WHERE slot_begin >= ? AND slot_begin < ? AND slot_end >= ?";
/// The seconds of each slot that were at the limit and lie in the period; 0 for a slot that was so outside of it only.
const AT_LIMIT: &str = "SELECT slot_begin, \
        CAST(SUM(GREATEST(0, LEAST(ends_at, ?) - GREATEST(begins_at, ?))) AS SIGNED) \
    FROM session_at_limit WHERE slot_begin >= ? AND slot_begin < ? GROUP BY slot_begin";
/// In our own tables, out of a key of those alone.
const LAST_MARKED: &str = "SELECT MAX(at_limit_until) FROM usr_session_stats";
/// In those of an ILIAS, slot after slot.
const LAST_AT_LIMIT: &str = "SELECT slot_end FROM usr_session_stats \
    WHERE active_max >= {limit} AND {limit} > 0 ORDER BY slot_end DESC LIMIT 1";

/// Why sessions ended, and whether ILIAS 10 still has a column for it.
const REASONS: [(&str, bool); 7] = [
    ("closed_manual", true),
    ("closed_expire", true),
    ("closed_idle", false),
    ("closed_idle_first", false),
    ("closed_limit", false),
    ("closed_login", true),
    ("closed_misc", true),
];

/// A mean number of sessions. In JSON: with up to four decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mean {
    ten_thousandths: i64,
}

impl Mean {
    /// So many ten-thousandths.
    pub fn of_ten_thousandths(ten_thousandths: i64) -> Self {
        Self { ten_thousandths }
    }

    /// The mean of means, each of which holds for so many seconds; none, if all of them hold for none.
    pub fn over(means: impl Iterator<Item = (Self, i64)>) -> Option<Self> {
        let (sum, seconds) = means.fold((0_i128, 0_i128), |(sum, all), (mean, seconds)| {
            (sum + i128::from(mean.ten_thousandths) * i128::from(seconds), all + i128::from(seconds))
        });
        (seconds > 0).then(|| Self { ten_thousandths: rounded(sum, seconds) })
    }

    /// The same as a number.
    pub fn number(self) -> f64 {
        self.ten_thousandths as f64 / 10_000.0
    }

    /// Hundredths of a session, rounded.
    pub fn hundredths(self) -> i64 {
        rounded(self.ten_thousandths.into(), 100)
    }
}

/// Half away from zero.
fn rounded(sum: i128, divisor: i128) -> i64 {
    let quotient = sum.signum() * ((2 * sum.abs() + divisor) / (2 * divisor));
    i64::try_from(quotient).unwrap_or(i64::MAX)
}

impl Serialize for Mean {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.number())
    }
}

/// Sessions in a quarter of an hour. ILIAS has written negative figures (sessions that ended before they began).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// First second.
    pub slot_begin: DateTime<Utc>,
    /// Last second.
    pub slot_end: DateTime<Utc>,
    /// Fewest at once.
    pub active_min: i64,
    /// Most at once.
    pub active_max: i64,
    /// Mean.
    pub active_avg: Mean,
    /// In the last second.
    pub active_end: i64,
    /// The limit; 0: none.
    pub max_sessions: i64,
    /// Sessions that began.
    pub opened: i64,
    /// Its seconds at the limit that lie in the period.
    pub maxed_out_seconds: i64,
    /// Its seconds that lie in the period.
    #[serde(skip)]
    pub seconds: i64,
    /// Whether its figures were written: a run of ILIAS that is killed leaves a slot without them, for ever.
    #[serde(skip)]
    pub is_counted: bool,
}

/// The slots of a period, and what is known of all time.
#[derive(Debug, Default)]
pub struct Slots {
    /// Those that have a second in the period, by their begin.
    pub slots: Vec<Slot>,
    /// How many sessions ended in them, by the reason: the columns `closed_*` in the order of the JSON.
    pub closed: [i64; REASONS.len()],
    /// Last second of the newest slot.
    pub last: Option<DateTime<Utc>>,
    /// Last second of the newest slot that was at the limit.
    pub last_at_limit: Option<DateTime<Utc>>,
}

#[cfg(test)]
impl Slot {
    /// A quarter of an hour with so many sessions at once, for tests.
    pub fn of_so_many(slot_begin: DateTime<Utc>, active: i64) -> Self {
        Self {
            slot_begin,
            slot_end: slot_begin + chrono::TimeDelta::seconds(899),
            active_min: active,
            active_max: active,
            active_avg: Mean::of_ten_thousandths(10_000 * active),
            active_end: active,
            max_sessions: 0,
            opened: 1,
            maxed_out_seconds: 0,
            seconds: 900,
            is_counted: true,
        }
    }
}

impl Slots {
    /// Reads the slots of `period`. Where the tables have no limit (ILIAS 10), it is `max_sessions`.
    ///
    /// # Errors
    /// The server's, and [`Status::BadData`] for a time that is none.
    pub fn read(conn: &mut Conn, period: Period, max_sessions: u32) -> Result<Self> {
        let (from, to) = (period.from.timestamp(), period.to.timestamp());
        // Before the form of the tables is looked at: an account without the right to them learns just that.
        let last = one(conn, LAST, ())?;
        let StatisticsForm { have_limits, are_marked } = StatisticsForm::read(conn)?;
        let limit = if have_limits { "max_sessions".to_owned() } else { max_sessions.to_string() };
        let with_limit = |sql: &str| sql.replace("{limit}", &limit);
        let last_at_limit = if are_marked { LAST_MARKED.to_owned() } else { with_limit(LAST_AT_LIMIT) };

        let first = one(conn, FIRST, (from,))?.unwrap_or(from);
        let at_limit: Vec<(i64, i64)> = rows(conn, "session_at_limit", AT_LIMIT, (to, from, first, to))?;
        let at_limit: HashMap<i64, i64> = at_limit.into_iter().collect();
        let found: Vec<Columns> = rows(conn, TABLE, with_limit(SLOTS), (first, to, from))?;
        let slot = |columns: Columns| slot(columns, (from, to), &at_limit);
        let closed = rows(conn, TABLE, CLOSED.replace("{sums}", &sums(have_limits)), (first, to, from))?;
        Ok(Self {
            slots: found.into_iter().map(slot).collect::<Result<_>>()?,
            closed: closed.into_iter().next().map(in_order).unwrap_or_default(),
            last: last.map(moment).transpose()?,
            last_at_limit: one(conn, &last_at_limit, ())?.map(moment).transpose()?,
        })
    }
}

/// Those of [`SLOTS`].
type Columns = (i64, i64, i64, i64, i64, i64, i64, i64, bool);

fn slot(columns: Columns, (from, to): (i64, i64), at_limit: &HashMap<i64, i64>) -> Result<Slot> {
    let (begin, end, active_min, active_max, average, active_end, opened, max_sessions, is_counted) = columns;
    let seconds = end.saturating_add(1).min(to).saturating_sub(begin.max(from)).max(0);
    let is_maxed_out = active_max >= max_sessions && max_sessions > 0;
    // Of a slot that ILIAS wrote nobody knows when it was at the limit: all of it counts.
    let otherwise = if is_maxed_out { seconds } else { 0 };
    Ok(Slot {
        slot_begin: moment(begin)?,
        slot_end: moment(end)?,
        active_min,
        active_max,
        active_avg: Mean::of_ten_thousandths(average),
        active_end,
        max_sessions,
        opened,
        maxed_out_seconds: at_limit.get(&begin).copied().unwrap_or(otherwise),
        seconds,
        is_counted,
    })
}

/// The sums of the columns that there are; sessions that ILIAS 10 has no column for are in `closed_misc` there.
fn sums(have_limits: bool) -> String {
    let sum = |(column, is_everywhere): &(&str, bool)| {
        let column = if *is_everywhere || have_limits { column } else { "0" };
        format!("CAST(COALESCE(SUM({column}), 0) AS SIGNED)")
    };
    REASONS.iter().map(sum).collect::<Vec<_>>().join(", ")
}

fn in_order((a, b, c, d, e, f, g): (i64, i64, i64, i64, i64, i64, i64)) -> [i64; REASONS.len()] {
    [a, b, c, d, e, f, g]
}

/// The second that a query gives, if it gives one.
fn one(conn: &mut Conn, sql: &str, values: impl Into<::mysql::Params>) -> Result<Option<i64>> {
    let found: Vec<Option<i64>> = rows(conn, TABLE, sql, values)?;
    Ok(found.into_iter().next().flatten())
}

fn moment(second: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp(second, 0).ok_or_else(|| {
        let message = format!("{TABLE} holds a value that cannot be read: ({second}); mend that row");
        Failure::new(Status::BadData, message)
    })
}

/// What people call the end of something: the moment after its last second.
pub fn after(last: DateTime<Utc>) -> DateTime<Utc> {
    last.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(begin: i64, active_max: i64, limit: i64, at_limit: &[(i64, i64)]) -> (i64, i64) {
        let columns = (begin, begin + 899, 0, active_max, 0, 0, 0, limit, true);
        let slot = slot(columns, (950, 2000), &at_limit.iter().copied().collect()).unwrap();
        (slot.seconds, slot.maxed_out_seconds)
    }

    #[test]
    fn a_slot_counts_for_its_seconds_in_the_period() {
        assert_eq!(seconds(900, 5, 5, &[]), (850, 850), "it begins before the period");
        assert_eq!(seconds(1800, 5, 5, &[]), (200, 200), "it ends after the period");
        assert_eq!(seconds(51, 5, 5, &[]), (1, 1), "its last second is the first of the period");
    }

    #[test]
    fn what_is_known_of_the_limit_goes_before_what_is_assumed() {
        assert_eq!(seconds(900, 5, 5, &[(900, 7)]), (850, 7));
        assert_eq!(seconds(900, 5, 5, &[(900, 0)]), (850, 0), "at the limit, but before the period");
        assert_eq!(seconds(900, 4, 5, &[]).1, 0);
        assert_eq!(seconds(900, 4, 0, &[]).1, 0, "no limit");
        assert_eq!(seconds(900, 4, -5, &[]).1, 0, "no limit either");
    }

    #[test]
    fn means_are_weighted_by_their_seconds_and_rounded_away_from_zero() {
        let mean = |ten_thousandths| Mean { ten_thousandths };
        assert_eq!(Mean::over([(mean(10_000), 900), (mean(40_000), 1800)].into_iter()), Some(mean(30_000)));
        assert_eq!(Mean::over([(mean(1), 1), (mean(0), 1)].into_iter()), Some(mean(1)));
        assert_eq!(Mean::over([(mean(-1), 1), (mean(0), 1)].into_iter()), Some(mean(-1)));
        assert_eq!(Mean::over([(mean(5), 0)].into_iter()), None);
        assert_eq!([mean(149).hundredths(), mean(150).hundredths(), mean(-150).hundredths()], [1, 2, -2]);
        assert_eq!(serde_json::to_string(&[mean(234_999), mean(-5_000)]).unwrap(), "[23.4999,-0.5]");
    }
}
