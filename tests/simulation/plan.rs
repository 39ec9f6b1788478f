//! What happens at many sites on a day: the same for the same seed, and as much on each day as on any other.

/// 1 September 2026, in seconds since the epoch: a month without a change of the clock, within one year.
pub const BEGIN: i64 = 1_788_220_800;
pub const DAY: i64 = 86_400;
/// Seconds between two snapshots.
pub const SNAPSHOT: i64 = 300;
/// When the sites open, in seconds of the day (UTC).
pub const OPENS: i64 = 8 * 3_600;

/// Each machine is used twice a day.
const TURNS: u64 = 2;
/// Users of the web site whose traces are logged, their steps, and the seconds between two of these.
const READERS: u64 = 3;
const STEPS: i64 = 10;
const PACE: i64 = 120;

/// Sites that are all alike.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub sites: u64,
    /// Of each site.
    pub computers: u64,
    pub people: u64,
    /// Hours that it is open.
    pub hours: i64,
    /// Sessions of its web pages a day.
    pub sessions: u64,
    /// Users who log in a day.
    pub logins: u64,
}

/// Somebody at a machine.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub site: u64,
    pub computer: u64,
    /// None: nobody knows the login.
    pub person: Option<u64>,
    /// The first snapshot that shows it, in seconds since the epoch, and how many do.
    pub begins: i64,
    pub snapshots: i64,
}

/// A session of a web page.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    pub user: u64,
    pub begins: i64,
    pub ends: i64,
}

/// A row of the log of a Moodle.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    pub at: i64,
    pub user: u64,
    pub course: u64,
    pub action: &'static str,
}

impl Plan {
    /// The number of a person among those of all sites.
    pub fn number(&self, site: u64, person: u64) -> u64 {
        site * self.people + person
    }

    /// All visits of a day.
    pub fn visits(&self, day: i64) -> Vec<Visit> {
        let turn_length = self.hours * 3_600 / SNAPSHOT / TURNS as i64;
        let opens = BEGIN + day * DAY + OPENS;
        let mut visits = Vec::new();
        for site in 0..self.sites {
            let first = self.draw(&[1, day as u64, site]);
            for (computer, turn) in
                (0..self.computers).flat_map(|one| (0..TURNS).map(move |turn| (one, turn)))
            {
                let luck = self.draw(&[2, day as u64, site, computer, turn]);
                let wait = (luck % (turn_length as u64 / 3).max(1)) as i64;
                let stay = turn_length / 6 + (luck / 1_000 % (turn_length as u64 / 2).max(1)) as i64;
                let person = first.wrapping_add(computer * TURNS + turn) % self.people;
                let begins = opens + (turn as i64 * turn_length + wait) * SNAPSHOT;
                visits.push(Visit { site, computer, person: Some(person), begins, snapshots: stay.max(1) });
            }
            if (site + day as u64).is_multiple_of(10) {
                visits.push(Visit { site, computer: 0, person: None, begins: opens, snapshots: 3 });
            }
        }
        visits
    }

    /// All sessions that begin on a day.
    pub fn sessions(&self, day: i64) -> Vec<Session> {
        let one = |site: u64, number: u64| {
            let luck = self.draw(&[3, day as u64, site, number]);
            let begins = BEGIN + day * DAY + OPENS + (luck % (8 * 3_600)) as i64;
            Session {
                id: format!("web-{site}-{day}-{number}"),
                user: self.number(site, luck % self.people),
                begins,
                ends: begins + 60 + (luck / 100_000 % 5_400) as i64,
            }
        };
        (0..self.sites).flat_map(|site| (0..self.sessions).map(move |number| one(site, number))).collect()
    }

    /// The rows of the log of a day, in their order.
    pub fn traces(&self, day: i64) -> Vec<Trace> {
        let mut traces = Vec::new();
        for (site, reader) in (0..self.sites).flat_map(|site| (0..READERS).map(move |reader| (site, reader)))
        {
            let luck = self.draw(&[4, day as u64, site]);
            let begins = BEGIN + day * DAY + OPENS + (luck % (6 * 3_600)) as i64 + reader as i64 * 17;
            let user = self.number(site, (luck + reader) % self.people);
            traces.extend((0..=STEPS + 1).map(|step| Trace {
                at: begins + step * PACE,
                user,
                course: if step == 0 || step > STEPS { 0 } else { 2 + luck % 5 },
                action: match step {
                    0 => "loggedin",
                    step if step > STEPS => "loggedout",
                    _ => "viewed",
                },
            }));
        }
        traces.sort_by_key(|trace| (trace.at, trace.user));
        traces
    }

    /// Who logs in on a day, one name a line.
    pub fn logins(&self, day: i64) -> Vec<String> {
        let name = |site: u64, number: u64| {
            let luck = self.draw(&[5, day as u64, site]);
            format!("{}@example.org", login(site, (luck + number) % self.people))
        };
        (0..self.sites).flat_map(|site| (0..self.logins).map(move |number| name(site, number))).collect()
    }

    /// A number that looks like chance (splitmix64), made of the seed and of these.
    fn draw(&self, of: &[u64]) -> u64 {
        of.iter().fold(self.seed, |state, number| {
            let mixed = (state ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        })
    }
}

/// The login of a person.
pub fn login(site: u64, person: u64) -> String {
    format!("u{site}-{person}")
}
