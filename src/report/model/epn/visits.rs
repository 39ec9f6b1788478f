//! Who was there on which local day: visits, visitors and hours, by month, room and person.
//!
//! A visit is one person on one local day, on machines, in workshops or both. A use belongs to each day that it touches,
//! and its hours to the days in which they lie. A workshop belongs to the day on which it begins.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{
    days::LocalDays,
    months::{MonthFigures, month, without_gaps},
};
use crate::report::{
    model::uses::{Hours, Use},
    period::Period,
};

/// Of a group: how long they used machines, how often they came, and how many they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Hours of use.
    pub hours: Hours,
    /// One for each person and local day.
    pub visits: u64,
    /// Different people.
    pub visitors: u64,
}

/// What one person did in one calendar year, as far as it lies in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearOf {
    /// Whose.
    pub person: u64,
    /// The year.
    pub year: i32,
    /// Hours of use.
    pub hours: Hours,
    /// Days on which they came.
    pub visits: u64,
}

/// Collects who was there.
#[derive(Debug)]
pub struct Visits {
    period: Period,
    days: LocalDays,
    /// The rooms in which somebody was, or machines stand; the first one is none.
    rooms: Vec<Option<u64>>,
    /// Each machine: the room in which it stands now, by its place, and its hours.
    computers: HashMap<u64, (u16, Hours)>,
    /// The place of each person among the people.
    people: HashMap<u64, u32>,
    /// Who was asked for last, and the place: uses of one person often come together.
    last_person: Option<(u64, u32)>,
    was_there: Vec<WasThere>,
    uses: u64,
    unverified: u64,
}

/// Somebody was in a room on a day. A year of a large space has millions of these: they are small, and put in order once,
/// at the end, because people come in no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct WasThere {
    /// The place of the person among the people.
    person: u32,
    day: NaiveDate,
    stay: Stay,
}

/// Where, and for how long: the place of the room among the rooms, whether on a machine and not in a workshop, and the
/// seconds of use, of which no day has more than fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stay(u32);

impl Stay {
    const SECONDS: u32 = (1 << 17) - 1;
    const IS_USE: u32 = 1 << 17;
    const ROOM: u32 = 18;
    /// Rooms that can be told apart.
    const ROOMS: usize = 1 << (32 - Self::ROOM);

    fn of_use(room: u16, seconds: u64) -> Self {
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX).min(Self::SECONDS);
        Self(u32::from(room) << Self::ROOM | Self::IS_USE | seconds)
    }

    fn in_workshop(room: u16) -> Self {
        Self(u32::from(room) << Self::ROOM)
    }

    fn room(self) -> usize {
        (self.0 >> Self::ROOM) as usize
    }

    fn is_use(self) -> bool {
        self.0 & Self::IS_USE != 0
    }

    fn hours(self) -> Hours {
        Hours::of_seconds(u64::from(self.0 & Self::SECONDS))
    }
}

/// All figures.
#[derive(Debug, Default)]
pub struct Attendance {
    /// Hours of use.
    pub hours: Hours,
    /// Uses.
    pub uses: u64,
    /// Those that staff have not verified.
    pub unverified: u64,
    /// Different people who used a machine.
    pub users: u64,
    /// One for each person and local day.
    pub visits: u64,
    /// Different people who used a machine or were present in a workshop.
    pub visitors: u64,
    /// Every month from the first in which somebody came to the last.
    pub months: Vec<MonthFigures>,
    /// Visits and visitors of each room, and of what stands in none. Their hours are those of the machines.
    pub rooms: HashMap<Option<u64>, Sums>,
    /// The hours of each machine, also of removed ones.
    pub computers: HashMap<u64, Hours>,
    /// Every person and year, by the ids of the people.
    pub years: Vec<YearOf>,
    /// The hours of each person who used a machine.
    pub people: HashMap<u64, Hours>,
}

impl Visits {
    /// Nobody came yet; `rooms` tells where each machine stands now.
    pub fn new(period: Period, zone: Tz, rooms: impl IntoIterator<Item = (u64, Option<u64>)>) -> Self {
        let mut visits = Self {
            period,
            days: LocalDays::new(zone),
            rooms: vec![None],
            computers: HashMap::new(),
            people: HashMap::new(),
            last_person: None,
            was_there: Vec::new(),
            uses: 0,
            unverified: 0,
        };
        for (computer, room) in rooms {
            let room = visits.room(room);
            visits.computers.insert(computer, (room, Hours::default()));
        }
        visits
    }

    /// The place of a room among the rooms.
    fn room(&mut self, id: Option<u64>) -> u16 {
        let place = self.rooms.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.rooms.push(id);
            self.rooms.len() - 1
        });
        u16::try_from(place).ok().filter(|_| place < Stay::ROOMS).unwrap_or(0)
    }

    /// The place of a person among the people.
    fn person(&mut self, id: u64) -> u32 {
        if let Some((last, place)) = self.last_person
            && last == id
        {
            return place;
        }
        let next = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        let place = *self.people.entry(id).or_insert(next);
        self.last_person = Some((id, place));
        place
    }

    /// Somebody used a machine, at least for a part in the period.
    pub fn used(&mut self, of: &Use) {
        let mut at = of.from.max(self.period.from);
        let end = of.to.min(self.period.to).max(at);
        self.uses += 1;
        self.unverified += u64::from(!of.is_verified);
        let (room, hours) = self.computers.entry(of.computer).or_default();
        *hours += Hours::between(at, end);
        let room = *room;
        let person = self.person(of.person);
        loop {
            let (day, midnight) = self.days.at(at);
            let until = end.min(midnight);
            let part = Hours::between(at, until);
            let stay = Stay::of_use(room, part.seconds());
            self.was_there.push(WasThere { person, day, stay });
            at = until;
            if at >= end {
                break;
            }
        }
    }

    /// Somebody was present in a workshop that began `at` this moment; no visit of the period if it began before.
    pub fn attended(&mut self, person: u64, room: Option<u64>, at: DateTime<Utc>) {
        if self.period.from <= at && at < self.period.to {
            let (day, _) = self.days.at(at);
            let (person, room) = (self.person(person), self.room(room));
            self.was_there.push(WasThere { person, day, stay: Stay::in_workshop(room) });
        }
    }

    /// The sums.
    pub fn finish(self) -> Attendance {
        let Self { rooms, computers, people, mut was_there, uses, unverified, .. } = self;
        let mut all = Attendance { uses, unverified, ..Attendance::default() };
        all.computers = computers.into_iter().map(|(id, (_, hours))| (id, hours)).collect();
        all.hours = all.computers.values().copied().sum();
        let mut months: BTreeMap<NaiveDate, Sums> = BTreeMap::new();
        let mut in_rooms = vec![Sums::default(); rooms.len()];
        // Who was the last visitor of each room.
        let mut last_in_rooms = vec![None; rooms.len()];
        let mut ids: Vec<(u32, u64)> = people.into_iter().map(|(id, place)| (place, id)).collect();
        ids.sort_unstable();
        was_there.sort_unstable();
        let of_people = was_there.chunk_by(|one, next| one.person == next.person);
        for (was_there, (_, person)) in of_people.zip(ids) {
            all.visitors += 1;
            for in_room in
                was_there.chunk_by(|one, next| (one.day, one.stay.room()) == (next.day, next.stay.room()))
            {
                let place = in_room.first().map_or(0, |first| first.stay.room());
                if let (Some(sums), Some(last)) = (in_rooms.get_mut(place), last_in_rooms.get_mut(place)) {
                    sums.visits += 1;
                    sums.visitors += u64::from(last.replace(person) != Some(person));
                }
            }
            for of_month in was_there.chunk_by(|one, next| month(one.day) == month(next.day)) {
                let Some(first) = of_month.first() else { continue };
                let sums = months.entry(month(first.day)).or_default();
                sums.hours += hours(of_month);
                sums.visits += days(of_month);
                sums.visitors += 1;
            }
            let mut of_all = Hours::default();
            for of_year in was_there.chunk_by(|one, next| one.day.year() == next.day.year()) {
                let year = of_year.first().map_or(0, |first| first.day.year());
                let hours = hours(of_year);
                let visits = days(of_year);
                all.visits += visits;
                all.years.push(YearOf { person, year, hours, visits });
                of_all += hours;
            }
            if was_there.iter().any(|of| of.stay.is_use()) {
                all.people.insert(person, of_all);
            }
        }
        all.users = all.people.len() as u64;
        all.rooms = rooms.into_iter().zip(in_rooms).collect();
        all.years.sort_unstable_by_key(|of| (of.person, of.year));
        all.months = without_gaps(&months);
        all
    }
}

/// Their hours of use.
fn hours(was_there: &[WasThere]) -> Hours {
    was_there.iter().map(|of| of.stay.hours()).sum()
}

/// How many days there are.
fn days(was_there: &[WasThere]) -> u64 {
    was_there.chunk_by(|one, next| one.day == next.day).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn visits(from: &str, to: &str) -> Visits {
        let period = Period { from: moment(from), to: moment(to) };
        Visits::new(period, chrono_tz::Europe::Paris, [(1, Some(10)), (2, Some(20))])
    }

    fn used(person: u64, computer: u64, from: &str, to: &str) -> Use {
        Use { computer, person, from: moment(from), to: moment(to), is_verified: true }
    }

    fn months(all: &Attendance) -> Vec<(String, u64, u64, u64)> {
        let row = |of: &MonthFigures| (of.month.to_string(), of.hours.hundredths(), of.visits, of.visitors);
        all.months.iter().map(row).collect()
    }

    #[test]
    fn hours_and_visits_are_cut_at_local_midnights() {
        // From 23:00 on 31 December to 1:00 in Paris.
        let mut year = visits("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        year.used(&used(7, 1, "2025-12-31T22:00:00Z", "2026-01-01T00:00:00Z"));
        let all = year.finish();
        assert_eq!(
            months(&all),
            [("2025-12-01".to_owned(), 100, 1, 1), ("2026-01-01".to_owned(), 100, 1, 1)]
        );
        assert_eq!((all.visits, all.visitors, all.uses), (2, 1, 1));
        let years: Vec<_> = all.years.iter().map(|of| (of.year, of.visits, of.hours.hundredths())).collect();
        assert_eq!(years, [(2025, 1, 100), (2026, 1, 100)]);
        // A use that ends at midnight is none of the next day.
        let mut day = visits("2026-03-01T00:00:00Z", "2026-04-30T00:00:00Z");
        day.used(&used(7, 1, "2026-03-31T20:00:00Z", "2026-03-31T22:00:00Z"));
        assert_eq!(months(&day.finish()), [("2026-03-01".to_owned(), 200, 1, 1)]);
    }

    #[test]
    fn a_person_in_two_rooms_on_a_day_is_one_visit_and_one_of_each_room() {
        let mut day = visits("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
        day.used(&used(7, 1, "2026-03-10T08:00:00Z", "2026-03-10T09:00:00Z"));
        day.used(&used(7, 2, "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z"));
        day.used(&used(7, 1, "2026-03-10T10:00:00Z", "2026-03-10T11:00:00Z"));
        day.used(&used(7, 99, "2026-03-11T10:00:00Z", "2026-03-11T10:00:00Z"));
        day.attended(7, Some(10), moment("2026-03-10T13:00:00Z"));
        day.attended(8, None, moment("2026-03-10T13:00:00Z"));
        day.attended(8, None, moment("2026-02-28T23:00:00Z"));
        let all = day.finish();
        assert_eq!((all.visits, all.visitors, all.users, all.uses), (3, 2, 1, 4));
        let room = |room: Option<u64>| (all.rooms[&room].visits, all.rooms[&room].visitors);
        assert_eq!([room(Some(10)), room(Some(20)), room(None)], [(1, 1), (1, 1), (2, 2)]);
        assert_eq!(all.computers[&1], Hours::of_seconds(7_200));
    }

    #[test]
    fn days_of_23_and_25_hours_have_all_of_their_hours() {
        let mut all = visits("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        all.used(&used(7, 1, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"));
        all.used(&used(7, 1, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"));
        let all = all.finish();
        assert_eq!(all.visits, 2);
        assert_eq!(all.hours, Hours::of_seconds(48 * 3_600));
    }

    #[test]
    fn a_night_in_which_midnight_comes_twice_has_an_end() {
        // In Newfoundland the clock went from 0:01 back to 23:01.
        let period = Period { from: moment("1999-01-01T00:00:00Z"), to: moment("2001-01-01T00:00:00Z") };
        let mut visits = Visits::new(period, chrono_tz::America::St_Johns, []);
        visits.used(&used(7, 1, "1999-10-30T12:00:00Z", "1999-10-31T12:00:00Z"));
        let all = visits.finish();
        assert_eq!((all.visits, all.hours), (2, Hours::of_seconds(86_400)));
    }

    #[test]
    fn months_without_visits_stand_between_those_with_some() {
        let mut all = visits("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        all.used(&used(7, 1, "2026-07-10T08:00:00Z", "2026-07-10T09:00:00Z"));
        all.attended(7, None, moment("2026-09-10T08:00:00Z"));
        let all = all.finish();
        let shown: Vec<_> = months(&all).into_iter().map(|(_, hours, visits, _)| (hours, visits)).collect();
        assert_eq!(shown, [(100, 1), (0, 0), (0, 1)]);
    }
}
