//! `--anonymous`: nobody can be told from the report, whatever its section and format.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    fixture::{self, YEAR, year},
    site::{self, Site},
};

/// Stands in all names of people. Nothing else has it.
const CANARY: &str = "zanzibar";
/// The id of somebody.
const NUMBER: &str = "987654321";

/// The columns of text in which people stand: what a report shows of them, and what it must never read.
const PEOPLE: &[&str] = &[
    "epn_user.first_name",
    "epn_user.last_name",
    "epn_user.login",
    "epn_user.town",
    "event_log.ip",
    "event_log.other",
    "session_expiry.session_id",
    "users_log.login",
    "users_temp.login",
    "usr_session_stats_raw.session_id",
    "utilisateurs.email",
    "utilisateurs.mot_de_passe",
    "utilisateurs.nom",
    "utilisateurs.prenom",
];

/// The columns of text in which no person stands: machines and rooms keep their names.
const OTHERS: &[&str] = &[
    "epn_attendance.source",
    "epn_attendance.status",
    "epn_booking.source",
    "epn_booking.status",
    "epn_computer.ip",
    "epn_computer.netbios_name",
    "epn_credit_ledger.kind",
    "epn_room.name",
    "epn_user.sex",
    "epn_workshop.status",
    "epn_workshop.title",
    "event_log.action",
    "event_log.component",
    "event_log.eventname",
    "event_log.origin",
    "event_log.target",
    "moodle_progress.log",
    "moodle_progress.parameters",
    "moodle_progress.recent",
    "moodle_session.courses",
    "moodle_session.end_reason",
    "moodle_user.live",
    "session_progress.limits",
    "session_progress.tail",
    "sessionstat_lease.holder",
    "sessionstat_lease.host",
    "sessionstat_lease.job",
    "sessionstat_lease.lock_file",
    "sessionstat_run.command",
    "sessionstat_run.counts",
    "sessionstat_run.host",
    "sessionstat_schema.file",
    "users_log.address",
    "users_log.ip",
    "users_log.machine",
    "users_log.server",
    "users_temp.address",
    "users_temp.ip",
    "users_temp.machine",
    "users_temp.server",
];

/// Who stands in the fixed year, too: some of it by name.
const SOMEBODY: &str = "
    INSERT INTO epn_user (id, login, last_name, first_name, birth_year, sex, town, credit_minutes)
      VALUES (987654321, 'login-zanzibar', 'nom-zanzibar', 'prenom-zanzibar', 1999, 'f', 'Zanzibar', -1);
    INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status)
      VALUES (1, 987654321, '2025-05-06 08:00', '2025-05-08 08:00', 'used');
    INSERT INTO users_temp (seen_at, server, login, machine) VALUES ('2025-12-31 10:00', 'nas', 'rangee-zanzibar', 'POSTE-01');
    INSERT INTO users_log (seen_at, server, login, machine, ingested_at)
      VALUES ('2025-12-31 10:00', 'nas', 'journal-zanzibar', 'POSTE-01', '2025-12-31 10:10');
    INSERT INTO utilisateurs (id, nom, prenom, email, mot_de_passe)
      VALUES (987654321, 'nom-zanzibar', 'prenom-zanzibar', 'courriel@zanzibar.example', 'secret-zanzibar');
    INSERT INTO usr_session_stats_raw (session_id, type, start_time, user_id)
      VALUES ('session-zanzibar', 3, 1741676400, 987654321);
    INSERT INTO session_expiry VALUES ('session-zanzibar', 1767600000);
    INSERT INTO event_log (eventname, component, action, target, userid, timecreated, origin)
      VALUES ('e', 'core', 'viewed', 'course', 987654321, 1741676400, 'web');
    INSERT INTO moodle_session VALUES (987654321, 1741676400, 1741690000, 13600, 3, 0, 0, '', 'gap');
    INSERT INTO moodle_session_course VALUES (987654321, 1741676400, 2, 13600);";

#[track_caller]
fn filled() -> Site {
    let site = year();
    site.database.run(&format!("SET time_zone = '+00:00'; {SOMEBODY}"));
    site.log_in("2025-12-31T10:00:00Z", &["compte-zanzibar", NUMBER, NUMBER, NUMBER, NUMBER]);
    site.log_in("2025-12-31T11:00:00Z", &["refus-zanzibar"; 9]);
    site.call("2025-12-31T10:00:00Z", "Vente", &["appel-zanzibar", NUMBER]);
    site
}

/// Whether somebody can be told from a text, however it writes numbers.
fn tells(text: &str) -> bool {
    let text = text.to_lowercase().replace(['\u{202f}', ','], "");
    text.contains(CANARY) || text.contains(NUMBER)
}

/// The values that an option knows, by the message about another one.
fn values(site: &Site, wrong: &[&str]) -> Vec<String> {
    let said = fixture::report(site).args(wrong).run().expect(2).stderr;
    let (_, list) = said.split_once("[possible values: ").unwrap();
    list.split(']').next().unwrap().split(", ").map(str::to_owned).collect()
}

#[test]
fn nobody_can_be_told_in_any_section_and_format() {
    let site = filled();
    let (sections, formats) = (values(&site, &["no-section"]), values(&site, &["--format=none"]));
    assert!(sections.len() >= 6 && formats.len() >= 2, "{sections:?} {formats:?}");
    let mut told = BTreeSet::new();
    for format in &formats {
        for section in &sections {
            for language in ["en", "fr"] {
                let tool = fixture::report(&site).args(YEAR).args(["--top=1000", "--lang", language]);
                let tool = tool.args(["--format", format, section]);
                if tells(&tool.run().expect(0).stdout) {
                    told.insert(section.clone());
                }
                let run = tool.arg("--anonymous").run().expect(0);
                let line = run.stdout.lines().find(|line| tells(line));
                assert!(
                    line.is_none() && !tells(&run.stderr),
                    "{section} as {format}: {line:?} {}",
                    run.stderr
                );
            }
        }
    }
    // Without it, everybody could.
    assert_eq!(told, ["epn", "logins", "services", "time"].map(str::to_owned).into());
}

#[test]
fn it_is_known_of_every_column_of_text_whether_people_stand_in_it() {
    let site = Site::new();
    let known: BTreeSet<&str> = PEOPLE.iter().chain(OTHERS).copied().collect();
    let found = site.database.query(
        "SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND data_type IN ('varchar', 'char', 'enum', 'text', 'mediumtext', 'longtext')",
    );
    let found: BTreeSet<String> = found.into_iter().map(|mut row| row.remove(0).unwrap()).collect();
    let new: Vec<_> = found.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(new.is_empty(), "{new:?}: write a name into it in this test if people may stand in it");
}

#[test]
fn people_become_numbers_and_nothing_else_changes() {
    let site = filled();
    let tool = fixture::report(&site).args(YEAR);
    let (mut named, mut hidden) = (site::json(&tool, &[]), site::json(&tool, &["--anonymous"]));
    assert_eq!(hidden, site::json(&tool, &["--anonymous"]), "two reports of the same moment are alike");
    assert_eq!(hidden.as_object_mut().unwrap().remove("anonymous"), Some(json!(true)));

    // Somebody is the same number in all lists of a site.
    let number = |of: &Value, list: &str, user: &Value| {
        let all = of[list].as_array().unwrap();
        all.iter().find(|entry| entry["count"] == user["count"]).unwrap()["user"].clone()
    };
    let refused = &named["logins"]["top_refused"][0];
    assert_eq!(refused["user"], "refus-zanzibar");
    let as_refused = number(&hidden["logins"], "top_refused", refused);
    let in_recent = hidden["logins"]["recent"].as_array().unwrap();
    let latest = in_recent.iter().find(|login| login["at"] == "2025-12-31T11:00:00Z").unwrap();
    assert_eq!((&latest["user"], &latest["id"]), (&as_refused, &Value::Null));
    assert!(as_refused.as_str().unwrap().starts_with('#'), "{as_refused}");

    // As many entries everywhere, and the same figures in them.
    for (list, figure) in [
        ("/logins/recent", "at"),
        ("/logins/top", "count"),
        ("/logins/top_refused", "count"),
        ("/services/least_active_users", "count"),
        ("/services/by_user", "count"),
        ("/epn/people", "hours"),
        ("/epn/suspects", "reason"),
        ("/time/users", "seconds"),
    ] {
        let figures = |of: &Value| -> Vec<Value> {
            of.pointer(list).unwrap().as_array().unwrap().iter().map(|entry| entry[figure].clone()).collect()
        };
        assert_eq!(figures(&hidden), figures(&named), "{list}");
    }
    assert!(hidden["time"]["users"].as_array().unwrap().iter().all(|user| user["user_id"].is_null()));

    // Small groups are counted with the unknown ones: columns add up as before.
    for (list, key) in [("by_age", "age"), ("by_sex", "sex"), ("by_town", "town")] {
        let sum = |of: &Value| -> u64 {
            let rows = of["epn"][list].as_array().unwrap();
            rows.iter().filter_map(|row| row["visits"].as_u64()).sum()
        };
        assert_eq!(sum(&hidden), sum(&named), "{list}");
        for row in hidden["epn"][list].as_array().unwrap() {
            let visitors = row["visitors"].as_u64();
            assert!(visitors.is_none_or(|number| number == 0 || number >= 3), "{row}");
            assert!(key != "town" || visitors.is_some(), "{row}");
        }
    }
    let towns: Vec<_> = hidden["epn"]["by_town"].as_array().unwrap().iter().map(|row| &row["town"]).collect();
    assert_eq!(towns, [&json!("Villeurbanne"), &json!("Lyon"), &Value::Null]);

    // What is no list of people is as it was.
    for report in [&mut named, &mut hidden] {
        for (section, lists) in [
            ("logins", &["recent", "top", "top_refused"][..]),
            ("services", &["least_active_users", "by_user"]),
            ("epn", &["people", "suspects", "overdrawn", "unmatched", "by_age", "by_sex", "by_town"]),
            ("time", &["users"]),
        ] {
            lists.iter().for_each(|list| drop(report[section].as_object_mut().unwrap().remove(*list)));
        }
    }
    assert_eq!(named, hidden);
}

#[test]
fn what_servers_say_is_left_out() {
    let site = filled();
    // A counter that is none: the message quotes it.
    site.script(
        "for _, key in ipairs(redis.call('KEYS', '*logins*')) do redis.call('HSET', key, 'compte-zanzibar', 'x-zanzibar') end",
    );
    let tool = fixture::report(&site).args(YEAR).arg("overview");
    let note =
        |arguments: &[&str]| site::json(&tool, arguments)["overview"]["servers"]["redis"]["note"].take();
    assert!(note(&[]).is_string(), "{}", note(&[]));
    assert!(note(&["--anonymous"]).is_null());
}
