//! The worlds of the commands.

mod aggregate;
mod ingest;
mod limits;
mod pages;
mod report;
mod snapshots;
pub mod space;
mod tables;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{case::Scene, world::World};

/// The world of a scene, with its servers.
pub fn world(scene: Scene) -> Box<dyn World> {
    match scene {
        Scene::Snapshots => Box::new(snapshots::Snapshots::new()),
        Scene::Ingest => Box::new(ingest::Ingest::new()),
        Scene::Aggregate => Box::new(aggregate::Aggregate::new()),
        Scene::Limits => Box::new(limits::Limits::new()),
        Scene::Report => Box::new(report::Report::new()),
        Scene::Pages => Box::new(pages::Pages::new()),
        Scene::Tables => Box::new(tables::Tables::new()),
    }
}

/// A moment as `--now` takes it, so many minutes from another.
fn time(moment: &str, shift: i64) -> String {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    (moment + TimeDelta::minutes(shift)).to_rfc3339()
}
