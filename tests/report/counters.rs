//! The sections of what ratelimit-check counted: who it was, of which days, and how many.

use serde_json::{Value, json};

use crate::{
    site::{Site, json, limiter},
    space::report_at,
};

/// The values of a key in all entries of a list.
fn each<'a>(list: &'a Value, key: &str) -> Vec<&'a Value> {
    list.as_array().unwrap().iter().map(|entry| &entry[key]).collect()
}

#[test]
fn the_section_logins() {
    let site = Site::filled();
    assert_eq!(
        json(&site.report(), &["logins"]),
        json!({
            "version": 1,
            "from": "2026-03-07T23:00:00Z",
            "to": "2026-03-10T23:00:00Z",
            "generated_at": "2026-03-10T19:00:00Z",
            "logins": {
                "total": 16,
                "distinct_users": 6,
                "refused": 3,
                "others": 0,
                // Of bruno and amina the later of two names; the visitor came before the period.
                "recent": [
                    {"user": "zoé\u{202e}", "id": null, "at": "2026-03-10T12:00:00Z"},
                    {"user": "Bruno.Roy@Example.org", "id": 2, "at": "2026-03-10T12:00:00Z"},
                    {"user": "99", "id": null, "at": "2026-03-10T08:00:00Z"},
                    {"user": "amina@example.org", "id": 1, "at": "2026-03-10T08:00:00Z"},
                    {"user": "{x} y%", "id": null, "at": "2026-03-10T08:00:00Z"},
                    {"user": "dora@example.org", "id": 4, "at": "2026-03-08T23:59:59Z"},
                ],
                "top": [
                    {"user": "Bruno.Roy@Example.org", "id": 2, "count": 6},
                    {"user": "zoé\u{202e}", "id": null, "count": 4},
                    {"user": "amina@example.org", "id": 1, "count": 3},
                ],
                "top_refused": [
                    {"user": "zoé\u{202e}", "id": null, "rule": "login", "count": 2},
                    {"user": "Bruno.Roy@Example.org", "id": 2, "rule": "login", "count": 1},
                ],
                "by_day": [
                    {"day": "2026-03-08", "count": 5},
                    {"day": "2026-03-09", "count": 0},
                    {"day": "2026-03-10", "count": 11},
                ],
            },
        })
    );
}

#[test]
fn the_section_services() {
    let site = Site::filled();
    assert_eq!(
        json(&site.report(), &["services"])["services"],
        json!({
            "total": 7,
            "others": 0,
            "most_used": "Achat",
            "by_service": [
                {"service": "Achat", "count": 3},
                {"service": "Vente", "count": 3},
                {"service": "mes {données} 100%", "count": 1},
            ],
            "never_called": 3,
            // 99 logged in and has no account, chloé has an account and never logged in.
            "least_active_users": [
                {"user": "99", "id": null, "count": 0},
                {"user": "chloé@example.org", "id": 3, "count": 0},
                {"user": "dora@example.org", "id": 4, "count": 0},
                {"user": "Bruno.Roy@Example.org", "id": 2, "count": 1},
                {"user": "zoé\u{202e}", "id": null, "count": 1},
                {"user": "{x} y%", "id": null, "count": 2},
                {"user": "amina@example.org", "id": 1, "count": 3},
            ],
            "by_user": [
                {"user": "amina@example.org", "id": 1, "service": "Vente", "count": 2},
                {"user": "Bruno.Roy@Example.org", "id": 2, "service": "Vente", "count": 1},
                {"user": "amina@example.org", "id": 1, "service": "Achat", "count": 1},
                {"user": "zoé\u{202e}", "id": null, "service": "Achat", "count": 1},
                {"user": "{x} y%", "id": null, "service": "Achat", "count": 1},
                {"user": "{x} y%", "id": null, "service": "mes {données} 100%", "count": 1},
            ],
        })
    );
}

#[test]
fn rankings_have_their_usual_length_or_that_of_top() {
    let site = Site::new();
    let users: Vec<String> = (10..24).map(|number| format!("u{number}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    site.log_in("2026-03-10T10:00:00Z", &users);
    site.log_in("2026-03-10T11:00:00Z", &["u15", "u11"]);
    site.call("2026-03-10T10:00:00Z", "Vente", &users[..3]);
    let shown = site.json(&[]);
    let logins = &shown["logins"];
    assert_eq!(each(&logins["top"], "user"), ["u11", "u15", "u10"]);
    let recent = each(&logins["recent"], "user");
    assert_eq!(recent, ["u11", "u15", "u10", "u12", "u13", "u14", "u16", "u17", "u18", "u19"]);
    // Nobody who called no service is kept back.
    let least = &shown["services"]["least_active_users"];
    assert_eq!((least.as_array().unwrap().len(), &shown["services"]["never_called"]), (11, &11.into()));
    assert!(each(least, "count").iter().all(|count| **count == 0));

    let shown = site.json(&["--top=2", "logins", "services"]);
    assert_eq!(each(&shown["logins"]["top"], "user"), ["u11", "u15"]);
    assert_eq!(each(&shown["logins"]["recent"], "user"), ["u11", "u15"]);
    assert_eq!(each(&shown["services"]["least_active_users"], "user"), ["u13", "u14"]);
    assert_eq!(each(&shown["services"]["by_user"], "user"), ["u10", "u11"]);
    assert_eq!(shown["services"]["never_called"], 11);
    let shown = site.json(&["--top=99", "logins"]);
    assert_eq!(shown["logins"]["recent"].as_array().unwrap().len(), 14);
    assert_eq!(shown["logins"]["top"].as_array().unwrap().len(), 14);

    // A table does not go on and on.
    let table = site.report().arg("services").run().expect(0).stdout;
    assert!(table.contains("\n  Users who called none  11\n"), "{table}");
    assert!(table.contains("\n  u22 ") && !table.contains("\n  u23 "), "{table}");
}

#[test]
fn days_are_those_of_utc_whose_noon_lies_in_the_period() {
    let site = Site::new();
    site.log_in("2026-03-07T23:59:59Z", &["a"]);
    site.log_in("2026-03-08T00:00:00Z", &["b"]);
    site.log_in("2026-03-08T23:59:59Z", &["c"]);
    site.log_in("2026-03-09T00:00:00Z", &["d"]);
    site.log_in("2026-03-10T18:30:00Z", &["e"]);
    let of = |period: [&str; 2]| {
        let shown = site.json(&["logins", period[0], period[1]]);
        let logins = &shown["logins"];
        let users = |list: &Value| {
            let mut users: Vec<String> =
                each(list, "user").iter().map(|user| user.as_str().unwrap().to_owned()).collect();
            users.sort();
            users.concat()
        };
        (users(&logins["top"]), users(&logins["recent"]))
    };
    let both = |top: &str, recent: &str| (top.to_owned(), recent.to_owned());
    // 8 March in Paris goes from 23:00 to 23:00 UTC: to the second for the last logins, by its noon for counters.
    assert_eq!(of(["--from=2026-03-08", "--to=2026-03-08"]), both("bc", "ab"));
    assert_eq!(of(["--from=2026-03-08T12:00:00Z", "--to=2026-03-09T12:00:00Z"]), both("bc", "cd"));
    assert_eq!(of(["--from=2026-03-08T12:00:01Z", "--to=2026-03-09T12:00:01Z"]), both("d", "cd"));
    // Today goes on: it is 19:00 UTC.
    assert_eq!(of(["--from=2026-03-10", "--to=2026-03-10"]), both("e", "e"));
    assert_eq!(of(["--from=2026-03-10T18:00:00Z", "--to=2026-03-10T20:00:00Z"]), both("", "e"));

    // The report of the very second in which somebody logs in tells it, in the morning, too.
    site.log_in("2026-03-11T00:00:00.9Z", &["early"]);
    let morning = report_at(&site.database, "2026-03-11T00:00:00Z").redis(&site.redis).arg("logins");
    let shown = json(&morning, &["--from=2026-03-10T23:00:00Z"]);
    assert_eq!(each(&shown["logins"]["recent"], "user"), ["early"]);
    assert_eq!(each(&shown["logins"]["top"], "user"), ["early"]);
}

#[test]
fn what_found_no_room_is_counted_all_the_same() {
    let site = Site::new();
    let full = limiter(&site.redis).config(
        "[ratelimit]\nmost_counted = 2\n[ratelimit.rules.login]\nlimit = 1\n[ratelimit.rules.service]\nlimit = 9\n",
    );
    let users = "a\nb\nc\nd\n";
    let check = full.arg("--batch").arg("--now=2026-03-10T10:00:00Z").stdin(users);
    check.run().expect(0);
    check.run().expect(1);
    check.clone().arg("--service=Vente").run().expect(0);
    let shown = site.json(&["logins", "services"]);
    let (logins, services) = (&shown["logins"], &shown["services"]);
    let figures = |section: &Value, keys: [&str; 2]| keys.map(|key| section[key].as_u64().unwrap());
    assert_eq!(figures(logins, ["total", "others"]), [4, 2]);
    assert_eq!(figures(logins, ["distinct_users", "refused"]), [2, 4]);
    assert_eq!(each(&logins["top"], "user"), ["a", "b"]);
    assert_eq!(each(&logins["top_refused"], "user"), ["a", "b"]);
    assert_eq!(each(&logins["by_day"], "count"), [4]);
    assert_eq!(figures(services, ["total", "others"]), [4, 2]);
    assert_eq!(each(&services["by_service"], "count"), [2]);
    let table = site.report().arg("logins").run().expect(0).stdout;
    assert!(table.contains("\n  Counted without their user  2\n"), "{table}");
}

#[test]
fn long_days_and_long_periods_are_read_whole() {
    let site = Site::new();
    // Counters as the script of ratelimit-check writes them: one day with 25,000 users, and a year of days with 100.
    site.script(
        "local prefix = 'sessionstat:{stats}:'
         for user = 1, 25000 do redis.call('HSET', prefix .. 'logins:2026-03-09', 'user' .. user, 2) end
         for user = 1, 25000 do redis.call('HSET', prefix .. 'calls:2026-03-09', 'Vente user' .. user, 3) end
         for month = 1, 12 do for day = 1, 28 do for user = 1, 100 do
           redis.call('HSET', string.format('%slogins:2025-%02d-%02d', prefix, month, day), 'user' .. user, 1)
         end end end",
    );
    let shown = site.json(&["logins", "services", "--from=2025-01-01", "--to=2026-03-10"]);
    let logins = &shown["logins"];
    assert_eq!(logins["total"], 25_000 * 2 + 12 * 28 * 100);
    assert_eq!(logins["distinct_users"], 25_000);
    assert_eq!(logins["top"][0], json!({"user": "user1", "id": null, "count": 2 + 12 * 28}));
    // Also the days on which nobody came.
    assert_eq!(logins["by_day"].as_array().unwrap().len(), 365 + 31 + 28 + 9);
    assert_eq!(shown["services"]["total"], 75_000);
    // Lists of users end somewhere, unless somebody asks for more.
    assert_eq!(shown["services"]["by_user"].as_array().unwrap().len(), 10_000);
    let all = site.json(&["services", "--from=2026-03-09", "--to=2026-03-10", "--top=30000"]);
    assert_eq!(all["services"]["by_user"].as_array().unwrap().len(), 25_000);
    assert_eq!(shown["services"]["never_called"], 0);
}

#[test]
fn redis_away_is_a_failure_only_of_a_section_that_was_named() {
    let mut site = Site::filled();
    site.redis.kill();
    for section in ["logins", "services"] {
        let run = site.report().arg(section).run().expect(69);
        assert_eq!(run.stdout, "");
        let place = format!("stats-report: cannot reach Redis at {}: ", site.redis.url());
        let told = run.stderr.starts_with(&place) && run.stderr.contains("; check that it runs");
        assert!(told && run.stderr.lines().count() == 1, "{}", run.stderr);
    }
    for arguments in [&[][..], &["overview", "epn"]] {
        let shown = site.json(arguments);
        assert!(shown.get("logins").is_none() && shown.get("services").is_none(), "{shown}");
        let overview = &shown["overview"];
        assert!(overview["logins"].is_null() && overview["service_calls"].is_null(), "{overview}");
        let note = overview["servers"]["redis"]["note"].as_str().unwrap();
        assert!(note.starts_with("cannot reach Redis at "), "{note}");
    }
    // Nobody asks it.
    assert_eq!(site.report().arg("epn").run().expect(0).stderr, "");
}

#[test]
fn a_counter_that_is_none_is_told_with_its_key() {
    let site = Site::filled();
    site.script("redis.call('HSET', 'sessionstat:{stats}:calls:2026-03-09', 'Vente x', 'many')");
    let run = site.report().arg("services").run().expect(65);
    let told = "stats-report: the counters sessionstat:{stats}:calls:2026-03-09 in Redis hold a value that is none (";
    assert!(run.stderr.starts_with(told) && run.stderr.ends_with("; delete that key\n"), "{}", run.stderr);
    // The rest of a report of everything does not suffer from it.
    let shown = json(&site.report(), &[]);
    assert!(shown["overview"]["servers"]["redis"]["version"].is_string() && shown.get("logins").is_none());
    let note = shown["overview"]["servers"]["redis"]["note"].as_str().unwrap();
    assert!(note.contains("calls:2026-03-09"), "{note}");
    site.script("redis.call('SET', 'sessionstat:{stats}:calls:2026-03-09', 'x')");
    let run = site.report().arg("services").run().expect(69);
    assert!(run.stderr.contains("calls:2026-03-09") && run.stderr.contains("WRONGTYPE"), "{}", run.stderr);
}

#[test]
fn only_the_counters_of_this_configuration_are_read() {
    let site = Site::filled();
    let other =
        site.report().config("general.timezone = \"Europe/Paris\"\nratelimit.prefix = \"test-other:\"\n");
    assert_eq!(json(&other, &["logins"])["logins"]["total"], 0);
    // Wherever the states of the rules are, the counters are in database 1.
    let url = format!("{}&db=5", site.redis.url_of("stats-report"));
    assert_eq!(json(&site.report().env("SESSIONSTAT_REDIS_URL", url), &["logins"])["logins"]["total"], 16);
}

#[test]
fn an_overview_has_the_sums() {
    let site = Site::filled();
    let overview = &json(&site.report(), &["overview"])["overview"];
    assert_eq!((&overview["logins"], &overview["service_calls"]), (&16.into(), &7.into()));
    assert!(overview["servers"]["redis"]["note"].is_null());
    let table = site.report().arg("overview").run().expect(0).stdout;
    let lines = "  Logins                              16\n  Calls of services                    7\n";
    assert!(table.contains(lines), "{table}");
}

#[test]
fn a_redis_with_nothing_in_it_shows_nothing_unless_it_is_named() {
    let site = Site::new();
    let all = site.json(&[]);
    assert!(all.get("logins").is_none() && all.get("services").is_none(), "{all}");
    assert_eq!(all["overview"]["logins"], 0);
    let shown = site.json(&["logins", "services"]);
    assert_eq!(
        (&shown["logins"]["recent"], &shown["logins"]["by_day"], &shown["services"]["most_used"]),
        (&json!([]), &json!([]), &Value::Null)
    );
    let table = site.report().args(["services", "logins"]).run().expect(0).stdout;
    let (_, sections) = table.split_once("\n\n").unwrap();
    assert_eq!(
        sections,
        "LOGINS\n  No login in this period.\n\nSERVICES\n  No service was called in this period.\n"
    );
    site.database.run("INSERT INTO utilisateurs (email) VALUES ('a@example.org')");
    let table = site.report().arg("services").run().expect(0).stdout;
    assert!(table.contains("\n  No service was called in this period.\n"), "{table}");
    assert!(table.contains("\n  a@example.org      0\n"), "{table}");
    assert!(site.json(&[]).get("services").is_none());
}
