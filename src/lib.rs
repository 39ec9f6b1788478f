//! sessionstat: who used what, when and how long.
//!
//! # A map of the house
//!
//! Data flows one way: arguments → configuration → collect → pure rules → store or render. Each command in `bin/` is
//! its arguments, one call into this library, and an exit status.
//!
//! | room | what it owes its callers |
//! |---|---|
//! | [`cli`] | the flags of all commands, logging, and how a run ends: what must look the same everywhere |
//! | [`failure`] | the one exit-status type, and errors that read as one line: what failed, on what, what to do |
//! | [`config`] | one checked configuration; mistakes name file, line and key, never a secret |
//! | [`files`] | files in places that others may reach: never a stranger's, never half written |
//! | [`clock`] | the moment and the time zone of a run, taken at the edge: nothing deeper asks for "now" |
//! | [`lock`] | the lock file that keeps two runs of a job on one host apart |
//! | [`mysql`] | connections that end in time and come back, encrypted, to any of several hosts; bulk statements, the schema, the lease across hosts, the record of runs |
//! | [`redis`] | connections and conversations that end in time |
//! | [`program`] | another program run within limits of time and size, ended together with its children |
//! | [`terminal`] | text from outside made safe for terminals and mail, measured in columns |
//! | [`samba`] | samba-snapshot: who is connected, from which workstation, into `users_temp` or the spool |
//! | [`epn`] | epn-ingest: sightings into attendance, uses and charges; rules without I/O, and their store |
//! | [`ratelimit`] | ratelimit-check: rules that Redis applies in one step, and the line that PHP reads |
//! | [`sessions`] | session-aggregate: session records into slots of a quarter of an hour, true or as ILIAS has them |
//! | [`moodle`] | source moodle of session-aggregate: time online out of the traces in a log; rules without I/O, and their store |
//! | [`macrosession`] | macrosession-compile: templates with session macros into PHP pages that all visitors share |
//! | [`report`] | stats-report: one model a section, one renderer a format |

pub mod cli;
pub mod clock;
pub mod config;
pub mod epn;
pub mod failure;
pub mod files;
pub mod lock;
pub mod macrosession;
pub mod moodle;
pub mod mysql;
pub mod program;
pub mod ratelimit;
pub mod redis;
pub mod report;
pub mod samba;
pub mod sessions;
pub mod terminal;
