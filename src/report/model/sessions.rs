//! `sessions`: how many sessions there were, how many at once, and how they ended. What session-aggregate or an ILIAS
//! counted.

use ::mysql::Conn;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{
    Question,
    course::{Course, Figures, Step},
    grain::Grain,
    slots::{Mean, Slot, Slots, after},
    uses::Hours,
    week::Week,
};
use crate::{
    failure::Result,
    report::{
        sheet::{Block, Cell, Chart, Column, Shape, Sheet, Table},
        texts::{self, Text},
    },
};

/// A quarter of an hour is counted within the next one. Who has counted none for that long has stopped.
const LATEST: TimeDelta = TimeDelta::hours(1);

/// Less time at the limit is told in seconds.
const HOUR: i64 = 3_600;

/// The section.
#[derive(Debug, Serialize)]
pub struct Sessions {
    /// Sessions that began.
    pub opened: i64,
    /// Ended by their user.
    pub closed_manual: i64,
    /// Ended because they expired.
    pub closed_expire: i64,
    /// Ended for want of room, because they were idle.
    pub closed_idle: i64,
    /// Ended for want of room, because they were idle since their first page.
    pub closed_idle_first: i64,
    /// Ended at once, because there was no room.
    pub closed_limit: i64,
    /// Sessions of visitors, ended because they logged in.
    pub closed_login: i64,
    /// Ended for other reasons.
    pub closed_misc: i64,
    /// Seconds of the period in which as many sessions were active as the limit allows, or more.
    pub maxed_out_seconds: i64,
    /// End of the newest slot that was at the limit, of all time.
    pub last_maxed_out: Option<DateTime<Utc>>,
    /// End of the newest slot, of all time.
    pub last_aggregation: Option<DateTime<Utc>>,
    /// Fewest sessions at once; none: nothing was counted.
    pub active_min: Option<i64>,
    /// Most sessions at once.
    pub active_max: Option<i64>,
    /// Begin of the first slot with that many.
    pub active_max_at: Option<DateTime<Utc>>,
    /// Mean number of sessions at once.
    pub active_avg: Option<Mean>,
    /// Mean number of sessions at once in each hour of the week.
    pub by_weekday_and_hour: Week,
    /// Slots whose figures were never written.
    pub slots_without_figures: u64,
    /// The slots that have a second in the period, by their begin.
    pub slots: Vec<Slot>,
    /// For people.
    #[serde(skip)]
    course: Course,
    /// Whether a report that reaches until now lacks what should have been counted.
    #[serde(skip)]
    is_late: bool,
}

impl Sessions {
    /// Reads the section. Where the tables have no limit, it is `max_sessions`.
    ///
    /// # Errors
    /// The server's.
    pub fn collect(conn: &mut Conn, question: &Question<'_>, max_sessions: u32) -> Result<Self> {
        let Question { period, now, zone, .. } = *question;
        let Slots { slots, closed, last, last_at_limit } = Slots::read(conn, period, max_sessions)?;
        let [
            closed_manual,
            closed_expire,
            closed_idle,
            closed_idle_first,
            closed_limit,
            closed_login,
            closed_misc,
        ] = closed;
        let Figures { opened, at_limit, active, .. } = Figures::of(&slots);
        Ok(Self {
            opened,
            closed_manual,
            closed_expire,
            closed_idle,
            closed_idle_first,
            closed_limit,
            closed_login,
            closed_misc,
            maxed_out_seconds: at_limit,
            last_maxed_out: last_at_limit,
            last_aggregation: last,
            active_min: active.map(|active| active.fewest),
            active_max: active.map(|active| active.most),
            active_max_at: active.map(|active| active.most_at),
            active_avg: active.map(|active| active.mean),
            slots_without_figures: slots.iter().filter(|slot| !slot.is_counted).count() as u64,
            by_weekday_and_hour: Week::of(&slots, period, zone),
            course: Course::of(&slots, period, zone),
            is_late: period.to >= now && last.is_some_and(|last| now - last > LATEST),
            slots,
        })
    }

    /// Whether nothing was counted in the period.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// What people see of it.
    pub fn sheet(&self) -> Sheet {
        let late = self.is_late.then_some(Block::Line(texts::COUNTING_STOPPED));
        let blocks = if self.is_empty() {
            vec![Block::Line(texts::SESSIONS_EMPTY)]
        } else {
            let shape = Shape::Band {
                fewest: texts::FEWEST,
                mean: texts::MEAN,
                most: texts::MOST,
                limit: texts::LIMIT,
            };
            let course = Chart { shape, unit: texts::SESSIONS, table: self.course_table() };
            // Of a day or two it would say what the course says.
            let week =
                (self.course.grain != Grain::Hours).then(|| Block::Chart(self.by_weekday_and_hour.chart()));
            [Block::Figures(self.figures()), Block::Table(self.ends_table()), Block::Chart(course)]
                .into_iter()
                .chain(week)
                .collect()
        };
        // Before the figures: they are not what they seem.
        Sheet { title: texts::SESSIONS, blocks: late.into_iter().chain(blocks).collect() }
    }

    fn figures(&self) -> Vec<(Text, Cell)> {
        let mut figures = vec![(texts::SESSIONS_OPENED, Cell::Number(self.opened))];
        if let (Some(most), Some(most_at), Some(mean)) =
            (self.active_max, self.active_max_at, self.active_avg)
        {
            figures.push((texts::MOST_AT_ONCE, Cell::Number(most)));
            figures.push((texts::MOST_AT, Cell::Time(most_at)));
            figures.push((texts::MEAN_AT_ONCE, Cell::Mean(mean)));
        }
        if self.has_limit() {
            let label = if self.is_in_hours() { texts::HOURS_AT_LIMIT } else { texts::SECONDS_AT_LIMIT };
            figures.push((label, self.time(self.maxed_out_seconds)));
        }
        if let Some(last) = self.last_maxed_out {
            figures.push((texts::LAST_AT_LIMIT, Cell::Time(after(last))));
        }
        if self.slots_without_figures > 0 {
            figures.push((texts::WITHOUT_FIGURES, Cell::count(self.slots_without_figures)));
        }
        figures.extend(self.last_aggregation.map(|last| (texts::COUNTED_UNTIL, Cell::Time(after(last)))));
        figures
    }

    /// Whether there was a limit at some time of the period.
    fn has_limit(&self) -> bool {
        self.maxed_out_seconds > 0 || self.slots.iter().any(|slot| slot.max_sessions > 0)
    }

    /// Whether times at the limit are worth being told in hours.
    fn is_in_hours(&self) -> bool {
        self.maxed_out_seconds >= HOUR
    }

    /// A time at the limit.
    fn time(&self, seconds: i64) -> Cell {
        if self.is_in_hours() {
            Cell::Hours(Hours::of_seconds(seconds.try_into().unwrap_or(0)))
        } else {
            Cell::Number(seconds)
        }
    }

    fn ends_table(&self) -> Table {
        let mut ends = [
            (texts::LOGGED_OUT, self.closed_manual),
            (texts::EXPIRED, self.closed_expire),
            (texts::IDLE, self.closed_idle),
            (texts::IDLE_FIRST, self.closed_idle_first),
            (texts::NO_ROOM, self.closed_limit),
            (texts::LOGGED_IN, self.closed_login),
            (texts::OTHER_REASONS, self.closed_misc),
        ];
        ends.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let counted = ends.iter().filter(|(_, count)| *count > 0);
        Table {
            title: texts::ENDS,
            columns: vec![Column::words(texts::REASON), Column::compared(texts::SESSIONS)],
            rows: counted.map(|(reason, count)| vec![Cell::Words(*reason), Cell::Number(*count)]).collect(),
            empty: texts::NO_ENDS,
        }
    }

    fn course_table(&self) -> Table {
        let has_limit = self.has_limit();
        let row = |(step, figures): &(Step, Figures)| {
            let step = match step {
                Step::Month(month) => Cell::Month(*month),
                Step::Day(day) => Cell::Day(*day),
                Step::Hour(begin) => Cell::Time(*begin),
            };
            let active = figures.active;
            let at_limit = has_limit.then(|| self.time(figures.at_limit));
            [step, Cell::Number(figures.opened)]
                .into_iter()
                .chain(at_limit)
                .chain([
                    Cell::number_or_nothing(active.map(|active| active.fewest)),
                    active.map_or(Cell::Nothing, |active| Cell::Mean(active.mean)),
                    Cell::number_or_nothing(active.map(|active| active.most)),
                ])
                .chain(
                    has_limit.then(|| Cell::number_or_nothing((figures.limit > 0).then_some(figures.limit))),
                )
                .collect()
        };
        let (title, heading) = match self.course.grain {
            Grain::Hours => (texts::BY_HOUR, texts::HOUR),
            Grain::Days => (texts::BY_DAY, texts::DAY),
            Grain::Months => (texts::SESSIONS_BY_MONTH, texts::MONTH),
        };
        let limit = if self.is_in_hours() { texts::LIMIT_HOURS } else { texts::LIMIT_SECONDS };
        let columns = [heading, texts::OPENED]
            .into_iter()
            .chain(has_limit.then_some(limit))
            .chain([texts::FEWEST, texts::MEAN])
            .map(Column::numbers)
            .chain([Column::compared(texts::MOST)])
            .chain(has_limit.then_some(Column::spare(texts::LIMIT)))
            .collect();
        Table {
            title,
            columns,
            rows: self.course.steps.iter().map(row).collect(),
            empty: texts::SESSIONS_EMPTY,
        }
    }
}
