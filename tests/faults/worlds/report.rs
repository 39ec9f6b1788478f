//! stats-report: a report that takes the place of an older one.

use std::{fs, path::PathBuf};

use mysql::prelude::Queryable;

use super::{space, time};
use crate::{
    case::{Run, Scene},
    servers::Servers,
    strike::End,
    support::Tool,
    world::World,
};

const OLD: &str = "the report of yesterday\n";

/// The world.
pub struct Report {
    servers: Servers,
    host: Tool,
}

impl Report {
    pub fn new() -> Self {
        let servers = Servers::of(Scene::Report);
        let database = servers.database();
        space::fill(database);
        let mut conn = database.conn();
        conn.query_drop(
            "INSERT INTO usr_session_stats_raw (session_id, type, start_time, end_time, end_context, user_id) \
             SELECT seq, 1, 1773129600 + seq * 211, 1773129600 + seq * 211 + seq * 97 % 5000, 1 + seq % 4, seq % 60 \
             FROM seq_1_to_600",
        )
        .unwrap();
        for command in ["epn-ingest", "session-aggregate"] {
            let tool = Tool::new(command).url(database).config("general.timezone = \"UTC\"\n");
            tool.args(["--now", space::EVENING]).run().silent();
        }
        let asks = Tool::new("ratelimit-check").config("redis.timeout = \"20s\"\n").arg("--batch");
        let asks =
            asks.args(["--service", "vente"]).args(["--now", "2026-03-12T19:00:00Z"]).stdin("1\n2\n2\n3\n");
        servers.direct(asks).run();
        Self { servers, host: Tool::new("stats-report") }
    }

    fn format(variant: u64) -> &'static str {
        ["html", "json", "csv", "table"][variant as usize % 4]
    }

    /// Whether the report is printed. CSV needs a folder.
    fn is_printed(variant: u64) -> bool {
        variant >= 16 && Self::format(variant) != "csv"
    }

    fn file(&self, variant: u64) -> PathBuf {
        self.host.home().join("www").join(format!("report.{}", Self::format(variant)))
    }
}

/// Whether a text is all of a report.
fn is_whole(format: &str, text: &str) -> bool {
    match format {
        "html" => text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>\n"),
        "json" => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        _ => text.ends_with('\n'),
    }
}

impl World for Report {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    fn rewind(&mut self, variant: u64) {
        let www = self.host.home().join("www");
        fs::remove_dir_all(&www).unwrap_or_default();
        fs::create_dir(&www).unwrap();
        if Self::format(variant) != "csv" {
            fs::write(self.file(variant), OLD).unwrap();
        }
    }

    fn tool(&self, variant: u64, _number: usize, _shift: i64, limits: &str) -> Tool {
        let config = format!("{limits}general.timezone = \"UTC\"\n");
        let tool =
            self.host.clone().config(&config).args(["--lang", "fr", "--format", Self::format(variant)]);
        // Sections that are asked for by name are missed; of the others, none that has no data.
        let sections: &[&str] =
            if (variant / 4).is_multiple_of(2) { &[] } else { &["epn", "sessions", "services", "logins"] };
        let tool = tool.args(sections).args(["--from", "2026-03-10", "--to", "2026-03-12"]);
        let tool = tool.arg("--now").arg(time(space::EVENING, 0));
        if Self::is_printed(variant) { tool } else { tool.arg("--output").arg(self.file(variant)) }
    }

    fn after(&mut self, variant: u64, _number: usize, _run: &Run, end: &End) -> Vec<String> {
        let format = Self::format(variant);
        if format == "csv" {
            let files =
                fs::read_dir(self.file(variant)).into_iter().flatten().map(|file| file.unwrap().path());
            let torn = files.filter(|file| !is_whole(format, &fs::read_to_string(file).unwrap()));
            // One that is being written has a name of its own.
            let torn = torn.filter(|file| !file.file_name().unwrap().to_string_lossy().starts_with('.'));
            return torn.map(|file| format!("half a file: {}", file.display())).collect();
        }
        if Self::is_printed(variant) {
            let is_whole = end.output.status != 0 || is_whole(format, &end.output.stdout);
            return if is_whole { Vec::new() } else { vec!["half a report, and status 0".to_owned()] };
        }
        let text = fs::read_to_string(self.file(variant)).unwrap();
        let mut wrong = Vec::new();
        if text != OLD && !is_whole(format, &text) {
            wrong.push(format!("half a report: {} bytes", text.len()));
        }
        if text == OLD && end.output.status == 0 {
            wrong.push("the old report is still there, and the status is 0".to_owned());
        }
        wrong
    }

    fn left(&mut self) -> String {
        let mut left = Vec::new();
        let mut folders = vec![self.host.home().join("www")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    left.push(format!("{}\n{}\n", path.display(), fs::read_to_string(&path).unwrap()));
                }
            }
        }
        left.sort();
        left.concat()
    }
}
