//! A connection that comes back: opened when first needed, opened again when the database was briefly away.

use std::{
    hash::{BuildHasher, RandomState},
    thread,
    time::{Duration, Instant},
};

use ::mysql::Conn;

use super::Server;
use crate::failure::{Failure, Result, Status};

/// The pause before the second try; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// A connection to a [`Server`] that is renewed after a passing failure.
pub struct Link<'server> {
    server: &'server Server,
    conn: Option<Conn>,
}

impl<'server> Link<'server> {
    /// A link that connects at its first use.
    pub fn new(server: &'server Server) -> Self {
        Self { server, conn: None }
    }

    /// Does `work`, and does it again from its beginning after a passing failure, for at most `[mysql] retry_for`.
    /// `work` must be one transaction or harmless to repeat: it may have been committed before the answer was lost.
    ///
    /// # Errors
    /// The last failure, with the time spent.
    pub fn run<T>(&mut self, mut work: impl FnMut(&mut Conn) -> Result<T>) -> Result<T> {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let failure = match self.once(&mut work) {
                Err(failure) if failure.is_passing() => failure,
                other => return other,
            };
            let left = self.server.retry_for().saturating_sub(began.elapsed());
            if left.is_zero() {
                let has_tried_again = !self.server.retry_for().is_zero();
                return Err(if has_tried_again { given_up(failure, began.elapsed()) } else { failure });
            }
            log::info!("{failure}; trying again");
            thread::sleep(jittered(pause).min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Does `work` once. A connection that failed is not used again.
    ///
    /// # Errors
    /// Those of connecting and of `work`.
    pub fn once<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.server.connect()?,
        };
        let done = work(&mut conn).map_err(|failure| self.named(failure))?;
        self.conn = Some(conn);
        Ok(done)
    }

    /// What the server says of itself does not tell which server it is.
    fn named(&self, failure: Failure) -> Failure {
        match failure.status() {
            Status::Unavailable => failure.context(format!("MySQL at {}", self.server.label())),
            _ => failure,
        }
    }
}

fn given_up(failure: Failure, spent: Duration) -> Failure {
    if spent < Duration::from_secs(1) {
        return failure;
    }
    failure.context(format!("gave up after {} s ([mysql] retry_for)", spent.as_secs()))
}

/// Between half of `pause` and all of it, so that two hosts that met once do not meet again.
fn jittered(pause: Duration) -> Duration {
    let spread = RandomState::new().hash_one(0) % 1024;
    pause / 2 + pause.mul_f64(spread as f64 / 2048.0)
}
