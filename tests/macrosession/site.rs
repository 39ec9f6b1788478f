//! A site of templates on a host of its own.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::support::{Output, Tool};

/// Templates in `site`, pages in `www`, both in the folder in which the command runs.
pub struct Site {
    tool: Tool,
}

impl Site {
    /// A site with these templates.
    pub fn new(templates: &[(&str, &str)]) -> Self {
        let site = Self { tool: Tool::new("macrosession-compile") };
        fs::create_dir(site.path("site")).unwrap();
        for (name, text) in templates {
            site.write(&format!("site/{name}"), text);
        }
        site
    }

    /// What the command finds in its configuration.
    pub fn config(mut self, text: &str) -> Self {
        self.tool = self.tool.config(text);
        self
    }

    /// The command without arguments.
    pub fn tool(&self) -> Tool {
        self.tool.clone()
    }

    /// The command with these arguments.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.tool().args(arguments).run()
    }

    /// Compiles `site` into `www`.
    #[track_caller]
    pub fn compile(&self) -> Output {
        self.run(&["site", "www"])
    }

    /// The templates that a run compiles; it must end well.
    #[track_caller]
    pub fn compiled(&self, arguments: &[&str]) -> Vec<String> {
        let run = self.tool().args(["site", "www", "-v"]).args(arguments).run().expect(0);
        let compiled =
            run.stderr.lines().filter_map(|line| line.strip_prefix("macrosession-compile: info: compiled "));
        compiled
            .map(|line| line.split(" into ").next().unwrap().trim_start_matches("site/").to_owned())
            .collect()
    }

    /// A file or folder of the host.
    pub fn path(&self, name: &str) -> PathBuf {
        self.tool.home().join(name)
    }

    /// Writes a file, and makes the folders that it needs.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What a file holds.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// All names in a folder, its subfolders' too, in order.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let top = self.path(folder);
        let (mut to_read, mut names) = (vec![top.clone()], Vec::new());
        while let Some(folder) = to_read.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                // It may be gone already where the command is at work.
                match fs::symlink_metadata(&path).map(|seen| seen.is_dir()) {
                    Err(_) => {}
                    Ok(true) => to_read.push(path),
                    Ok(false) => names.push(path.strip_prefix(&top).unwrap().to_str().unwrap().to_owned()),
                }
            }
        }
        names.sort();
        names
    }
}

/// The rights of a file or folder.
pub fn rights(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}
