//! What the caller reads, whatever is wrong with the question, the configuration or the streams.

use std::{
    os::fd::OwnedFd,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    door::{door, line},
    support::{Redis, Tool},
};

#[test]
fn a_wrong_command_line_has_a_line_too() {
    let tool = door(Redis::shared(), "");
    let wrong: [&[&str]; 11] = [
        &[],
        &["--no-such-flag", "7"],
        &["--cost", "0", "7"],
        &["--cost", "1000001", "7"],
        &["--cost", "x", "7"],
        &["--peek", "--reset", "7"],
        &["--batch", "7"],
        &["--service", "", "7"],
        &["--format", "xml", "7"],
        &["--now", "soon", "7"],
        &["7", "8"],
    ];
    for arguments in wrong {
        let run = tool.clone().args(arguments).run().expect(2);
        let answer = line(&run);
        assert_eq!((&answer["allowed"], &answer["error"]), (&json!(false), &json!("usage")), "{arguments:?}");
        assert!(!run.stderr.is_empty());
    }
}

#[test]
fn a_wrong_configuration_has_a_line_too() {
    let tool = Tool::new("ratelimit-check").redis(Redis::shared()).arg("7");
    for config in [
        "[ratelimit]\nlimit = 3\n",
        "[ratelimit]\ntimeout = \"0s\"\n",
        "[ratelimit]\nprefix = \"{x}\"\n",
        "[ratelimit]\nmost_counted = 0\n",
        "[ratelimit]\nkeep_statistics = \"1h\"\n",
        "[ratelimit.rules.login]\nlimit = 0\n",
        "[ratelimit.rules.login]\nlimit = 10001\n",
        "[ratelimit.rules.login]\nalgorithm = \"token\"\n",
        "[ratelimit.rules.login]\nwindow = \"10ms\"\n",
        "[ratelimit.rules.login]\nwindow = 600\n",
        "[ratelimit.rules.\"A b\"]\nlimit = 3\n",
        "[redis]\nurl = \"rediss://localhost/#insecure\"\n",
        "[redis]\ncluster = true\nsentinel = \"x\"\n",
        "[redis]\nnodes = [\"localhost:7000\"]\n",
        "[redis\n",
    ] {
        let run = tool.clone().config(config).run().expect(78);
        let answer = line(&run);
        assert_eq!((&answer["allowed"], &answer["error"]), (&json!(false), &json!("config")), "{config}");
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    let run = door(Redis::shared(), "").args(["--rule", "nosuch", "7"]).run().expect(78);
    assert_eq!(line(&run)["error"], "config");
    assert!(run.stderr.contains("nosuch"), "{}", run.stderr);
    let text = door(Redis::shared(), "").args(["--format", "text", "--rule", "nosuch", "7"]).run().expect(78);
    assert_eq!(text.stdout, "denied 1 error=config\n");
}

#[test]
fn a_caller_who_reads_text_reads_text_whatever_is_wrong() {
    let tool = Tool::new("ratelimit-check").redis(Redis::shared());
    let wrong = tool.clone().config("[ratelimit]\nlimit = 3\n");
    for arguments in [["--format", "text", "7"].as_slice(), &["7", "--format=text"]] {
        assert_eq!(wrong.clone().args(arguments).run().expect(78).stdout, "denied 1 error=config\n");
        let usage = tool.clone().args(["--cost", "0"]).args(arguments);
        assert_eq!(usage.run().expect(2).stdout, "denied 1 error=usage\n");
    }
}

#[test]
fn help_is_no_question() {
    let tool = door(Redis::shared(), "");
    for flag in ["--help", "--version"] {
        let run = tool.clone().arg(flag).run().expect(0);
        assert!(!run.stdout.contains("allowed\":"), "{}", run.stdout);
    }
}

/// Runs a command through the shell, `"$@"` in `script`.
fn through_shell(tool: &Tool, script: &str, stdout: impl Into<Stdio>) -> Output {
    let command = tool.command();
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    Command::new("/bin/sh")
        .args(["-c", script, "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(variables)
        .current_dir(tool.home())
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .output()
        .unwrap()
}

/// How many commands the server could make nothing of.
fn errors(redis: &Redis) -> String {
    redis.ask(&["INFO", "errorstats"])
}

#[test]
fn closed_streams_change_neither_the_status_nor_the_conversation() {
    let redis = Redis::start();
    let tool = door(&redis, "[ratelimit.rules.login]\nlimit = 6\n").arg("7");
    // The script is not known yet: that is one error, and not of ours.
    assert_eq!(tool.run().status, 0);
    let before = errors(&redis);
    let scripts = [
        "exec \"$@\" >&-",
        "exec \"$@\" <&- >&-",
        "exec \"$@\" <&- >&- 2>&-",
        "exec \"$@\" <&-",
        "exec \"$@\" 2>&-",
    ];
    for script in scripts {
        let run = through_shell(&tool, script, Stdio::piped());
        assert_eq!(run.status.code(), Some(0), "{script}: {run:?}");
        assert!(run.stderr.is_empty(), "{script}: {run:?}");
    }
    for script in scripts {
        assert_eq!(through_shell(&tool, script, Stdio::piped()).status.code(), Some(1), "{script}");
    }
    assert_eq!(errors(&redis), before, "something else than commands was sent to Redis");
    let peek = line(&tool.arg("--peek").run().expect(1));
    assert_eq!(peek["remaining"], json!(0));
}

#[test]
fn a_reader_that_is_gone_changes_no_status() {
    let tool = door(Redis::shared(), "[ratelimit.rules.login]\nlimit = 1\n").arg("7");
    for status in [0, 1] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = through_shell(&tool, "exec \"$@\"", OwnedFd::from(writer));
        assert_eq!((run.status.code(), run.stderr.is_empty()), (Some(status), true), "{run:?}");
    }
    // A disk that is full is a failure, and no answer.
    let run = through_shell(&tool, "exec \"$@\" >/dev/full", Stdio::null());
    assert_eq!(run.status.code(), Some(74), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stderr).contains("standard output"));
}

#[test]
fn each_line_of_json_has_the_keys_of_the_manual_in_their_order() {
    let tool = door(Redis::shared(), "[ratelimit.rules.login]\nlimit = 1\nblock_after = 1\n").arg("7");
    for _ in 0..2 {
        let text = tool.run().stdout;
        let answer: Value = serde_json::from_str(&text).unwrap();
        let mut at = 0;
        for key in ["allowed", "rule", "user", "limit", "remaining", "retry_after", "reset_after"] {
            let found = text.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("no {key}: {text}"));
            assert!(found >= at && answer.get(key).is_some(), "{text}");
            at = found;
        }
    }
}

#[test]
fn a_command_line_means_the_same_in_every_form() {
    let redis = Redis::shared();
    let rules = "rules.site = { limit = 5 }\nrules.service = { limit = 7 }\n";
    let tool = door(redis, rules).arg("--peek");
    let said = |words: &[&str]| tool.clone().args(words).run().expect(0).stdout;
    for (plain, other) in [
        (&["--rule", "site", "u"][..], &["--rule=site", "--", "u"][..]),
        (
            &["--service", "vente", "--format", "text", "--", "-u"],
            &["--service=vente", "--format=text", "--", "-u"],
        ),
        (&["u", "--rule", "login", "--rule", "site"], &["--rule=login", "u", "--rule=site"]),
        (&["--format", "json", "u"], &["u"]),
    ] {
        // A flag that needs the parser in front of both, and then in neither.
        assert_eq!(said(plain), said(other), "{plain:?}");
        let charged = door(redis, rules).args(plain).run().expect(0);
        let charged_too = door(redis, rules).args(other).run().expect(0);
        assert_eq!(charged, charged_too, "{plain:?}");
    }
    for wrong in [
        &["u", "v"][..],
        &["--", "u", "v"],
        &["--rule", "-x", "u"],
        &["--rule", "", "u"],
        &["--service", "", "u"],
        &["--format", "xml", "u"],
        &["--format", "text", "--format", "text", "u"],
        &["--service", "a", "--service", "b", "u"],
        &["--config", "/dev/null", "u"],
        &["-u"],
        &["--rule"],
        &["--"],
        &[],
    ] {
        let run = door(redis, "").args(wrong).run().expect(2);
        assert!(run.stdout.contains("usage") && !run.stderr.is_empty(), "{wrong:?}: {run:?}");
    }
}
