//! ratelimit-check: may this user go on?
//!
//! The rules themselves are one script that Redis runs as a whole, in `script/`: of any number of checks at the same
//! moment, each finds what the one before it left. Everything here prepares its question and words its answer.
//!
//! | file | its purpose |
//! |---|---|
//! | [`command`] | one run: a user, or a list of users |
//! | [`check`] | users in, lines out, group by group |
//! | [`question`] | what is asked of whom, by which rules |
//! | [`user`] | which spellings are the same user, and how a name becomes part of a key |
//! | [`limiter`] | the conversation with Redis: questions out, decisions in |
//! | [`script`] | the script, its arguments and what it answers |
//! | [`answer`] | the line on standard output |
//! | [`batch`] | a user a line, an answer a line, many on their way at once |
//! | [`counters`] | where the statistics are kept |
//! | [`statistics`] | the counters of many days summed, for `stats-report` |
//! | `day_hashes` | the hashes of days, on their way from Redis |
//! | [`names`], [`tally`] | the users in them, each kept once, and sums by user |

pub mod answer;
pub mod batch;
pub mod check;
pub mod command;
pub mod counters;
mod day_hashes;
pub mod limiter;
pub mod names;
pub mod question;
pub mod script;
pub mod statistics;
pub mod tally;
pub mod user;
