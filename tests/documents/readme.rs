//! What README and `docs` show in blocks is run as it stands, on private servers, or said not to be, with a reason.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use sessionstat::config::Config;

use crate::{
    command::commands,
    read,
    support::{MariaDb, Output, Redis, Tool},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What stands before a block that is not run: the reason follows.
const NOT_RUN: &str = "<!-- not run: ";

/// Blocks that are not run, by file: each one more is a decision.
const MARKED: [(&str, usize); 5] = [
    ("README.md", 7),
    ("CONTRIBUTING.md", 1),
    ("docs/redis.md", 1),
    ("docs/scale.md", 1),
    ("docs/web.md", 1),
];

/// What belongs to the system of a server, and what stands for it here. All else is run as it is written.
const PLACES: [(&str, &str); 3] = [
    ("/run/mysqld/mysqld.sock", "HOME/mysqld.sock"),
    ("/usr/sbin/sendmail", "HOME/bin/sendmail"),
    ("/var/www/stats", "HOME/stats"),
];

/// What has happened on the host since its tables were made: cron has run, and somebody had a session.
const SINCE: &str = "session-aggregate open --id earlier --user 7 --at $(date -d '-2 hours' +%s) && \
                     session-aggregate close --id earlier && session-aggregate && samba-snapshot && epn-ingest";

/// A fenced block.
struct Block {
    /// The file that shows it.
    file: String,
    /// What stands behind the fence: `console`.
    kind: String,
    /// Why it is not run, if it is not.
    not_run: Option<String>,
    lines: Vec<String>,
}

/// All blocks of a file, in order.
fn blocks(file: &str) -> Vec<Block> {
    let text = read(file);
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    let mut before = "";
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(kind) => {
                open = true;
                let not_run =
                    before.strip_prefix(NOT_RUN).map(|rest| rest.trim_end_matches(" -->").to_owned());
                let (file, kind) = (file.to_owned(), kind.to_owned());
                blocks.push(Block { file, kind, not_run, lines: Vec::new() });
            }
            None if open => blocks.last_mut().unwrap().lines.push(line.to_owned()),
            None => {
                assert!(!line.trim_start().starts_with("```"), "{file}: a block that is indented: {line}")
            }
        }
        before = line;
    }
    assert!(!open, "{file}: a block has no end");
    blocks
}

/// README, and each file of `docs` that is text.
fn files() -> Vec<String> {
    let folder = Path::new(ROOT).join("docs");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = names.filter(|name| name.ends_with(".md")).collect();
    files.sort();
    ["README.md".to_owned(), "CONTRIBUTING.md".to_owned()]
        .into_iter()
        .chain(files.iter().map(|name| format!("docs/{name}")))
        .collect()
}

/// The servers and the folder in which the lines of one file are run, and the host that they are run on.
struct Bench {
    home: Tool,
    _mariadb: MariaDb,
    redis: Redis,
}

impl Bench {
    fn start() -> Self {
        let (mariadb, redis) = (MariaDb::start(), Redis::start());
        let home = Tool::program("/bin/sh").no_config();
        let folder = home.home();
        for name in ["bin", "stats"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        for name in ["etc", "web", "docs", "demo"] {
            symlink(Path::new(ROOT).join(name), folder.join(name)).unwrap();
        }
        let built = std::env::current_exe().unwrap();
        let built = built.parent().and_then(Path::parent).unwrap();
        for command in commands() {
            symlink(built.join(&command), folder.join("bin").join(&command)).unwrap();
        }
        symlink(mariadb.socket(), folder.join("mysqld.sock")).unwrap();
        write_program(&folder.join("bin/sendmail"), "#!/bin/sh\nexec cat >\"$HOME/sent\"\n");
        write_program(
            &folder.join("bin/smbstatus"),
            &format!("#!/bin/sh\nexec cat {ROOT}/tests/golden/samba/417-json-one.json\n"),
        );
        let client = format!("[client]\nuser=root\nsocket={}\n", mariadb.socket().display());
        fs::write(folder.join(".my.cnf"), client).unwrap();
        // A site with one template, as the lines speak of one.
        fs::create_dir(folder.join("templates")).unwrap();
        fs::write(folder.join("templates/accueil.html"), "Bonjour #_SESSION{nom}.\n").unwrap();
        let folders = format!("lock_dir = \"{0}/lock\"\nspool_dir = \"{0}/spool\"\n", folder.display());
        let samba = format!("[samba]\nsmbstatus = \"{}/bin/smbstatus\"\nresolve = []\n", folder.display());
        fs::write(folder.join("sessionstat.toml"), folders + &samba).unwrap();
        Self { home, _mariadb: mariadb, redis }
    }

    /// Runs one line of a shell.
    fn shell(&self, line: &str) -> Output {
        let folder = self.home.home().display().to_string();
        let script = PLACES.iter().fold(line.to_owned(), |line, (theirs, ours)| {
            line.replace(theirs, &ours.replace("HOME", &folder))
        });
        let url = format!("mysql://root@localhost/sessionstat?socket={folder}/mysqld.sock");
        self.home
            .clone()
            .args(["-c", script.as_str()])
            .env("HOME", &folder)
            .env("PATH", format!("{folder}/bin:/usr/local/bin:/usr/bin:/bin"))
            .env("SESSIONSTAT_CONFIG", format!("{folder}/sessionstat.toml"))
            .env("SESSIONSTAT_MYSQL_URL", url)
            .env("SESSIONSTAT_REDIS_URL", self.redis.url())
            .run()
    }
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_commands_of_readme_run_as_they_stand() {
    let blocks: Vec<Block> = files().iter().flat_map(|file| blocks(file)).collect();
    let to_run = blocks.iter().filter(|block| block.kind == "console" && block.not_run.is_none());
    let lines: Vec<(&str, &str)> = to_run
        .flat_map(|block| block.lines.iter().map(|line| (block.file.as_str(), line.as_str())))
        .map(|(file, line)| (file, line.get(2..).unwrap_or_default()))
        .collect();
    for (theirs, _) in PLACES {
        assert!(lines.iter().any(|(_, line)| line.contains(theirs)), "nothing shows {theirs} any more");
    }
    let bench = Bench::start();
    let mut printed = String::new();
    let mut is_new = true;
    for (file, line) in &lines {
        if is_new && line.starts_with("samba-snapshot") {
            bench.shell(SINCE).silent();
            is_new = false;
        }
        let run = bench.shell(line);
        // A monitoring plugin answers with its status: 0 to 2.
        let good = if line.starts_with("stats-report check ") { 0..=2 } else { 0..=0 };
        assert!(good.contains(&run.status), "{file}: {line}\n{run:?}");
        assert!(run.status > 0 || run.stderr.is_empty(), "{file}: {line}\n{run:?}");
        printed.push_str(&run.stdout);
    }
    assert!(!is_new, "no block begins with a snapshot any more");
    let promised = read("README.md");
    let promised = promised.split("It prints `").nth(1).unwrap().split('`').next().unwrap();
    assert!(printed.contains(promised), "{printed}");
    let folder = bench.home.home();
    let mail = fs::read_to_string(folder.join("sent")).unwrap();
    assert!(mail.contains("To: staff@example.org") || mail.contains("<staff@example.org>"), "{mail}");
    for made in ["stats/index.html", "stats/overview.json", "mars", "bonjour.php"] {
        assert!(folder.join(made).exists(), "{made} was not made");
    }
    let closed = "SELECT COUNT(*) FROM usr_session_stats_raw WHERE end_context = 1";
    assert_eq!(bench.shell(&format!("mariadb sessionstat -Ne '{closed}'")).stdout, "1\n");
}

#[test]
fn what_is_not_run_is_counted_and_says_why() {
    for file in files() {
        let expected = MARKED.iter().find(|(name, _)| *name == file).map_or(0, |(_, count)| *count);
        let blocks = blocks(&file);
        let reasons: Vec<&str> = blocks.iter().filter_map(|block| block.not_run.as_deref()).collect();
        assert_eq!(reasons.len(), expected, "{file}: {reasons:?}");
        assert_eq!(read(&file).matches(NOT_RUN).count(), expected, "{file}: a mark without its block");
        assert!(reasons.iter().all(|reason| reason.len() > 20), "{file}: {reasons:?}");
        for block in blocks {
            let known = ["console", "text", "toml", "ini", "nginx", "rust", "sql"];
            assert!(known.contains(&block.kind.as_str()), "{file}: a block of {:?}", block.kind);
            let is_shell = block.kind == "console";
            assert!(is_shell || block.not_run.is_none(), "{file}: only commands can be run");
            for line in block.lines.iter().filter(|_| is_shell) {
                assert!(line.starts_with("$ ") || line.starts_with("# "), "{file}: no prompt before {line}");
            }
        }
    }
}

#[test]
fn settings_that_are_shown_are_accepted() {
    let blocks: Vec<Block> = files().iter().flat_map(|file| blocks(file)).collect();
    let settings: Vec<&Block> = blocks.iter().filter(|block| block.kind == "toml").collect();
    assert!(!settings.is_empty());
    for block in settings {
        let text = block.lines.join("\n") + "\n";
        if let Err(error) = toml::from_str::<Config>(&text) {
            panic!("{}: {error}", block.file);
        }
    }
}

#[test]
fn links_lead_somewhere_and_pictures_are_small() {
    for file in files() {
        let text = read(&file);
        let folder = Path::new(ROOT).join(&file).parent().unwrap().to_owned();
        let targets = text.split("](").skip(1).map(|rest| rest.split([')', '#']).next().unwrap());
        for target in targets.filter(|target| !target.is_empty() && !target.contains("://")) {
            let Ok(found) = fs::metadata(folder.join(target)) else { panic!("{file} leads to {target}") };
            let is_picture = target.ends_with(".png") || target.ends_with(".svg");
            assert!(!is_picture || found.len() < 150_000, "{target} has {} bytes", found.len());
        }
        // Who cannot see a picture reads what it shows.
        assert!(!text.contains("![]("), "{file}: a picture without words");
    }
}
