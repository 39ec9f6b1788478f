//! Many at the same moment: exactly as many are allowed as the limit says.

use crate::{
    desk::ALGORITHMS,
    door::{door, line},
    support::{Dialogue, Redis, Running},
};

/// As many as a busy web server starts at once.
const PROCESSES: usize = 64;
const LIMIT: usize = 10;

#[test]
fn of_many_processes_that_ask_at_once_the_limit_is_allowed() {
    for algorithm in ALGORITHMS {
        for _ in 0..2 {
            let rules = format!("[ratelimit.rules.login]\nalgorithm = \"{}\"\n", algorithm.name());
            let tool = door(Redis::shared(), &rules).arg("42");
            let running: Vec<Running> = (0..PROCESSES).map(|_| tool.start()).collect();
            let ended: Vec<_> = running.into_iter().map(Running::wait).collect();
            let allowed: Vec<_> = ended.iter().filter(|run| run.status == 0).collect();
            assert_eq!(allowed.len(), LIMIT, "{algorithm:?}");
            assert!(ended.iter().all(|run| [0, 1].contains(&run.status) && run.stderr.is_empty()));
            // Each of them got a place of its own.
            let mut left: Vec<u64> =
                allowed.iter().map(|run| line(run)["remaining"].as_u64().unwrap()).collect();
            left.sort_unstable();
            assert_eq!(left, (0..10).collect::<Vec<u64>>(), "{algorithm:?}");
        }
    }
}

#[test]
fn of_many_processes_that_wait_at_the_line_the_limit_is_allowed() {
    for algorithm in ALGORITHMS {
        let rules = format!("[ratelimit.rules.login]\nalgorithm = \"{}\"\n", algorithm.name());
        let tool = door(Redis::shared(), &rules).arg("--batch");
        let mut waiting: Vec<Dialogue> = (0..PROCESSES).map(|_| Dialogue::begin(&tool)).collect();
        for round in 0..5 {
            let user = format!("user {round}");
            // All are started and connected after the first round.
            waiting.iter_mut().for_each(|one| one.say(&user));
            let allowed = waiting.iter_mut().filter_map(|one| one.hear()["allowed"].as_bool());
            assert_eq!(allowed.filter(|allowed| *allowed).count(), LIMIT, "{algorithm:?}, round {round}");
        }
        for one in waiting {
            assert!([Some(0), Some(1)].contains(&one.end().status.code()));
        }
    }
}

#[test]
fn costs_of_many_at_once_do_not_exceed_the_limit_and_what_fits_is_allowed() {
    for algorithm in ALGORITHMS {
        let rules = format!("[ratelimit.rules.login]\nlimit = 100\nalgorithm = \"{}\"\n", algorithm.name());
        let tool = door(Redis::shared(), &rules).args(["--cost", "7", "42"]);
        let running: Vec<Running> = (0..32).map(|_| tool.start()).collect();
        let allowed = running.into_iter().map(Running::wait).filter(|run| run.status == 0).count();
        assert_eq!(allowed, 14, "{algorithm:?}");
    }
}
