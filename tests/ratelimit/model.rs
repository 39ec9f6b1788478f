//! What the rules mean, without Redis: one pure model an algorithm, in whole microseconds and exact arithmetic.
//!
//! A clock that stepped back stands still until it is where it was: the log takes the moment of its newest entry for
//! now, a fixed window its beginning, the sliding window the beginning of its newest bucket; what GCRA owes never
//! exceeds a full burst.

use sessionstat::config::ratelimit::{Algorithm, Rule};

/// What a rule says about a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What is left of the limit.
    pub left: u64,
    /// Microseconds until the same try would be allowed; none: never.
    pub wait: Option<i64>,
    /// Microseconds until all is forgotten.
    pub reset: i64,
}

/// What one rule knows of one user.
#[derive(Clone, Debug)]
pub struct Model {
    rule: Rule,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Every moment that was ever charged, oldest first.
    Log(Vec<i64>),
    /// The beginning of the window, and what was charged in it.
    Fixed(Option<(i64, u64)>),
    /// The number of the newest bucket, what was charged in the one before it, and in it.
    Buckets(Option<(i64, u64, u64)>),
    /// The theoretical arrival time, in parts of a microsecond of which there are as many as the limit.
    Arrival(i128),
}

impl Model {
    pub fn new(rule: &Rule) -> Self {
        let state = match rule.algorithm {
            Algorithm::SlidingLog => State::Log(Vec::new()),
            Algorithm::FixedWindow => State::Fixed(None),
            Algorithm::SlidingWindow => State::Buckets(None),
            Algorithm::Gcra => State::Arrival(i128::MIN),
        };
        Self { rule: rule.clone(), state }
    }

    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    pub fn window(&self) -> i64 {
        i64::try_from(self.rule.window.as_micros()).unwrap()
    }

    fn limit(&self) -> i64 {
        i64::try_from(self.rule.limit).unwrap()
    }

    /// What it says about a try at `now`. Changes nothing.
    pub fn look(&self, now: i64, cost: u64) -> Look {
        let (left, wait, reset) = self.figures(now, i64::try_from(cost).unwrap());
        let left = u64::try_from(left.max(0)).unwrap();
        Look { left, wait: (cost <= self.rule.limit).then_some(wait), reset }
    }

    fn figures(&self, now: i64, cost: i64) -> (i64, i64, i64) {
        let (limit, window) = (self.limit(), self.window());
        match &self.state {
            State::Log(moments) => {
                let newest = moments.last().copied();
                let now = now.max(newest.unwrap_or(now));
                let kept: Vec<i64> =
                    moments.iter().copied().filter(|moment| *moment > now - window).collect();
                let count = i64::try_from(kept.len()).unwrap();
                let missing = count + cost - limit;
                let wait = match usize::try_from(missing - 1).ok().and_then(|number| kept.get(number)) {
                    Some(oldest) => oldest + window - now,
                    None => 0,
                };
                let reset = newest.map_or(0, |newest| (newest + window - now).max(0));
                (limit - count, wait, reset)
            }
            State::Fixed(counter) => match counter.filter(|(start, _)| now < start + window) {
                None => (limit, 0, 0),
                Some((start, used)) => {
                    let used = i64::try_from(used).unwrap();
                    let rest = start + window - now.max(start);
                    (limit - used, if used + cost > limit { rest } else { 0 }, rest)
                }
            },
            State::Buckets(_) => {
                let (index, before, used) = self.buckets(now);
                let elapsed = (now - index * window).max(0);
                let reset = match (before, used) {
                    (_, 1..) => 2 * window - elapsed,
                    (1.., _) => window - elapsed,
                    _ => 0,
                };
                (self.room(before, used, elapsed), self.wait_of_buckets(before, used, elapsed, cost), reset)
            }
            State::Arrival(arrival) => {
                let [now, limit, window, cost] = [now, limit, window, cost].map(i128::from);
                let owed = (*arrival).clamp(now * limit, (now + window) * limit) - now * limit;
                let microseconds = |parts: i128| i64::try_from((parts.max(0) + limit - 1) / limit).unwrap();
                let left = i64::try_from((window * limit - owed) / window).unwrap();
                (left, microseconds(owed + window * cost - window * limit), microseconds(owed))
            }
        }
    }

    /// The newest bucket at `now`: its number, what was charged in the one before it, and in it.
    fn buckets(&self, now: i64) -> (i64, i64, i64) {
        let current = now.div_euclid(self.window());
        let State::Buckets(Some((index, before, used))) = self.state else { return (current, 0, 0) };
        let (before, used) = (i64::try_from(before).unwrap(), i64::try_from(used).unwrap());
        match current - index {
            ..=0 => (index, before, used),
            1 => (current, used, 0),
            _ => (current, 0, 0),
        }
    }

    /// The whole part of what the weighted buckets leave of the limit; `elapsed` may reach into the next two buckets.
    fn room(&self, before: i64, used: i64, elapsed: i64) -> i64 {
        let window = self.window();
        let (before, used, elapsed) = match elapsed / window {
            0 => (before, used, elapsed),
            1 => (used, 0, elapsed - window),
            _ => return self.limit(),
        };
        let [limit, before, used, window, elapsed] =
            [self.limit(), before, used, window, elapsed].map(i128::from);
        let room = (limit * window - before * (window - elapsed) - used * window).div_euclid(window);
        i64::try_from(room).unwrap()
    }

    /// The least wait after which the same try is allowed. The room never shrinks by itself: found by bisection.
    fn wait_of_buckets(&self, before: i64, used: i64, elapsed: i64, cost: i64) -> i64 {
        // The weight and the cost may not exceed the limit: the cost fits into the whole part of the room.
        let fits = |wait: i64| self.room(before, used, elapsed + wait) >= cost;
        let (mut refused, mut allowed) = (-1, 2 * self.window());
        while allowed - refused > 1 {
            let middle = refused + (allowed - refused) / 2;
            if fits(middle) { allowed = middle } else { refused = middle }
        }
        allowed
    }

    /// Charges a try that all rules allowed.
    pub fn charge(&mut self, now: i64, cost: u64) {
        let (limit, window) = (self.limit(), self.window());
        let newest = self.buckets(now);
        match &mut self.state {
            State::Log(moments) => {
                let now = now.max(moments.last().copied().unwrap_or(now));
                moments.extend((0..cost).map(|_| now));
            }
            State::Fixed(counter) => {
                let (start, used) = counter.filter(|(start, _)| now < start + window).unwrap_or((now, 0));
                *counter = Some((start, used + cost));
            }
            State::Buckets(buckets) => {
                let (index, before, used) = newest;
                let (before, used) = (u64::try_from(before).unwrap(), u64::try_from(used).unwrap());
                *buckets = Some((index, before, used + cost));
            }
            State::Arrival(arrival) => {
                let [now, limit, window] = [now, limit, window].map(i128::from);
                let owed_until = (*arrival).clamp(now * limit, (now + window) * limit);
                *arrival = owed_until + window * i128::from(cost);
            }
        }
    }
}

/// Refusals by one rule of one user, and the block that they lead to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Penalty {
    first: i64,
    count: u64,
    end: i64,
}

impl Penalty {
    /// Microseconds for which the user is still blocked.
    pub fn rest(&self, now: i64) -> i64 {
        (self.end - now).max(0)
    }

    /// Counts a refusal by the limit; whether it blocks the user. Refusals within a window of the first one count.
    pub fn refuse(&mut self, rule: &Rule, now: i64) -> bool {
        let window = i64::try_from(rule.window.as_micros()).unwrap();
        if self.count == 0 || self.end != 0 || now - self.first >= window {
            *self = Self { first: now, count: 0, end: 0 };
        }
        self.count += 1;
        let blocks = self.count >= rule.block_after;
        if blocks {
            self.end = now + i64::try_from(rule.block_for.as_micros()).unwrap();
        }
        blocks
    }

    /// When nothing of it matters any more.
    pub fn forgotten(&self, rule: &Rule) -> i64 {
        let window = i64::try_from(rule.window.as_micros()).unwrap();
        if self.end != 0 { self.end } else { self.first + window }
    }
}
