//! macrosession-compile: templates that have changed since their pages were made.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    case::{Case, Run, Scene},
    servers::Servers,
    strike::End,
    support::Tool,
    world::World,
};

const TEMPLATES: usize = 14;

/// The world.
pub struct Pages {
    servers: Servers,
    host: Tool,
    old: Vec<(PathBuf, String)>,
    new: Vec<(PathBuf, String)>,
}

impl Pages {
    pub fn new() -> Self {
        let servers = Servers::of(Scene::Pages);
        let mut world =
            Self { servers, host: Tool::new("macrosession-compile"), old: Vec::new(), new: Vec::new() };
        let made = |world: &Self, round| {
            world.write(round);
            world.tool(0, 0, 0, "").run().silent();
            pages(&world.host.home().join("www"))
        };
        world.old = made(&world, 0);
        world.new = made(&world, 1);
        assert_eq!(world.new.len(), TEMPLATES);
        world
    }

    fn write(&self, round: usize) {
        for index in 0..TEMPLATES {
            let folder = self.host.home().join(format!("site/{}", index % 3));
            fs::create_dir_all(&folder).unwrap();
            let length = [10, 900, 3_000][index % 3];
            let text = format!("round {round} #_SESSION{{nom}} {} end\n", "text ".repeat(length));
            fs::write(folder.join(format!("t{index}.html")), text).unwrap();
        }
    }
}

/// All files under a folder.
fn pages(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found.sort();
    found
}

impl World for Pages {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    fn rewind(&mut self, variant: u64) {
        let www = self.host.home().join("www");
        fs::remove_dir_all(&www).unwrap_or_default();
        self.write(1);
        // Pages of before, or none.
        if !variant.is_multiple_of(3) {
            for (path, text) in &self.old {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        }
    }

    fn tool(&self, variant: u64, _number: usize, _shift: i64, limits: &str) -> Tool {
        let tool = self.host.clone().config(limits).args(["site", "www"]);
        if variant.is_multiple_of(2) { tool } else { tool.arg("--force") }
    }

    fn after(&mut self, _variant: u64, _number: usize, _run: &Run, _end: &End) -> Vec<String> {
        let mut wrong = Vec::new();
        for (path, text) in pages(&self.host.home().join("www")) {
            let is_page = path.extension().is_some_and(|ending| ending == "php");
            let is_whole =
                |pages: &[(PathBuf, String)]| pages.iter().any(|page| page.0 == path && page.1 == text);
            if is_page && !is_whole(&self.old) && !is_whole(&self.new) {
                wrong.push(format!("a torn page {}: {} bytes", path.display(), text.len()));
            }
        }
        wrong
    }

    fn left(&mut self) -> String {
        let found = pages(&self.host.home().join("www"));
        found.into_iter().map(|(path, text)| format!("{}\n{text}\n", path.display())).collect()
    }

    fn in_the_end(&mut self, _case: &Case, _ends: &[End]) -> Vec<String> {
        if pages(&self.host.home().join("www")) == self.new {
            Vec::new()
        } else {
            vec!["not the new pages".to_owned()]
        }
    }
}
