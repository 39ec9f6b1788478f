//! epn-ingest: a queue of three days, in batches.

use super::{space, time};
use crate::{
    case::Scene,
    servers::Servers,
    support::{Rewind, Tool},
    world::World,
};

/// The world.
pub struct Ingest {
    servers: Servers,
    start: Rewind,
    host: Tool,
}

impl Ingest {
    pub fn new() -> Self {
        let servers = Servers::of(Scene::Ingest);
        space::fill(servers.database());
        let start = Rewind::all(servers.database());
        Self { servers, start, host: Tool::new("epn-ingest") }
    }
}

impl World for Ingest {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    fn rewind(&mut self, _variant: u64) {
        self.start.back(self.servers.database());
    }

    fn tool(&self, variant: u64, _number: usize, shift: i64, limits: &str) -> Tool {
        let batch = [100, 300, 100_000][variant as usize % 3];
        let config = format!("{limits}general.timezone = \"Europe/Paris\"\nepn.batch_rows = {batch}\n");
        let tool = self.host.clone().config(&config).arg("--now").arg(time(space::EVENING, shift));
        if variant.is_multiple_of(2) { tool } else { tool.arg("--json") }
    }

    fn left(&mut self) -> String {
        self.servers.database().dump(&space::LEFT)
    }
}
