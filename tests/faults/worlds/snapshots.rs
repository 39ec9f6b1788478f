//! samba-snapshot: one snapshot after the other, each of other people.

use std::{fs, os::unix::fs::PermissionsExt};

use chrono::{DateTime, Utc};

use super::time;
use crate::{
    case::{Case, Run, Scene},
    servers::Servers,
    strike::End,
    support::{Rewind, Tool},
    world::World,
};

const BEGIN: &str = "2026-03-10T10:00:00Z";

/// Prints what lies beside it, for any question but for the list of shares.
const SMBSTATUS: &str = "#!/bin/sh\ncat \"${0%/*}/listing\"\n";

/// The world.
pub struct Snapshots {
    servers: Servers,
    start: Rewind,
    host: Tool,
    /// Moment and number of each run so far.
    taken: Vec<(String, usize)>,
}

impl Snapshots {
    pub fn new() -> Self {
        let servers = Servers::of(Scene::Snapshots);
        let start = Rewind::all(servers.database());
        let host = Tool::new("samba-snapshot");
        let program = host.home().join("smbstatus");
        fs::write(&program, SMBSTATUS).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { servers, start, host, taken: Vec::new() }
    }

    /// How many people there are in the `number`-th snapshot: some need more than one packet.
    fn people(variant: u64, number: usize) -> usize {
        let few = [3, 40, 900][variant as usize % 3];
        few + number
    }

    fn rows(&self, at: &str) -> usize {
        let count = format!("SELECT COUNT(*) FROM users_temp WHERE seen_at = '{at}'");
        self.servers.database().value(&count).parse().unwrap()
    }
}

/// As the table has it.
fn stored(moment: &str) -> String {
    let moment: DateTime<Utc> = moment.parse().unwrap();
    moment.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The moment of a run. Each has one of its own, whatever the clock says.
fn moment(number: usize, shift: i64) -> String {
    time(
        BEGIN,
        i64::try_from(number).unwrap() * 5 + shift / 5 * 5 + i64::from(shift != 0) * (number as i64 + 1),
    )
}

impl World for Snapshots {
    fn servers(&self) -> &Servers {
        &self.servers
    }

    fn rewind(&mut self, _variant: u64) {
        self.start.back(self.servers.database());
        for folder in ["spool", "lock"] {
            for entry in fs::read_dir(self.host.home().join(folder)).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }
        self.taken.clear();
    }

    fn tool(&self, variant: u64, number: usize, shift: i64, limits: &str) -> Tool {
        let sessions: Vec<_> = (0..Self::people(variant, number))
            .map(|person| {
                format!(
                    "\"{person}\": {{\"username\": \"usager{person}\", \"remote_machine\": \"poste{person}\", \
                     \"hostname\": \"ipv4:10.0.{}.{}:50000\"}}",
                    person / 200,
                    1 + person % 200
                )
            })
            .collect();
        let listing = format!("{{\"sessions\": {{{}}}}}", sessions.join(", "));
        fs::write(self.host.home().join("listing"), listing).unwrap();
        let program = self.host.home().join("smbstatus");
        let config = format!(
            "{limits}samba.resolve = [\"snapshot\"]\nsamba.server = \"nas\"\nsamba.smbstatus = {program:?}\n"
        );
        let tool = self.host.clone().config(&config).arg("--now").arg(moment(number, shift));
        match variant / 3 % 4 {
            0 => tool.arg("--strict"),
            1 => tool.args(["--format", "json"]),
            _ => tool,
        }
    }

    fn after(&mut self, variant: u64, number: usize, run: &Run, _end: &End) -> Vec<String> {
        let at = stored(&moment(number, run.shift));
        let (rows, all) = (self.rows(&at), Self::people(variant, number));
        self.taken.push((at, number));
        if rows == 0 || rows == all {
            Vec::new()
        } else {
            vec![format!("{rows} of {all} rows of a snapshot")]
        }
    }

    fn left(&mut self) -> String {
        String::new()
    }

    fn is_compared(&self) -> bool {
        false
    }

    fn in_the_end(&mut self, case: &Case, ends: &[End]) -> Vec<String> {
        let mut wrong = Vec::new();
        let last = case.runs.len();
        let mut wanted = self.rows(&stored(&moment(last, 0)));
        if wanted != Self::people(case.variant, last) {
            wrong.push(format!("{wanted} rows of the undisturbed snapshot"));
        }
        for ((at, number), end) in self.taken.iter().zip(ends) {
            let (rows, all) = (self.rows(at), Self::people(case.variant, *number));
            // Kept: in the table, or in the spool until the next run.
            let is_kept = end.output.status == 0 || end.output.stderr.contains("the snapshot waits in ");
            if rows != all && (is_kept || rows != 0) {
                wrong.push(format!("{rows} of {all} rows of the snapshot of {at}, after {:?}", end.output));
            }
            wanted += rows;
        }
        let stored: usize = self.servers.database().value("SELECT COUNT(*) FROM users_temp").parse().unwrap();
        if stored != wanted {
            wrong.push(format!("{stored} rows in all, and not {wanted}"));
        }
        let files = fs::read_dir(self.host.home().join("spool")).unwrap();
        let files: Vec<_> = files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        // A line that a run was killed in the middle of is kept aside.
        if files.iter().any(|file| file != "samba-snapshot.rejected") {
            wrong.push(format!("left in the spool: {files:?}"));
        }
        wrong
    }
}
