//! Several who ask at once, and what they are told: some start the command for each question, some talk to one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    seed::Seed,
    support::{Dialogue, Tool, until},
};

/// Tries in the ten minutes of the built-in rule of logins.
pub const LIMIT: usize = 10;
/// How long an answer may take, as it is configured: shorter than any failover.
pub const TIMEOUT: Duration = Duration::from_millis(400);
/// What a busy machine needs besides to start a process and to let it run.
const SLACK: Duration = Duration::from_secs(4);

/// The command at servers that a `[redis]` section names, with the limit of an answer.
pub fn quick(section: &str, prefix: &str) -> Tool {
    at(section, prefix, TIMEOUT, "")
}

/// The same with as much time as a busy machine needs.
pub fn patient(section: &str, prefix: &str) -> Tool {
    at(section, prefix, Duration::from_secs(20), "")
}

pub fn at(section: &str, prefix: &str, limit: Duration, more: &str) -> Tool {
    let limit = limit.as_millis();
    let text = format!("{section}timeout = \"{limit}ms\"\n[ratelimit]\nprefix = \"{prefix}\"\n{more}");
    Tool::new("ratelimit-check").config(&text)
}

/// What one question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Allowed,
    Denied,
    Undecided,
}

impl Word {
    /// Reads an answer; one without a decision says why, and lets nobody go on.
    #[track_caller]
    pub fn of(line: &Value) -> Self {
        match (line["allowed"].as_bool().unwrap(), line.get("error").and_then(Value::as_str)) {
            (true, None) => Self::Allowed,
            (false, None) => Self::Denied,
            (false, Some("unreachable" | "timeout" | "busy" | "readonly")) => Self::Undecided,
            _ => panic!("{line}"),
        }
    }

    /// The same of a process for one question; its exit status has to say it, too.
    #[track_caller]
    pub fn of_run(tool: &Tool) -> Self {
        let run = tool.run();
        let line = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
        let word = Self::of(&line);
        let status = [(Self::Allowed, 0), (Self::Denied, 1), (Self::Undecided, 69)];
        assert!(status.contains(&(word, run.status)), "{run:?}");
        word
    }
}

/// An answer about the user of that number.
#[derive(Clone, Copy, Debug)]
pub struct Reply {
    pub user: usize,
    pub begun: Instant,
    pub word: Word,
}

/// Those who ask.
pub struct Load {
    stop: Arc<AtomicBool>,
    allowed: Arc<AtomicUsize>,
    decided: Arc<AtomicUsize>,
    writers: Vec<JoinHandle<Vec<Reply>>>,
}

impl Load {
    /// Begins to ask about these users, in any order, again and again.
    pub fn begin(tool: &Tool, users: &[String], seed: &mut Seed) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (allowed, decided) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let writers = [false, false, true, true, true].map(|talks| {
            let (tool, users, mut seed) = (tool.clone(), users.to_vec(), seed.split());
            let (stop, allowed, decided) = (Arc::clone(&stop), Arc::clone(&allowed), Arc::clone(&decided));
            thread::spawn(move || {
                let mut talk = talks.then(|| Dialogue::begin(&tool.clone().arg("--batch")));
                let mut replies = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let user = seed.below(users.len());
                    let begun = Instant::now();
                    let word = match &mut talk {
                        Some(talk) => Word::of(&talk.ask(&users[user])),
                        None => Word::of_run(&tool.clone().arg(&users[user])),
                    };
                    assert!(begun.elapsed() < TIMEOUT + SLACK, "{:?}", begun.elapsed());
                    allowed.fetch_add(usize::from(word == Word::Allowed), Ordering::Relaxed);
                    decided.fetch_add(usize::from(word != Word::Undecided), Ordering::Relaxed);
                    replies.push(Reply { user, begun, word });
                    if word == Word::Undecided {
                        // Whoever was told nothing comes again, but not at once.
                        thread::sleep(Duration::from_millis(5));
                    }
                }
                if let Some(talk) = talk {
                    assert!([Some(0), Some(1), Some(69)].contains(&talk.end().status.code()));
                }
                replies
            })
        });
        Self { stop, allowed, decided, writers: writers.into() }
    }

    /// Waits until so many more were allowed.
    #[track_caller]
    pub fn until_allowed(&self, more: usize) {
        let goal = self.allowed.load(Ordering::Relaxed) + more;
        until("allowed tries", || self.allowed.load(Ordering::Relaxed) >= goal || self.is_over());
    }

    /// Waits until so many more were decided.
    #[track_caller]
    pub fn until_decided(&self, more: usize) {
        let goal = self.decided.load(Ordering::Relaxed) + more;
        until("decisions", || self.decided.load(Ordering::Relaxed) >= goal || self.is_over());
    }

    /// Whether one of them failed; [`Self::end`] tells why.
    fn is_over(&self) -> bool {
        self.writers.iter().any(JoinHandle::is_finished)
    }

    /// All answers.
    #[track_caller]
    pub fn end(self) -> Vec<Reply> {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect()
    }
}

/// Asks about each user until nothing is left of his limit; what was allowed, by user.
#[track_caller]
pub fn exhaust(tool: &Tool, users: &[String]) -> Vec<usize> {
    let input: String = users.iter().flat_map(|user| vec![format!("{user}\n"); LIMIT + 1]).collect();
    let run = tool.clone().arg("--batch").stdin(input).run();
    assert_eq!(run.status, 1, "{}", run.stderr);
    let words: Vec<Word> =
        run.stdout.lines().map(|line| Word::of(&serde_json::from_str(line).unwrap())).collect();
    let count = |words: &[Word]| words.iter().filter(|word| **word == Word::Allowed).count();
    words.chunks(LIMIT + 1).map(count).collect()
}
