//! Where ILIAS begins when its statistics are empty (golden README, "First slot"; defect 5).

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// First second of the first slot that ILIAS writes. It takes minute and date from the `wall` clock, and the hour from
/// the moment `now` that its caller gave.
pub fn in_ilias(wall: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> i64 {
    let local = wall.with_timezone(&zone).naive_local();
    let midnight = NaiveDateTime::from(local.date());
    let hour = i64::from(now.with_timezone(&zone).hour());
    let quarter = i64::from(local.minute() / 15);
    // Also where the quarter is the first: a quarter before the hour is h-1:45.
    let time = TimeDelta::minutes(60 * hour + 15 * (quarter - 1));
    moment(midnight + time, wall.with_timezone(&zone)).timestamp()
}

/// A local time as PHP's `mktime` reads it: of two, the one on the clock that holds at the wall; one that the clock
/// leaves out by the clock before.
fn moment(local: NaiveDateTime, wall: DateTime<Tz>) -> DateTime<Utc> {
    let zone = wall.timezone();
    let found = zone.from_local_datetime(&local);
    let moments = [found.earliest(), found.latest()];
    let same = moments.into_iter().flatten().find(|moment| moment.offset().fix() == wall.offset().fix());
    if let Some(moment) = same.or(found.earliest()) {
        return moment.to_utc();
    }
    // No change of clocks leaves out more than a day.
    let before = zone.offset_from_utc_datetime(&(local - TimeDelta::days(1))).fix();
    (local - before).and_utc()
}
