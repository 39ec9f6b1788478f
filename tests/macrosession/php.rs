//! Scripts on a real PHP, with the runtime of compiled pages.

use std::{path::PathBuf, process::Command};

use crate::{
    folder,
    support::{Php, Tool},
};

/// The runtime, `web/lib/macrosession.php`.
pub fn runtime() -> PathBuf {
    folder().join("web/lib/macrosession.php")
}

/// What a script left behind.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its output, with all that PHP has to complain of.
    pub page: String,
    /// The error log.
    pub log: String,
}

/// Which extensions PHP has.
#[derive(Clone, Copy, Debug)]
pub enum Extensions {
    /// Those of the system.
    Installed,
    /// None but those that are built in: no mbstring.
    BuiltIn,
}

/// Runs a script that has the runtime, on a PHP that shows visitors every error.
#[track_caller]
pub fn show(extensions: Extensions, code: &str) -> Shown {
    let mut command = Command::new(Php::program());
    if matches!(extensions, Extensions::BuiltIn) {
        command.arg("-n");
    }
    for setting in [
        "display_errors=1",
        "error_reporting=-1",
        "html_errors=0",
        "log_errors=1",
        "error_log=",
        "memory_limit=256M",
    ] {
        command.args(["-d", setting]);
    }
    let script = format!("require_once {:?};\n{code}", runtime().display().to_string());
    let run = command.args(["-r", &script]).output().expect("to run PHP");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let shown = Shown { page: text(&run.stdout), log: text(&run.stderr) };
    assert!(run.status.success(), "{shown:?}");
    shown
}

/// Runs a script that prints one JSON value, and logs nothing.
#[track_caller]
pub fn json(extensions: Extensions, code: &str) -> serde_json::Value {
    let shown = show(extensions, code);
    assert_eq!(shown.log, "", "{}", shown.page);
    serde_json::from_str(&shown.page).unwrap_or_else(|error| panic!("{error}: {}", shown.page))
}

/// Runs a script file with its arguments and this standard input; what it prints. It must not complain.
#[track_caller]
pub fn run(settings: &[&str], script: &[PathBuf], input: &[u8]) -> String {
    let output = Tool::program(Php::program())
        .no_config()
        .args(["-d", "display_errors=stderr", "-d", "error_reporting=-1", "-d", "memory_limit=256M"])
        .args(settings)
        .args(script)
        .stdin(input)
        .run()
        .expect(0);
    assert_eq!(output.stderr, "");
    output.stdout
}
