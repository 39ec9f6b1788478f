//! The rows of `usr_session_stats`, in the form that the table has.

use ::mysql::{Value, prelude::Queryable};

use super::Tables;
use crate::{
    failure::Result,
    mysql::{bulk, rows},
    sessions::{
        limits::Limits,
        record::Closing,
        slot::{Figures, LENGTH, Slots},
    },
};

const STATS: &str = "usr_session_stats";
const LOG: &str = "usr_session_log";

/// The first second of the first slot and the last second of the last one; none if there is no slot.
///
/// # Errors
/// Those of the server.
pub fn span(conn: &mut impl Queryable) -> Result<Option<(i64, i64)>> {
    let sql = "SELECT (SELECT MIN(slot_begin) FROM usr_session_stats), (SELECT MAX(slot_end) FROM usr_session_stats)";
    let found: Vec<(Option<i64>, Option<i64>)> = rows(conn, STATS, sql, ())?;
    Ok(found.into_iter().find_map(|(first, last)| Some((first?, last?))))
}

/// The begin of the slot that holds a second, or would, after the slots that are there. None before all of them.
///
/// # Errors
/// Those of the server.
pub fn slot_of(conn: &mut impl Queryable, second: i64) -> Result<Option<i64>> {
    let sql = "SELECT slot_begin, slot_end FROM usr_session_stats WHERE slot_begin <= ? \
        ORDER BY slot_begin DESC LIMIT 1";
    let found: Vec<(i64, i64)> = rows(conn, STATS, sql, (second,))?;
    Ok(found.into_iter().next().map(|(begin, end)| {
        if second <= end { begin } else { end + 1 + (second - end - 1).div_euclid(LENGTH) * LENGTH }
    }))
}

/// The first second from `from` to `until` that no slot holds, or one that was never finished.
///
/// # Errors
/// Those of the server.
pub fn first_unfinished(conn: &mut impl Queryable, from: i64, until: i64) -> Result<Option<i64>> {
    let unfinished = "SELECT MIN(slot_begin) FROM usr_session_stats WHERE slot_begin BETWEEN ? AND ? \
        AND (active_min IS NULL OR active_max IS NULL OR active_avg IS NULL OR active_end IS NULL OR opened IS NULL)";
    let gap = "SELECT MIN(slot.slot_end + 1) FROM usr_session_stats AS slot \
        LEFT JOIN usr_session_stats AS next ON next.slot_begin = slot.slot_end + 1 \
        WHERE next.slot_begin IS NULL AND slot.slot_end < ? AND slot.slot_begin >= \
        (SELECT IFNULL(MAX(slot_begin), ?) FROM usr_session_stats WHERE slot_begin <= ?)";
    let unfinished: Vec<Option<i64>> = rows(conn, STATS, unfinished, (from, until))?;
    let gap: Vec<Option<i64>> = rows(conn, STATS, gap, (until, from, from))?;
    Ok(unfinished.into_iter().chain(gap).flatten().min())
}

/// The limits, oldest first.
///
/// # Errors
/// Those of the server.
pub fn limits(conn: &mut impl Queryable, tables: &Tables, otherwise: u32) -> Result<Limits> {
    let entries = if tables.have_log {
        rows(conn, LOG, "SELECT tstamp, maxval FROM usr_session_log", ())?
    } else {
        Vec::new()
    };
    Ok(Limits::new(entries, otherwise.into()))
}

/// Takes slots out of the way that overlap `slots` without being one of them: what was computed takes their place.
///
/// # Errors
/// Those of the server.
pub fn clear_crooked(conn: &mut impl Queryable, slots: Slots) -> Result<()> {
    let sql = "DELETE FROM usr_session_stats WHERE slot_begin > ? AND slot_begin < ? \
        AND ((slot_begin - ?) % ? <> 0 OR slot_end <> slot_begin + ?)";
    let values = (slots.begin - LENGTH, slots.end(), slots.begin, LENGTH, LENGTH - 1);
    let cleared = conn.exec_iter(sql, values)?.affected_rows();
    if cleared > 0 {
        log::warn!("{cleared} slots of {STATS} that overlapped others are replaced");
    }
    Ok(())
}

/// Forgets what was known of the seconds at the limit.
///
/// # Errors
/// Those of the server.
pub fn clear_at_limit(conn: &mut impl Queryable, slots: Slots) -> Result<()> {
    let sql = "DELETE FROM session_at_limit WHERE slot_begin >= ? AND slot_begin < ?";
    Ok(conn.exec_drop(sql, (slots.begin, slots.end()))?)
}

/// How slots are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// A slot that is there gets new figures.
    Replace,
    /// A slot that is there was written by somebody else a moment ago: another try begins after it.
    Add,
}

/// Writes slots.
///
/// # Errors
/// Those of the server.
pub fn write(conn: &mut impl Queryable, tables: &Tables, writing: Writing, slots: &[Figures]) -> Result<()> {
    let columns = columns(tables);
    let head = format!("INSERT INTO usr_session_stats ({})", columns.join(", "));
    let tail = match writing {
        Writing::Add => String::new(),
        Writing::Replace => {
            let again: Vec<_> = columns.iter().map(|column| format!("{column} = VALUES({column})")).collect();
            format!("ON DUPLICATE KEY UPDATE {}", again.join(", "))
        }
    };
    let values: Vec<_> = slots.iter().map(|figures| values(tables, figures)).collect();
    bulk::insert(conn, &head, &tail, &values)?;
    let stretches: Vec<Vec<Value>> = slots
        .iter()
        .flat_map(|figures| figures.at_limit.iter().map(|(begin, end)| (begin, end, figures.begin)))
        .map(|(begin, end, slot)| vec![begin.into(), end.into(), slot.into()])
        .collect();
    bulk::insert(
        conn,
        "INSERT INTO session_at_limit (begins_at, ends_at, slot_begin)",
        "ON DUPLICATE KEY UPDATE ends_at = VALUES(ends_at), slot_begin = VALUES(slot_begin)",
        &stretches,
    )?;
    Ok(())
}

fn columns(tables: &Tables) -> Vec<&'static str> {
    let figures =
        ["slot_begin", "slot_end", "active_min", "active_max", "active_avg", "active_end", "opened"];
    let closed = Closing::ALL.into_iter().filter(|closing| has_column(tables, *closing)).map(Closing::column);
    let limit = tables.have_limits.then_some("max_sessions");
    figures.into_iter().chain(closed).chain(limit).collect()
}

/// The values of [`columns`].
fn values(tables: &Tables, figures: &Figures) -> Vec<Value> {
    let mut closed = figures.closed;
    for closing in Closing::ALL.into_iter().filter(|closing| !has_column(tables, *closing)) {
        closed[Closing::Misc as usize] += closed[closing as usize];
    }
    let closed = Closing::ALL
        .into_iter()
        .filter(|closing| has_column(tables, *closing))
        .map(|closing| closed[closing as usize].into());
    let active = [
        figures.begin.into(),
        figures.end().into(),
        figures.active_min.into(),
        figures.active_max.into(),
        decimal(figures.active_avg, tables.average_digits).into(),
        figures.active_end.into(),
        figures.opened.into(),
    ];
    let limit = tables.have_limits.then(|| figures.max_sessions.into());
    active.into_iter().chain(closed).chain(limit).collect()
}

/// ILIAS 10 has no columns for what it calls idle or limit.
fn has_column(tables: &Tables, closing: Closing) -> bool {
    tables.have_limits || !matches!(closing, Closing::Idle | Closing::IdleFirst | Closing::Limit)
}

/// Ten-thousandths as a number with `digits` behind the point (0 to 4), half away from zero.
fn decimal(ten_thousandths: i64, digits: u32) -> String {
    let unit = 10_i64.pow(4 - digits.min(4));
    let rounded = (2 * ten_thousandths.abs() + unit) / (2 * unit);
    let one = 10_i64.pow(digits.min(4));
    let sign = if ten_thousandths < 0 && rounded > 0 { "-" } else { "" };
    match digits {
        0 => format!("{sign}{rounded}"),
        digits => format!("{sign}{}.{:0width$}", rounded / one, rounded % one, width = digits as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_have_the_digits_of_the_column() {
        let shown = |digits| [123_456, 5, -15_000, -4].map(|value| decimal(value, digits));
        assert_eq!(shown(4), ["12.3456", "0.0005", "-1.5000", "-0.0004"]);
        assert_eq!(shown(2), ["12.35", "0.00", "-1.50", "0.00"]);
        assert_eq!(shown(0), ["12", "0", "-2", "0"]);
    }
}
