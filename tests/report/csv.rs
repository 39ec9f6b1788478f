//! CSV: what spreadsheets open.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::{
    runs,
    site::{Site, json},
    slots::evening,
    space::{DAY, empty, filled, report},
    support::{Redis, Tool},
    time::tuesday,
};

/// The records of a text, by RFC 4180 and nothing else.
#[track_caller]
fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let (mut record, mut field) = (Vec::new(), String::new());
    let (mut is_quoted, mut was_quoted) = (false, false);
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' if is_quoted && rest.peek() == Some(&'"') => field.push(rest.next().unwrap()),
            '"' if is_quoted => is_quoted = false,
            '"' => {
                assert!(field.is_empty() && !was_quoted, "a quote within a field: {text}");
                (is_quoted, was_quoted) = (true, true);
            }
            _ if is_quoted => field.push(character),
            ',' => {
                record.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            '\r' => {
                assert_eq!(rest.next(), Some('\n'), "a CR without its LF: {text}");
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
                was_quoted = false;
            }
            '\n' => panic!("a line ends without CR: {text:?}"),
            _ => field.push(character),
        }
    }
    assert!(!is_quoted && field.is_empty() && record.is_empty(), "the last line has no end: {text:?}");
    let width = records[0].len();
    assert!(records.iter().all(|record| record.len() == width), "{records:?}");
    records
}

/// The files of a folder by their names, each with the mark in front.
#[track_caller]
pub fn files(folder: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let text = text.strip_prefix('\u{feff}').unwrap_or_else(|| panic!("no mark in {}", path.display()));
        (path.file_name().unwrap().to_str().unwrap().to_owned(), records(text))
    };
    entries.map(file).collect()
}

/// One section on standard output.
#[track_caller]
fn of(tool: &Tool, section: &str) -> Vec<Vec<String>> {
    let run = tool.clone().args([section, "--format=csv"]).run().expect(0);
    assert_eq!(run.stderr, "");
    records(&run.stdout)
}

#[test]
fn the_main_list_of_a_section_with_the_keys_of_the_json() {
    let database = evening();
    let run = report(&database).args(DAY).args(["sessions", "--format=csv", "--lang=fr"]).run().expect(0);
    assert_eq!(
        run.stdout,
        "slot_begin,slot_end,active_min,active_max,active_avg,active_end,max_sessions,opened,maxed_out_seconds\r\n\
         2026-03-10T18:00:00Z,2026-03-10T18:14:59Z,1,12,5.1234,11,12,1500,60\r\n\
         2026-03-10T18:15:00Z,2026-03-10T18:29:59Z,0,0,0.0,0,0,0,0\r\n\
         2026-03-10T18:30:00Z,2026-03-10T18:44:59Z,8,12,11.0,8,12,3,900\r\n"
    );
}

#[test]
fn every_list_and_every_value_of_the_json_is_in_a_file() {
    let (space, site, sessions, online) = (filled(), Site::filled(), evening(), tuesday());
    runs::fill(&space);
    let named = report(&space).args(DAY).args(["overview", "epn", "runs"]);
    for tool in [named, site.report(), report(&sessions), report(&online)] {
        let folder = tool.home().join("csv");
        tool.clone().args(["--format=csv", "--output"]).arg(&folder).run().silent();
        let files = files(&folder);
        let whole = json(&tool, &[]);
        let sections = whole.as_object().unwrap().iter().filter(|(_, section)| section.is_object());
        for (section, content) in sections {
            let main = &files[&format!("{section}.csv")];
            for (key, value) in content.as_object().unwrap() {
                let file = files.get(&format!("{section}-{key}.csv")).unwrap_or(main);
                let figures = files.get(&format!("{section}-figures.csv")).unwrap_or(main);
                match value {
                    Value::Array(rows) => {
                        // The report in CSV is a run of its own in the one in JSON.
                        let rows: Vec<&Value> =
                            rows.iter().filter(|row| row["command"] != "stats-report").collect();
                        assert_eq!(file.len(), rows.len() + 1, "{section} {key}");
                        let keys = rows.iter().flat_map(|row| row.as_object().unwrap().keys());
                        let mut flat = keys.filter(|key| *key != "counts");
                        assert!(flat.all(|key| file[0].contains(key)), "{section} {key}: {:?}", file[0]);
                    }
                    Value::Object(_) => {
                        let begin = format!("{key}.");
                        assert!(figures[0].iter().any(|name| name.starts_with(&begin)), "{section} {key}");
                    }
                    value => {
                        let place = figures[0].iter().position(|name| name == key).unwrap();
                        let expected = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        assert_eq!(figures[1][place], expected.replace("null", ""), "{section} {key}");
                    }
                }
            }
            let figures = files.get(&format!("{section}-figures.csv")).unwrap_or(main);
            if section != "runs" {
                assert_eq!(figures[0][..3], ["from", "to", "generated_at"]);
                assert_eq!(figures[1][0], whole["from"].as_str().unwrap());
            }
        }
    }
}

#[test]
fn an_empty_list_has_the_headings_of_a_full_one() {
    let database = empty();
    for (full, sections) in [
        (report(&filled()).args(DAY), &["epn", "overview"][..]),
        (report(&evening()), &["sessions"]),
        (report(&tuesday()), &["time"]),
        (Site::filled().report(), &["logins", "services"]),
    ] {
        let (filled, bare) = (full.home().join("full"), full.home().join("bare"));
        full.clone().args(sections).args(["--format=csv", "--output"]).arg(&filled).run().silent();
        let nothing = report(&database).redis(Redis::shared()).args(sections);
        let nothing = nothing.args(["--from=2020-01-01", "--to=2020-01-02", "--format=csv", "--output"]);
        nothing.arg(&bare).run().silent();
        let (filled, bare) = (files(&filled), files(&bare));
        assert_eq!(filled.keys().collect::<Vec<_>>(), bare.keys().collect::<Vec<_>>());
        for (name, records) in filled.iter().filter(|(name, _)| !name.contains("figures")) {
            if name == "overview.csv" {
                continue;
            }
            assert_eq!(bare[name][0], records[0], "{name}");
            // The classes of people are there without anybody in them.
            if !["epn-by_age.csv", "epn-by_sex.csv", "epn-by_town.csv"].contains(&name.as_str()) {
                assert_eq!(bare[name].len(), 1, "{name}");
            }
        }
    }
}

#[test]
fn texts_are_no_formulas_and_survive_quotes_commas_and_line_breaks() {
    let database = empty();
    database.run(
        r#"INSERT INTO epn_room (id, name) VALUES (1, '=HYPERLINK("http://x","y")'), (2, '+1'), (3, '-2'), (4, '@x'),
           (5, 'a,b "c"'), (6, 'l1\r\nl2'), (7, '\t=1'), (8, 'x;=1+1'), (9, 'é\u001b[31m');
           INSERT INTO epn_user (id, login, credit_minutes) VALUES (1, '-5', -1025);
           UPDATE epn_room SET name = CONCAT('é', CHAR(27), '[31m') WHERE id = 9"#,
    );
    let tool = report(&database);
    let folder = tool.home().join("csv");
    tool.clone().args(["epn", "--format=csv", "--output"]).arg(&folder).run().silent();
    let files = files(&folder);
    let mut rooms: Vec<&str> = files["epn-hours_by_room.csv"][1..].iter().map(|row| &*row[0]).collect();
    rooms.sort_unstable();
    let mut expected = [
        "'=HYPERLINK(\"http://x\",\"y\")",
        "'+1",
        "'-2",
        "'@x",
        "a,b \"c\"",
        "l1\r\nl2",
        "'\t'=1",
        "x;'=1+1",
        "é\\u{1b}[31m",
    ];
    expected.sort_unstable();
    assert_eq!(rooms, expected);
    // A number below zero is one, a login that looks like one is none.
    assert_eq!(files["epn-overdrawn.csv"][1][..2], ["'-5", "-1025"]);
}

#[test]
fn one_section_goes_to_standard_output_and_many_into_a_folder() {
    let database = filled();
    let tool = report(&database).args(DAY);
    for arguments in
        [&["--format=csv"][..], &["--format=csv", "epn", "sessions"], &["--format=csv", "--output=-"]]
    {
        let run = tool.clone().args(arguments).run().expect(2);
        assert_eq!(run.stdout, "");
        assert_eq!(
            run.stderr,
            "stats-report: --format csv prints one section: name it (stats-report sessions --format csv), or have a \
             file made for each one in a folder with --output DIR\n"
        );
    }
    assert_eq!(of(&tool, "epn")[0], ["computer", "room", "hours"]);
    assert_eq!(of(&tool.clone().arg("--output=-"), "epn").len(), 6);

    // Without sections, those that have data; Redis is away here.
    let folder = tool.home().join("csv");
    let all = tool.clone().args(["--format=csv", "--output"]).arg(&folder);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("epn.csv"), "old").unwrap();
    fs::write(folder.join("logins.csv"), "old").unwrap();
    all.run().silent();
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.iter().all(|name| name.ends_with(".csv")), "{names:?}");
    assert!(names.contains(&"overview-snapshots.csv".to_owned()), "{names:?}");
    assert_ne!(fs::read_to_string(folder.join("epn.csv")).unwrap(), "old");
    assert_eq!(fs::read_to_string(folder.join("logins.csv")).unwrap(), "old", "it was left out");

    // No folder can be there.
    let file = tool.home().join("file");
    fs::write(&file, "kept").unwrap();
    let run = tool.clone().args(["--format=csv", "--output"]).arg(&file).run().expect(73);
    assert!(run.stderr.contains("cannot make the folder ") && run.stderr.contains("(--output)"), "{run:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    tool.clone().args(["--format=csv", "--output=/nowhere/csv"]).run().expect(73);
}
