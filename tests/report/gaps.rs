//! A part that cannot be read keeps nobody from the others.

use std::{fs, net::TcpListener};

use serde_json::Value;

use crate::{
    fixture::{self, DAY, YEAR},
    html,
    support::{Tool, free_port},
};

/// A table, and the sections that cannot do without it.
const TABLES: [(&str, &[&str]); 14] = [
    ("epn_attendance", &["overview", "epn"]),
    ("epn_booking", &["overview", "epn"]),
    ("epn_computer", &["overview", "epn"]),
    ("epn_room", &["overview", "epn"]),
    ("epn_user", &["overview", "epn"]),
    ("epn_workshop", &["overview", "epn"]),
    ("users_temp", &["overview", "epn"]),
    ("users_log", &["overview"]),
    ("usr_session_stats", &["sessions"]),
    ("session_at_limit", &["sessions"]),
    ("utilisateurs", &["logins", "services"]),
    ("moodle_session", &["time"]),
    ("moodle_session_course", &["time"]),
    ("moodle_progress", &["time"]),
];

const SECTIONS: [&str; 6] = ["overview", "sessions", "logins", "services", "epn", "time"];

/// What a report of all sections says in JSON, and its one line on standard error.
#[track_caller]
fn with_gap(tool: &Tool, status: i32) -> (Value, String) {
    let run = tool.clone().arg("--format=json").run().expect(status);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    (serde_json::from_str(&run.stdout).unwrap(), run.stderr)
}

#[test]
fn a_table_that_is_missing_keeps_its_sections_and_no_others() {
    let site = fixture::year();
    let tool = fixture::report(&site).args(YEAR);
    let whole: Value =
        serde_json::from_str(&tool.clone().arg("--format=json").run().expect(0).stdout).unwrap();
    for (table, kept) in TABLES {
        site.database.run(&format!("RENAME TABLE {table} TO elsewhere"));
        let (shown, said) = with_gap(&tool, 78);
        let line = format!(
            "{table}' doesn't exist (MySQL error 1146); restore it from a backup, or have it made empty: "
        );
        assert!(said.starts_with("stats-report: ") && said.contains(&line), "{said}");
        for section in SECTIONS {
            if kept.contains(&section) {
                assert!(shown.get(section).is_none(), "{section} without {table}");
            } else if section != "overview" {
                assert_eq!(shown[section], whole[section], "{section} without {table}");
            }
        }
        let mut gaps: Vec<&str> =
            shown["gaps"].as_array().unwrap().iter().map(|gap| gap["section"].as_str().unwrap()).collect();
        let mut expected = kept.to_vec();
        gaps.sort_unstable();
        expected.sort_unstable();
        assert_eq!(gaps, expected, "{table}");
        // A report of nothing else is none.
        let run = tool.clone().arg(kept[0]).run().expect(78);
        assert_eq!((run.stdout, run.stderr), (String::new(), said), "{table}");
        site.database.run(&format!("RENAME TABLE elsewhere TO {table}"));
    }
    // What the message says helps.
    site.database.run("DROP TABLE epn_room");
    for file in ["001-samba.sql", "002-epn.sql"] {
        let path = format!("{}/etc/schema/{file}", env!("CARGO_MANIFEST_DIR"));
        site.database.run(&fs::read_to_string(path).unwrap());
    }
    tool.run().expect(0);
}

#[test]
fn the_place_of_a_section_says_what_keeps_it_in_every_format() {
    let site = fixture::year();
    let tool = fixture::report(&site).args(DAY);
    // Rights outlive their tables.
    site.database.account("stats-report");
    site.database.run("DROP TABLE epn_room");
    let why = "epn_room' doesn't exist (MySQL error 1146)";

    let table = tool.run().expect(78).stdout;
    assert!(table.contains("\nPUBLIC SPACE\n  Table '") && table.contains(why), "{table}");
    assert!(table.contains("\nSESSIONS\n  Sessions opened"), "{table}");
    let page = tool.clone().args(["--format=html", "--lang=fr"]).run().expect(78).stdout;
    let page = html::parsed(&page);
    assert_eq!(html::all(&page, "section").len(), 6);
    let messages: Vec<String> = html::all(&page, "p.message").into_iter().map(html::text).collect();
    assert!(messages.len() == 2 && messages.iter().all(|message| message.contains(why)), "{messages:?}");
    let mail = tool.clone().args(["--mail"]).run().expect(78).stdout;
    let mail = mail_parser::MessageParser::default().parse(&mail).unwrap();
    assert!(mail.body_text(0).unwrap().contains(why) && mail.body_html(0).unwrap().contains("epn_room"));
    let metrics = tool.clone().arg("--format=prometheus").run().expect(78).stdout;
    assert!(metrics.contains("\nsessionstat_report_gap{section=\"epn\"} 1\n"), "{metrics}");
    assert!(
        metrics.contains("\nsessionstat_sessions_opened ") && !metrics.contains("sessionstat_use_seconds")
    );
    let folder = tool.home().join("csv");
    tool.clone().arg("--format=csv").arg("--output").arg(&folder).run().expect(78);
    assert!(folder.join("sessions.csv").exists() && !folder.join("epn.csv").exists());

    // A file is replaced by what there is; one that would hold nothing stays.
    let file = tool.home().join("report.txt");
    fs::write(&file, "old\n").unwrap();
    tool.clone().args(["epn", "--output"]).arg(&file).run().expect(78);
    assert_eq!(fs::read_to_string(&file).unwrap(), "old\n");
    tool.clone().args(["epn", "time", "--output"]).arg(&file).run().expect(78);
    assert!(fs::read_to_string(&file).unwrap().contains("TIME ONLINE"));
}

#[test]
fn what_cannot_be_read_is_told_to_who_asks_and_not_to_everybody() {
    let site = fixture::year();
    site.database.run(
        "SET sql_mode = ''; INSERT INTO epn_workshop (title, starts_at, ends_at) \
         VALUES ('chez lise.andré', '0000-00-00 00:00:00', '2025-03-11 10:00:00')",
    );
    let run = fixture::report(&site).args(DAY).args(["epn", "time", "--anonymous"]).run().expect(65);
    assert!(run.stderr.contains("lise.andré") && !run.stdout.contains("lise"), "{run:?}");
    assert!(
        run.stdout.contains("\n  cannot be read; the command said why on its standard error\n"),
        "{run:?}"
    );
}

#[test]
fn redis_away_keeps_logins_and_services_and_no_others_in_every_format() {
    let site = fixture::year();
    // One that takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("redis://{}/", silent.local_addr().unwrap());
    let refused_url = format!("redis://127.0.0.1:{}/", free_port());
    let config = "general.timezone = \"Europe/Paris\"\nredis.timeout = \"200ms\"\n";
    for (url, says) in [(&refused_url, "cannot reach Redis at "), (&silent_url, "Redis at ")] {
        let tool = fixture::report(&site).config(config).env("SESSIONSTAT_REDIS_URL", url).args(DAY);
        for (format, kept, other) in [
            ("table", format!("\nSERVICES\n  {says}"), "\n  Hours of use"),
            ("json", "\"section\": \"services\"".to_owned(), "\"hours_by_room\""),
            (
                "html",
                format!(">Services</h2><div class=\"blocks\"><p class=\"message\">{says}"),
                "Hours of use by room",
            ),
            (
                "prometheus",
                "sessionstat_report_gap{section=\"services\"} 1".to_owned(),
                "sessionstat_use_seconds ",
            ),
        ] {
            let named = tool.clone().args(["logins", "services", "epn", "--format", format]).run().expect(69);
            assert!(named.stdout.contains(&kept) && named.stdout.contains(other), "{format}: {named:?}");
            assert_eq!(named.stderr.lines().count(), 1, "{}", named.stderr);
            // Who has no Redis reads of it in the overview, and no run fails.
            let all = tool.clone().args(["--format", format]).run().expect(0);
            assert!(!all.stdout.contains(&kept) && all.stdout.contains(other), "{format}: {all:?}");
            assert_eq!(all.stderr, "");
        }
        let mail = tool.clone().args(["logins", "epn", "--mail"]).run().expect(69).stdout;
        let mail = mail_parser::MessageParser::default().parse(&mail).unwrap();
        assert!(mail.body_text(0).unwrap().contains(&format!("\nLOGINS\n  {says}")));
        let folder = tool.home().join("csv");
        tool.clone().args(["logins", "epn", "--format=csv", "--output"]).arg(&folder).run().expect(69);
        assert!(folder.join("epn.csv").exists() && !folder.join("logins.csv").exists());
    }
}
