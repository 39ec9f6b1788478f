//! Standard output and standard error that nobody reads.

use crate::support::{MariaDb, Tool};

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

/// What cron or systemd allows a file to be at most: the kernel's own way is to end the process without a word.
#[test]
fn a_file_that_may_not_grow_is_an_error_and_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let limited = |name| Tool::new(name).under(["sh", "-c", "ulimit -f 1; exec \"$@\"", "sh"]);
    let template = folder.path().join("page.html");
    std::fs::write(&template, "#_SESSION{prenom} ".repeat(200)).unwrap();
    let page = folder.path().join("pages/page.php");
    let database = MariaDb::shared().database();
    Tool::new("stats-report").url(&database).arg("--init-db").run().silent();
    let report = folder.path().join("reports/report.html");
    std::fs::create_dir(report.parent().unwrap()).unwrap();
    let report_to = ["overview", "--format", "html", "--output"];
    for (tool, output) in [
        (limited("macrosession-compile").arg(&template), &page),
        (limited("stats-report").url(&database).args(report_to), &report),
    ] {
        let run = tool.arg(output).run().expect(74);
        assert!(run.stderr.contains("File too large"), "{run:?}");
        assert!(std::fs::read_dir(output.parent().unwrap()).unwrap().next().is_none(), "{run:?}");
    }
}
