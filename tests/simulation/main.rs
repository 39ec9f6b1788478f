//! What a row costs at the end of a month, beside what it cost at its beginning.
//!
//! The real commands work off synthetic days on private servers. `make simulate` replays a month of 1,000 sites; the
//! tests that `cargo test` runs replay some days of a few. Judged are counts, which are the same on any machine:
//! statements, and rows and index entries that the server read. Time and memory are told beside them.
//!
//! | file | what it says |
//! |---|---|
//! | `plan` | what happens at the sites on a day, by a seed |
//! | `load` | how others write that down: staff, Samba, web pages |
//! | `replay` | which commands run when |
//! | `meter` | what a run costs |
//! | `ledger` | the table by week, and the judgement |
//! | `partitioned` | the commands on tables that an administrator has partitioned |
//! | `sizes` | bytes a row and a user, and what does grow with the number of people |

// All of this is test code, also the functions beside the tests, and the table is for people.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub
)]

#[path = "../support/mod.rs"]
mod support;

mod ledger;
mod load;
mod meter;
mod partitioned;
mod plan;
mod replay;
mod sizes;

use ledger::Ledger;
use plan::Plan;
use replay::{Host, Keeping};
use support::{MariaDb, Redis};

/// Few sites, for a few days: enough for everything that is kept for days to be full, and for a comparison.
const FEW: Plan = Plan { seed: 1, sites: 20, computers: 4, people: 20, hours: 6, sessions: 5, logins: 5 };
const ONE: Plan = Plan { seed: 1, sites: 1, computers: 6, people: 30, hours: 2, sessions: 20, logins: 10 };

/// A number of the environment.
fn setting(name: &str, otherwise: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return otherwise };
    text.parse().unwrap_or_else(|_| panic!("{name}={text}: a whole number is needed"))
}

/// A server with room for tables of millions of rows.
fn large_server() -> MariaDb {
    let server = MariaDb::start();
    server
        .database()
        .run("SET GLOBAL innodb_buffer_pool_size = 2147483648; SET GLOBAL innodb_log_file_size = 536870912");
    server
}

#[track_caller]
fn judge(ledgers: &[Ledger]) {
    let growth: Vec<String> = ledgers.iter().flat_map(Ledger::growth).collect();
    assert!(growth.is_empty(), "a row costs more at the end:\n{}", growth.join("\n"));
}

#[test]
fn a_row_of_many_sites_costs_the_same_after_days() {
    let (mariadb, redis) = (MariaDb::start(), Redis::start());
    let mut host =
        Host::new("20 sites in one database".into(), FEW, Keeping { days: 2 }, &mariadb, &redis, "test-m:");
    host.days_in_few_runs(10, 3);
    let ledger = host.into_ledger();
    ledger.print();
    judge(&[ledger]);
}

#[test]
fn a_row_of_one_site_costs_the_same_after_days() {
    let (mariadb, redis) = (MariaDb::start(), Redis::start());
    let mut host = Host::new("one site".into(), ONE, Keeping { days: 1 }, &mariadb, &redis, "test-o:");
    host.days_at_crons_rhythm(8, 3 * 3_600);
    let ledger = host.into_ledger();
    ledger.print();
    judge(&[ledger]);
}

/// `make simulate`: SITES, DAYS and SEED are of its environment.
#[test]
#[ignore = "a month of 1,000 sites takes minutes: make simulate"]
fn month() {
    let (sites, days, seed) = (setting("SITES", 1_000), setting("DAYS", 30), setting("SEED", 1));
    let (mariadb, redis) = (large_server(), Redis::start());
    let keeping = Keeping { days: 7 };
    let many = Plan { seed, sites, computers: 4, people: 20, hours: 6, sessions: 10, logins: 10 };
    let one = Plan { seed, sites: 1, computers: 12, people: 60, hours: 8, sessions: 100, logins: 40 };

    let title =
        format!("{sites} sites in one database, {days} days, 4 runs of each command a day, seed {seed}");
    let mut host = Host::new(title, many, keeping, &mariadb, &redis, "test-many:");
    host.days_in_few_runs(days as usize, 4);
    let (tables, database) = (sizes::of_tables(&host.database), host.database.name().to_owned());
    let of_many = host.into_ledger();
    of_many.print();
    sizes::print(&database, &tables);

    let title = format!("One site in a database of its own, {days} days, all runs of cron, seed {seed}");
    let mut host = Host::new(title, one, keeping, &mariadb, &redis, "test-one:");
    host.days_at_crons_rhythm(days as usize, 900);
    let of_one = host.into_ledger();
    of_one.print();

    println!("\nA row at the end beside a row when all was settled: rows read, statements");
    for ledger in [&of_many, &of_one] {
        println!("{}", ledger.title);
        for (command, reads, statements) in ledger.ratios() {
            println!("  {command:<17} {reads:>6.3} {statements:>6.3}");
        }
    }
    judge(&[of_many, of_one]);
}
