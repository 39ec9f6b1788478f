//! How far the length of a session may be from the truth, for each way in which sessions end: the table "Maximal
//! uncertainty" of `docs/time-online.md`. It knows neither SQL nor a clock.
//!
//! The error is what was counted minus what was true. It is that of the session's end: nobody can know what a user did
//! before the first trace, and pauses up to the threshold belong to a session by rule 2. Nor can anybody see somebody who
//! stays silent for longer than the threshold, or with heartbeats longer than the inactivity cap (a long film): the
//! bounds hold for all others.

use super::rules::{Parameters, Reason};

/// What is known of heartbeats at the time of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Beats {
    /// None had come in yet from anybody: whatever the settings say, nothing shows that pages send them.
    None,
    /// They came in, but none counted in this session.
    Elsewhere,
    /// At least one counted in it.
    Here,
}

impl Beats {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Elsewhere, Self::Here];
}

/// How much the length of a session may be wrong, in seconds. The truth is never below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The most that was counted too little.
    pub under: i64,
    /// The most that was counted too much; none: there is no bound.
    pub over: Option<i64>,
}

impl Bounds {
    const EXACT: Self = Self { under: 0, over: Some(0) };

    /// Those of a session that ended for this reason.
    pub fn of(reason: Reason, beats: Beats, parameters: &Parameters) -> Self {
        let under = under(reason, beats, parameters);
        match reason {
            // The user was there when it ended: to log out, or to go on elsewhere.
            Reason::Logout | Reason::Course => Self::EXACT,
            // The user may have left after whatever was done last. What was done then is not stored: it lies at most
            // the threshold before the login, and where heartbeats counted in between, that much after the cap.
            Reason::Login => {
                let idle = idle(beats, parameters);
                Self { under: 0, over: idle.map(|idle| idle.saturating_add(parameters.threshold)) }
            }
            // Without heartbeats the credit is all that was given. With them the user may have left right after
            // whatever was done last, and the page stayed open.
            Reason::Gap | Reason::Open if beats != Beats::Here => {
                Self { under, over: Some(credit(parameters)) }
            }
            Reason::Gap | Reason::Open | Reason::Capped => {
                Self { under, over: idle(Beats::Here, parameters) }
            }
        }
    }

    /// Bounds that hold where either of two do.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let over = self.over.zip(other.over).map(|(one, other)| one.max(other));
        Self { under: self.under.max(other.under), over }
    }
}

/// How long the user may have stayed after the end that was computed, where no trace tells it.
fn under(reason: Reason, beats: Beats, parameters: &Parameters) -> i64 {
    let Parameters { threshold, heartbeat_period, .. } = *parameters;
    let credit = credit(parameters);
    let are_sent = beats != Beats::None || reason == Reason::Capped;
    let stay = if are_sent && heartbeat_period > 0 {
        // The next heartbeat would have come. Of the credits of rule 6 the smaller one: whether the last trace was a
        // heartbeat is not stored, and after anything else the credit is at least that.
        heartbeat_period - credit.min(heartbeat_period / 2)
    } else {
        threshold - credit
    };
    stay.max(0)
}

/// The longest time from whatever the user did last to the last trace that counted; none: there is no bound.
fn idle(beats: Beats, parameters: &Parameters) -> Option<i64> {
    match beats {
        Beats::None | Beats::Elsewhere => Some(0),
        Beats::Here => (parameters.inactivity_cap > 0).then_some(parameters.inactivity_cap),
    }
}

/// What a session gets after its last trace: no more than the cap (rule 6).
fn credit(parameters: &Parameters) -> i64 {
    let Parameters { credit, inactivity_cap, .. } = *parameters;
    if inactivity_cap > 0 { credit.min(inactivity_cap) } else { credit }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, ops::RangeInclusive};

    use super::*;

    const PARAMETERS: Parameters = Parameters {
        threshold: 1200,
        credit: 300,
        heartbeat_period: 600,
        inactivity_cap: 3600,
        one_session_per_course: false,
        site_events: false,
    };

    #[track_caller]
    fn expect(reason: Reason, beats: Beats, parameters: &Parameters, under: i64, over: Option<i64>) {
        assert_eq!(Bounds::of(reason, beats, parameters), Bounds { under, over }, "{reason:?} {beats:?}");
    }

    #[test]
    fn an_end_that_the_user_made_is_exact() {
        for beats in Beats::ALL {
            expect(Reason::Logout, beats, &PARAMETERS, 0, Some(0));
            expect(Reason::Course, beats, &PARAMETERS, 0, Some(0));
        }
    }

    #[test]
    fn before_a_login_the_user_may_have_been_away() {
        expect(Reason::Login, Beats::None, &PARAMETERS, 0, Some(1200));
        expect(Reason::Login, Beats::Elsewhere, &PARAMETERS, 0, Some(1200));
        expect(Reason::Login, Beats::Here, &PARAMETERS, 0, Some(4800));
        expect(Reason::Login, Beats::Here, &Parameters { inactivity_cap: 0, ..PARAMETERS }, 0, None);
    }

    #[test]
    fn without_heartbeats_the_threshold_is_what_nobody_sees() {
        for reason in [Reason::Gap, Reason::Open] {
            expect(reason, Beats::None, &PARAMETERS, 900, Some(300));
            for beats in [Beats::None, Beats::Elsewhere] {
                expect(reason, beats, &Parameters { heartbeat_period: 0, ..PARAMETERS }, 900, Some(300));
            }
            let whole = Parameters { credit: 1200, ..PARAMETERS };
            expect(reason, Beats::None, &whole, 0, Some(1200));
        }
    }

    #[test]
    fn with_heartbeats_their_period_is_what_nobody_sees_and_the_cap_what_is_too_much() {
        for reason in [Reason::Gap, Reason::Open] {
            expect(reason, Beats::Elsewhere, &PARAMETERS, 300, Some(300));
            expect(reason, Beats::Here, &PARAMETERS, 300, Some(3600));
            expect(reason, Beats::Here, &Parameters { credit: 100, ..PARAMETERS }, 500, Some(3600));
            expect(reason, Beats::Here, &Parameters { credit: 500, ..PARAMETERS }, 300, Some(3600));
            expect(reason, Beats::Here, &Parameters { inactivity_cap: 0, ..PARAMETERS }, 300, None);
        }
        // Heartbeats that came too late are heartbeats.
        for beats in Beats::ALL {
            expect(Reason::Capped, beats, &PARAMETERS, 300, Some(3600));
        }
    }

    #[test]
    fn a_cap_shorter_than_the_credit_is_all_that_is_given() {
        let short = Parameters { credit: 900, inactivity_cap: 600, ..PARAMETERS };
        expect(Reason::Gap, Beats::Elsewhere, &short, 300, Some(600));
        expect(Reason::Gap, Beats::None, &short, 600, Some(600));
    }

    #[test]
    fn where_one_of_two_has_no_bound_both_have_none() {
        let bounds = |under, over| Bounds { under, over };
        assert_eq!(bounds(1, Some(5)).or(bounds(3, Some(2))), bounds(3, Some(5)));
        assert_eq!(bounds(1, Some(5)).or(bounds(0, None)), bounds(1, None));
    }

    /// A case of the golden data: each line as its values, by the names of the first line.
    fn golden(file: &str) -> Vec<BTreeMap<String, String>> {
        let path = format!("{}/tests/golden/usestats/10_month_50x30/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).unwrap();
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        let values = |line: &str| {
            names.iter().copied().map(str::to_owned).zip(line.split(',').map(str::to_owned)).collect()
        };
        lines.map(values).collect()
    }

    /// A month of 50 simulated users, of whom it is known when they were there. Films were up to an hour long.
    ///
    /// A presence belongs to the last session that overlaps it, and a session is compared with the last presence that
    /// belongs to it: people may come back within the threshold, which makes two presences one session.
    #[test]
    fn each_error_of_a_month_of_known_presences_lies_inside_the_bounds() {
        let parameters = Parameters { inactivity_cap: 7200, ..PARAMETERS };
        let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<i64>().unwrap();
        let sessions = golden("expected_clean.csv");
        // What was counted too much or too little, by how the session ended and whether heartbeats counted in it.
        let mut last_presences: BTreeMap<usize, i64> = BTreeMap::new();
        for presence in golden("truth.csv") {
            let (from, to) = (number(&presence, "present_from"), number(&presence, "present_to"));
            let covers = |session: &BTreeMap<String, String>| {
                session["userid"] == presence["userid"]
                    && number(session, "sessionstart") < to
                    && number(session, "sessionend") > from
            };
            let session = sessions.iter().rposition(covers);
            let session = session.unwrap_or_else(|| panic!("no session covers {presence:?}"));
            last_presences.entry(session).and_modify(|end| *end = to.max(*end)).or_insert(to);
        }
        assert_eq!(last_presences.len(), sessions.len(), "nobody has a session without being there");

        let mut errors: BTreeMap<(Reason, Beats), Vec<i64>> = BTreeMap::new();
        for (session, presence_end) in last_presences {
            let session = &sessions[session];
            let reason: Reason = serde_json::from_str(&format!("\"{}\"", session["reason"])).unwrap();
            let beats = if number(session, "heartbeats") > 0 { Beats::Here } else { Beats::Elsewhere };
            let error = number(session, "sessionend") - presence_end;
            let Bounds { under, over } = Bounds::of(reason, beats, &parameters);
            assert!((-under..=over.unwrap()).contains(&error), "{error} s: {session:?}");
            errors.entry((reason, beats)).or_default().push(error);
        }
        // The bounds are no wider than what happens.
        let reached = |class, low: RangeInclusive<i64>, high: RangeInclusive<i64>| {
            let errors = &errors[&class];
            let (least, most) = (errors.iter().min().unwrap(), errors.iter().max().unwrap());
            assert!(low.contains(least) && high.contains(most), "{class:?}: {least} to {most}");
        };
        reached((Reason::Gap, Beats::Elsewhere), -300..=-290, 290..=300);
        reached((Reason::Gap, Beats::Here), -300..=-290, 7000..=7200);
        reached((Reason::Capped, Beats::Here), -300..=7200, 7100..=7200);
        reached((Reason::Logout, Beats::Here), 0..=0, 0..=0);
        assert_eq!(errors.values().map(Vec::len).sum::<usize>(), 1845);
    }
}
