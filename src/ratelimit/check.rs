//! Users in, lines out: group by group, each line in its place.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    answer::{Answer, Format},
    limiter::{Asked, Limiter},
    question::{Question, What},
    script::{Decision, Verdict},
    user::{Unusable, User},
};
use crate::{
    cli::Unbegun,
    config::Config,
    failure::Status,
    redis::{Kind, Trouble},
};

/// The checks of one run.
#[derive(Debug)]
pub struct Checks<'a> {
    config: &'a Config,
    question: &'a Question<'a>,
    format: Format,
    lists: Lists,
    limiter: Option<Limiter<'a>>,
    /// How many connections were lost.
    lost: usize,
    begun: VecDeque<Group>,
    status: Status,
}

/// Users who depend on no rule, under the names by which they are counted.
#[derive(Debug)]
struct Lists {
    allow: Vec<String>,
    deny: Vec<String>,
}

/// Users whose answers are still to be given.
#[derive(Debug)]
struct Group {
    /// In the order in which they came.
    places: Vec<Place>,
    deadline: Instant,
    /// How many connections had been lost when it was asked about: tells whose answers are on the present one.
    lost: usize,
    /// What kept Redis from being asked, or its answers from arriving.
    trouble: Option<Trouble>,
}

/// What is to be answered in one place.
#[derive(Debug)]
enum Place {
    Unusable(Unusable),
    /// Refused by a list.
    Denied(User),
    /// Redis is asked; a user on the list of those who are refused may still be reset.
    Asked(Asked, Option<Listed>),
}

/// On which list a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Allow,
    Deny,
}

impl<'a> Checks<'a> {
    /// Checks by this question.
    pub fn new(config: &'a Config, question: &'a Question<'a>, format: Format) -> Self {
        let folded = |names: &[String]| {
            let user = |name: &String| User::new(name.as_bytes(), config.ratelimit.fold).ok();
            names.iter().filter_map(user).map(|user| user.name).collect()
        };
        let lists = Lists { allow: folded(&config.ratelimit.allow), deny: folded(&config.ratelimit.deny) };
        let begun = VecDeque::new();
        Self { config, question, format, lists, limiter: None, lost: 0, begun, status: Status::Done }
    }

    /// How many users a group may have.
    pub fn largest_group(&self) -> usize {
        Limiter::largest_group(self.config)
    }

    /// Whether as many groups are begun as may be at once.
    pub fn is_full(&self) -> bool {
        self.begun.len() >= Limiter::most_asked(self.config)
    }

    /// Whether no group waits for its answers.
    pub fn is_idle(&self) -> bool {
        self.begun.is_empty()
    }

    /// What the answers given so far lead to: the gravest one decides.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Asks about a group of users, who began to wait at `begin`.
    pub fn begin<'t>(&mut self, texts: impl IntoIterator<Item = &'t [u8]>, begin: Instant) {
        let places: Vec<Place> = texts.into_iter().map(|text| self.place(text)).collect();
        let limit = self.config.ratelimit.timeout.unwrap_or(self.config.redis.timeout);
        let deadline = begin.checked_add(limit).unwrap_or(begin + Duration::from_secs(86_400));
        let trouble = self.ask(&places, deadline).err();
        if let Some(trouble) = &trouble {
            self.lose(trouble);
        }
        self.begun.push_back(Group { places, deadline, lost: self.lost, trouble });
    }

    fn place(&self, text: &[u8]) -> Place {
        let user = match User::new(text, self.config.ratelimit.fold) {
            Ok(user) => user,
            Err(unusable) => return Place::Unusable(unusable),
        };
        let listed = if self.lists.deny.contains(&user.name) {
            Some(Listed::Deny)
        } else {
            self.lists.allow.contains(&user.name).then_some(Listed::Allow)
        };
        if listed == Some(Listed::Deny) && self.question.what != What::Reset {
            return Place::Denied(user);
        }
        Place::Asked(Asked { exempt: listed.is_some(), user }, listed)
    }

    fn ask(&mut self, places: &[Place], deadline: Instant) -> Result<(), Trouble> {
        let asked = asked(places);
        if asked.is_empty() || !self.question.needs_redis() {
            return Ok(());
        }
        // A server closes a connection on which nothing is said for long.
        if self.begun.is_empty() && self.limiter.as_mut().is_some_and(Limiter::is_closed) {
            self.limiter = None;
        }
        let limiter = match &mut self.limiter {
            Some(limiter) => limiter,
            none => none.insert(Limiter::open(self.config, self.question, deadline)?),
        };
        limiter.ask(asked, deadline)
    }

    /// What else comes on this connection belongs to nobody: who waits for it stays undecided, too.
    fn lose(&mut self, trouble: &Trouble) {
        log::error!("{}", trouble.message);
        self.limiter = None;
        for group in self.begun.iter_mut().filter(|group| group.lost == self.lost) {
            group.trouble.get_or_insert_with(|| Trouble::new(trouble.kind, trouble.message.clone()));
        }
        self.lost += 1;
    }

    /// Adds the lines of the oldest group to `lines`.
    pub fn finish(&mut self, lines: &mut Vec<u8>) {
        let Some(group) = self.begun.pop_front() else { return };
        let decided = match group.trouble {
            Some(trouble) => Err(trouble),
            None => self.decisions(&group.places, group.deadline).inspect_err(|trouble| self.lose(trouble)),
        };
        let mut decisions = decided.map(Vec::into_iter);
        for place in &group.places {
            let (answer, status) = match place {
                Place::Unusable(unusable) => {
                    log::error!("{}", unusable.message());
                    (Answer::unusable(), Status::BadData)
                }
                Place::Denied(user) => (Answer::listed(self.question, &user.name, false), Status::No),
                Place::Asked(Asked { user, .. }, listed) => {
                    let decision = match &mut decisions {
                        Ok(decisions) => decisions.next().ok_or(Kind::Protocol),
                        Err(trouble) => Err(trouble.kind),
                    };
                    match listed {
                        Some(Listed::Deny) => (Answer::listed(self.question, &user.name, false), Status::No),
                        Some(Listed::Allow) => {
                            (Answer::listed(self.question, &user.name, true), Status::Done)
                        }
                        None => self.decided(&user.name, decision),
                    }
                }
            };
            answer.write(self.format, lines);
            if gravity(status) > gravity(self.status) {
                self.status = status;
            }
        }
    }

    fn decided<'u>(&self, user: &'u str, decision: Result<Decision, Kind>) -> (Answer<'u>, Status)
    where
        'a: 'u,
    {
        match decision {
            Ok(decision) => {
                let status = if decision.verdict == Verdict::Allowed { Status::Done } else { Status::No };
                (Answer::decided(self.question, user, &decision), status)
            }
            // Whoever cannot read the configuration cannot know what it wants in such a case.
            Err(Kind::Config) => (Answer::unbegun(Unbegun::Config), Status::Config),
            // Nothing limits; only the statistics lack something.
            Err(_) if self.question.rules.is_empty() => {
                (Answer::decided(self.question, user, &Decision::UNLIMITED), Status::Done)
            }
            Err(kind) => {
                let on_error = self.config.ratelimit.on_error;
                (Answer::undecided(self.question, user, on_error, kind), Status::Unavailable)
            }
        }
    }

    /// The decisions about those who were asked about, in their order.
    fn decisions(&mut self, places: &[Place], deadline: Instant) -> Result<Vec<Decision>, Trouble> {
        let asked = asked(places).len();
        if asked == 0 || !self.question.needs_redis() {
            return Ok(vec![Decision::UNLIMITED; asked]);
        }
        match &mut self.limiter {
            Some(limiter) => limiter.decisions(deadline),
            None => Err(Trouble::new(Kind::Protocol, "nobody asked Redis")),
        }
    }
}

fn asked(places: &[Place]) -> Vec<Asked> {
    let asked = |place: &Place| match place {
        Place::Asked(asked, _) => Some(asked.clone()),
        Place::Unusable(_) | Place::Denied(_) => None,
    };
    places.iter().filter_map(asked).collect()
}

/// Of several, the status that a caller has to know of: that some were refused is no news if others could not be asked.
fn gravity(status: Status) -> u8 {
    match status {
        Status::Done => 0,
        Status::No => 1,
        Status::BadData => 2,
        Status::Unavailable => 3,
        _ => 4,
    }
}
