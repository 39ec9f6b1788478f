//! `epn`: the public space. Who used what, who came, workshops, and what staff have to look at.
//!
//! | file | its purpose |
//! |---|---|
//! | [`visits`] | who was there on which local day ([`days`]): hours, visits, visitors |
//! | [`months`] | the same by month |
//! | [`places`] | rooms and machines |
//! | [`classes`] | age, sex and town of people |
//! | [`breakdown`] | the figures by such a class |
//! | [`workshops`] | who was registered and who came |
//! | [`people`] | the people with the most hours, balances below zero |
//! | [`suspects`] | uses that staff should look at |
//! | [`unmatched`] | connections that match nothing |

pub mod breakdown;
pub mod classes;
pub mod days;
pub mod months;
pub mod people;
pub mod places;
pub mod suspects;
pub mod unmatched;
pub mod visits;
pub mod workshops;

use ::mysql::Conn;
use serde::Serialize;

use super::{
    Question,
    anonymity::Pseudonyms,
    uses::{self, Hours},
};
use crate::{
    config,
    epn::calendar::Minute,
    failure::Result,
    report::{
        sheet::{Block, Cell, Chart, Sentence, Shape, Sheet, Table},
        texts,
    },
};
use breakdown::{Breakdown, LEAST_VISITORS};
use classes::{AgeClass, People, Sex, Town};
use months::MonthFigures;
use people::{Overdrawn, PersonHours};
use places::{ComputerHours, Places, RoomHours};
use suspects::{Suspect, Suspicion};
use unmatched::UnmatchedRows;
use visits::Visits;
use workshops::{Workshop, Workshops};

/// People of the ranking when nothing is said.
const PEOPLE: usize = 10;

/// The section.
#[derive(Debug, Serialize)]
pub struct Epn {
    /// Hours of use.
    pub hours: Hours,
    /// Uses of machines.
    pub uses: u64,
    /// Different people who used a machine.
    pub distinct_users: u64,
    /// Uses that staff have not verified.
    pub unverified_bookings: u64,
    /// One for each person and local day, on machines or in workshops.
    pub visits: u64,
    /// Different people among them.
    pub visitors: u64,
    /// Every month in which somebody came, and those between.
    pub by_month: Vec<MonthFigures>,
    /// Every room.
    pub hours_by_room: Vec<RoomHours>,
    /// Every machine.
    pub hours_by_computer: Vec<ComputerHours>,
    /// Every age class.
    pub by_age: Breakdown<AgeClass>,
    /// Women and men.
    pub by_sex: Breakdown<Sex>,
    /// Every town from which somebody came, that of the most people first.
    pub by_town: Breakdown<Town>,
    /// The people with the most hours.
    pub people: Vec<PersonHours>,
    /// Those that have a part in the period and were not cancelled, by their beginning.
    pub workshops: Vec<Workshop>,
    /// All of them together.
    pub all_workshops: Workshops,
    /// Uses that last longer than they can.
    pub uses_too_long: u64,
    /// Uses that staff have not verified in time.
    pub uses_never_verified: u64,
    /// The worst of both.
    pub suspects: Vec<Suspect>,
    /// Balances below zero, now.
    pub overdrawn: Vec<Overdrawn>,
    /// What waits in the queue and matches nothing, now.
    pub unmatched: Vec<UnmatchedRows>,
    /// How long lists are; none: each has its usual length.
    #[serde(skip)]
    top: Option<usize>,
    /// By which uses are suspect.
    #[serde(skip)]
    settings: config::Epn,
    /// Whether small classes of people are hidden.
    #[serde(skip)]
    is_anonymous: bool,
}

impl Epn {
    /// Reads the section.
    ///
    /// # Errors
    /// The server's.
    pub fn collect(conn: &mut Conn, settings: &config::Epn, question: &Question<'_>) -> Result<Self> {
        let Question { period, now, zone, top, .. } = *question;
        let places = Places::read(conn)?;
        let mut visits = Visits::new(period, zone, places.rooms_of_computers());
        let mut suspicion = Suspicion::new(settings, now, top);
        uses::read(conn, period, |of| {
            visits.used(&of);
            suspicion.look(&of);
        })?;
        let workshops = workshops::read(conn, question, &places, &mut visits)?;
        let known = People::read(conn)?;
        let all = visits.finish();
        let ranking = people::ranking(&all.people, top.unwrap_or(PEOPLE));
        let named = ranking.iter().map(|(person, _)| *person).chain(suspicion.people()).collect::<Vec<_>>();
        let logins = people::logins(conn, &named)?;
        let person = |(id, hours): (u64, Hours)| PersonHours { login: logins.get(&id).cloned(), hours };
        Ok(Self {
            hours: all.hours,
            uses: all.uses,
            distinct_users: all.users,
            unverified_bookings: all.unverified,
            visits: all.visits,
            visitors: all.visitors,
            hours_by_room: places.by_room(&all),
            hours_by_computer: places.by_computer(&all),
            by_age: Breakdown::new(&all.years, |of| known.age(of.person, of.year)),
            by_sex: Breakdown::new(&all.years, |of| known.sex(of.person)),
            by_town: Breakdown::new(&all.years, |of| known.town(of.person).cloned()),
            by_month: all.months,
            people: ranking.into_iter().map(person).collect(),
            all_workshops: workshops::together(&workshops),
            workshops,
            uses_too_long: suspicion.too_long,
            uses_never_verified: suspicion.unverified,
            suspects: suspicion.list(&logins, &places),
            overdrawn: people::overdrawn(conn)?,
            unmatched: unmatched::read(conn, Minute::from(now))?,
            top,
            settings: settings.clone(),
            is_anonymous: false,
        })
    }

    /// Whether there is no space at all to report on.
    pub fn is_empty(&self) -> bool {
        self.hours_by_room.is_empty()
            && self.hours_by_computer.is_empty()
            && self.workshops.is_empty()
            && self.overdrawn.is_empty()
            && self.unmatched.is_empty()
    }

    /// Leaves out who people are. Machines, rooms and workshops keep their names.
    pub fn anonymize(&mut self, names: &mut Pseudonyms) {
        // All fields by their names: a new one has to be thought of here.
        let Self {
            hours: _,
            uses: _,
            distinct_users: _,
            unverified_bookings: _,
            visits: _,
            visitors: _,
            by_month: _,
            hours_by_room: _,
            hours_by_computer: _,
            by_age,
            by_sex,
            by_town,
            people,
            workshops: _,
            all_workshops: _,
            uses_too_long: _,
            uses_never_verified: _,
            suspects,
            overdrawn,
            unmatched,
            top: _,
            settings: _,
            is_anonymous,
        } = self;
        *is_anonymous = true;
        by_age.hide_the_few();
        by_sex.hide_the_few();
        by_town.hide_the_few();
        names.shuffle(people, |of| of.hours, |of| of.login.clone().unwrap_or_default());
        names.shuffle(suspects, |of| (of.starts_at, of.ends_at), |of| of.login.clone().unwrap_or_default());
        names.shuffle(overdrawn, |_| (), |of| of.login.clone());
        names.shuffle(unmatched, |_| (), |of| of.rows.login.clone());
        let logins = people.iter_mut().filter_map(|of| of.login.as_mut());
        let logins = logins.chain(suspects.iter_mut().filter_map(|of| of.login.as_mut()));
        let logins = logins.chain(overdrawn.iter_mut().map(|of| &mut of.login));
        let logins = logins.chain(unmatched.iter_mut().map(|of| &mut of.rows.login));
        logins.for_each(|login| names.hide("epn", login));
    }

    /// A ranking, which has no entries if none were asked for.
    fn or_none_shown(&self, table: Table) -> Table {
        if self.top == Some(0) { Table { empty: texts::NONE_SHOWN, ..table } } else { table }
    }

    /// What people see of it.
    pub fn sheet(&self) -> Sheet {
        if self.is_empty() {
            return Sheet { title: texts::EPN, blocks: vec![Block::Line(texts::EPN_EMPTY)] };
        }
        let figures = vec![
            (texts::HOURS_OF_USE, Cell::Hours(self.hours)),
            (texts::USES, Cell::count(self.uses)),
            (texts::UNVERIFIED, Cell::count(self.unverified_bookings)),
            (texts::PEOPLE, Cell::count(self.distinct_users)),
            (texts::VISITS, Cell::count(self.visits)),
            (texts::ALL_VISITORS, Cell::count(self.visitors)),
        ];
        let mut definitions = vec![Sentence::plain(texts::VISITS_ARE)];
        if self.is_anonymous {
            let least = i64::try_from(LEAST_VISITORS).unwrap_or(i64::MAX);
            definitions.push(Sentence {
                text: texts::FEW_ARE_HIDDEN,
                places: vec![("number", Cell::Number(least))],
            });
        }
        let by_age = self.by_age.table(texts::BY_AGE, texts::AGE, texts::NO_AGES, self.top);
        let by_sex = self.by_sex.table(texts::BY_SEX, texts::SEX, texts::NO_SEXES, self.top);
        let by_town = self.by_town.table(texts::BY_TOWN, texts::TOWN, texts::NO_TOWNS, self.top);
        let rooms = Chart {
            shape: Shape::Bars(vec![texts::HOURS]),
            unit: texts::HOURS,
            table: places::rooms_table(&self.hours_by_room),
        };
        let workshops = Chart {
            shape: Shape::Bars(vec![texts::REGISTERED, texts::PRESENT, texts::CAPACITY]),
            unit: texts::PERSONS,
            table: workshops::table(&self.workshops),
        };
        let mut blocks = vec![
            Block::Figures(figures),
            Block::Sentences(definitions),
            Block::Table(months::table(&self.by_month)),
            Block::Chart(rooms),
            Block::Table(places::computers_table(&self.hours_by_computer)),
            Block::Table(by_age),
            Block::Table(by_sex),
            Block::Table(by_town),
            Block::Table(self.or_none_shown(people::ranking_table(&self.people))),
            Block::Chart(workshops),
        ];
        if !self.workshops.is_empty() {
            blocks.push(Block::Figures(self.all_workshops.figures()));
        }
        blocks.push(Block::Table(self.or_none_shown(suspects::table(&self.suspects, self.top))));
        let counts = suspects::sentences(self.uses_too_long, self.uses_never_verified, &self.settings);
        if !counts.is_empty() {
            blocks.push(Block::Sentences(counts));
        }
        blocks.push(Block::Table(people::overdrawn_table(&self.overdrawn)));
        blocks.push(Block::Table(unmatched::table(&self.unmatched)));
        Sheet { title: texts::EPN, blocks }
    }
}
