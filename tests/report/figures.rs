//! The figures that public spaces report each year, against a count by the minute, and at their edges.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    by_the_minute::{LONGEST, ROOMS, VERIFY_DAYS, Year, year},
    site,
    space::{empty, report_at},
    support::{Database, MariaDb, Tool},
};

fn check(year: &Year, database: &Database) -> Result<(), TestCaseError> {
    year.fill(database);
    let shown = year.report(database);
    let counted = year.count();

    let (hours, visits, visitors) = counted.figures(|_, _, _| true);
    prop_assert_eq!(&shown["hours"], &hours);
    prop_assert_eq!(&shown["visits"], visits);
    prop_assert_eq!(&shown["visitors"], visitors);
    prop_assert_eq!(&shown["uses"], counted.uses);
    prop_assert_eq!(&shown["distinct_users"], counted.users.len());

    let month = |day: &NaiveDate| day.format("%Y-%m").to_string();
    let days: BTreeSet<NaiveDate> = counted.days.iter().map(|(_, day, _)| *day).collect();
    let mut months: BTreeSet<String> = BTreeSet::new();
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        months = first.iter_days().take_while(|day| day <= last).map(|day| month(&day)).collect();
    }
    let months =
        months.iter().map(|name| counted.row("month", json!(name), |_, day, _| month(&day) == *name));
    prop_assert_eq!(&shown["by_month"], &months.collect::<Value>());

    let rooms = ROOMS.map(|(id, name)| counted.row("room", json!(name), |_, _, room| room == Some(id)));
    let elsewhere = counted.row("room", Value::Null, |_, _, room| room.is_none());
    let is_nothing = elsewhere["visits"] == 0;
    let rooms: Value = rooms.into_iter().chain((!is_nothing).then_some(elsewhere)).collect();
    prop_assert_eq!(&shown["hours_by_room"], &rooms);

    let ages = ["0-11", "12-17", "18-24", "25-39", "40-59", "60-74", "75+"].map(Some).into_iter();
    let ages = ages
        .chain([None])
        .map(|age| counted.row("age", json!(age), |person, day, _| year.age(person, day.year()) == age));
    prop_assert_eq!(&shown["by_age"], &ages.collect::<Value>());
    let sexes = [Some("f"), Some("m"), Some("x"), None];
    let sexes = sexes.map(|sex| counted.row("sex", json!(sex), |person, _, _| year.sex(person) == sex));
    prop_assert_eq!(&shown["by_sex"], &json!(sexes));

    let towns: BTreeSet<&str> = counted.days.iter().filter_map(|(person, _, _)| year.town(*person)).collect();
    let mut towns: Vec<Value> = towns
        .into_iter()
        .map(|town| {
            counted.row("town", json!(year.spelling(town)), |person, _, _| year.town(person) == Some(town))
        })
        .collect();
    towns.sort_by_key(|row| {
        (std::cmp::Reverse(row["visitors"].as_u64()), row["town"].as_str().unwrap().to_owned())
    });
    towns.push(counted.row("town", Value::Null, |person, _, _| year.town(person).is_none()));
    prop_assert_eq!(&shown["by_town"], &json!(towns));

    let mut workshops = shown["workshops"].clone();
    for workshop in workshops.as_array_mut().unwrap() {
        let workshop = workshop.as_object_mut().unwrap();
        workshop.retain(|key, _| !["title", "starts_at", "ends_at"].contains(&key.as_str()));
    }
    prop_assert_eq!(&workshops, &json!(year.workshops()));
    let sum = |key: &str| workshops.as_array().unwrap().iter().filter_map(|of| of[key].as_u64()).sum::<u64>();
    for key in ["registered", "present", "absent", "capacity"] {
        prop_assert_eq!(&shown["all_workshops"][key], sum(key));
    }

    let in_period = year
        .uses
        .iter()
        .filter(|of| of.status == "used" && of.start + of.length > year.from && of.start < year.to);
    let (mut long, mut forgotten, mut both) = (0, 0, 0);
    for of in in_period {
        let is_long = of.length > LONGEST;
        let is_forgotten = !of.verified && of.start + of.length < year.now - VERIFY_DAYS * 1_440;
        long += u64::from(is_long);
        forgotten += u64::from(is_forgotten);
        both += u64::from(is_long || is_forgotten);
    }
    prop_assert_eq!(&shown["uses_too_long"], long);
    prop_assert_eq!(&shown["uses_never_verified"], forgotten);
    prop_assert_eq!(shown["suspects"].as_array().unwrap().len() as u64, both);
    Ok(())
}

#[test]
fn all_figures_are_those_of_a_count_by_the_minute() {
    let database = empty();
    let config = ProptestConfig {
        cases: 40,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    };
    proptest::test_runner::TestRunner::new(config)
        .run(&year(), |year| check(&year, &database))
        .unwrap_or_else(|wrong| panic!("{wrong}"));
}

/// A report of the section about a space with one room, one machine, and what the statements add.
#[track_caller]
fn of(statements: &str, arguments: &[&str]) -> Value {
    let database = empty();
    database.run(&format!(
        "SET time_zone = '+00:00'; INSERT INTO epn_room VALUES (1, 'Accueil'); \
         INSERT INTO epn_computer (id, netbios_name, room_id) VALUES (1, 'PC1', 1); {statements}"
    ));
    let tool: Tool = report_at(&database, "2027-01-05T12:00:00+01:00");
    let arguments: Vec<&str> = ["epn"].iter().chain(arguments).copied().collect();
    site::json(&tool, &arguments)["epn"].take()
}

#[test]
fn months_add_up_to_the_year_and_people_do_not() {
    let script = "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status) VALUES \
        (1, 7, '2026-01-31 22:00', '2026-02-01 01:00', 'used'), (1, 7, '2026-02-03 10:00', '2026-02-03 11:00', 'used'), \
        (1, 8, '2026-03-29 00:00', '2026-03-29 02:00', 'used')";
    let year = of(script, &["--from=2026-01-01", "--to=2026-12-31"]);
    let figures = |of: &Value| {
        let hours = of["hours"].as_f64().unwrap();
        (hours, of["visits"].as_u64().unwrap(), of["visitors"].as_u64().unwrap())
    };
    assert_eq!(figures(&year), (6.0, 4, 2));
    let months: Vec<_> = year["by_month"].as_array().unwrap().iter().map(figures).collect();
    assert_eq!(months, [(1.0, 1, 1), (3.0, 2, 1), (2.0, 1, 1)]);
    // Each month by itself is the same.
    let february = of(script, &["--from=2026-02-01", "--to=2026-02-28"]);
    assert_eq!(figures(&february), months[1]);
}

#[test]
fn a_use_that_lasted_for_months_is_found_in_each_of_them() {
    let script = "INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status) VALUES \
        (1, 7, '2026-01-10 10:00', '2026-06-10 10:00', 'used'), (1, 8, '2026-03-10 10:00', '2026-03-10 11:00', 'used')";
    let march = of(script, &["--from=2026-03-01", "--to=2026-03-31"]);
    assert_eq!((&march["hours"], &march["visits"]), (&json!(744.0), &json!(32)));
    assert_eq!(march["uses_too_long"], 1);
    let suspect = &march["suspects"][0];
    assert_eq!(
        suspect,
        &json!({
            "login": null, "computer": "PC1", "starts_at": "2026-01-10T10:00:00Z",
            "ends_at": "2026-06-10T10:00:00Z", "reason": "too-long+unverified",
        })
    );
    let july = of(script, &["--from=2026-07-01", "--to=2026-07-31"]);
    assert_eq!((&july["uses"], &july["by_month"]), (&json!(0), &json!([])));
}

#[test]
fn other_software_may_have_the_columns_already() {
    let database = MariaDb::shared().database();
    for file in ["000-versions.sql", "001-samba.sql", "002-epn.sql"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/schema").join(file);
        database.run(&std::fs::read_to_string(path).unwrap());
    }
    database.run(
        "ALTER TABLE epn_user ADD COLUMN sex varchar(10) NULL; \
         INSERT INTO epn_user (id, login, sex) VALUES (1, 'a', 'F'), (2, 'b', 'inconnu'), (3, 'c', 'm'); \
         INSERT INTO epn_booking (computer_id, user_id, starts_at, ends_at, status) \
         SELECT 1, id, '2026-03-10 10:00', '2026-03-10 11:00', 'used' FROM epn_user",
    );
    let tool = report_at(&database, "2026-04-01T00:00:00Z");
    tool.clone().arg("--init-db").run().silent();
    tool.clone().arg("--init-db").run().silent();
    let shown = site::json(&tool, &["epn", "--from=2026-03-01"]);
    let visitors: Vec<_> =
        shown["epn"]["by_sex"].as_array().unwrap().iter().map(|row| row["visitors"].as_u64()).collect();
    assert_eq!(visitors, [1, 1, 0, 1].map(Some));
}
