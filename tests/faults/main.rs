//! Every command, whatever befalls its servers, its disk, its clock or itself.
//!
//! A [`case::Case`] follows from a seed: in a [`case::Scene`] (a command with its data), one or more runs are each met
//! by a [`fault::Fault`], which [`strike`] brings about; then comes an undisturbed run. [`judge`] knows what holds for
//! any run of any command, and the scene's [`world::World`] what must be left at the end. [`trial`] leads through it.
//!
//! [`chain`] and [`disk`] are stories of their own: two commands of which one was misled, and a database without room.
//!
//! `make faults CASES=3000` tries more cases, `make faults SEED=4711` one again.

// All of this is test code, also the functions beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod case;
mod chain;
mod disk;
mod fault;
mod judge;
mod servers;
mod strike;
mod trial;
mod world;
mod worlds;

use case::Scene;
use trial::try_scene;

#[test]
fn snapshots_are_kept_once_or_told_to_be_lost() {
    try_scene(Scene::Snapshots);
}

#[test]
fn a_queue_is_ingested_as_without_any_trouble() {
    try_scene(Scene::Ingest);
}

#[test]
fn sessions_are_counted_as_without_any_trouble() {
    try_scene(Scene::Aggregate);
}

#[test]
fn nobody_goes_on_beyond_the_limit() {
    try_scene(Scene::Limits);
}

#[test]
fn a_report_is_the_old_one_or_the_new_one() {
    try_scene(Scene::Report);
}

#[test]
fn pages_are_old_or_new_and_new_in_the_end() {
    try_scene(Scene::Pages);
}

#[test]
fn tables_are_made_in_the_end() {
    try_scene(Scene::Tables);
}
