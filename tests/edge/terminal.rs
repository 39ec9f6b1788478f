//! Standard output and standard error that nobody reads.

use crate::support::Tool;

/// Runs a shell line in which `$tool` is a command of the package.
fn shell(command: &str, line: &str) -> i32 {
    let test = std::env::current_exe().unwrap();
    let tool = test.parent().and_then(std::path::Path::parent).unwrap().join(command);
    let run = Tool::program("/bin/sh")
        .no_config()
        .args(["-c", line])
        .env("tool", tool)
        .env("PATH", "/usr/bin:/bin");
    let run = run.run();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "{run:?}");
    run.status
}

#[test]
fn a_reader_that_has_gone_away_is_no_failure() {
    assert_eq!(
        shell(
            "epn-ingest",
            "(\"$tool\" --completions bash; echo $? >&3) 3>status | true; exit $(cat status)"
        ),
        0
    );
}

#[test]
fn a_closed_standard_error_changes_no_status() {
    assert_eq!(shell("epn-ingest", "\"$tool\" --config /nonexistent 2>&-"), 78);
}
