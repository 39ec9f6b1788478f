//! Users in, lines out: group by group, each line in its place.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    answer::{Answer, Format},
    limiter::{Asked, Limiter},
    question::Question,
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
    /// What kept Redis from being asked.
    trouble: Option<Trouble>,
}

/// What is to be answered in one place.
#[derive(Debug)]
enum Place {
    Unusable(Unusable),
    Denied(User),
    Asked(Asked),
}

impl<'a> Checks<'a> {
    /// Checks by this question.
    pub fn new(config: &'a Config, question: &'a Question<'a>, format: Format) -> Self {
        let folded = |names: &[String]| {
            let user = |name: &String| User::new(name.as_bytes(), config.ratelimit.fold).ok();
            names.iter().filter_map(user).map(|user| user.name).collect()
        };
        let lists = Lists { allow: folded(&config.ratelimit.allow), deny: folded(&config.ratelimit.deny) };
        Self { config, question, format, lists, limiter: None, begun: VecDeque::new(), status: Status::Done }
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
        self.begun.push_back(Group { places, deadline, trouble });
    }

    fn place(&self, text: &[u8]) -> Place {
        match User::new(text, self.config.ratelimit.fold) {
            Err(unusable) => Place::Unusable(unusable),
            Ok(user) if self.lists.deny.contains(&user.name) => Place::Denied(user),
            Ok(user) => Place::Asked(Asked { exempt: self.lists.allow.contains(&user.name), user }),
        }
    }

    fn ask(&mut self, places: &[Place], deadline: Instant) -> Result<(), Trouble> {
        let asked = asked(places);
        if asked.is_empty() || !self.question.needs_redis() {
            return Ok(());
        }
        let limiter = match &mut self.limiter {
            Some(limiter) => limiter,
            none => none.insert(Limiter::open(self.config, self.question, deadline)?),
        };
        limiter.ask(asked, deadline)
    }

    /// Adds the lines of the oldest group to `lines`.
    pub fn finish(&mut self, lines: &mut Vec<u8>) {
        let Some(group) = self.begun.pop_front() else { return };
        let decided = match group.trouble {
            Some(trouble) => Err(trouble),
            None => self.decisions(&group.places, group.deadline),
        };
        if let Err(trouble) = &decided {
            log::error!("{}", trouble.message);
            // What else comes on this connection belongs to nobody: who waits for it stays undecided, too.
            self.limiter = None;
            for later in &mut self.begun {
                later.trouble.get_or_insert_with(|| Trouble::new(trouble.kind, trouble.message.clone()));
            }
        }
        let mut decisions = decided.map(Vec::into_iter);
        for place in &group.places {
            let (answer, status) = match place {
                Place::Unusable(unusable) => {
                    log::error!("{}", unusable.message());
                    (Answer::unusable(), Status::BadData)
                }
                Place::Denied(user) => (Answer::listed(self.question, &user.name, false), Status::No),
                Place::Asked(Asked { user, exempt: true }) => {
                    // Its decision is of no interest, but it has one.
                    let _ = decisions.as_mut().ok().and_then(Iterator::next);
                    (Answer::listed(self.question, &user.name, true), Status::Done)
                }
                Place::Asked(Asked { user, exempt: false }) => {
                    let next =
                        decisions.as_mut().map(|decisions| decisions.next().unwrap_or(Decision::ALLOWED));
                    self.decided(&user.name, next)
                }
            };
            answer.write(self.format, lines);
            if gravity(status) > gravity(self.status) {
                self.status = status;
            }
        }
    }

    fn decided<'u>(&self, user: &'u str, decision: Result<Decision, &mut Trouble>) -> (Answer<'u>, Status)
    where
        'a: 'u,
    {
        match decision {
            Ok(decision) => {
                let status = if decision.verdict == Verdict::Allowed { Status::Done } else { Status::No };
                (Answer::decided(self.question, user, &decision), status)
            }
            // Whoever cannot read the configuration cannot know what it wants in such a case.
            Err(trouble) if trouble.kind == Kind::Config => {
                (Answer::unbegun(Unbegun::Config), Status::Config)
            }
            Err(trouble) => {
                let on_error = self.config.ratelimit.on_error;
                (Answer::undecided(self.question, user, on_error, trouble.kind), Status::Unavailable)
            }
        }
    }

    /// The decisions about those who were asked about, in their order.
    fn decisions(&mut self, places: &[Place], deadline: Instant) -> Result<Vec<Decision>, Trouble> {
        let is_asked = places.iter().any(|place| matches!(place, Place::Asked(_)));
        match &mut self.limiter {
            Some(limiter) if is_asked => limiter.decisions(deadline),
            // Nothing depends on Redis.
            _ => Ok(Vec::new()),
        }
    }
}

fn asked(places: &[Place]) -> Vec<Asked> {
    let asked = |place: &Place| match place {
        Place::Asked(asked) => Some(asked.clone()),
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
        _ => 3,
    }
}
