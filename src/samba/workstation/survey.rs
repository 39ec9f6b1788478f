//! Puts a slow question about many addresses, several at once, within one budget for the whole run.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::{Names, cache::Cache};
use crate::config::samba::{Samba, Source};

/// Questions under way at a time: most wait for a workstation that is off.
const AT_ONCE: usize = 16;

/// What a source says about an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This is its name.
    Name(String),
    /// It has no name, and will have none in the next minutes.
    None,
    /// The source could not be asked: worth another try.
    Unknown,
}

/// The questions of one run.
pub(super) struct Survey {
    started: Instant,
    budget: Duration,
    cache: Cache,
    folder: Option<PathBuf>,
    news: bool,
    now: DateTime<Utc>,
}

impl Survey {
    pub(super) fn new(settings: &Samba, folder: Option<&Path>, now: DateTime<Utc>) -> Self {
        let cache = folder.map(|folder| Cache::read(folder, settings.resolve_cache, now));
        Self {
            started: Instant::now(),
            budget: settings.resolve_budget,
            cache: cache.unwrap_or_default(),
            folder: folder.map(Path::to_owned),
            news: false,
            now,
        }
    }

    /// Names of `open` by `source`: remembered ones, then those that `question` finds while the budget lasts.
    /// It is told what is left of it. One that does not come back is left behind.
    pub(super) fn ask(
        &mut self,
        source: Source,
        open: &BTreeSet<IpAddr>,
        question: impl Fn(IpAddr, Duration) -> Answer + Clone + Send + 'static,
    ) -> Names {
        let mut names = Names::new();
        let mut unasked = Vec::new();
        for &ip in open {
            match self.cache.get(source, ip) {
                Some(Some(name)) => drop(names.insert(ip, name.to_owned())),
                Some(None) => {}
                None => unasked.push(ip),
            }
        }
        let (started, budget) = (self.started, self.budget);
        let left = move || budget.saturating_sub(started.elapsed());
        let askers = AT_ONCE.min(unasked.len());
        let queue = Arc::new(Mutex::new(unasked.into_iter()));
        let (sender, receiver) = mpsc::channel();
        for _ in 0..askers {
            let (queue, sender, question) = (Arc::clone(&queue), sender.clone(), question.clone());
            let work = move || ask_in_turn(&queue, &sender, |ip| question(ip, left()), || left().is_zero());
            if let Err(error) = thread::Builder::new().spawn(work) {
                log::debug!("one asker less: {error}");
            }
        }
        drop(sender);
        while let Ok((ip, answer)) = receiver.recv_timeout(left()) {
            let name = match answer {
                Answer::Name(name) => Some(name),
                Answer::None => None,
                Answer::Unknown => continue,
            };
            self.cache.insert(source, ip, name.clone(), self.now);
            self.news = true;
            names.extend(name.map(|name| (ip, name)));
        }
        names
    }

    /// Writes down what was learnt, for the next runs.
    pub(super) fn remember(self) {
        if let Some(folder) = self.folder.filter(|_| self.news)
            && let Err(error) = self.cache.write(&folder)
        {
            log::info!("cannot remember the names of workstations in {}: {error}", folder.display());
        }
    }
}

/// Takes one address after the other from `queue`, until it is empty, the time is over or nobody listens.
fn ask_in_turn(
    queue: &Mutex<std::vec::IntoIter<IpAddr>>,
    sender: &Sender<(IpAddr, Answer)>,
    question: impl Fn(IpAddr) -> Answer,
    over: impl Fn() -> bool,
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(ip) = next.filter(|_| !over()) else { break };
        if sender.send((ip, question(ip))).is_err() {
            break;
        }
    }
}
