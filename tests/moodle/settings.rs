//! `[moodle]` in the configuration: what is refused, and that its password is told to nobody.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::{
    log_table::Row,
    site::{BASE, Site},
    support::{MariaDb, Tool},
};

/// What the command says about a configuration of one line in `[moodle]`.
fn refused(line: &str) -> String {
    let settings = format!("# one\n[moodle]\n{line}\n");
    let run = Tool::new("session-aggregate").exact_config(&settings).run().expect(78);
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    let (place, complaint) = run.stderr.trim_end().split_once(".toml:").unwrap();
    assert!(place.starts_with("session-aggregate: /"), "{run:?}");
    complaint.to_owned()
}

#[test]
fn bad_values_are_refused_with_file_line_key_and_reason() {
    let complaints = [
        ("prefix = \"mdl;\"", "3: [moodle] prefix: holds more than letters, digits, _ and $"),
        ("prefix = \"a`b\"", "3: [moodle] prefix: holds more than letters, digits, _ and $"),
        ("log = \"\"", "3: [moodle] log: is no name of a table: letters, digits, _ and $"),
        ("log = \"moodle.mdl_log\"", "3: [moodle] log: is no name of a table: letters, digits, _ and $"),
        ("threshold = \"0s\"", "3: [moodle] threshold: not between a second and a day"),
        (
            "threshold = \"500ms\"",
            "3: [moodle] threshold: has a fraction of a second, which the log does not know",
        ),
        (
            "inactivity_cap = \"1500ms\"",
            "3: [moodle] inactivity_cap: has a fraction of a second, which the log does not know",
        ),
        ("threshold = \"25h\"", "3: [moodle] threshold: not between a second and a day"),
        ("credit = \"21m\"", "3: [moodle] credit: longer than threshold"),
        (
            "heartbeat_period = \"20m\"",
            "3: [moodle] heartbeat_period: not shorter than threshold: beats would not bridge anything",
        ),
        ("inactivity_cap = \"599s\"", "3: [moodle] inactivity_cap: shorter than heartbeat_period"),
    ];
    for (line, complaint) in complaints {
        assert_eq!(refused(line), complaint, "{line}");
    }
    let of_types = [
        ("threshold = 20", "[moodle] threshold"),
        ("credit = \"soon\"", "[moodle] credit"),
        ("one_session_per_course = 1", "[moodle] one_session_per_course"),
        ("site_events = \"yes\"", "[moodle] site_events"),
        ("treshold = \"20m\"", "treshold"),
        ("url = \"https://moodle.example.org/\"", "[moodle] url: not an address of MySQL"),
    ];
    for (line, named) in of_types {
        let complaint = refused(line);
        assert!(complaint.starts_with("3: ") && complaint.contains(named), "{line}: {complaint}");
    }
    // A name of sixty letters is none too long.
    let long = format!("prefix = \"{}\"", "p".repeat(61));
    assert!(refused(&long).contains("[moodle] prefix"));
}

#[test]
fn values_at_the_border_are_taken() {
    let taken = [
        "threshold = \"1s\"\ncredit = \"1s\"\nheartbeat_period = \"0s\"\ninactivity_cap = \"0s\"",
        "threshold = \"24h\"\ncredit = \"24h\"\nheartbeat_period = \"86399s\"\ninactivity_cap = \"86399s\"",
        "credit = \"0s\"",
        "prefix = \"\"",
    ];
    let site = Site::new();
    for settings in taken {
        site.tool(BASE, &format!("[moodle]\n{settings}\n")).run().silent();
    }
}

#[test]
fn a_file_with_the_password_of_the_moodle_is_kept_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessionstat.toml");
    let text = "mysql.retry_for = \"0s\"\n[moodle]\nurl = \"mysql://reader:kept-secret@localhost/moodle\"\n";
    fs::write(&file, text).unwrap();
    let run = |mode: u32| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        Tool::new("session-aggregate").no_config().arg("--config").arg(&file).run()
    };
    let refused = run(0o644).expect(78);
    assert!(refused.stderr.contains("sessionstat.toml:3: [moodle] url: holds a password"), "{refused:?}");
    assert!(!refused.stderr.contains("kept-secret"), "{refused:?}");
    assert!(!run(0o640).stderr.contains("holds a password"));
    // So is the file of the password alone.
    let site = Site::new();
    let password = folder.path().join("password");
    fs::write(&password, "kept-secret\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
    let url =
        format!("url = \"{}\"\npassword_file = \"{}\"", site.database.url_as("reader"), password.display());
    let refused = site.tool(BASE, &format!("[moodle]\n{url}\n")).run().expect(78);
    assert!(refused.stderr.contains(&password.display().to_string()), "{refused:?}");
    assert!(!refused.stderr.contains("kept-secret"), "{refused:?}");
}

#[test]
fn the_password_of_the_moodle_is_in_no_message() {
    let site = Site::new();
    site.log(&[Row::login(1, 7, BASE)]);
    let mysql = "[mysql]\nretry_for = \"0s\"\n";
    let wrong = site.database.url_as("nobody:kept-secret");
    let away = format!(
        "mysql://reader:kept-secret@localhost/moodle?socket={}/none",
        site.tool(0, "").home().display()
    );
    let socket = MariaDb::shared().socket();
    let unknown = format!("mysql://root:kept-secret@localhost/no_such_database?socket={}", socket.display());
    for url in [wrong, away, unknown] {
        for arguments in [vec!["-vv"], vec!["-vv", "--dry-run"], vec!["-vv", "rebuild", "--source", "moodle"]]
        {
            let tool = site.tool(BASE, &format!("{mysql}[moodle]\nurl = \"{url}\"\n")).args(arguments);
            let run = tool.run();
            assert!([69, 78].contains(&run.status), "{run:?}");
            assert!(!run.stderr.contains("kept-secret") && !run.stdout.contains("kept-secret"), "{run:?}");
        }
    }
    // Nor is it in the database.
    site.database
        .run("CREATE USER IF NOT EXISTS teller IDENTIFIED BY 'kept-secret'; GRANT ALL ON *.* TO teller");
    let url = site.database.url_as("teller:kept-secret");
    let run = site.tool(BASE + 100, &format!("[moodle]\nurl = \"{url}\"\n")).arg("-vv").run().expect(0);
    assert!(!run.stderr.contains("kept-secret"), "{run:?}");
    assert_eq!(site.sessions().len(), 1);
    assert!(!site.database.dump(&crate::site::TABLES).contains("kept-secret"));
}

#[test]
fn a_dry_run_says_what_a_run_would_do_and_changes_nothing() {
    let site = Site::new();
    let everything = crate::site::tables();
    site.log(&[Row::login(1, 7, BASE), Row::logout(2, 7, BASE + 2_000), Row::view(3, 8, BASE + 2_000, 2)]);
    let rehearse = |settings: &str| {
        let before = site.database.dump(&everything);
        let told = site.tool(BASE + 3_000, settings).arg("--dry-run").run().expect(0);
        assert_eq!(told.stderr, "");
        assert_eq!(site.database.dump(&everything), before, "{settings}");
        told.stdout
    };
    let first = rehearse("");
    assert!(first.contains("3 rows of the log read"), "{first}");
    assert!(first.contains("2 sessions of time online written"), "{first}");
    assert!(first.contains("3 slots written"), "{first}");
    site.tool(BASE + 3_000, "").run().silent();
    assert!(!rehearse("").contains("rows of the log"), "nothing is new");
    let other = rehearse("[moodle]\ncredit = \"1m\"\n");
    assert!(other.contains("3 rows of the log read"), "{other}");
    let before = site.database.dump(&everything);
    let rebuild =
        site.tool(BASE + 3_000, "").args(["--dry-run", "rebuild", "--source", "moodle"]).run().expect(0);
    assert!(rebuild.stdout.contains("3 rows of the log read"), "{rebuild:?}");
    assert_eq!(site.database.dump(&everything), before);
}
