//! What programs that a command starts get to know.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use crate::{
    passwords::{CANARY, SOON, canary},
    support::Tool,
};

/// A program that notes its environment and its command line, and those of who started it, then prints `said`.
fn spy(tool: &Tool, name: &str, said: &str) -> PathBuf {
    let file = tool.home().join(name);
    let seen = tool.home().join(format!("{name}.seen"));
    let script = format!(
        "#!/bin/sh\n/usr/bin/tr '\\0' '\\n' </proc/self/environ >>'{0}'\n\
         /usr/bin/tr '\\0' ' ' </proc/$PPID/cmdline >>'{0}'\n/usr/bin/tr '\\0' ' ' </proc/$$/cmdline >>'{0}'\n{said}\n",
        seen.display()
    );
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    file
}

/// What a spy has seen.
#[track_caller]
fn seen(tool: &Tool, name: &str) -> String {
    fs::read_to_string(tool.home().join(format!("{name}.seen")))
        .unwrap_or_else(|error| panic!("{name} was not run: {error}"))
}

#[test]
fn programs_that_a_command_starts_learn_no_password() {
    let secret = |tool: Tool| {
        tool.env("SESSIONSTAT_MYSQL_URL", format!("mysql://u:{}@127.0.0.1:1/x", canary("mysql-environment")))
            .env("SESSIONSTAT_REDIS_URL", format!("redis://u:{}@127.0.0.1:1/", canary("redis-environment")))
            .env("PATH", "/usr/bin:/bin")
    };
    let tool = secret(Tool::new("samba-snapshot"));
    let sessions = "{\"sessions\": {\"1\": {\"username\": \"anne\", \"hostname\": \"ipv4:10.9.8.7:50000\"}}}";
    let smbstatus = spy(&tool, "smbstatus", &format!("echo '{sessions}'"));
    let nmblookup = spy(&tool, "nmblookup", "exit 1");
    let config = format!(
        "[samba]\nsmbstatus = \"{}\"\nnmblookup = \"{}\"\nresolve = [\"nmblookup\"]\n[mysql]\n{SOON}\n",
        smbstatus.display(),
        nmblookup.display()
    );
    tool.clone().config(&config).run().expect(0);
    for name in ["smbstatus", "nmblookup"] {
        let seen = seen(&tool, name);
        assert!(
            seen.contains("TZ=UTC") && !seen.contains(CANARY) && !seen.contains("SESSIONSTAT_"),
            "{seen}"
        );
    }

    let empty = secret(Tool::new("samba-snapshot"));
    let smbstatus = spy(&empty, "smbstatus", "echo '{\"sessions\": {}}'");
    spy(&empty, "smbcontrol", "echo PONG from pid 1");
    empty.clone().config(&format!("[mysql]\n{SOON}\n")).arg("--smbstatus").arg(&smbstatus).run().expect(0);
    assert!(!seen(&empty, "smbcontrol").contains(CANARY));

    let compile = secret(Tool::new("macrosession-compile"));
    let php = spy(&compile, "php", "exec cat >/dev/null");
    fs::create_dir(compile.home().join("site")).unwrap();
    fs::write(compile.home().join("site/a.html"), "<?php echo 1; ?>#_SESSION{nom}").unwrap();
    let config = format!("[macrosession]\nphp = \"{}\"\n", php.display());
    compile.clone().config(&config).args(["site", "www"]).run();
    assert!(!seen(&compile, "php").contains(CANARY));

    let report = secret(Tool::new("stats-report"));
    let systemctl = spy(&report, "systemctl", "exit 1");
    let folder = systemctl.parent().unwrap().display().to_string();
    report.clone().env("PATH", folder).config(&format!("[mysql]\n{SOON}\n")).args(["check", "--all"]).run();
    if report.home().join("systemctl.seen").exists() {
        assert!(!seen(&report, "systemctl").contains(CANARY));
    }
}
