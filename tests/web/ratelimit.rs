//! `web/lib/ratelimit.php` alone, as any other site would use it.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Php, Redis, Tool};

const LAUNCHES: [&str; 2] = ["shell_exec", "proc_open"];

/// What a program prints that lets everybody go on.
const ALLOWED: &str = r#"{"allowed":true,"rule":"login","user":"42","limit":10,"remaining":9,"retry_after":0,"reset_after":600}"#;

/// Asks about each user that it reads, and prints each answer. In the locale "C", which is the worst.
const ASK: &str = r#"
    require getenv('PIECE');
    setlocale(LC_CTYPE, 'C');
    $program = new Sessionstat\Program([getenv('PROGRAM'), '--config', 'a b.toml'], getenv('LAUNCH'), (float) getenv('SECONDS'));
    $limits = new Sessionstat\RateLimit($program);
    while (($line = fgets(STDIN)) !== false) {
        echo json_encode($limits->check(hex2bin(rtrim($line)))), "\n";
    }
    if (setlocale(LC_CTYPE, '0') !== 'C') {
        echo "the locale is another one\n";
    }
"#;

/// A page of another site, which asks a program.
struct Asker {
    folder: TempDir,
    program: PathBuf,
    launch: &'static str,
    seconds: f64,
    settings: Vec<String>,
    code: String,
}

impl Asker {
    /// The program is a shell script.
    fn new(launch: &'static str, body: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("it's a program");
        fs::write(&program, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, program, launch, seconds: 30.0, settings: Vec::new(), code: ASK.to_owned() }
    }

    /// The answers about these users, and what PHP logged.
    #[track_caller]
    fn ask(&self, users: &[&[u8]]) -> (Vec<Value>, String) {
        let mut php = Command::new(Php::program())
            .args(["-d", "display_errors=1", "-d", "error_log="])
            .args(self.settings.iter().flat_map(|setting| ["-d", setting]))
            .args(["-r", &self.code])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PIECE", Path::new(env!("CARGO_MANIFEST_DIR")).join("web/lib/ratelimit.php"))
            .env("PROGRAM", &self.program)
            .env("LAUNCH", self.launch)
            .env("SECONDS", self.seconds.to_string())
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines: String = users
            .iter()
            .map(|user| user.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n")
            .collect();
        php.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = php.wait_with_output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let answers = printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{printed}\n{log}")))
            .collect();
        (answers, log)
    }

    /// The answer to one question.
    #[track_caller]
    fn answer(&self) -> Value {
        self.ask(&[b"42"]).0.remove(0)
    }
}

#[test]
fn every_user_reaches_the_program_byte_for_byte() {
    let long = "é".repeat(1024);
    let users = [
        "42",
        "",
        " ",
        " a  b ",
        "'",
        "''\\''",
        "\"",
        "$(touch x)",
        "`touch x`",
        "-",
        "--",
        "--reset",
        "-x",
        "é",
        "日本語",
        "😀",
        "a\nb\n",
        "\r\n",
        "\t",
        "\x1b[31m",
        "%s%n",
        "*",
        "~",
        "!",
        "\\",
        "\\'",
        "a;b|c&d>e<f #g",
        "\u{202e}x",
        "$HOME",
        "{}",
        &long,
    ];
    for launch in LAUNCHES {
        let asker = Asker::new(launch, &format!("printf '%s\\0' \"$@\" end >>record\necho '{ALLOWED}'"));
        let (answers, log) = asker.ask(&users.map(str::as_bytes));
        assert_eq!(log, "");
        let expected = json!({"allowed": true, "limit": 10, "remaining": 9, "retryAfter": 0, "resetAfter": 600, "error": null});
        assert_eq!(answers, vec![expected; users.len()], "{launch}");
        let record = String::from_utf8(fs::read(asker.folder.path().join("record")).unwrap()).unwrap();
        let words: Vec<&str> = record.trim_end_matches('\0').split('\0').collect();
        let expected: Vec<&str> = users
            .iter()
            .flat_map(|user| ["--config", "a b.toml", "--format", "json", "--", user, "end"])
            .collect();
        assert_eq!(words, expected, "{launch}");
        assert!(!asker.folder.path().join("x").exists(), "a shell understood a user's name");
    }
}

#[test]
fn what_cannot_be_an_argument_is_refused_before_any_program_starts() {
    let long = vec![b'x'; 5000];
    let users: [&[u8]; 5] = [b"a\0b", b"\0", b"\xff", b"caf\xe9", &long];
    for launch in LAUNCHES {
        let asker = Asker::new(launch, &format!("touch started\necho '{ALLOWED}'"));
        let (answers, log) = asker.ask(&users);
        for answer in answers {
            assert_eq!(
                (&answer["allowed"], &answer["error"]),
                (&json!(false), &json!("bad_argument")),
                "{launch}"
            );
        }
        assert_eq!(log.lines().count(), users.len(), "{log}");
        assert!(!asker.folder.path().join("started").exists());
    }
}

#[test]
fn answers_are_understood_as_they_are_meant() {
    for launch in LAUNCHES {
        for (printed, status, expected) in [
            (
                r#"{"allowed":false,"rule":"login","user":"42","limit":10,"remaining":0,"retry_after":417,"reset_after":590}"#,
                1,
                json!({"allowed": false, "limit": 10, "remaining": 0, "retryAfter": 417, "resetAfter": 590, "error": null}),
            ),
            (
                r#"{"allowed":false,"rule":"login","user":"42","limit":10,"remaining":9,"retry_after":null,"reset_after":0}"#,
                1,
                json!({"allowed": false, "limit": 10, "remaining": 9, "retryAfter": null, "resetAfter": 0, "error": null}),
            ),
            (
                r#"{"allowed":true,"rule":null,"user":"42","limit":null,"remaining":null,"retry_after":0,"reset_after":0}"#,
                0,
                json!({"allowed": true, "limit": null, "remaining": null, "retryAfter": 0, "resetAfter": 0, "error": null}),
            ),
            (
                r#"{"allowed":true,"user":"42","error":"timeout"}"#,
                69,
                json!({"allowed": true, "limit": null, "remaining": null, "retryAfter": null, "resetAfter": null, "error": "timeout"}),
            ),
            (
                r#"{"allowed":false,"error":"usage"}"#,
                2,
                json!({"allowed": false, "limit": null, "remaining": null, "retryAfter": null, "resetAfter": null, "error": "usage"}),
            ),
        ] {
            let asker = Asker::new(launch, &format!("echo '{printed}'; exit {status}"));
            assert_eq!(asker.answer(), expected, "{launch}: {printed}");
        }
    }
}

#[test]
fn a_launch_that_php_forbids_is_an_error_that_says_so() {
    for launch in LAUNCHES {
        let mut asker = Asker::new(launch, &format!("echo '{ALLOWED}'"));
        asker.settings.push(format!("disable_functions={launch}"));
        let (answers, log) = asker.ask(&[b"42"]);
        assert_eq!((&answers[0]["allowed"], &answers[0]["error"]), (&json!(false), &json!("not_started")));
        assert!(log.contains(&format!("{launch} is disabled here (disable_functions)")), "{log}");
    }
}

#[test]
fn a_site_that_makes_exceptions_of_warnings_gets_an_answer_all_the_same() {
    for launch in LAUNCHES {
        let mut asker = Asker::new(launch, "");
        asker.program = "/nonexistent/ratelimit-check".into();
        let strict = "set_error_handler(fn ($level, $text) => throw new ErrorException($text));";
        asker.code = format!("{strict} {ASK}");
        let answer = asker.answer();
        assert_eq!(answer["allowed"], false, "{launch}: {answer}");
        assert!(
            ["no_answer", "not_started"].contains(&answer["error"].as_str().unwrap()),
            "{launch}: {answer}"
        );
    }
}

#[test]
fn a_program_that_hangs_is_ended_with_proc_open() {
    let early = format!("echo '{ALLOWED}'; exec >&- 2>&- sleep 600");
    for body in ["exec sleep 600", &early, "exec yes >&2"] {
        let mut asker = Asker::new("proc_open", body);
        asker.seconds = 0.3;
        let began = Instant::now();
        let answer = asker.answer();
        assert_eq!(answer["allowed"], false, "{body}: {answer}");
        assert!(began.elapsed() < Duration::from_secs(20), "{body}: {:?}", began.elapsed());
    }
}

#[test]
fn what_the_program_complains_about_comes_into_the_log_as_one_line() {
    let asker = Asker::new("proc_open", &format!("printf 'one\\n\\033[31mtwo\\n' >&2; echo '{ALLOWED}'"));
    let (answers, log) = asker.ask(&[b"42"]);
    assert_eq!(answers[0]["allowed"], true);
    assert_eq!(log, "sessionstat: one?[31mtwo\n");
}

#[test]
fn the_real_program_is_asked_in_every_way() {
    let redis = Redis::start();
    let toml = format!(
        "[redis]\nurl = \"{}\"\n[ratelimit.rules.login]\nlimit = 2\nwindow = \"10m\"\n\
         [ratelimit.rules.service]\nlimit = 1\nwindow = \"1h\"\n[ratelimit.rules.other]\nlimit = 7\nwindow = \"1h\"\n",
        redis.url()
    );
    for launch in LAUNCHES {
        let mut asker = Asker::new(launch, "");
        let file = asker.folder.path().join("a b.toml");
        fs::write(&file, &toml).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        asker.program = Tool::new("ratelimit-check").path().to_owned();
        let user = format!("'é {launch}");
        let asked = format!("$user = '{}';", user.replace('\'', "\\'"));
        let calls = "foreach ([$limits->peek($user), $limits->check($user), $limits->peek($user, 'other'),
                $limits->check($user, 'other'), $limits->call('vente', $user), $limits->call('achat', $user),
                $limits->check($user), $limits->check($user), $limits->check('')] as $answer) {
                echo json_encode($answer), \"\\n\";
            }";
        asker.code = ASK.replace("while (", &format!("{asked} {calls} while ("));
        let (answers, _) = asker.ask(&[]);
        let found: Vec<_> = answers
            .iter()
            .map(|answer| (answer["allowed"] == true, answer["limit"].as_u64(), answer["remaining"].as_u64()))
            .collect();
        let expected = [
            (true, Some(2), Some(2)),
            (true, Some(2), Some(1)),
            (true, Some(7), Some(7)),
            (true, Some(7), Some(6)),
            (true, Some(1), Some(0)),
            (false, Some(1), Some(0)),
            (true, Some(2), Some(0)),
            (false, Some(2), Some(0)),
        ];
        assert_eq!(found[..8], expected, "{launch}: {answers:?}");
        assert!(answers[5]["retryAfter"].as_u64().unwrap() > 3500, "{answers:?}");
        assert_eq!(answers[8]["allowed"], false);
        assert!(answers[8]["error"].is_string(), "{answers:?}");
    }
}
