//! Passwords, wherever one can stand, in every situation in which a command might tell one.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sessionstat::config::Config;

use crate::{
    servers::COMMANDS,
    support::{MariaDb, Output, Redis, Tool, until},
};

/// No two are alike, and each begins with this.
pub const CANARY: &str = "kanari";

/// Where a password can stand. A new key for one belongs here: the test of the sample configuration says so.
const PLACES: [&str; 9] = [
    "mysql-url",
    "mysql-file",
    "redis-url",
    "redis-file",
    "sentinel-file",
    "moodle-url",
    "moodle-file",
    "mysql-environment",
    "redis-environment",
];

/// The password of a place.
pub fn canary(place: &str) -> String {
    assert!(PLACES.contains(&place), "{place}");
    format!("{CANARY}-{place}-7Qx")
}

/// What a command is given, and what makes it fail.
struct Situation {
    name: &'static str,
    config: String,
    environment: Vec<(&'static str, String)>,
}

/// Files with passwords, as the keys that name them want them.
fn password_file(folder: &Path, place: &str) -> PathBuf {
    let file = folder.join(place);
    fs::write(&file, canary(place) + "\n").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    file
}

/// Servers that are away are not waited for.
pub const SOON: &str = "connect_timeout = \"300ms\"\ntimeout = \"300ms\"\nretry_for = \"0s\"";

/// Servers at these ends: each failing in a way of its own.
fn situations(folder: &Path, database: &str, socket: &Path, redis: u16, silent: u16) -> Vec<Situation> {
    let file = |place: &str| password_file(folder, place).display().to_string();
    let files = ["mysql-file", "redis-file", "sentinel-file", "moodle-file"].map(file);
    let url = |place: &str, rest: &str| format!("u:{}@{rest}", canary(place));
    let socket = socket.display();
    let mysql_at =
        |place: &str, port: u16| format!("mysql://{}/{database}", url(place, &format!("127.0.0.1:{port}")));
    let at = |port: u16| {
        format!(
            "[mysql]\nurl = \"{}\"\n{SOON}\n[redis]\nurl = \"redis://{}/\"\n[moodle]\nurl = \"{}\"\n[aggregate]\nsources = [\"moodle\"]\n",
            mysql_at("mysql-url", port),
            url("redis-url", &format!("127.0.0.1:{port}")),
            mysql_at("moodle-url", port),
        )
    };
    let wrong = format!(
        "[mysql]\nurl = \"mysql://{}/{database}?socket={socket}\"\n{SOON}\n[redis]\nurl = \"redis://{}/\"\n",
        url("mysql-url", "localhost"),
        url("redis-url", &format!("127.0.0.1:{redis}"))
    );
    let [mysql_file, redis_file, sentinel_file, moodle_file] = files;
    let from_files = format!(
        "[mysql]\nurl = \"mysql://u@localhost/{database}?socket={socket}\"\npassword_file = \"{mysql_file}\"\n{SOON}\n\
         [moodle]\nurl = \"mysql://u@localhost/{database}?socket={socket}\"\npassword_file = \"{moodle_file}\"\n\
         [redis]\nurl = \"redis://127.0.0.1:{redis}/\"\npassword_file = \"{redis_file}\"\nsentinel = \"m\"\n\
         sentinel_password_file = \"{sentinel_file}\"\n[aggregate]\nsources = [\"moodle\"]\n"
    );
    let single = from_files
        .replace("sentinel = \"m\"\n", "")
        .replace(&format!("sentinel_password_file = \"{sentinel_file}\"\n"), "");
    let secret = canary("mysql-url");
    let mut situations = Vec::new();
    let mut add = |name, config: String| situations.push(Situation { name, config, environment: Vec::new() });
    add("refused", at(1));
    add("silent", at(silent));
    add("wrong password", wrong.clone());
    add("files, wrong passwords, no Sentinel", from_files);
    add("files, wrong passwords", single);
    add("an unclosed text", format!("[mysql]\nurl = \"mysql://u:{secret}@h/d\n"));
    add("garbage on the line", format!("[mysql]\nurl = \"mysql://u:{secret}@h/d\" {secret}\n"));
    add("no text at all", format!("[mysql]\nurl = {secret}\n"));
    add("the key twice", format!("[mysql]\nurl = \"mysql://u:{secret}@h/d\"\nurl = \"{secret}\"\n"));
    add("an unknown key beside it", format!("[mysql]\nurl = \"mysql://u:{secret}@h/d\"\nunknown = 1\n"));
    add("a key for it that there is not", format!("[mysql]\npassword = \"{secret}\"\n"));
    add("the same in [redis]", format!("[redis]\npassword = \"{}\"\n", canary("redis-url")));
    add("a list", format!("[mysql]\nurl = [\"{secret}\"]\n"));
    add("a table", format!("[mysql]\nurl = {{ password = \"{secret}\" }}\n"));
    add("a table for a file", format!("[mysql]\npassword_file = {{ {secret} = 1 }}\n"));
    for address in [
        format!("mysql//u:{secret}@h/d"),
        format!("mysql://u:{secret}@h:port/d"),
        format!("mysql://u:{secret}@h:99999/d"),
        format!("mysql://u:{secret}@/"),
        format!("mysql://u:{secret}%zz@h/d"),
        format!("mysql://u:{secret}@h/d?{secret}={secret}"),
        format!("mysql://u:{secret}@[::1/d"),
        format!("redis://u:{secret}@h/d"),
        secret.clone(),
    ] {
        add("a bad url", format!("[mysql]\nurl = \"{address}\"\n{SOON}\n"));
    }
    for address in [
        "redis://:S@h:99999/",
        "redis//:S@h/",
        "redis://:S@h/x",
        "redis+unix:///nowhere?pass=S",
        "S",
        "redis://u:S%zz@h",
    ] {
        let address = address.replace('S', &canary("redis-url"));
        add(
            "a bad url of Redis",
            format!("[redis]\nurl = \"{address}\"\n{wrong}").replacen(
                "[redis]\nurl = \"redis://u",
                "[other]\nx = \"redis://u",
                1,
            ),
        );
    }
    add("lists of nodes", format!("[redis]\nnodes = [\"u:{}@h:1\"]\ncluster = true\n", canary("redis-url")));
    situations.push(Situation {
        name: "the environment",
        config: format!("[mysql]\n{SOON}\n"),
        environment: vec![
            ("SESSIONSTAT_MYSQL_URL", mysql_at("mysql-environment", 1)),
            ("SESSIONSTAT_REDIS_URL", format!("redis://{}/", url("redis-environment", "127.0.0.1:1"))),
        ],
    });
    situations.push(Situation {
        name: "a bad environment",
        config: String::new(),
        environment: vec![
            ("SESSIONSTAT_MYSQL_URL", format!("mysql//{}/x", url("mysql-environment", "h"))),
            ("SESSIONSTAT_REDIS_URL", format!("redis//{}/x", url("redis-environment", "h"))),
        ],
    });
    situations
}

/// What each command is told to do, besides.
fn runs(command: &str) -> Vec<Vec<&'static str>> {
    let mut runs = match command {
        "samba-snapshot" => vec![vec!["--input=-", "--strict"], vec!["--input=-", "--dry-run"]],
        "epn-ingest" => vec![vec![], vec!["--dry-run", "--json"], vec!["--erase=x"]],
        "ratelimit-check" => {
            vec![vec!["--", "anne"], vec!["--format=text", "--peek", "anne"], vec!["--batch"]]
        }
        "session-aggregate" => vec![vec![], vec!["--dry-run"], vec!["close", "--id=x"]],
        "stats-report" => vec![
            vec![],
            vec!["--format=json"],
            vec!["check", "--all"],
            vec!["check", "--rule=missing_snapshots"],
        ],
        _ => vec![vec!["site", "www"]],
    };
    runs.push(vec!["--check-config"]);
    runs.push(vec!["--init-db"]);
    runs
}

/// All that a run has printed and left in its folder, but for what it was given.
fn told(tool: &Tool, run: &Output) -> Vec<(PathBuf, String)> {
    let mut told = vec![("stdout".into(), run.stdout.clone()), ("stderr".into(), run.stderr.clone())];
    let mut folders = vec![tool.home().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_given = path.extension().is_some_and(|extension| extension == "toml");
            if path.is_dir() {
                folders.push(path);
            } else if !is_given {
                told.push((path.clone(), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
            }
        }
    }
    told
}

#[track_caller]
fn assert_kept(tool: &Tool, run: &Output, what: &str) {
    for (place, text) in told(tool, run) {
        assert!(!text.contains(CANARY), "{} of {what}: {text}", place.display());
    }
    assert!(!run.stderr.contains("panicked"), "{what}: {run:?}");
}

#[test]
fn no_command_tells_a_password_whatever_goes_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let database = MariaDb::shared().database();
    let account = "CREATE USER IF NOT EXISTS u@localhost IDENTIFIED BY 'another one'";
    database.run(account);
    let redis = Redis::on_tcp(&["--requirepass", "another-one"]);
    // Takes connections, and never says a word.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let situations =
        situations(folder.path(), database.name(), MariaDb::shared().socket().as_path(), redis.port(), port);
    for Situation { name, config, environment } in situations {
        let is_slow = name == "silent";
        for command in COMMANDS {
            let mut tool = Tool::new(command).exact_config("").stdin("{\"sessions\": {}}\n");
            let home = tool.home().display().to_string();
            tool = tool
                .exact_config(&format!("lock_dir = \"{home}/lock\"\nspool_dir = \"{home}/spool\"\n{config}"));
            for (variable, value) in &environment {
                tool = tool.env(variable, value);
            }
            for arguments in runs(command) {
                let loud: &[&[&str]] = if is_slow { &[&["-vv"]] } else { &[&[], &["-vv"]] };
                for flags in loud {
                    // Everything that anything in the process has to say, also the libraries.
                    let tool = if *flags == ["-vv"] {
                        tool.clone().env("SESSIONSTAT_LOG", "trace")
                    } else {
                        tool.clone()
                    };
                    let run = tool.clone().args(*flags).args(&arguments).run();
                    assert_kept(&tool, &run, &format!("{command} {flags:?} {arguments:?}: {name}"));
                }
            }
        }
    }
}

#[test]
fn files_with_passwords_that_are_refused_are_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    for place in ["mysql", "redis"] {
        let config = format!("[{place}]\npassword_file = \"{}\"\n", file.display());
        let (command, arguments) =
            if place == "mysql" { ("epn-ingest", "--json") } else { ("ratelimit-check", "anne") };
        for (mode, bytes) in [
            (0o604, CANARY.as_bytes().to_vec()),
            (0o602, CANARY.as_bytes().to_vec()),
            (0o600, [CANARY.as_bytes(), b"\xff\xfe"].concat()),
            (0o600, CANARY.repeat(20_000).into_bytes()),
        ] {
            fs::write(&file, bytes).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let tool = Tool::new(command).config(&config).arg(arguments).env("SESSIONSTAT_LOG", "trace");
            let run = tool.run();
            assert_eq!(run.status, 78, "{mode:o} {run:?}");
            assert_kept(&tool, &run, &format!("{place} {mode:o}"));
        }
    }
}

#[test]
fn a_configuration_that_is_printed_for_debugging_hides_its_passwords() {
    let tool = Tool::new("epn-ingest");
    let file = tool.home().join("all.toml");
    let [mysql, redis, moodle] = ["mysql-url", "redis-url", "moodle-url"].map(canary);
    let text = format!(
        "[mysql]\nurl = \"mysql://u:{mysql}@h/d\"\n[redis]\nurl = \"redis://u:{redis}@h/\"\n[moodle]\nurl = \"mysql://u:{moodle}@h/d\"\n"
    );
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let config = Config::load(Some(&file)).unwrap();
    let shown = format!("{config:?}{config:#?}");
    assert!(!shown.contains(CANARY) && shown.matches("***").count() == 6, "{shown}");
}

#[test]
fn every_key_that_may_hold_a_password_has_a_canary() {
    let sample = include_str!("../../etc/sessionstat.toml");
    let mut section = "";
    let mut found = Vec::new();
    for line in sample.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        let Some((key, _)) = line.split_once(" = ") else { continue };
        let is_key = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_key && (key == "url" || key.contains("password")) {
            found.push(format!("{section}.{key}"));
        }
    }
    found.sort();
    found.dedup();
    let known = [
        "moodle.password_file",
        "moodle.url",
        "mysql.password_file",
        "mysql.url",
        "redis.password_file",
        "redis.sentinel_password_file",
        "redis.url",
    ];
    assert_eq!(found, known, "a key without a place among the canaries");
}

#[test]
fn a_command_line_shows_no_password_while_it_runs() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let config = format!(
        "[mysql]\nurl = \"mysql://u:{}@127.0.0.1:{port}/x\"\nconnect_timeout = \"20s\"\ntimeout = \"20s\"\nretry_for = \"0s\"\n",
        canary("mysql-url")
    );
    let running = Tool::new("epn-ingest").config(&config).start();
    // It has read its configuration when it connects.
    let _connected = silent.accept().unwrap();
    let line = fs::read(format!("/proc/{}/cmdline", running.pid())).unwrap();
    let environment = fs::read(format!("/proc/{}/environ", running.pid())).unwrap();
    for bytes in [line, environment] {
        assert!(!String::from_utf8_lossy(&bytes).contains(CANARY));
    }
    running.kill();
}

#[test]
fn no_statement_that_the_server_sees_holds_a_password() {
    let server = MariaDb::start();
    let database = server.database();
    let log = server.folder().join("general.log");
    let [password, redis_password] = ["mysql-url", "redis-url"].map(canary);
    database
        .run(&format!("CREATE USER k@localhost IDENTIFIED BY '{password}'; GRANT ALL ON *.* TO k@localhost"));
    database.run(&format!("SET GLOBAL general_log_file = '{}'; SET GLOBAL general_log = 1", log.display()));
    let redis = Redis::with(&["--requirepass", &redis_password]);
    for command in COMMANDS {
        let tool = Tool::new(command)
            .stdin("{\"sessions\": {}}\n")
            .env("SESSIONSTAT_MYSQL_URL", database.url_as(&format!("k:{password}")))
            .env("SESSIONSTAT_REDIS_URL", format!("{}?pass={redis_password}", redis.url()));
        for arguments in runs(command) {
            let run = tool.clone().args(arguments.iter()).args(["-vv"]).env("SESSIONSTAT_LOG", "trace").run();
            assert_kept(&tool, &run, command);
        }
    }
    until("the general log", || fs::read_to_string(&log).is_ok_and(|text| text.contains("users_temp")));
    let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    assert!(
        !text.contains(CANARY),
        "{}",
        text.lines().filter(|line| line.contains(CANARY)).collect::<String>()
    );
}
