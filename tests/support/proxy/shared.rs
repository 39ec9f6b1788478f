//! What all connections of a proxy have in common: the counts, and the troubles that are still to come.

use std::{
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{Harm, Point, Protocol, Said, Trouble};

/// Counts and troubles.
pub struct Shared {
    /// The server's socket.
    pub server: PathBuf,
    pub protocol: Protocol,
    /// What was said, and the troubles that are still to come.
    pub counted: Mutex<(Said, Vec<Option<Trouble>>)>,
    /// Whether nobody listens any more.
    pub is_over: AtomicBool,
}

/// What a trouble means for the connection that it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Open,
    Lost,
    Silent,
    Cut,
}

impl Shared {
    /// Whether nobody listens for this connection any more.
    pub fn refuses(&self, connection: usize) -> bool {
        let (_, troubles) = &*self.counted.lock().unwrap();
        let mut harms =
            troubles.iter().flatten().filter(|trouble| trouble.at == Point::Connection(connection));
        harms.any(|trouble| matches!(trouble.harm, Harm::Refuse))
    }

    /// The number of one more of its kind.
    pub fn count(&self, of: impl Fn(&mut Said) -> &mut usize) -> usize {
        let counted = &mut self.counted.lock().unwrap().0;
        let count = of(counted);
        *count += 1;
        *count - 1
    }

    /// Counts bytes that pass.
    pub fn passes(&self, length: usize, is_sent: bool) {
        let said = &mut self.counted.lock().unwrap().0;
        *(if is_sent { &mut said.sent } else { &mut said.received }) += length as u64;
    }

    /// Lets all happen that is due; `is_here` tells the points of this kind. The gravest outcome decides.
    pub fn strike(&self, is_here: impl Fn(&Point) -> bool) -> Mood {
        let mut mood = Mood::Open;
        let count = self.counted.lock().unwrap().1.len();
        for index in 0..count {
            let due = {
                let (said, troubles) = &mut *self.counted.lock().unwrap();
                match &troubles[index] {
                    Some(trouble) if is_here(&trouble.at) && said.has_reached(trouble.at) => {
                        troubles[index].take()
                    }
                    _ => None,
                }
            };
            // Whoever acts may take long, and look at the proxy meanwhile.
            let Some(mut trouble) = due else { continue };
            let outcome = match &mut trouble.harm {
                Harm::Cut => Mood::Cut,
                Harm::Lose => Mood::Lost,
                Harm::Silence => Mood::Silent,
                Harm::Delay(time) => {
                    thread::sleep(*time);
                    Mood::Open
                }
                Harm::Refuse => {
                    self.is_over.store(true, Ordering::SeqCst);
                    Mood::Cut
                }
                Harm::Act(act) => {
                    act();
                    Mood::Open
                }
            };
            if outcome != Mood::Open {
                mood = outcome;
            }
            if trouble.lasts {
                self.counted.lock().unwrap().1[index] = Some(trouble);
            }
        }
        mood
    }

    /// How many of so many bytes may pass before something happens; at least one.
    pub fn room(&self, length: usize, is_sent: bool) -> usize {
        let (said, troubles) = &*self.counted.lock().unwrap();
        let ahead = troubles.iter().flatten().filter_map(|trouble| match trouble.at {
            Point::Sent(bytes) if is_sent => bytes.checked_sub(said.sent),
            Point::Received(bytes) if !is_sent => bytes.checked_sub(said.received),
            _ => None,
        });
        let nearest = ahead.filter(|bytes| *bytes > 0).min().unwrap_or(u64::MAX);
        length.min(usize::try_from(nearest).unwrap_or(usize::MAX))
    }
}
